"""Searches that redaction made unanswerable: the word that was looked for no longer occurs in what was searched.

A text and a part of it get stand-ins that have nothing in common, so a search for a part finds nothing in any replay.
A value that stands elsewhere in the recording as a whole (a code, a full name) has one stand-in and is still found.
"""

from __future__ import annotations

from replay.diff.alignment import Redacted, first_attempts
from replay.model.evidence import Attempt, Trace
from replay.model.message import request_leaves, response_leaves
from replay.model.tree import Scalar

_SHORTEST = 2  # characters; a shorter word is a number or a flag


def exchanges_with_lost_words(recorded: Trace, redacted: Redacted) -> frozenset[str]:
    """Exchanges whose query holds a stand-in that no body, form or path of the recording holds."""
    attempts = first_attempts(recorded)
    asked = {exchange_id: _words(attempt, redacted) for exchange_id, attempt in attempts.items()}
    wanted = {word for words in asked.values() for word in words}
    if not wanted:
        return frozenset()
    known = {value for attempt in attempts.values() for value in _told(attempt) if value in wanted}
    return frozenset(exchange_id for exchange_id, words in asked.items() if words - known)


def _words(attempt: Attempt, redacted: Redacted) -> set[Scalar]:
    if not attempt.request.query:
        return set()
    return {
        value
        for place, value in request_leaves(attempt.request)
        if place[0] == "query" and isinstance(value, str) and len(value) >= _SHORTEST
        if redacted(attempt.endpoint, "request", f"query.{place[1]}[*]")
    }


def _told(attempt: Attempt) -> list[Scalar]:
    asked = [value for place, value in request_leaves(attempt.request) if place[0] in {"body", "form", "path"}]
    given = response_leaves(attempt.response) if attempt.response else ()
    return asked + [value for place, value in given if place[0] in {"body", "location"}]
