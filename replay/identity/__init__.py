"""Which live credentials an actor gets in QA, and requests that wear them. Pure: no socket, no clock, no file."""
