"""URL-encoded forms, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.redact.contract import Notes, Side
from replay.redact.media_types import reduced
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.sides import with_bodies
from replay.redact.urls import redact_query


@dataclass(frozen=True, slots=True)
class FormBody:
    """As a query string: names stay unless they are data, values by their names."""

    name: str = "form-body"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        def change(side: Side, body: Body) -> Body:
            if not body.is_form or not body.data or body.truncated:
                return body
            text = body.data.decode("utf-8", "replace").strip()
            fresh = redact_query(Rewriter(pseudonym, notes, side), text, "form")
            return Body(fresh.encode(), reduced(body.content_type, notes.guide.lexicon))

        return with_bodies(exchange, change)
