"""When the next request is due; no clock in here."""
