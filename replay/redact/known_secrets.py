"""Secrets that are known exactly, such as an identity's password and tokens: found again in any writing.

Rule: held in memory only, never printed. Shorter ones than a password of any worth are not looked for: they would be
found everywhere.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from replay.model.exchange import Exchange, Response

_SHORTEST = 6  # characters


class KnownSecrets:
    """A set of them, which may grow: a login brings another token."""

    __slots__ = ("_known", "_needles")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._needles: set[bytes] = set()
        for secret in secrets:
            self.add(secret)

    def __repr__(self) -> str:
        return "KnownSecrets(hidden)"

    def add(self, secret: str) -> None:
        if len(secret) >= _SHORTEST and secret not in self._known:
            self._known.add(secret)
            self._needles.update(_writings(secret))

    def are_in_text(self, text: str) -> bool:
        return bool(self._needles) and self._are_in(text.encode("utf-8", "replace"))

    def are_in(self, exchange: Exchange) -> bool:
        return bool(self._needles) and any(map(self._are_in, _parts(exchange)))

    def _are_in(self, data: bytes) -> bool:
        folded = data.lower()
        return any(needle in folded for needle in self._needles)


def _parts(exchange: Exchange) -> Iterator[bytes]:
    request, outcome = exchange.request, exchange.outcome
    fields = list(request.headers.fields)
    yield request.target.encode("utf-8", "replace")
    yield request.body.data
    if isinstance(outcome, Response):
        fields += [*outcome.headers.fields, *outcome.trailers.fields]
        yield outcome.body.data
    yield "\n".join(f"{name}: {value}" for name, value in fields).encode("utf-8", "replace")


def _writings(secret: str) -> Iterator[bytes]:
    """In lower case, as the searched text is."""
    data = secret.encode("utf-8", "surrogatepass")
    yield data.lower()
    yield quote(secret, safe="").lower().encode()
    yield json.dumps(secret)[1:-1].lower().encode()
    yield data.hex().encode()
    for shift in range(3):  # where the first byte stands in its group of three
        whole = b64encode(bytes(shift) + data)
        sure = whole[(shift * 8 + 5) // 6 : (shift + len(data)) * 8 // 6].lower()
        yield sure
        yield sure.translate(bytes.maketrans(b"+/", b"-_"))
