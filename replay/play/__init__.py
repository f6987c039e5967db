"""The sans-io player."""
