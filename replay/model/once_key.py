"""Idempotency keys in requests: a header or a field by which a client asks for an effect once, however often it sends.

Rule: names decide, as clients and servers agreed on them (draft-ietf-httpapi-idempotency-key-header-07, PayPal, and the
field names that APIs use in bodies). A request id is often a mere tracing id: such a key is weak.
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.exchange import Request
from replay.model.message import request_leaves, text_of
from replay.model.tree import Place, pattern

HEADERS = ("idempotency-key", "x-idempotency-key", "paypal-request-id")
FIELDS = ("idempotency_key", "idempotencykey", "idempotency-key")
WEAK_FIELDS = ("request_id", "requestid")
_ENVELOPE_SIZE = 2  # ("body", name): keys deeper in a document belong to something else


@dataclass(frozen=True, slots=True, repr=False)
class OnceKey:
    """`place` is a leaf's, as `model.message` names them."""

    place: Place
    value: str
    is_weak: bool = False

    @property
    def where(self) -> str:
        if self.place[0] == "header":
            return f"header {self.place[1]}"
        return pattern(self.place[:2])


def once_key_of(request: Request) -> OnceKey | None:
    """The key that the request carries: the surest one, or None."""
    for name in HEADERS:
        if key := request.headers.get(name):
            return OnceKey(("header", name, 0), key)
    weak = None
    for place, value in request_leaves(request):
        if place[0] not in {"body", "form"} or (place[0] == "body" and len(place) != _ENVELOPE_SIZE):
            continue
        name = str(place[1]).lower()
        if value and name in FIELDS:
            return OnceKey(place, text_of(value))
        if value and name in WEAK_FIELDS:
            weak = OnceKey(place, text_of(value), is_weak=True)
    return weak
