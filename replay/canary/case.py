"""A case: what is planted where, what the upstream answers, and what must still be recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from replay.canary.planted import Mint, Secret

Field = tuple[str, str | bytes]
HOST = "canary.example"


class Group(StrEnum):
    URL = "URL"
    REQUEST_HEADER = "REQ-HDR"
    REQUEST_BODY = "REQ-BODY"
    RESPONSE_HEADER = "RESP-HDR"
    RESPONSE_BODY = "RESP-BODY"
    SOCKET = "WS"
    META = "META"
    NAMES = "NAMES"
    SHAPE = "SHAPE"
    LIVE = "LIVE"  # what QA answers to a run


class Loss(StrEnum):
    """What a recording may leave out."""

    NOTHING = "nothing"
    BODY = "body"  # the record exists, without the body that carries the secret
    EXCHANGE = "exchange"  # no record is needed


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """One WebSocket message. `opcode` 1 text, 2 binary (RFC 6455 section 5.2)."""

    from_client: bool
    opcode: int
    data: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """One request and the answer that the upstream gives to it, as they go over the wire.

    `chunks`: the answer is sent chunked, in pieces of these lengths. `is_odd`: the message breaks HTTP's rules, so a
    proxy may refuse it and need not pass it on byte for byte.
    """

    method: str = "GET"
    target: str = "/"
    host: str = HOST
    headers: tuple[Field, ...] = ()
    body: bytes = b""
    status: int = 200
    answer_headers: tuple[Field, ...] = ()
    answer: bytes = b""
    trailers: tuple[Field, ...] = ()
    chunks: tuple[int, ...] = ()
    messages: tuple[Message, ...] = ()
    close_reason: str = ""
    tls_name: str = ""  # the client speaks TLS and names this server
    http2: bool = False  # likewise, and HTTP/2
    is_odd: bool = False

    @property
    def is_socket(self) -> bool:
        return self.status == 101


@dataclass(frozen=True, slots=True)
class Case:
    """`may_lose` needs a reason that a reviewer can read: dropping all is no redaction."""

    id: str
    position: str
    make: Callable[[Mint], Plan]
    may_lose: Loss = Loss.NOTHING
    reason: str = ""
    group: Group = Group.URL


@dataclass(frozen=True, slots=True)
class Planted:
    """A case with its secrets of one seed."""

    case: Case
    plan: Plan
    secrets: tuple[Secret, ...]


Maker = Callable[[Mint], Plan]
Row = tuple[str, str, Maker] | tuple[str, str, Maker, Loss, str]


def table(group: Group, *rows: Row) -> tuple[Case, ...]:
    """Cases of a group: id, position, maker, and where something may be lost, what and why."""
    cases = []
    for row in rows:
        loss, reason = (row[3], row[4]) if len(row) == 5 else (Loss.NOTHING, "")
        cases.append(Case(row[0], row[1], row[2], loss, reason, group))
    return tuple(cases)


def plant(case: Case, seed: int, key: bytes) -> Planted:
    mint = Mint(case.id, seed, key)
    plan = case.make(mint)
    return Planted(case, plan, tuple(mint.made))


def get(target: str, *headers: Field, host: str = HOST, method: str = "GET") -> Plan:
    return Plan(method, target, host, headers)


def post(kind: str, body: str | bytes, *headers: Field, target: str = "/api/items", method: str = "POST") -> Plan:
    fields = (("Content-Type", kind), *headers) if kind else headers
    return Plan(method, target, HOST, fields, body.encode() if isinstance(body, str) else body)


def answered(kind: str, body: str | bytes, *headers: Field, status: int = 200, target: str = "/api/items") -> Plan:
    fields = (("Content-Type", kind), *headers) if kind else headers
    data = body.encode() if isinstance(body, str) else body
    return Plan("GET", target, HOST, (), b"", status, fields, data)


def socket(*messages: tuple[bool, int, str | bytes], close_reason: str = "", headers: Iterable[Field] = ()) -> Plan:
    """A WebSocket with these messages; `True` first: the client sent it."""
    said = tuple(
        Message(from_client, opcode, data.encode() if isinstance(data, str) else data)
        for from_client, opcode, data in messages
    )
    return Plan("GET", "/live", HOST, tuple(headers), status=101, messages=said, close_reason=close_reason)
