"""Bodies taken while they stream: every chunk goes on as it came, the first ones are kept.

    upstream ──chunk──▶ Tee ──chunk──▶ client          Budget: what all tees together hold, bounded
                         └─ kept, up to its limit

Rule: a tee never raises and never changes a chunk: mitmproxy does not guard these callbacks, a client would hang.
"""

from __future__ import annotations

UNKNOWN = -1  # a body that ends with its last chunk, or with the connection, or whose length makes no sense

_TINY_BYTES = 2048  # a chunk of its own costs about 60 bytes more (sys.getsizeof and its place in a list)

RawFields = tuple[tuple[bytes, bytes], ...]


class Budget:
    """Bytes that those in flight may hold together. For one thread: the proxy's loop."""

    __slots__ = ("held_bytes", "limit_bytes")

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.held_bytes = 0

    def grant(self, wanted: int) -> int:
        """How many of these bytes may be held now; give them back with `give_back`."""
        granted = max(0, min(wanted, self.limit_bytes - self.held_bytes))
        self.held_bytes += granted
        return granted

    def give_back(self, count: int) -> None:
        self.held_bytes -= count


class Tee:
    """A `stream` callback of mitmproxy: called with each chunk, and once with b"" at the end.

    What is kept is a beginning without gaps. Tiny chunks are gathered, so that a body of them costs its size in memory,
    not an object for each.
    """

    __slots__ = ("_budget", "_is_closed", "_pieces", "kept_bytes", "limit_bytes", "size_bytes")

    def __init__(self, limit_bytes: int, budget: Budget) -> None:
        self.limit_bytes = limit_bytes
        self.size_bytes = 0  # of all chunks that passed
        self.kept_bytes = 0
        self._budget = budget
        self._pieces: list[bytes | bytearray] = []
        self._is_closed = limit_bytes <= 0  # keeps nothing more

    def __call__(self, data: bytes) -> bytes | tuple[()]:
        """The chunk as it is. Nothing for an empty one: an empty chunk would end a chunked body early."""
        if not data:
            return ()
        try:
            self.size_bytes += len(data)
            if not self._is_closed:
                self._keep(data)
        except Exception:  # noqa: BLE001 - see the rule above
            self._is_closed = True
        return data

    def take(self) -> bytes:
        """What was kept; the tee holds nothing from now on."""
        kept = b"".join(self._pieces)
        self.drop()
        return kept

    def drop(self) -> None:
        """Give everything back."""
        self._is_closed = True
        self._pieces = []
        self._budget.give_back(self.kept_bytes)
        self.kept_bytes = 0

    def _keep(self, data: bytes) -> None:
        granted = self._budget.grant(min(len(data), self.limit_bytes - self.kept_bytes))
        self.kept_bytes += granted
        if granted < len(data):
            self._is_closed = True
            data = data[:granted]
        if granted >= _TINY_BYTES:
            self._pieces.append(data)
        elif self._pieces and isinstance(self._pieces[-1], bytearray):
            self._pieces[-1] += data
        else:
            self._pieces.append(bytearray(data))


def declared_bytes(fields: RawFields) -> int | None:
    """The body's length as the headers say it (RFC 9112 section 6): None: nothing is said, UNKNOWN: chunked or odd."""
    found: bytes | None = None
    for name, value in fields:
        size = len(name)  # the cheap test first: this runs twice for every exchange
        if size == 14 and name.lower() == b"content-length":
            if found is not None and found != value:
                return UNKNOWN
            found = value
        elif size == 17 and name.lower() == b"transfer-encoding":
            return UNKNOWN
    if found is None:
        return None
    return int(found) if found.isdigit() and len(found) <= 18 else UNKNOWN  # longer ones: int() may refuse, no body is
