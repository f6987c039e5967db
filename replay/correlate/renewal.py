"""One world's own values: every fresh value of the plan, written anew from (seed, world, value).

Rule: the same seed and world give the same text; a value keeps its shape: e-mails stay e-mails with their domain,
UUIDs stay version 4, names keep length and alphabet, free text keeps all but its last ten characters.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from string import ascii_lowercase, ascii_uppercase, digits
from uuid import UUID

from replay.model.evidence import Planted
from replay.model.tree import Place

MARKER_CHARACTERS = 10  # `q` and 9 of base32: 45 bits, no two alike in a run of a million
_LONGEST_LOCAL_PART = 64  # RFC 5321 section 4.5.3.1.1
_HEX = re.compile(r"[0-9a-f]{8,}")


class FreshKind(StrEnum):
    EMAIL = "email"
    UUID = "uuid"
    KEY = "key"  # idempotency keys, usernames, slugs, references
    TEXT = "text"


@dataclass(frozen=True, slots=True, repr=False)
class Fresh:
    """A value that a client made. `shared`: more than one tenant sends it, so it tells nobody's data."""

    value: str
    kind: FreshKind
    tenant: str
    exchange_id: str  # the request that sent it first
    place: str  # pattern
    shared: bool = False


Occurrences = Mapping[str, tuple[tuple[Place, str], ...]]
"""Per exchange id: where its recorded request holds fresh values, and which."""


@dataclass(frozen=True, slots=True, repr=False)
class Renewal:
    """`values` maps recorded to fresh, one-to-one. `planted` are markers and fresh e-mails, `owned` the e-mails alone.

    `occurrences` None means unknown: requests are then searched for values.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    planted: tuple[Planted, ...] = ()
    owned: tuple[Planted, ...] = ()
    occurrences: Occurrences | None = None


def renew_all(fresh: Iterable[Fresh], occurrences: Occurrences, seed: int, world: int) -> Renewal:
    """The world's values. `world` counts from 1."""
    if world < 1:
        raise ValueError("worlds count from 1")
    values: dict[str, str] = {}
    markers: list[Planted] = []
    owned: list[Planted] = []
    plan = tuple(fresh)
    taken = {item.value for item in plan}
    for item in plan:
        new = _unused(item, f"{seed}|{world}", taken)
        taken.add(new)
        values[item.value] = new
        if item.kind is FreshKind.TEXT:
            markers.append(Planted(new[-MARKER_CHARACTERS:], item.tenant, item.exchange_id, item.place))
        elif item.kind is FreshKind.EMAIL and not item.shared:
            owned.append(Planted(new, item.tenant, item.exchange_id, item.place))
    return Renewal(values, (*markers, *owned), tuple(owned), occurrences)


def _unused(item: Fresh, world: str, taken: set[str]) -> str:
    """The first rewriting that is nobody's value yet."""
    attempt = 0
    while True:
        new = _rewrite(item, _Stream(world, item.value, attempt))
        if new not in taken:
            return new
        attempt += 1


def _rewrite(item: Fresh, stream: _Stream) -> str:
    if item.kind is FreshKind.TEXT:
        return item.value[:-MARKER_CHARACTERS] + "q" + stream.letters(MARKER_CHARACTERS - 1)
    if item.kind is FreshKind.EMAIL:
        local, _, domain = item.value.rpartition("@")
        length = min(max(len(local), 10), _LONGEST_LOCAL_PART)
        return f"q{stream.letters(length - 1)}@{domain}"
    if item.kind is FreshKind.UUID:
        new = str(UUID(bytes=stream.bytes(16), version=4))
        return new.upper() if item.value.isupper() else new
    return _reshaped(item.value, stream)


def _reshaped(value: str, stream: _Stream) -> str:
    """Every ASCII letter and digit by another of its kind; the rest stays."""
    low = "abcdef" if _HEX.fullmatch(value) else ascii_lowercase
    noise = iter(stream.bytes(len(value)))
    out = []
    for mark, byte in zip(value, noise, strict=True):
        alphabet = next((kind for kind in (low, ascii_uppercase, digits) if mark in kind), mark)
        out.append(alphabet[byte % len(alphabet)])
    return "".join(out)


class _Stream:
    """Bytes that depend on nothing but (seed, world, value, attempt)."""

    def __init__(self, world: str, value: str, attempt: int) -> None:
        self._key = hashlib.blake2b(world.encode(), digest_size=32).digest()
        self._text = f"{attempt}|{value}".encode("utf-8", "surrogatepass")

    def bytes(self, count: int) -> bytes:
        out = b""
        block = 0
        while len(out) < count:
            salt = block.to_bytes(16, "big")
            out += hashlib.blake2b(self._text, key=self._key, salt=salt).digest()
            block += 1
        return out[:count]

    def letters(self, count: int) -> str:
        """Lower-case base32: [a-z2-7]."""
        return b32encode(self.bytes(count)).decode().lower()[:count]
