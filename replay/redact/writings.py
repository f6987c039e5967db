"""Writings in which text hides text: entities, hex, base64, gzip, MIME words, data URLs; undone and done again.

Rule: what is undone must come out as text to its last byte, or the writing is not what it seemed to be (None).
"""

from __future__ import annotations

import binascii
import re
import zlib
from base64 import b64encode
from typing import NamedTuple
from urllib.parse import quote, unquote

from replay.redact.containers import from_base64, to_base64_bytes
from replay.redact.media_types import charset_of

_MOST_INFLATED = 1 << 20  # bytes; more is no value of a field
SHORTEST = 14  # characters that are undone; shorter ones come out as text by accident
_HEX = re.compile(r"[0-9a-f]{16,}|[0-9A-F]{16,}")
_BASE64 = re.compile(rf"[A-Za-z0-9+/_-]{{{SHORTEST},}}={{0,2}}")
_URL_SAFE = str.maketrans("-_", "+/")
# How text or a file may begin: three bytes at least, for the sixth may stand in the middle of a character.
_BEGINNING = re.compile(
    rb"(?:[\t\n\r -~]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}){3}"
    rb"|[\t\n\r -~]{0,2}[\xe0-\xf4][\x80-\xbf]{2}|\x89PN|\xff\xd8\xff|\x1f\x8b\x08|PK\x03|II\*|MM\x00|\x7fEL|RIF"
)
_WORD = re.compile(r"=\?([A-Za-z0-9_-]{1,20})\?([BbQq])\?([^?\s]*)\?=")
_WORDS = re.compile(rf"{_WORD.pattern}(?:\s+{_WORD.pattern})*")
_EXTENDED = re.compile(r"([A-Za-z0-9_-]{1,20})'([A-Za-z0-9-]{0,20})'([^'\s]*)")
_QUOTED = re.compile(r"=([0-9A-Fa-f]{2})")
_GZIP = b"\x1f\x8b\x08"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")


class Undone(NamedTuple):
    """The text inside, and which writing it was in, so that it can be done again."""

    text: str
    is_gzip: bool = False


def from_hex(text: str) -> str | None:
    if len(text) % 2 or not _HEX.fullmatch(text) or not _BEGINNING.match(bytes.fromhex(text[:12])):
        return None
    return _text(binascii.unhexlify(text))


def may_be_base64(text: str) -> bool:
    """False for nearly every token: its first six bytes are neither text nor a file's."""
    try:
        head = binascii.a2b_base64(text[:8].translate(_URL_SAFE))
    except ValueError:
        return False
    return _BEGINNING.match(head) is not None


def to_hex(text: str, like: str) -> str:
    fresh = text.encode("utf-8", "replace").hex()
    return fresh.upper() if like != like.lower() else fresh


def from_base64_text(text: str) -> Undone | None:
    """Text, or text in gzip, that is long enough to be no accident."""
    data = base64_bytes(text)
    if data is None:
        return None
    if data.startswith(_GZIP):
        inflated = inflate(data, 16 + zlib.MAX_WBITS)
        plain = None if inflated is None else _text(inflated)
        return None if plain is None else Undone(plain, True)
    plain = _text(data)
    return None if plain is None else Undone(plain)


def to_base64_text(undone: Undone, like: str) -> str:
    data = undone.text.encode("utf-8", "replace")
    return to_base64_bytes(deflate(data, 16 + zlib.MAX_WBITS) if undone.is_gzip else data, like)


def base64_bytes(text: str) -> bytes | None:
    if not _BASE64.fullmatch(text) or len(text.rstrip("=")) % 4 == 1:
        return None
    try:
        return from_base64(text)
    except ValueError:
        return None


def inflate(data: bytes, window_bits: int) -> bytes | None:
    """One stream, to its end and no further."""
    machine = zlib.decompressobj(window_bits)
    try:
        out = machine.decompress(data, _MOST_INFLATED)
    except zlib.error:
        return None
    return out if machine.eof and not machine.unused_data else None


def deflate(data: bytes, window_bits: int) -> bytes:
    """Stored, not compressed: the same bytes with every version of zlib."""
    machine = zlib.compressobj(0, zlib.DEFLATED, window_bits)
    return machine.compress(data) + machine.flush()


def from_mime_words(text: str) -> str | None:
    """RFC 2047: `=?utf-8?Q?S=C3=B8rensen?=`, one word or several."""
    if not text.startswith("=?") or not _WORDS.fullmatch(text):
        return None
    plain = [_mime_word(*found.groups()) for found in _WORD.finditer(text)]
    return None if None in plain else "".join(filter(None, plain))


def to_mime_word(text: str) -> str:
    return f"=?utf-8?B?{b64encode(text.encode('utf-8', 'replace')).decode()}?="


def from_extended(text: str) -> str | None:
    """RFC 5987 (8187): `UTF-8'sv'S%C3%B8rensen`."""
    found = _EXTENDED.fullmatch(text)
    if found is None or not charset_of(f";charset={found[1]}"):
        return None
    try:
        return unquote(found[3], found[1], "strict")
    except (LookupError, ValueError):
        return None


def to_extended(text: str) -> str:
    return f"UTF-8''{quote(text, safe='', errors='replace')}"


def _mime_word(charset: str, kind: str, data: str) -> str | None:
    known = charset_of(f";charset={charset}")
    try:
        if kind in "Bb":
            raw = binascii.a2b_base64(data)
        else:
            raw = _QUOTED.sub(lambda found: chr(int(found[1], 16)), data.replace("_", " ")).encode("latin-1")
        return raw.decode(known) if known else None
    except (LookupError, ValueError):
        return None


def _text(data: bytes) -> str | None:
    """UTF-8 without control characters: what a person could have written."""
    try:
        plain = data.decode()
    except UnicodeDecodeError:
        return None
    return None if not plain.strip() or _CONTROLS.search(plain) else plain
