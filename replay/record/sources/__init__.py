"""Where exchanges come from when no proxy saw them: files of other tools, read as snapshots, one format a file."""
