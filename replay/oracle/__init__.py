"""Judges stored evidence; one oracle a file, pure."""
