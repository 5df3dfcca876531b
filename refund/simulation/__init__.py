"""The lab: a seeded world that drives the real services under a clock of its own."""
