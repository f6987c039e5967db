"""Releases measured and compared: what a run cost at every endpoint, and whether another one is worse."""
