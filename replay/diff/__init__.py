"""Trees into differences, noise learned from controls, equality up to renaming."""
