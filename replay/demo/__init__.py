"""The bundled demonstration target: a small multi-tenant shop with planted faults, and the traffic that drives it."""
