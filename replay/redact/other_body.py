"""Bodies that nobody here can read: binary, untyped, cut. Dropped."""

from __future__ import annotations

from dataclasses import dataclass, replace

from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.redact.body_formats import Format, format_of
from replay.redact.contract import Action, Notes, Side, ValueClass
from replay.redact.media_types import reduced
from replay.redact.pseudonyms import Pseudonym
from replay.redact.sides import dropped, with_bodies


@dataclass(frozen=True, slots=True)
class OtherBody:
    """Type and length stay. A cut body is dropped whatever its type: a secret may stand across the cut."""

    name: str = "other-body"

    def redact(self, exchange: Exchange, _: Pseudonym, notes: Notes) -> Exchange:
        def change(side: Side, body: Body) -> Body:
            content_type = reduced(body.content_type, notes.guide.lexicon)
            typed = body if content_type == body.content_type else replace(body, content_type=content_type)
            if not body.truncated and (not body.data or format_of(body.media_type) is not Format.BINARY):
                return typed
            if body.data or not body.truncated:
                reason = ValueClass.CUT if body.truncated else ValueClass.BODY
                notes.did(side, "body", reason, Action.DROP)
            return dropped(typed)

        return with_bodies(exchange, change)
