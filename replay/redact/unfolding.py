"""All texts of a finished exchange, and what a patient reader decodes from them: percent, JSON, base64, hex, entities.

For erasing and auditing, where a capture is read once and completeness counts; the second look of a recording has its
own, faster reading (`readings`).

Rule: total on any input; layers and lengths are bounded.
"""

from __future__ import annotations

import html
import re
import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from urllib.parse import unquote_plus

from replay.model.exchange import Exchange

LAYERS = 4  # writings within each other
_MOST_CHARS = 16 << 20  # of all layers of one text
_MOST_INFLATED = 4 << 20
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
_READABLE = re.compile(r"[\w@.,:;/+ -]{4}")


def texts_of(exchange: Exchange) -> Iterator[str]:
    """Every part that is written, each by itself."""
    request, response = exchange.request, exchange.response
    yield from (request.method, request.target, request.host, request.scheme, exchange.connection)
    fields = list(request.headers.fields)
    bodies = [request.body, *(message.body for message in exchange.messages)]
    if response is not None:
        fields += [*response.headers.fields, *response.trailers.fields]
        bodies.append(response.body)
    for name, value in fields:
        yield f"{name}: {value}"
    for body in bodies:
        yield body.content_type
        yield from of_bytes(body.data)


def of_bytes(data: bytes) -> Iterator[str]:
    """Bytes as text, in each encoding that they may be in."""
    if data:
        yield data.decode("utf-8", "replace")
        if b"\x00" in data[:64]:
            yield data.decode("utf-16-le", "replace")
            yield data.decode("utf-16-be", "replace")


def unfolded(text: str) -> Iterator[str]:
    """`text`, and each of its layers once."""
    seen = {text}
    layer, left = [text], _MOST_CHARS
    yield text
    for _ in range(LAYERS):
        deeper = []
        for inner in (one for outer in layer for one in _decoded(outer)):
            if inner not in seen and left > 0:
                left -= len(inner)
                seen.add(inner)
                deeper.append(inner)
                yield inner
        layer = deeper


def _decoded(text: str) -> Iterator[str]:
    if "%" in text:
        yield unquote_plus(text)
    if "\\" in text:
        yield _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text).replace('\\"', '"').replace("\\/", "/")
    if "&" in text:
        yield html.unescape(text)
    for found in _BASE64.finditer(text):
        yield from _of_base64(found.group())
    for found in _HEX.finditer(text):
        yield from _worth_reading(bytes.fromhex(found.group()))


def _of_base64(word: str) -> Iterator[str]:
    bare = word.rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) % 4 == 1:
        return
    try:
        data = b64decode(bare + "=" * (-len(bare) % 4))
    except (Base64Error, ValueError):
        return
    yield from _worth_reading(data)
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS) if data[:1] in b"\x1f\x78" else ():
        try:
            yield from _worth_reading(zlib.decompressobj(window).decompress(data, _MOST_INFLATED))
        except zlib.error:
            continue


def _worth_reading(data: bytes) -> Iterator[str]:
    """Random bytes decode to noise; what holds four plain characters in a row may be a text."""
    for text in of_bytes(data):
        if _READABLE.search(text):
            yield text
