"""Secrets out, correlation kept."""
