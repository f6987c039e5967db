"""What came of one request: its outcome and its three times."""

from __future__ import annotations

from typing import NamedTuple

from replay.model.exchange import Outcome


class Sent(NamedTuple):
    """Times in seconds of the caller's clock; `first_byte` is when the answer's head was there, 0.0 without one.

    `digest`: BLAKE2b-128 of all bytes of a body that was cut (of a coded one: as they came), else empty.
    """

    outcome: Outcome
    sent: float
    first_byte: float
    ended: float
    digest: bytes = b""
