"""An attempt as one list for RUN.db.pending, and back: written once for each answer, so nothing is hashed or nested.

Rule: the bodies stand beside the list, request first; a list that was not made here raises ValueError, TypeError,
KeyError or IndexError.
"""

from __future__ import annotations

from typing import Any

from replay.model.body import Body
from replay.model.evidence import Attempt, Part
from replay.model.exchange import Fault, FaultKind, Outcome, Request, Response
from replay.model.headers import Headers
from replay.model.session import Actor

Words = list[Any]


def words_of(attempt: Attempt) -> Words:
    """What JSON can hold of it; bodies are told by their lengths."""
    request, outcome = attempt.request, attempt.outcome
    body = request.body
    return [
        attempt.exchange_id,
        attempt.session_id,
        attempt.endpoint,
        _who(attempt.actor),
        _who(attempt.sent_as),
        attempt.part.value,
        (request.method, request.target, request.headers.fields, request.scheme, request.host),
        (len(body.data), body.content_type, body.length_bytes),
        _came(outcome),
        (attempt.intended, attempt.sent, attempt.first_byte, attempt.ended),
        attempt.copy,
        attempt.recorded_status,
        attempt.unresolved,
        attempt.bound,
        attempt.identity,
    ]


def attempt_from(words: Words, bodies: bytes) -> Attempt:
    """`bodies`: those of request and response, one behind the other."""
    exchange_id, session_id, endpoint, actor, sent_as, part, said, sent, came, times, *rest = words
    method, target, fields, scheme, host = said
    size, kind, length = sent
    copy, recorded_status, unresolved, bound, identity = rest
    intended, begun, first_byte, ended = times
    return Attempt(
        exchange_id=exchange_id,
        session_id=session_id,
        endpoint=endpoint,
        actor=_actor(actor),
        sent_as=_actor(sent_as),
        part=Part(part),
        request=Request(method, target, _headers(fields), _body(bodies[:size], kind, length), scheme, host),
        outcome=_outcome(came, bodies[size:]),
        intended=intended,
        sent=begun,
        first_byte=first_byte,
        ended=ended,
        copy=copy,
        recorded_status=recorded_status,
        unresolved=tuple(unresolved),
        bound=bound,
        identity=identity,
    )


def _came(outcome: Outcome) -> tuple[Any, ...]:
    if isinstance(outcome, Fault):
        return outcome.kind.value, outcome.detail
    body = outcome.body
    return outcome.status, outcome.headers.fields, body.content_type, body.length_bytes


def _outcome(came: Words, data: bytes) -> Outcome:
    if isinstance(came[0], str):
        return Fault(FaultKind(came[0]), came[1])
    status, fields, kind, length = came
    return Response(status, _headers(fields), _body(data, kind, length))


def _who(actor: Actor | None) -> tuple[str, str] | None:
    return (actor.tenant, actor.principal) if actor else None


def _actor(words: Words | None) -> Actor | None:
    return Actor(words[0], words[1]) if words else None


def _headers(fields: Words) -> Headers:
    return Headers(tuple([(name, value) for name, value in fields]))


def _body(data: bytes, content_type: str, length: int) -> Body:
    is_cut = len(data) < length
    return Body(data, content_type, truncated=is_cut, size_bytes=length if is_cut else -1)
