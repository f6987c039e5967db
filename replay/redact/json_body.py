"""JSON bodies, walked leaf by leaf and written anew."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.body import Body
from replay.model.codec import UndecodableError, dump_json
from replay.model.exchange import Exchange
from replay.model.message import body_tree
from replay.redact.contract import Action, Notes, Side, ValueClass
from replay.redact.media_types import reduced
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.sides import dropped, with_bodies


@dataclass(frozen=True, slots=True)
class JsonBody:
    """What does not parse under a JSON type is dropped, never kept raw.

    The document is always written anew: of duplicate keys the parser keeps one, and the others must go as well.
    """

    name: str = "json-body"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        def change(side: Side, body: Body) -> Body:
            if not body.is_json or not body.data or body.truncated:
                return body
            try:
                tree = Rewriter(pseudonym, notes, side).tree(body_tree(body), "body")
                return Body(dump_json(tree), reduced(body.content_type))
            except (UndecodableError, UnicodeEncodeError):
                notes.did(side, "body", ValueClass.BODY, Action.DROP)
                return dropped(body)

        return with_bodies(exchange, change)
