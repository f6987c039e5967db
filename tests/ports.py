"""Ports that nobody listens on, for programs that are told one.

What the kernel gives for port 0 may be given again before the program takes it: to a connection, or to a test that runs
beside this one. These stand outside of the kernel's range, and each worker of the suite has its own.
"""

from __future__ import annotations

import os
import socket
from itertools import count

_FIRST, _PORTS = 20_000, 2_000  # of each worker; Linux gives 32768 and above by itself
_numbers = count(os.getpid())


def free_port() -> int:
    """A port of 127.0.0.1 that this process gives once."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for _ in range(_PORTS):
        port = _FIRST + worker % 6 * _PORTS + next(_numbers) % _PORTS
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise RuntimeError("no port is free")
