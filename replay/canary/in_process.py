"""A case through the recorder's own rebuilding and redaction, in this process: fast, and for checks of the checks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from replay.canary.case import Field, Planted
from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.model.headers import Headers
from replay.record.rebuild import exchange_of
from replay.record.snapshot import RawHeaders, Snapshot
from replay.redact.policy import Policy, Redacted, Refused


@dataclass(frozen=True, slots=True)
class Outcome:
    """What of a case would be written: nothing after a refusal."""

    written: bytes
    refused: str = ""  # the reason, a fixed word
    has_request_body: bool = False
    has_answer_body: bool = False
    messages_kept: int = 0


def run(planted: Planted, policy: Policy) -> Outcome:
    """What the recorder's writer would store of this case."""
    try:
        return outcome_of(policy.redact(exchange(planted)))
    except Refused as refused:
        return Outcome(b"", str(refused))


def outcome_of(redacted: Redacted) -> Outcome:
    """A finished exchange as bytes, with what is left of its bodies."""
    one = redacted.exchange
    answer = one.response
    return Outcome(
        written(one) + "\n".join(map(str, redacted.fields)).encode(),
        "",
        bool(one.request.body.data),
        bool(answer and answer.body.data),
        sum(bool(message.body.data) for message in one.messages),
    )


def exchange(planted: Planted) -> Exchange:
    """As the recorder sees the case."""
    return exchange_of(snapshot(planted), "e1")[0]


def snapshot(planted: Planted) -> Snapshot:
    plan = planted.plan
    answer = b"" if plan.status in (204, 304) else plan.answer
    return Snapshot(
        connection="c1",
        upstream_host="127.0.0.1",
        upstream_port=80,
        scheme="https" if plan.tls_name or plan.http2 else "http",
        host=plan.host.encode("latin-1"),
        method=plan.method.encode(),
        target=plan.target.encode("utf-8"),
        request_headers=_raw((("Host", plan.host), *plan.headers)),
        request_body=plan.body,
        request_bytes=len(plan.body),
        status=plan.status,
        response_headers=_raw(plan.answer_headers),
        response_body=answer,
        response_bytes=len(answer),
        error="" if plan.status else "Server disconnected",
        started=1763742303.0,
        ended=1763742303.25,
        response_trailers=_raw(plan.trailers),
        messages=tuple((one.from_client, one.opcode, 1763742304.0, one.data, len(one.data)) for one in plan.messages),
    )


def written(one: Exchange) -> bytes:
    """Every part of an exchange that a file will hold."""
    return b"\n".join(_parts(one))


def _parts(one: Exchange) -> Iterator[bytes]:
    request, answer = one.request, one.response
    yield _text([one.id, request.method, request.target, request.scheme, request.host, one.connection])
    yield from _headers(request.headers)
    yield from _body(request.body)
    if answer is not None:
        yield from _headers(answer.headers)
        yield from _headers(answer.trailers)
        yield from _body(answer.body)
    for message in one.messages:
        yield from _body(message.body)


def _headers(headers: Headers) -> Iterator[bytes]:
    for name, value in headers.fields:
        yield f"{name}: {value}".encode("utf-8", "surrogatepass")
        yield f"{name}: {value}".encode("latin-1", "replace")


def _body(body: Body) -> Iterator[bytes]:
    yield body.content_type.encode("utf-8", "surrogatepass")
    yield body.data


def _text(parts: list[str]) -> bytes:
    return json.dumps(parts).encode()


def _raw(fields: tuple[Field, ...]) -> RawHeaders:
    return tuple(
        (name.encode("utf-8"), value if isinstance(value, bytes) else value.encode("utf-8")) for name, value in fields
    )
