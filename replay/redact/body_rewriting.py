"""What all redactors of bodies share: the bodies of one format, rewritten to their end or dropped.

Rule: what does not parse is dropped and counted, never kept raw, and never kept in part.
"""

from __future__ import annotations

from collections.abc import Callable

from replay.model.body import Body
from replay.model.codec import UndecodableError
from replay.model.exchange import Exchange
from replay.redact.body_formats import Format, format_of
from replay.redact.contract import Action, Notes, Side, ValueClass
from replay.redact.desk import Desk, UnreadableError
from replay.redact.documents import LONGEST, SHORTEST, Document, digest_of
from replay.redact.media_types import charset_of, reduced, written_charset
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.sides import dropped, with_bodies

Rewrite = Callable[[Desk, bytes, str, str], bytes]
"""(desk, data, content type, place) -> the new data. Raises UnreadableError, UndecodableError or UnicodeError."""


def with_rewritten(
    exchange: Exchange, pseudonym: Pseudonym, notes: Notes, kind: Format, rewrite: Rewrite, place: str = "body"
) -> Exchange:
    """The exchange with its bodies of that format written anew; `place` is where a whole body is."""

    def change(side: Side, body: Body) -> Body:
        if not body.data or body.truncated or format_of(body.media_type) is not kind:
            return body
        if not SHORTEST <= len(body.data) <= LONGEST:
            return written(side, body, notes)
        known = documents.find(key := (kind, place, side, notes.guide, body.content_type, digest_of(body.data)))
        if known is None:
            if not documents.comes_again(key):
                return written(side, body, notes)
            own = Notes(notes.guide)
            known = Document(written(side, body, own), own)
            documents.keep(key, known)
        notes.add(known.notes)
        return known.body

    def written(side: Side, body: Body, notes: Notes) -> Body:
        fresh = attempted(Rewriter(pseudonym, notes, side), rewrite, body.data, body.content_type, place)
        if fresh is None:
            notes.did(side, "body", ValueClass.UNREADABLE, Action.DROP)
            return dropped(body)
        return Body(fresh, reduced(body.content_type, notes.guide.lexicon))

    documents = pseudonym.memo.documents
    return with_bodies(exchange, change)


def attempted(desk: Desk, rewrite: Rewrite, data: bytes, content_type: str, place: str) -> bytes | None:
    """The new data; None when the old cannot be read."""
    try:
        return rewrite(desk, data, content_type, place)
    except (UnreadableError, UndecodableError, UnicodeError, LookupError):
        return None


def as_text(rewrite: Callable[[Desk, str, str], str]) -> Rewrite:
    """A rewriting of text as one of bytes, in the charset that the type declares."""

    def of_bytes(desk: Desk, data: bytes, content_type: str, place: str) -> bytes:
        text = data.decode(charset_of(content_type) or "utf-8").removeprefix("\ufeff")
        return rewrite(desk, text, place).encode(written_charset(content_type), "replace")

    return of_bytes
