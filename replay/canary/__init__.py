"""Canary: secrets are planted in front of a real recorder, and everything that it wrote is searched for them."""
