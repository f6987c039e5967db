"""From what a lane received to a response of the model: the same for both lanes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from replay.model.body import EMPTY, Body
from replay.model.exchange import Response
from replay.model.headers import Headers
from replay.wire.codings import decoded, is_decodable

RESPONSE_LIMIT_BYTES = 16 * 2**20  # more of an answer is not kept: it is marked as cut
READ_LIMIT_BYTES = 16 * RESPONSE_LIMIT_BYTES  # and more is not even read to its end
NO_BODY_STATUS = frozenset({204, 304})  # RFC 9112 section 6.3; 1xx never gets here, but for 101


class Head(NamedTuple):
    """Header fields as text, and what they say of the body: its type, and how it is packed."""

    headers: Headers
    content_type: str
    coding: str


class Received(NamedTuple):
    """An answer as it came, and as much of the body as is kept. Times: the caller's clock."""

    status: int
    head: Head
    data: bytes
    size_bytes: int  # of the whole body, kept or not
    digest: bytes  # of the whole body, when it was cut
    first_byte: float
    ended: float


class Intake:
    """Keeps the beginning of a body, and counts and hashes the rest."""

    __slots__ = ("_hash", "_kept", "_limit", "size_bytes")

    def __init__(self, limit_bytes: int) -> None:
        self._kept = bytearray()
        self._limit = limit_bytes
        self._hash: hashlib.blake2b | None = None
        self.size_bytes = 0

    def add(self, chunk: bytes) -> None:
        room = self._limit - self.size_bytes
        self.size_bytes += len(chunk)
        if len(chunk) <= room:
            self._kept += chunk
            return
        if self._hash is None:
            self._kept += chunk[:room]
            self._hash = hashlib.blake2b(self._kept, digest_size=16)
            chunk = chunk[room:]
        self._hash.update(chunk)

    @property
    def data(self) -> bytes:
        return bytes(self._kept)

    @property
    def digest(self) -> bytes:
        return self._hash.digest() if self._hash else b""


def head_of(raw_headers: Iterable[tuple[bytes, bytes]]) -> Head:
    """From the fields as they came. Of several types the first one counts; codings add up."""
    fields = []
    coding, content_type = "", ""
    for raw_name, raw_value in raw_headers:
        name, key = _name_of(raw_name)
        value = raw_value.decode("latin-1")
        fields.append((name, value))
        if key == "content-type":
            content_type = content_type or value
        elif key == "content-encoding":
            coding = f"{coding}, {value}" if coding else value
    return Head(Headers(tuple(fields)), content_type, coding)


def response_of(received: Received, limit_bytes: int) -> Response:
    """Raises BrokenCodingError. A body that unfolds to more than the limit is cut there."""
    headers, content_type, coding = received.head
    data = received.data
    is_cut = received.size_bytes > len(data)
    size_bytes = received.size_bytes if is_cut else -1
    if coding and is_decodable(coding):
        headers = headers.without("content-encoding")
        if data:
            data, is_cut = decoded(data, coding, limit_bytes, is_part=is_cut)
            size_bytes = max(received.size_bytes, len(data) + 1) if is_cut else -1
    if not data and not is_cut and not content_type:
        return Response(received.status, headers, EMPTY)
    return Response(received.status, headers, Body(data, content_type, is_cut, size_bytes))


@lru_cache(maxsize=4096)
def _name_of(raw: bytes) -> tuple[str, str]:
    """As it was spelled, and in lower case."""
    name = raw.decode("latin-1")
    return name, name.lower()
