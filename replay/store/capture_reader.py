"""Reads a capture back: sessions for the player, exchanges for copies, counts for people. One file, or all segments.

Rule: a capture is untrusted input. Opening refuses what is not exactly ours (see `store.files`); rows are looked at
when they are read, and one that our writer would not have made raises FileFormatError.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType

from replay.model.capture import CaptureInfo, Loss, RedactedField, StoredExchange
from replay.model.errors import FileFormatError
from replay.model.exchange import Response
from replay.model.session import TORN, Actor, Outline, Session
from replay.store.capture_contents import CaptureContents, CaptureSize, read_contents, read_size
from replay.store.capture_file import CaptureFile
from replay.store.expiry import expiry
from replay.store.found_content import BodyPool, PoolFullError
from replay.store.manifest import Expired
from replay.store.sealing import Unlock
from replay.store.segment_files import open_parts

_MOST_BYTES_AT_ONCE = 8 << 30  # of all bodies in memory: a forged file of 40 MB may claim thousands of GB


class CaptureReader:
    """One open capture, read-only."""

    def __init__(self, path: Path, unlock: Unlock | None = None) -> None:
        self._path = path
        self._stack = ExitStack()
        try:
            parts = open_parts(path, self._stack, unlock)
            self._parts, self._expired = parts.files, parts.expired
            self._info = _joined(path, self._parts)
        except BaseException:
            self._stack.close()
            raise

    @classmethod
    def open(cls, path: Path, unlock: Unlock | None = None) -> CaptureReader:
        """A capture, or the manifest of one that was rotated (then all its segments are read as one capture).

        `unlock`: the key for one that is encrypted; without it counts can be read, content raises LockedError.
        Raises FileFormatError when the file is missing, foreign, damaged or newer than this program.
        """
        return cls(path, unlock)

    def __enter__(self) -> CaptureReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._stack.close()

    def info(self) -> CaptureInfo:
        return self._info

    def is_locked(self) -> bool:
        """True when content is encrypted and cannot be read with what was given."""
        return any(part.is_locked() for part in self._parts)

    def expires(self) -> float:
        """When nobody should replay it any more, seconds UTC; infinity for one that does not expire."""
        newest = max(part.summary().last for part in self._parts)
        return expiry(self._info, newest)

    @property
    def segments(self) -> tuple[int, ...]:
        """The numbers of the files that are read as one."""
        return tuple(part.segment() for part in self._parts)

    @property
    def expired(self) -> Expired:
        """What retention deleted."""
        return self._expired

    def sessions(self) -> tuple[Session, ...]:
        """Every session, by its first exchange; its exchanges in the order in which they started. All in memory.

        Equal bodies and texts are one object. Raises FileFormatError also for a capture that is too large for that.
        """
        pool = BodyPool(_MOST_BYTES_AT_ONCE)
        for part in self._parts:
            part.share(pool)
        try:
            return self.load(self.outlines())
        except PoolFullError:
            sentence = f"{self._path} holds more than {_MOST_BYTES_AT_ONCE >> 30} GB of bodies: split it to play it"
            raise FileFormatError(sentence) from None
        finally:
            for part in self._parts:
                part.share(None)

    def iter_sessions(self) -> Iterator[Session]:
        """The same, one session in memory at a time (of a rotated capture also the names of all sessions)."""
        for part in self._parts:
            part.require_sessions()
        if len(self._parts) == 1:
            (part,) = self._parts
            for row_id, (name, actor, _, exchanges) in part.places():
                if exchanges:
                    yield _session(name, actor, part.of_session(row_id), is_torn=name in self.torn)
            return
        for name, found in sorted(self._places().items(), key=lambda item: item[1].first):
            stored = [one for number, row_id in found.rows for one in self._parts[number].of_session(row_id)]
            if stored:
                yield _session(name, found.actor, stored, is_torn=name in self.torn)

    def outlines(self) -> Iterator[Outline]:
        """Every session that holds something, by its first exchange, without reading any of them."""
        for part in self._parts:
            part.require_sessions()
        if len(self._parts) == 1:
            (part,) = self._parts
            for (row_id, place), (_, size) in zip(part.places(), part.weights(), strict=True):
                name, actor, first, exchanges = place
                if actor is not None:
                    actor = Actor(sys.intern(actor.tenant), actor.principal)  # few tenants, very many sessions
                if exchanges:
                    yield Outline(name, actor, first, exchanges, ((0, row_id),), size)
            return
        sizes = [dict(part.weights()) for part in self._parts]
        for name, found in sorted(self._places().items(), key=lambda item: item[1].first):
            if found.rows:
                size = sum(sizes[number][row_id] for number, row_id in found.rows)
                yield Outline(name, found.actor, found.first, found.exchanges, tuple(found.rows), size)

    def load(self, outlines: Iterable[Outline]) -> tuple[Session, ...]:
        """These sessions, in memory."""
        wanted = tuple(outlines)
        found = [
            part.of_sessions([row for one in wanted for place, row in one.places if place == number])
            for number, part in enumerate(self._parts)
        ]
        return tuple(
            [
                _session(
                    one.name,
                    one.actor,
                    [at for number, row in one.places for at in found[number][row]],
                    is_torn=one.name in self.torn,
                )
                for one in wanted
            ]
        )

    def stored(self) -> Iterator[StoredExchange]:
        """Every exchange in the order of numbers, one in memory at a time: for merging and exporting."""
        for part in self._parts:
            yield from part.stored()

    def answers(self) -> Iterator[tuple[str, Response]]:
        """Session and response of every exchange that has one, in the order of numbers."""
        for part in self._parts:
            yield from part.answers()

    def redacted_fields(self) -> tuple[RedactedField, ...]:
        counts: Counter[tuple[str, str, str, str, str]] = Counter()
        for part in self._parts:
            for one in part.redacted_fields():
                counts[one.endpoint, one.side, one.place, one.value_class, one.action] += one.count
        return tuple(RedactedField(*key, count=count) for key, count in sorted(counts.items()))

    def losses(self) -> tuple[Loss, ...]:
        """Exchanges that are not in the capture: dropped, refused and skipped, also those of deleted segments."""
        return tuple(one for one in self._losses() if one.kind != "body")

    def gaps(self) -> dict[str, tuple[str, ...]]:
        """Sessions that are known to lack exchanges that they had, with the reasons."""
        found: dict[str, list[str]] = {}
        for part in self._parts:
            for name, reason in part.gaps():
                reasons = found.setdefault(name, [])
                if reason not in reasons:
                    reasons.append(reason)
        return {name: tuple(reasons) for name, reasons in found.items()}

    @cached_property
    def torn(self) -> frozenset[str]:
        """Sessions that may lack exchanges in their midst, since a writer was killed then."""
        return frozenset(name for name, reasons in self.gaps().items() if TORN in reasons)

    def body_losses(self) -> tuple[Loss, ...]:
        """Bodies that were left out of captured exchanges, and why."""
        return tuple(one for one in self._losses() if one.kind == "body")

    def contents(self) -> CaptureContents:
        """Counts for people, from those that the writer keeps: fast for a capture of any size."""
        return read_contents(self._parts)

    def size(self) -> CaptureSize:
        """Bytes, messages, and how well bodies and headers were packed."""
        return read_size(self._parts)

    def _losses(self) -> tuple[Loss, ...]:
        counts: Counter[tuple[str, str]] = Counter()
        found = (*self._expired.losses, *(one for part in self._parts for one in part.losses()))
        for one in found:
            counts[one.kind, one.reason] += one.count
        return tuple(Loss(kind, reason, count) for (kind, reason), count in sorted(counts.items()))

    def _places(self) -> dict[str, _Places]:
        places: dict[str, _Places] = {}
        for number, part in enumerate(self._parts):
            for row_id, (name, actor, first, exchanges) in part.places():
                known = places.setdefault(name, _Places(first if exchanges else math.inf))
                known.actor = actor or known.actor
                if exchanges:
                    known.first = min(known.first, first)
                    known.rows.append((number, row_id))
                    known.exchanges += exchanges
        return places


@dataclass(slots=True)
class _Places:
    """Where a session stands in the segments: (number of the part, row)."""

    first: float
    actor: Actor | None = None
    exchanges: int = 0
    rows: list[tuple[int, int]] = field(default_factory=list)


def _session(name: str, actor: Actor | None, stored: list[StoredExchange], *, is_torn: bool) -> Session:
    stored.sort(key=lambda one: (one.exchange.started, one.number))
    return Session(name, actor, tuple(one.exchange for one in stored), is_torn)


def _joined(path: Path, parts: tuple[CaptureFile, ...]) -> CaptureInfo:
    infos = [part.info() for part in parts]
    if len({(one.id, one.key_id) for one in infos}) != 1:
        raise FileFormatError(f"{path} is not used: its segments belong to different captures")
    marks = tuple(dict.fromkeys(mark for one in infos for mark in one.origins))
    return replace(infos[0], origins=marks)
