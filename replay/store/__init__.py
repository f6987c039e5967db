"""The only SQL of our own: capture and run files."""
