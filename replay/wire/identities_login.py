"""Live credentials fetched over the wire: a login's steps, a token endpoint.

Rule: what goes wrong is a sentence about status and place; nothing of an answer is quoted.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from replay.identity.extraction import cookies_set
from replay.identity.oauth import REFRESH_TOKEN, Grant, seconds_of, token_answer, token_request
from replay.identity.spec import Login, Step
from replay.identity.template import fill_tree
from replay.model.body import EMPTY, Body
from replay.model.codec import dump_json
from replay.model.exchange import Outcome, Request, Response
from replay.model.headers import Headers

_FORM = "application/x-www-form-urlencoded"

Send = Callable[[Request], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True, repr=False)
class Fetched:
    """Values by name, for the pattern. `lifetime` in seconds; `refresh`: a token to refresh with."""

    values: Mapping[str, str] = field(default_factory=dict)
    lifetime: float = math.inf
    refresh: str = ""


class FetchError(Exception):
    """Half a sentence: what the login or the token endpoint did."""


async def log_in(login: Login, values: Mapping[str, str], send: Send) -> Fetched:
    """All steps in order. Raises FetchError."""
    known = dict(values)
    taken: dict[str, str] = {}
    jar: dict[str, str] = {}
    for number, step in enumerate(login.steps, 1):
        where = f"step {number} of its login ({step.method})"
        outcome = await send(_request(step, known, jar))
        if not isinstance(outcome, Response):
            raise FetchError(f"{where} was not answered ({outcome.kind})")
        expected = outcome.status in step.statuses if step.statuses else outcome.status < 400
        if not expected:
            raise FetchError(f"{where} was answered {outcome.status}")
        jar |= cookies_set(outcome)
        for name, extraction in step.take:
            value = extraction.take(outcome)
            if value is None:
                raise FetchError(f"{where} was answered {outcome.status} without {extraction}")
            known[name] = taken[name] = value
    lifetime = seconds_of(taken.get(login.lifetime_name)) if login.lifetime_name else login.lifetime
    return Fetched(taken, lifetime)


async def fetch_token(grant: Grant, values: Mapping[str, str], send: Send, refresh: str = "") -> Fetched:
    """By the refresh token when there is one, else (or when that is refused) by the grant itself. Raises FetchError."""
    if refresh:
        try:
            return await _fetched(grant, values, send, refresh)
        except FetchError:
            if grant.kind == REFRESH_TOKEN and refresh == _configured(grant, values):
                raise
    return await _fetched(grant, values, send, "")


async def _fetched(grant: Grant, values: Mapping[str, str], send: Send, refresh: str) -> Fetched:
    outcome = await send(token_request(grant, values, refresh))
    if not isinstance(outcome, Response):
        raise FetchError(f"its token endpoint did not answer ({outcome.kind})")
    tokens = token_answer(outcome)
    if isinstance(tokens, str):
        raise FetchError(f"its token request {tokens}")
    fetched = {"access_token": tokens.access, "token_type": tokens.scheme}
    # A server that gives no new refresh token leaves the old one valid (RFC 6749 section 6).
    return Fetched(fetched, tokens.lifetime, tokens.refresh or refresh)


def _configured(grant: Grant, values: Mapping[str, str]) -> str:
    return grant.refresh_token.fill(values) if grant.refresh_token else ""


def _request(step: Step, values: Mapping[str, str], jar: Mapping[str, str]) -> Request:
    body = EMPTY
    if step.has_document:
        body = Body(dump_json(fill_tree(step.document, values)), "application/json")
    elif step.form:
        body = Body(urlencode([(name, one.fill(values)) for name, one in step.form]).encode(), _FORM)
    fields = [(name, template.fill(values)) for name, template in step.headers]
    if body.content_type and not any(name.lower() == "content-type" for name, _ in fields):
        fields.append(("Content-Type", body.content_type))
    if jar and not any(name.lower() == "cookie" for name, _ in fields):
        fields.append(("Cookie", "; ".join(f"{name}={value}" for name, value in jar.items())))
    return Request(step.method, step.target.fill(values), Headers.of(fields), body)
