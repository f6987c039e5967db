"""A capture in the formats of other tools: redacted exchanges out, one at a time, stand-ins as they are."""
