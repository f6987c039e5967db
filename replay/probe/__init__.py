"""The only reading of the target's database."""
