"""One world in one process: clock and agenda, services on real storage, and the network."""
