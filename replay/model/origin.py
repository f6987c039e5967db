"""Where a capture came from, recognisable but not readable: the guard against replaying into production.

A mark is scrypt(host:port, salt = capture id). Whoever holds the capture can test one address at a time (some
milliseconds each) and needs no redaction key for it; the list of addresses itself is not in the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_MOST_SALTS = 1024  # a forged capture may name many, and each costs a mark; one with more is taken for an origin
_COST = {"n": 2**12, "r": 8, "p": 1}  # RFC 7914 parameters; about 10 ms


def origin_mark(host: str, port: int, capture_id: str) -> str:
    """32 hex digits that stand for `host:port` in the capture `capture_id`."""
    address = f"{host.strip('[]').rstrip('.').lower()}:{port}".encode()
    return hashlib.scrypt(address, salt=capture_id.encode(), dklen=16, **_COST).hex()


def carried_mark(mark: str, capture_id: str) -> str:
    """A mark of `capture_id` as it stands in a capture that was merged from it or cut out of it: with its salt."""
    return mark if ":" in mark else f"{capture_id}:{mark}"


def is_origin(host: str, port: int, marks: Iterable[str], capture_id: str) -> bool:
    """True when one of the marks, its own or carried, stands for this address."""
    salts: dict[str, set[str]] = {}
    for mark in marks:
        salt, colon, digits = mark.rpartition(":")
        salts.setdefault(salt if colon else capture_id, set()).add(digits)
    if len(salts) > _MOST_SALTS:
        return True
    return any(origin_mark(host, port, salt) in digits for salt, digits in salts.items())
