"""Where a capture came from, recognisable but not readable: the guard against replaying into production.

A mark is scrypt(host:port, salt = capture id). Whoever holds the capture can test one address at a time (some
milliseconds each) and needs no redaction key for it; the list of addresses itself is not in the file.
"""

from __future__ import annotations

import hashlib

_COST = {"n": 2**12, "r": 8, "p": 1}  # RFC 7914 parameters; about 10 ms


def origin_mark(host: str, port: int, capture_id: str) -> str:
    """32 hex digits that stand for `host:port` in the capture `capture_id`."""
    address = f"{host.strip('[]').rstrip('.').lower()}:{port}".encode()
    return hashlib.scrypt(address, salt=capture_id.encode(), dklen=16, **_COST).hex()
