"""All that a reader can read in a finished exchange: every part that is written, and what can be decoded from it.

Fields that come again and again (a token, cookies, a user agent) are read once and remembered.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple
from urllib.parse import unquote_plus

from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.model.headers import MOMENTS
from replay.redact.detectors import find_but_emails, find_emails
from replay.redact.documents import Document
from replay.redact.glance import Words, cut, kept
from replay.redact.memory import Generations
from replay.redact.pseudonyms import Pseudonym

_UNICODE_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE64_CHARS = bytes({45: 43, 95: 47}.get(i, i if i in _BASE64_ALPHABET else 32) for i in range(256))  # "-_" as "+/"
_BASE64_SHORTEST = 12  # characters
_OUR_EMAIL = re.compile(r"u[0-9a-f]{16}@d[0-9a-f]{8}\.example(?![\w-]|\.[\w-])")
_OUR_EMAIL_TAIL = re.compile(r"u[0-9a-f]{16}@d[0-9a-f]{8}\.example$", re.IGNORECASE)
_BETWEEN = "\x00"  # parts: no letter, no digit, no blank, so nothing is found across two parts

Field = tuple[str, str]


class Look(NamedTuple):
    """What was read in a text: its words, and what looks like a secret everywhere and is no stand-in of ours."""

    words: Words
    hits: frozenset[str]


def readable(exchange: Exchange) -> str:
    """Everything that is written to disk, with what a reader can decode from it, one part a line."""
    parts = [*_lines(exchange), *(f"{name}: {value}" for name, value in _fields(exchange)), *_texts(exchange)]
    return _BETWEEN.join([*parts, *(layer for part in parts for layer in _decoded(part))])


def look_at(exchange: Exchange, pseudonym: Pseudonym) -> list[Look]:
    """Looks that together have seen all that `readable` tells."""
    fresh: list[str] = []
    looks = look_at_fields(exchange, pseudonym, fresh)
    for body in _bodies(exchange):
        looks += look_at_body(body, pseudonym, fresh)
    return [*looks, *look_at_texts(fresh, pseudonym)]


def look_at_fields(exchange: Exchange, pseudonym: Pseudonym, fresh: list[str]) -> list[Look]:
    """Of all but the bytes of bodies; what was never seen goes to `fresh`, to be read at once."""
    looks: list[Look] = []
    fields, moments = pseudonym.memo.looks, pseudonym.memo.moments
    for field in _told(exchange):
        known = fields.young.get(field)
        memory = fields if known or field[0].lower() not in MOMENTS else moments
        looks += known or _asked(memory, field, f"{field[0]}: {field[1]}", pseudonym, fresh)
    return looks


def look_at_body(body: Body, pseudonym: Pseudonym, fresh: list[str]) -> list[Look]:
    """Of a redacted body's bytes; likewise."""
    document = pseudonym.memo.documents.behind(body.data)
    if document is not None:
        return document.looks or _looked(document, pseudonym)
    looks: list[Look] = []
    rows = pseudonym.memo.rows
    for row in _rows(body.data) if body.data else ():
        known = rows.young.get(row)
        looks += known or _asked(rows, row, row.decode("utf-8", "replace"), pseudonym, fresh)
    return looks


def look_at_texts(texts: list[str], pseudonym: Pseudonym) -> list[Look]:
    """Of texts that stand apart, with all that can be decoded from them."""
    return list(_looks(_with_layers(texts), pseudonym))


def _looked(document: Document, pseudonym: Pseudonym) -> list[Look]:
    """A known body is read once."""
    rows = [row.decode("utf-8", "replace") for row in _rows(document.body.data)]
    document.looks[:] = [Look(kept(look.words), look.hits) for look in _looks(_with_layers(rows), pseudonym)]
    return document.looks


def _asked(
    memory: Generations, key: Field | bytes, text: str, pseudonym: Pseudonym, fresh: list[str]
) -> tuple[Look, ...]:
    """What is known of `text`; none while that is read together with all others that are `fresh`."""
    if len(text) > memory.longest:
        fresh.append(text)
        return ()
    known: tuple[Look, ...] | bool | None = memory.find(key)
    if known is None:  # never seen: most that is new never comes again
        memory.keep(key, False)
        fresh.append(text)
        return ()
    if not known:
        known = tuple(Look(kept(look.words), look.hits) for look in _looks(_with_layers([text]), pseudonym))
        memory.keep(key, known)
    return known  # type: ignore[return-value] # no bool is left


def _rows(data: bytes) -> set[bytes]:
    """A document cut where the objects of its lists begin and end: most rows come again, here and in other documents.

    Nothing that is looked for spans such a cut: no secret has a brace in it, and no word.
    """
    head, _, rest = data.partition(b"[{")
    body, _, tail = rest.rpartition(b"}]")
    return {head, tail, *body.split(b"},{")}


def _looks(texts: list[str], pseudonym: Pseudonym) -> Iterator[Look]:
    """What is ASCII at once, and the rest, which is dearer to read, at once."""
    plain = [text for text in texts if text.isascii()]
    other = [text for text in texts if not text.isascii()] if len(plain) < len(texts) else []
    for some in (plain, other):
        if some:
            text = _BETWEEN.join(some)
            yield Look(cut(text), _strong(text, pseudonym))


def _with_layers(parts: list[str]) -> list[str]:
    return [*parts, *chain.from_iterable(map(_decoded, parts))]


def _strong(text: str, pseudonym: Pseudonym) -> frozenset[str]:
    hits = {hit for kind, hit in find_but_emails(text) if not (kind == "jwt" and _is_our_jwt(hit, pseudonym))}
    if "@" in text:
        hits.update(_foreign_emails(text, pseudonym))
    return frozenset(hits)


def _lines(exchange: Exchange) -> Iterator[str]:
    request = exchange.request
    yield f"{request.method} {request.target}\n{request.host}\n{exchange.connection}"


def _fields(exchange: Exchange) -> Iterable[Field]:
    response = exchange.response
    if response is None:
        return exchange.request.headers.fields
    return (*exchange.request.headers.fields, *response.headers.fields, *response.trailers.fields)


def _told(exchange: Exchange) -> list[Field]:
    """All but the bytes of bodies, each with its name."""
    request = exchange.request
    told = [(request.method, request.target), ("host", request.host), ("connection", exchange.connection)]
    told += _fields(exchange)
    told += [("content-type", body.content_type) for body in _bodies(exchange)]
    return told


def _texts(exchange: Exchange) -> Iterator[str]:
    """Types and bytes of bodies and messages."""
    for body in _bodies(exchange):
        yield body.content_type
        if body.data:
            yield body.data.decode("utf-8", "replace")


def _bodies(exchange: Exchange) -> list[Body]:
    bodies = [exchange.request.body, *(message.body for message in exchange.messages)]
    if exchange.response is not None:
        bodies.append(exchange.response.body)
    return bodies


def _decoded(part: str) -> Iterator[str]:
    """What `part` says when its percent, JSON and base64 writings are undone."""
    plain = part
    for _ in range(2):  # twice: a URL in a URL
        if "%" in plain:
            plain = unquote_plus(plain)
            yield plain
    if "\\" in part:
        yield _UNICODE_ESCAPE.sub(lambda found: chr(int(found[1], 16)), part).replace("\\", "")
    if len(part) >= _BASE64_SHORTEST:
        words = part.encode("utf-8", "surrogatepass").translate(_BASE64_CHARS).split()
        # One character more than a multiple of four is no base64; padding beyond the need is ignored.
        found = [a2b_base64(one + b"==") for one in words if len(one) >= _BASE64_SHORTEST and len(one) & 3 != 1]
        for one in found:
            if one.isascii() or b"@" in one or b"\xc3" in one:
                yield one.decode("utf-8", "replace")


def _foreign_emails(text: str, pseudonym: Pseudonym) -> Iterable[str]:
    """E-mail addresses that are no stand-ins; a text with no others is known by counting."""
    ours = _OUR_EMAIL.findall(text)
    if len(ours) == text.count("@") and all(_is_ours(email, pseudonym) for email in ours):
        return ()
    return [hit for hit in find_emails(text) if not _is_our_email(hit, pseudonym)]


def _is_our_email(hit: str, pseudonym: Pseudonym) -> bool:
    tail = _OUR_EMAIL_TAIL.search(hit)
    return tail is not None and _is_ours(tail.group().lower(), pseudonym)


def _is_our_jwt(hit: str, pseudonym: Pseudonym) -> bool:
    return hit.endswith(".") or _is_ours(hit, pseudonym)


def _is_ours(text: str, pseudonym: Pseudonym) -> bool:
    known: bool | None = pseudonym.memo.ours.find(text)
    if known is None:
        known = pseudonym.is_ours(text)
        pseudonym.memo.ours.keep(text, known)
    return known
