"""Which sessions are kept when not all are: a keyed hash of the session's anchor, compared with the route's share.

    draw(anchor) in [0, 1)        kept on a route  <=>  draw < share of the route

The anchor is what a session's first exchange is known by: the session that a stated source names, else the principal,
else the token, else (anonymous) the connection. It is fixed then and never changes, so a session is kept or left as a
whole; two sidecars with the same redaction key decide alike on everything but anonymous starts. All sessions of one
principal fall alike: a share of 0.1 keeps about a tenth of the principals, not of a robot's traffic.

With shares per route (catalogue 0.01, checkout 1) the comparison is monotone: whoever is kept on a route with a small
share is kept on every route with a larger one. So the sessions that are kept at the smallest share are complete; the
others that are kept lack exactly their exchanges on the down-sampled routes, and are marked as partial.

Rule: pure. The key of the draws is derived from the redaction key and tells nothing about it.
"""

from __future__ import annotations

import hashlib

_KEY_BYTES = 32
_RANGE = float(1 << 53)  # a float's mantissa: below 1 for every hash


class Sampler:
    """Draws and disguises with one key."""

    def __init__(self, secret: bytes) -> None:
        """`secret` is the redaction key (or another text that all sidecars share)."""
        self._key = hashlib.blake2b(secret[:64], digest_size=_KEY_BYTES, person=b"replay-sampling").digest()

    def draw(self, anchor: str) -> float:
        """A number in [0, 1), the same for the same anchor and key."""
        return (int.from_bytes(self._hash(b"draw", anchor)[:8], "big") >> 11) / _RANGE

    def disguise(self, value: str) -> str:
        """What is remembered instead of a raw value: equal for equal values, and not to be undone without the key."""
        return self._hash(b"disguise", value).hex()

    def _hash(self, person: bytes, text: str) -> bytes:
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, key=self._key, digest_size=16, person=person).digest()
