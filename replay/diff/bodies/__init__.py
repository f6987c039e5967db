"""Bodies that are no JSON, as trees that can be compared: one file per format, all pure, all bounded."""
