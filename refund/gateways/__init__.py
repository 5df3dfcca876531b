"""Other people's systems, as we reach them: clock, network, keys, calendar."""
