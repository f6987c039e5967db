"""JSON bodies, walked leaf by leaf and written anew."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.redact.body_formats import Format
from replay.redact.body_rewriting import with_rewritten
from replay.redact.contract import Notes
from replay.redact.json_text import rewritten_json
from replay.redact.pseudonyms import Pseudonym


@dataclass(frozen=True, slots=True)
class JsonBody:
    """What does not parse under a JSON type is dropped, never kept raw."""

    name: str = "json-body"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_rewritten(exchange, pseudonym, notes, Format.JSON, rewritten_json)
