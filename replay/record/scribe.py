"""What the writer process does with one snapshot: rebuild, redact, name, keep for the next commit.

Rule: any failure costs this one exchange, which is then *refused* and counted by a type name; no value of it is in the
reason. A batch that the file does not take (disk full) is counted as dropped, and the next one is tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from replay.model.capture import RedactedField
from replay.model.exchange import RedactedExchange
from replay.model.origin import origin_mark
from replay.record.naming import Named, Namer
from replay.record.rebuild import exchange_of
from replay.record.snapshot import Snapshot
from replay.record.writer_process import NOT_STORED
from replay.redact.policy import Policy, Refused
from replay.store.capture_writer import CaptureWriter

_MOST_ORIGINS = 64  # per kind: a client may invent Host headers, and a mark costs 10 ms

Entry = tuple[int, Named, RedactedExchange, tuple[RedactedField, ...]]
Address = tuple[str, int]


class Scribe:
    """Everything between a raw snapshot and a commit."""

    def __init__(self, capture: CaptureWriter, policy: Policy) -> None:
        self._capture = capture
        self._policy = policy
        self._next = capture.next_number()
        self._namer = Namer(first=self._next)
        self._batch: list[Entry] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._stated: dict[str, int] = {}
        self._marks: list[str] = []
        self._upstreams: set[Address] = set()
        self._hosts: set[Address] = set()

    @property
    def pending(self) -> int:
        return len(self._batch)

    @property
    def has_news(self) -> bool:
        """True when a flush would change the file."""
        return bool(self._batch or self._counts or self._stated or self._marks)

    @property
    def owed(self) -> Counter[tuple[str, str]]:
        """Counts by kind and reason that the file does not hold, because it could not be written."""
        return Counter(self._counts)

    def take(self, raw: Sequence[Any]) -> None:
        """One snapshot as it came through the pipe."""
        try:
            snapshot = Snapshot._make(raw)
            exchange, left_out = exchange_of(snapshot, f"e{self._next}")
            redacted = self._policy.redact(exchange)
            entry = (self._next, self._namer.name(redacted.exchange), redacted.exchange, redacted.fields)
            self._note_origins(snapshot)
        except Refused as refused:
            self._counts["refused", ": ".join(filter(None, (refused.reason, refused.detail)))] += 1
        except Exception as error:  # noqa: BLE001 - one bad exchange must not end the recording
            self._counts["refused", type(error).__name__] += 1
        else:
            self._next += 1
            self._batch.append(entry)
            for reason in left_out:
                self._counts["body", reason] += 1

    def state_losses(self, drops: dict[str, int]) -> None:
        """The proxy's own counts, absolute."""
        self._stated.update(drops)

    def flush(self) -> None:
        """Everything since the last flush in one transaction; if the file does not take that, one by one."""
        batch, self._batch = self._batch, []
        if self._try_to_store(batch) or len(batch) == 0:
            return
        for entry in batch:
            if not self._try_to_store([entry]):
                self._counts["dropped", NOT_STORED] += 1
        self._try_to_store([])

    def _try_to_store(self, batch: list[Entry]) -> bool:
        """True when the batch and all counts so far are in the file; else nothing of them is."""
        if not (batch or self._counts or self._stated or self._marks):
            return True
        try:
            self._store(batch)
        except Exception:  # noqa: BLE001 - the disk may be full now and not in a minute
            self._capture.rollback()
            return False
        self._counts.clear()
        self._stated.clear()
        self._marks.clear()
        return True

    def _store(self, batch: list[Entry]) -> None:
        for number, named, exchange, fields in batch:
            self._capture.add(number, named.session_id, named.actor, exchange, fields)
        for (kind, reason), count in self._counts.items():
            self._capture.count_loss(kind, reason, count)
        for reason, count in self._stated.items():
            self._capture.set_loss("dropped", reason, count)
        for mark in self._marks:
            self._capture.add_origin(mark)
        self._capture.commit()

    def _note_origins(self, snapshot: Snapshot) -> None:
        """Where this went: the upstream's address, and the name by which clients call it."""
        self._note(self._upstreams, (snapshot.upstream_host, snapshot.upstream_port))
        authority = (snapshot.host or _host_header(snapshot)).decode("latin-1")
        for address in _addresses(authority):
            self._note(self._hosts, address)

    def _note(self, seen: set[Address], address: Address) -> None:
        if address[0] and address not in seen and len(seen) < _MOST_ORIGINS:
            seen.add(address)
            self._marks.append(origin_mark(*address, self._capture.capture_id))


def _host_header(snapshot: Snapshot) -> bytes:
    return next((value for name, value in snapshot.request_headers if name.lower() == b"host"), b"")


def _addresses(authority: str) -> tuple[Address, ...]:
    """`host:port`; without a port both defaults, since TLS may end in front of the proxy."""
    host, mark, port = authority.rpartition(":")
    if mark and port.isdecimal() and len(port) <= 5:
        return ((host, int(port)),)
    return ((authority, 80), (authority, 443)) if authority else ()
