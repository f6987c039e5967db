"""One table from aiohttp's errors to faults: a fault is evidence, not an exception."""

from __future__ import annotations

import asyncio

import aiohttp

from replay.model.exchange import Fault, FaultKind

# First match wins: subclasses stand before their parents.
_TABLE: tuple[tuple[type[BaseException], FaultKind], ...] = (
    (asyncio.TimeoutError, FaultKind.TIMEOUT),
    (aiohttp.ClientSSLError, FaultKind.TLS),
    (aiohttp.ClientConnectorError, FaultKind.CONNECT),
    (aiohttp.ServerDisconnectedError, FaultKind.RESET),
    (aiohttp.ClientOSError, FaultKind.RESET),
    (aiohttp.ClientPayloadError, FaultKind.UPSTREAM_GONE),
    (ConnectionError, FaultKind.RESET),
    (aiohttp.ClientError, FaultKind.PROTOCOL),
    (ValueError, FaultKind.PROTOCOL),
)

CAUGHT = tuple(kind for kind, _ in _TABLE)


def fault_of(error: BaseException) -> Fault:
    """The fault for an error of the client; its text is left behind, since it may quote the message."""
    kind = next((kind for cls, kind in _TABLE if isinstance(error, cls)), FaultKind.PROTOCOL)
    return Fault(kind, type(error).__name__)
