"""The writings in which a secret may reach a file, as needles to look for.

Rule: everything is in lower case, for the detector folds what it searches. A needle has eight bytes or more; what is
shorter (a six-digit id) is looked for by its boundaries.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from replay.canary.planted import Secret, SecretKind

SHORTEST = 8  # bytes of a needle, and characters of a fragment: finds `abc***xyz` masks and "first 8 and last 4"
FRAGMENT = "fragment"  # the variant of a part of a secret
_HASHES = ("md5", "sha1", "sha256", "sha512", "blake2b", "sha3_256")
_SEPARATORS = re.compile(r"[\s./:+-]+")
_FIRST_FRAGMENT = {SecretKind.IBAN: 2, SecretKind.CARD: 1, SecretKind.PHONE: 4}  # country, brand, area code may stay
_NO_FRAGMENTS = frozenset({SecretKind.BIRTH, SecretKind.GEO})  # "1984-03-" says little, and half of all dates share it


class Needle(NamedTuple):
    secret: Secret
    variant: str
    data: bytes  # in lower case


def needles(secret: Secret) -> Iterator[Needle]:
    """Each writing once."""
    seen: set[bytes] = set()
    for variant, data in _writings(secret):
        folded = data.lower()
        if len(folded) >= SHORTEST and folded not in seen:
            seen.add(folded)
            yield Needle(secret, variant, folded)


def body_needles(secret: Secret, body: bytes) -> Iterator[Needle]:
    """Unkeyed hashes of a raw body: who knows its form can try all secrets against them."""
    yield from (Needle(secret, f"body {name}", data.lower()) for name, data in _hashes(body))


def _writings(secret: Secret) -> Iterator[tuple[str, bytes]]:
    text = secret.text
    for name, writing in _spellings(secret):
        yield from ((f"{name}{how}", data) for how, data in _encoded(writing))
    for start in range(_first_fragment(secret), len(text) - SHORTEST + 1):
        yield FRAGMENT, text[start : start + SHORTEST].encode()
    for spelling in {text, text.lower(), _SEPARATORS.sub("", text)}:
        yield from _hashes(spelling.encode())
    if secret.kind is SecretKind.KEY:
        yield from _encoded_bytes("raw key, ", bytes.fromhex(text))


def _first_fragment(secret: Secret) -> int:
    return len(secret.text) if secret.kind in _NO_FRAGMENTS else _FIRST_FRAGMENT.get(secret.kind, 0)


def _spellings(secret: Secret) -> Iterator[tuple[str, str]]:
    text = secret.text
    yield "", text
    yield "upper case, ", text.upper()
    yield "folded, ", text.casefold()
    yield "decomposed, ", unicodedata.normalize("NFD", text)
    yield "compatible, ", unicodedata.normalize("NFKC", text)
    yield "reversed, ", text[::-1]
    for blank in ("-", "_", "+", ""):
        yield "other blanks, ", text.replace(" ", blank)
    yield "without separators, ", _SEPARATORS.sub("", text)
    if secret.kind is SecretKind.BIRTH:
        year, month, day = text.split("-")
        yield "other date, ", f"{day}.{month}.{year}"
        yield "other date, ", f"{month}/{day}/{year}"


def _encoded(text: str) -> Iterator[tuple[str, bytes]]:
    data = text.encode("utf-8", "surrogatepass")
    once = quote(text, safe="")
    yield "raw", data
    yield "percent", once.encode()
    yield "percent twice", quote(once, safe="").encode()
    yield "percent of every byte", "".join(f"%{byte:02x}" for byte in data).encode()
    yield "JSON escapes", "".join(f"\\u{ord(char):04x}" for char in text).encode()
    yield "JSON", json.dumps(text)[1:-1].encode()
    yield "entities", html.escape(text).encode()
    yield "decimal entities", "".join(f"&#{ord(char)};" for char in text).encode()
    yield "hexadecimal entities", "".join(f"&#x{ord(char):x};" for char in text).encode()
    yield "UTF-16LE", text.encode("utf-16-le", "surrogatepass")
    yield "UTF-16BE", text.encode("utf-16-be", "surrogatepass")
    yield "latin-1", text.encode("latin-1", "ignore")
    yield from _encoded_bytes("", data)


def _encoded_bytes(prefix: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield f"{prefix}bytes", data
    yield f"{prefix}hex", data.hex().encode()
    for shift in range(3):  # where the first byte stands in its group of three
        whole = b64encode(bytes(shift) + data)
        sure = whole[(shift * 8 + 5) // 6 : (shift + len(data)) * 8 // 6]
        yield f"{prefix}base64", sure
        yield f"{prefix}base64url", sure.translate(bytes.maketrans(b"+/", b"-_"))


def _hashes(data: bytes) -> Iterator[tuple[str, bytes]]:
    for name in _HASHES:
        digest = hashlib.new(name, data, usedforsecurity=False).digest()
        yield f"unkeyed {name}", digest.hex().encode()
        yield f"unkeyed {name} base64", b64encode(digest).rstrip(b"=")
