"""One table from the errors of both lanes to faults: a fault is evidence, not an exception.

Rule: both lanes name one trouble with one word, so that a fault never tells which lane it came from.
"""

from __future__ import annotations

import asyncio
import ssl

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from replay.model.exchange import Fault, FaultKind

CLOSED_UNANSWERED = "ServerDisconnectedError"  # the connection was closed cleanly before any byte of an answer
STALE = frozenset({CLOSED_UNANSWERED, "ConnectionReset"})  # how a connection ends that the server gave up while idle


class ConnectFailedError(OSError):
    """No connection came about."""


class ConnectTimeoutError(TimeoutError):
    """No connection came about in time."""


class FirstByteTimeoutError(TimeoutError):
    """The request was sent, and no answer began in time."""


class BrokenCodingError(ValueError):
    """A body is not what its Content-Encoding says."""


# First match wins: subclasses stand before their parents.
_TABLE: tuple[tuple[type[BaseException], FaultKind, str], ...] = (
    (ConnectTimeoutError, FaultKind.CONNECT, "ConnectTimeout"),
    (aiohttp.ConnectionTimeoutError, FaultKind.CONNECT, "ConnectTimeout"),
    (FirstByteTimeoutError, FaultKind.TIMEOUT, "FirstByteTimeout"),
    (asyncio.TimeoutError, FaultKind.TIMEOUT, "TotalTimeout"),
    (aiohttp.ClientSSLError, FaultKind.TLS, "TlsError"),
    (ssl.SSLError, FaultKind.TLS, "TlsError"),
    (ssl.CertificateError, FaultKind.TLS, "TlsError"),
    (aiohttp.ClientConnectorError, FaultKind.CONNECT, "ConnectError"),
    (ConnectFailedError, FaultKind.CONNECT, "ConnectError"),
    (aiohttp.ServerDisconnectedError, FaultKind.RESET, CLOSED_UNANSWERED),
    (aiohttp.ClientOSError, FaultKind.RESET, "ConnectionReset"),
    (aiohttp.ClientPayloadError, FaultKind.UPSTREAM_GONE, "AnswerCutShort"),
    (ConnectionError, FaultKind.RESET, "ConnectionReset"),
    (BrokenCodingError, FaultKind.PROTOCOL, "BrokenCoding"),
    (aiohttp.InvalidURL, FaultKind.PROTOCOL, "UnsendableRequest"),
    (aiohttp.ClientError, FaultKind.PROTOCOL, "BadAnswer"),
    (HttpProcessingError, FaultKind.PROTOCOL, "BadAnswer"),
    (ValueError, FaultKind.PROTOCOL, "UnsendableRequest"),
)

CAUGHT = tuple(kind for kind, _, _ in _TABLE)


def fault_of(error: BaseException) -> Fault:
    """The fault for an error of the client; its text is left behind, since it may quote the message."""
    for cls, kind, word in _TABLE:
        if isinstance(error, cls):
            return Fault(kind, word)
    return Fault(FaultKind.PROTOCOL, type(error).__name__)
