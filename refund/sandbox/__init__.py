"""The outside world, played: an application of its own, started as its own process."""
