"""What of a capture a run plays: all of it in memory, or groups of sessions that are read when their turn comes."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from replay.correlate.crossing import Crossing
from replay.model.capture import CaptureInfo, RedactedField
from replay.model.errors import FileFormatError
from replay.model.exchange import Exchange
from replay.model.finding import NotJudged
from replay.model.session import Outline, Session
from replay.play.groups import Most, Shard, grouped, is_one_group, sampled
from replay.play.packed import PackedGroup
from replay.play.playable import SAMPLED, Playable, playable
from replay.store.capture_reader import CaptureReader
from replay.store.expiry import require_unexpired
from replay.store.sealing import Unlock

_AT_ONCE = 200  # exchanges that are read without a look at anything else


@dataclass(slots=True)
class Material:
    """An open capture, and what of it is played. Use as a context manager.

    `groups` holds one group for a capture that `most` holds, and for cases, which need everything at once.
    """

    reader: CaptureReader
    info: CaptureInfo
    redacted: tuple[RedactedField, ...]
    groups: tuple[PackedGroup, ...]
    is_whole: bool  # everything that the capture holds is in the one group
    sample: NotJudged | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    reads_only: bool = False  # the target may not be written to
    has_identities: bool = False  # requests are dressed, whether a sign-in was recorded or not
    websockets: bool = False  # recorded WebSockets are played, too
    extent: tuple[int, int] = (0, 0)  # sessions and exchanges of the whole capture, whatever the shard
    tenants: frozenset[str] = frozenset()  # likewise
    is_replaced: Callable[[Session, Exchange], bool] | None = None  # a sign-in that an identity makes needless

    @classmethod
    def open(
        cls,
        path: Path,
        unlock: Unlock | None,
        now: float,
        *,
        most: Most,
        shard: Shard | None = None,
        sample_seed: int | None = None,
    ) -> Material:
        """`sample_seed`: of a capture of too many exchanges only a sample is taken. `now`: see `read_capture`.

        Raises FileFormatError, also for a capture (or a shard of one) without exchanges.
        """
        reader = CaptureReader.open(path, unlock)
        try:
            require_unexpired(path, reader.expires(), now)
            info = reader.info()
            made = cls(reader, info, reader.redacted_fields(), (), shard is None)
            outlines = made._outlines(shard)
            if shard is None:
                _require_some(outlines, path)
            made.groups = (PackedGroup.of(outlines),) if outlines else ()
            if not is_one_group(outlines, most if sample_seed is None else Most(most.exchanges)):
                made._take_less(outlines, most, sample_seed)
            return made
        except BaseException:
            reader.close()
            raise

    def __enter__(self) -> Material:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.reader.close()

    @property
    def sessions(self) -> int:
        return sum(group.sessions for group in self.groups)

    @property
    def exchanges(self) -> int:
        return sum(group.exchanges for group in self.groups)

    def whole(self) -> Playable:
        """The one group."""
        sessions = self.reader.sessions() if self.is_whole else self.reader.load(self.groups[0].outlines())
        return self._playable(sessions)

    async def crossing(self, is_stopped: Callable[[], bool]) -> Crossing | None:
        """What every session of the capture was given; None when all of it is in the one group. Reads it once.

        No group knows the others: those that are done, those to come, and those of another shard.
        """
        if self.is_whole or not self.groups:
            return None
        units = [f"clean/{number}" for number in range(len(self.groups))]
        unit_of = {one.name: unit for unit, group in zip(units, self.groups, strict=True) for one in group.outlines()}
        crossing = Crossing(unit_of)
        for number, (session, response) in enumerate(self.reader.answers()):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)  # Ctrl-C is heard
                if is_stopped():
                    break
            crossing.take_in(session, response)
        crossing.close()
        return crossing

    def each(self, done: Sequence[str]) -> Iterator[tuple[str, tuple[Session, ...]]]:
        """Unit and sessions of every group that is not done; what cannot be sent is counted in `left_out`."""
        for number, group in enumerate(self.groups):
            unit = f"clean/{number}"
            if unit in done:
                continue
            parts = self._playable(self.reader.load(group.outlines()))
            self.left_out.update(dict(parts.left_out))
            yield unit, parts.sessions

    def _playable(self, sessions: Sequence[Session]) -> Playable:
        return playable(
            sessions,
            reads_only=self.reads_only,
            websockets=self.websockets,
            has_identities=self.has_identities,
            is_replaced=self.is_replaced,
        )

    def _outlines(self, shard: Shard | None) -> tuple[Outline, ...]:
        """Of what is played; the rest of the capture is counted and forgotten."""
        sessions = exchanges = 0
        tenants: set[str] = set()
        kept: list[Outline] = []
        for one in self.reader.outlines():
            sessions += 1
            exchanges += one.exchanges
            tenants.add(one.tenant)
            if shard is None or shard.holds(one, self.info.id):
                kept.append(one)
        self.extent, self.tenants = (sessions, exchanges), frozenset(tenants)
        return tuple(kept)

    def _take_less(self, outlines: tuple[Outline, ...], most: Most, sample_seed: int | None) -> None:
        self.is_whole = False
        if sample_seed is None:
            self.groups = tuple(map(PackedGroup.of, grouped(outlines, most)))
            return
        chosen = sampled(outlines, most.exchanges, sample_seed)
        self.groups = (PackedGroup.of(chosen),)
        had, has = (sum(one.exchanges for one in some) for some in (outlines, chosen))
        detail = (
            f"cases are made from {has} of {had} exchanges ({len(chosen)} of {len(outlines)} sessions, drawn by the"
            " seed): cases need the recording in memory; raise group_exchanges, or run other seeds or --shard"
        )
        self.sample = NotJudged(SAMPLED, detail, "", "all")


def read_capture(
    path: Path, unlock: Unlock | None = None, now: float = math.nan
) -> tuple[tuple[Session, ...], CaptureInfo, tuple[RedactedField, ...]]:
    """Sessions and what redaction did, in memory. Raises FileFormatError, also for a capture without exchanges.

    `now`: seconds, UTC, at which it must not have expired; NaN: that does not matter.
    """
    reader = CaptureReader.open(path, unlock)
    try:
        require_unexpired(path, reader.expires(), now)
        sessions, info, redacted = reader.sessions(), reader.info(), reader.redacted_fields()
    finally:
        reader.close()
    _require_some([session for session in sessions if session.exchanges], path)
    return sessions, info, redacted


def _require_some(found: Sequence[object], path: Path) -> None:
    if not found:
        raise FileFormatError(f"{path} is an empty capture: record some traffic first, or name another file.")
