"""The HTML report: one file that works from disk, asks no network, and runs nothing but its own script."""
