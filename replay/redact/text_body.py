"""Bodies of text that have no format of their own: scrambled, layout kept."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.redact.body_formats import Format
from replay.redact.body_rewriting import as_text, with_rewritten
from replay.redact.contract import Notes
from replay.redact.desk import padded
from replay.redact.pseudonyms import Pseudonym


@dataclass(frozen=True, slots=True)
class TextBody:
    """`text/*`: every letter and digit replaced, e-mails and the like by their class; documents in it are walked."""

    name: str = "text-body"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        rewrite = as_text(lambda desk, text, place: padded(desk, "", text, place))
        return with_rewritten(exchange, pseudonym, notes, Format.TEXT, rewrite)
