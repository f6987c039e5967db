"""Clock, drive, control, observe, judge: the run as a stream of events."""
