"""Listeners that render a run; none computes a verdict."""
