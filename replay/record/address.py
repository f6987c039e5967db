"""Where the probes and metrics are served, as written: `HOST:PORT`."""

from __future__ import annotations

from replay.model.errors import UsageError

Address = tuple[str, int]


def parse_address(text: str) -> Address:
    """`HOST:PORT`, `:PORT` or `PORT`; without a host it is 127.0.0.1. Raises UsageError."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise UsageError("metrics must be HOST:PORT, for example 127.0.0.1:9090")
    return host.strip("[]") or "127.0.0.1", int(port)
