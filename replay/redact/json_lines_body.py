"""Streams of JSON documents: NDJSON, JSON Lines, JSON text sequences."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.redact.body_formats import Format
from replay.redact.body_rewriting import with_rewritten
from replay.redact.contract import Notes
from replay.redact.json_text import rewritten_lines
from replay.redact.pseudonyms import Pseudonym


@dataclass(frozen=True, slots=True)
class JsonLinesBody:
    """A line that is no JSON drops the body; places are those of a list."""

    name: str = "json-lines-body"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_rewritten(exchange, pseudonym, notes, Format.JSON_LINES, rewritten_lines)
