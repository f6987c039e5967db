"""Bodies of text that is no form and no JSON: scrambled, layout kept."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.redact.contract import Action, Notes, Side, ValueClass
from replay.redact.media_types import charset_of, reduced
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.sides import dropped, with_bodies


@dataclass(frozen=True, slots=True)
class TextBody:
    """`text/*`: every letter and digit replaced, e-mails and the like by their class; JSON in it is walked."""

    name: str = "text-body"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        def change(side: Side, body: Body) -> Body:
            if not is_text(body) or not body.data or body.truncated:
                return body
            charset = charset_of(body.content_type) or "utf-8"
            try:
                text = body.data.decode(charset)
                fresh = Rewriter(pseudonym, notes, side).value("", text, "body").encode(charset, "replace")
            except (LookupError, ValueError):
                notes.did(side, "body", ValueClass.BODY, Action.DROP)
                return dropped(body)
            return Body(fresh, reduced(body.content_type))

        return with_bodies(exchange, change)


def is_text(body: Body) -> bool:
    return body.media_type.startswith("text/") and not body.is_json
