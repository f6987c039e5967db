"""A trace with other client-made values: what may be sent once only can be sent again.

    e-mail qab3...@example.test that signs up  ->  another one, everywhere in the trace, made as a run makes its own

Rule: only what the trace's own requests said first, in one that asks for a change and is no sign-in: what is merely
referred to was there before. The same seed gives the same values (`correlate.renewal`: seed, world, value).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote

from replay.correlate.renewal import MARKER_CHARACTERS, Fresh, FreshKind, renew_all
from replay.correlate.shapes import EMAIL, UUID
from replay.model.body import Body
from replay.model.evidence import Attempt, Trace
from replay.model.exchange import Outcome, Request, Response
from replay.model.headers import Headers
from replay.mutate.sites import is_sign_in

_SHORTEST = 6  # characters: shorter ones are found in other words
_WORLD = 1


def with_fresh_values(trace: Trace, seed: int) -> tuple[Trace, int]:
    """The trace with new values, and how many there are."""
    plan = tuple(
        Fresh(live, _kind(recorded, live), "", "", "")
        for recorded, live in dict.fromkeys(trace.renamed)
        if len(live) >= _SHORTEST and _is_made_here(live, trace.attempts)
    )
    if not plan:
        return trace, 0
    values = renew_all(plan, {}, seed, _WORLD).values
    spelt = {old: new for value, fresh in values.items() for old, new in _writings(value, fresh)}
    pattern = re.compile("|".join(re.escape(one) for one in sorted(spelt, key=len, reverse=True)))

    def renewed(text: str) -> str:
        return pattern.sub(lambda found: spelt[found.group()], text)

    attempts = tuple(
        replace(one, request=_request(one.request, renewed), outcome=_outcome(one.outcome, renewed))
        for one in trace.attempts
    )
    return replace(trace, attempts=attempts), len(plan)


def _is_made_here(value: str, attempts: tuple[Attempt, ...]) -> bool:
    """True when the first that said it is a request that may have made it."""
    spellings = [old for old, _ in _writings(value, value)]
    for one in attempts:
        asked = one.request
        if _holds(_texts_of(asked), spellings):
            return not asked.is_safe and not is_sign_in(asked.path)
        if isinstance(one.outcome, Response) and _holds(_texts_of(one.outcome), spellings):
            return False
    return False


def _kind(recorded: str, live: str) -> FreshKind:
    if EMAIL.fullmatch(live):
        return FreshKind.EMAIL
    if UUID.fullmatch(live):
        return FreshKind.UUID
    is_text = len(live) > MARKER_CHARACTERS and live[:-MARKER_CHARACTERS] == recorded[:-MARKER_CHARACTERS]
    return FreshKind.TEXT if is_text else FreshKind.KEY


def _writings(value: str, fresh: str) -> Iterator[tuple[str, str]]:
    """As it stands in texts, in JSON, and in URLs and forms."""
    yield value, fresh
    yield json.dumps(value)[1:-1], json.dumps(fresh)[1:-1]
    yield quote(value, safe=""), quote(fresh, safe="")
    yield quote(value, safe="").replace("%20", "+"), quote(fresh, safe="").replace("%20", "+")
    yield quote(value), quote(fresh)


def _holds(texts: Iterator[str], spellings: list[str]) -> bool:
    return any(one in text for text in texts for one in spellings)


def _texts_of(message: Request | Response) -> Iterator[str]:
    if isinstance(message, Request):
        yield message.target
    yield from (value for _, value in message.headers.fields)
    yield message.body.data.decode("utf-8", "replace")


def _request(one: Request, renewed: Callable[[str], str]) -> Request:
    return Request(
        one.method, renewed(one.target), _headers(one.headers, renewed), _body(one.body, renewed), one.scheme, one.host
    )


def _outcome(one: Outcome, renewed: Callable[[str], str]) -> Outcome:
    """Answers say it back: the script takes values from its own answers, by places that are equal here."""
    if not isinstance(one, Response):
        return one
    return Response(one.status, _headers(one.headers, renewed), _body(one.body, renewed), one.trailers)


def _headers(headers: Headers, renewed: Callable[[str], str]) -> Headers:
    return Headers(tuple((name, renewed(value)) for name, value in headers.fields))


def _body(body: Body, renewed: Callable[[str], str]) -> Body:
    data = renewed(body.data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    return body if data == body.data else Body(data, body.content_type, body.truncated)
