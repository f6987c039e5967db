"""One request and what came of it: a response, or a fault (a fault is evidence, not an exception)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from replay.model.body import EMPTY, Body
from replay.model.headers import Headers


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """`target` is origin-form (RFC 9112 section 3.2.1): raw path and query, still percent-encoded."""

    method: str
    target: str
    headers: Headers = Headers()
    body: Body = EMPTY
    scheme: str = "http"
    host: str = ""  # authority as the client sent it

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def is_safe(self) -> bool:
        """Safe methods do not ask for a change of state (RFC 9110 section 9.2.1)."""
        return self.method in {"GET", "HEAD", "OPTIONS", "TRACE"}

    def __repr__(self) -> str:
        return f"Request({self.method}, {self.body!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """`trailers` are the fields after the body (RFC 9110 section 6.5): gRPC's status travels there."""

    status: int
    headers: Headers = Headers()
    body: Body = EMPTY
    trailers: Headers = Headers()

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def __repr__(self) -> str:
        return f"Response({self.status}, {self.body!r})"


class FaultKind(StrEnum):
    """Why there is no response. The wire room maps library errors to these in one table."""

    CONNECT = "connect"
    TIMEOUT = "timeout"
    RESET = "reset"
    TLS = "tls"
    PROTOCOL = "protocol"
    CLIENT_GONE = "client-gone"
    UPSTREAM_GONE = "upstream-gone"
    WITHHELD = "withheld"  # we did not send it; the fault's detail is the reason's fixed word


@dataclass(frozen=True, slots=True)
class Fault:
    kind: FaultKind
    detail: str = ""  # an exception's type name; never its text


Outcome = Response | Fault


@dataclass(frozen=True, slots=True, repr=False)
class SocketMessage:
    """One WebSocket message (RFC 6455 section 5.6): text frames have a text type, binary ones application/octet-stream.

    `at`: seconds, UTC.
    """

    from_client: bool
    at: float
    body: Body

    def __repr__(self) -> str:
        return f"SocketMessage({'client' if self.from_client else 'server'}, {self.body!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """Times are seconds, UTC, as read by whoever saw the exchange.

    `messages` are what went over the connection after a 101 (RFC 6455); empty for everything that is no WebSocket.
    """

    id: str
    request: Request
    outcome: Outcome
    started: float = 0.0
    ended: float = 0.0
    connection: str = ""  # stable per client connection; empty when unknown
    messages: tuple[SocketMessage, ...] = ()

    @property
    def response(self) -> Response | None:
        return self.outcome if isinstance(self.outcome, Response) else None

    @property
    def status(self) -> int:
        """The response's status, or 0 for a fault."""
        return self.outcome.status if isinstance(self.outcome, Response) else 0

    def __repr__(self) -> str:
        return f"Exchange({self.id}, {self.request.method}, {self.outcome!r})"


RedactedExchange = NewType("RedactedExchange", Exchange)
"""Only `replay.redact.policy` makes one (an architecture test reads the source), and the writer takes nothing else."""
