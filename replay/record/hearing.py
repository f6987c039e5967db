"""Traffic that is only listened to: redacted, named and counted as in a recording, and nothing of it is written.

    snapshots -> Scribe -> Overheard.add(raw exchange, redacted exchange, session, tenant) -> a listener

The scribe's way decides which exchanges count and whose they are, so that `replay redact learn` and `preview` see
what a recorder with the same configuration would see.

Rule: in memory only. An exchange is forgotten as soon as it was listened to.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from replay.model.capture import RedactedField
from replay.model.errors import FileFormatError
from replay.model.exchange import Exchange, RedactedExchange
from replay.model.session import Actor
from replay.record.importing import prepared
from replay.record.redacting import policy_of
from replay.record.scribe import Scribe
from replay.record.settings import RecordSettings
from replay.record.snapshot import Snapshot
from replay.record.sources.builtin import source_of
from replay.record.sources.contract import Skipped
from replay.redact.policy import Policy, Redacted
from replay.store.capture_writer import CaptureTotals

_BATCH = 64  # exchanges between two looks of a listener: a session's actor becomes known a little later

OnProgress = Callable[[int], None]
"""Told the number of records that were read."""


class Heard(NamedTuple):
    """One exchange before and after redaction. `tenant` is empty while nobody knows it."""

    raw: Exchange
    redacted: RedactedExchange
    fields: tuple[RedactedField, ...]
    session: str
    tenant: str

    def __repr__(self) -> str:
        return "Heard"


class Listener(Protocol):
    """Looks at exchanges; keeps nothing of them but what it counts."""

    def hear(self, heard: Heard) -> None: ...


@dataclass(frozen=True, slots=True)
class HearingSummary:
    """read = heard + skipped + refused. `damage`: a sentence for each file that was not read to its end."""

    read: int
    heard: int
    skipped: int
    refused: int
    damage: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()  # why, in fixed words
    was_stopped: bool = False

    def sentence(self) -> str:
        parts = f"read {self.read}, looked at {self.heard}, skipped {self.skipped}, refused {self.refused}"
        parts += f" ({', '.join(self.refusals)})" if self.refusals else ""
        return parts + ("; stopped before the end" if self.was_stopped else "")

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> HearingSummary:
        damage, refusals = tuple(facts["damage"]), tuple(facts["refusals"])
        return cls(facts["read"], facts["heard"], facts["skipped"], facts["refused"], damage, refusals)

    def to_json(self) -> dict[str, object]:
        names = ("read", "heard", "skipped", "refused", "refusals", "damage")
        return {name: getattr(self, name) for name in names}


class EarPolicy:
    """A policy that hands the raw exchange on to the ear that stands where a capture's writer would."""

    def __init__(self, policy: Policy, ear: Ear) -> None:
        self._policy, self._ear = policy, ear

    @property
    def key_id(self) -> str:
        return self._policy.key_id

    @property
    def digest(self) -> str:
        return self._policy.digest

    def redact(self, exchange: Exchange | Redacted, upstream: str = "") -> Redacted:
        redacted = self._policy.redact(exchange, upstream)
        if isinstance(exchange, Exchange):
            self._ear.raw[exchange.id] = exchange
        return redacted


@dataclass(slots=True, repr=False)
class Ear:
    """What a scribe takes for a capture."""

    listener: Listener
    capture_id: str = "0" * 16
    raw: dict[str, Exchange] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    refusals: set[str] = field(default_factory=set)
    heard: int = 0
    _waiting: list[tuple[str, Heard]] = field(default_factory=list)
    _actors: dict[str, Actor] = field(default_factory=dict)

    def next_number(self) -> int:
        return 1

    def add(
        self,
        number: int,  # noqa: ARG002 - a capture numbers exchanges, an ear does not
        session_id: str,
        actor: Actor | None,
        exchange: RedactedExchange,
        fields: tuple[RedactedField, ...],
    ) -> None:
        raw = self.raw.pop(exchange.id, None)
        if actor is not None:
            self._actors[session_id] = actor
        if raw is not None:
            self._waiting.append((session_id, Heard(raw, exchange, fields, session_id, "")))

    def tear(self, seconds: float) -> None:
        """Nothing was written before."""

    def set_actor(self, session_id: str, actor: Actor) -> None:
        self._actors[session_id] = actor

    def mark_partial(self, session_id: str, reason: str) -> None:
        """Nobody asks."""

    def add_origin(self, mark: str) -> None:
        """Nobody asks."""

    def count_loss(self, kind: str, reason: str, count: int = 1) -> None:
        if kind != "body":
            self.counts[kind] += count
        if kind == "refused":
            self.refusals.add(reason)

    def set_loss(self, kind: str, reason: str, count: int) -> None:
        self.counts[f"{kind} {reason}"] = count

    def totals(self) -> CaptureTotals:
        refused, skipped = (((kind, self.counts[kind]),) for kind in ("refused", "skipped"))
        return CaptureTotals(self.heard, refused, skipped=skipped)

    def commit(self) -> None:
        for session, heard in self._waiting:
            actor = self._actors.get(session)
            self.listener.hear(heard._replace(tenant=actor.tenant if actor else ""))
            self.heard += 1
        self._waiting.clear()
        self.raw.clear()

    def rollback(self) -> None:
        self._waiting.clear()
        self.raw.clear()

    def close(self) -> None:
        self.commit()


def fresh_key() -> bytes:
    """For one listening; nobody has it afterwards."""
    return os.urandom(32)


def ear_of(key: bytes, settings: RecordSettings, listener: Listener) -> tuple[Scribe, Ear]:
    """A scribe that writes nothing. Raises ConfigError."""
    ear = Ear(listener)
    policy = EarPolicy(policy_of(key, settings), ear)
    return Scribe(ear, policy, settings, key), ear  # type: ignore[arg-type] # it redacts as a Policy does


def hear_files(
    paths: Sequence[Path],
    format_name: str,
    key: bytes,
    settings: RecordSettings,
    listener: Listener,
    stop: threading.Event,
    tell: OnProgress,
) -> HearingSummary:
    """Read all files to the listener. Raises UsageError, ConfigError, and FileFormatError when nothing can be read."""
    files = [(path, source_of(path, format_name)) for path in paths]
    scribe, ear = ear_of(key, settings, listener)
    damage: list[str] = []
    read = skipped = 0
    for path, source in files:
        try:
            for found in source.snapshots(path):
                read += 1
                if isinstance(found, Skipped):
                    skipped += 1
                else:
                    take(scribe, prepared(found, settings, key))
                tell(read)
                if stop.is_set():
                    break
        except FileFormatError as error:
            damage.append(str(error))
        if stop.is_set():
            break
    scribe.flush()
    if damage and not read:
        raise FileFormatError(damage[0])
    counts = ear.counts
    return HearingSummary(
        read,
        ear.heard,
        skipped + counts["skipped"],
        counts["refused"],
        tuple(damage),
        tuple(sorted(ear.refusals)),
        was_stopped=stop.is_set(),
    )


def take(scribe: Scribe, snapshot: Snapshot) -> None:
    """One snapshot, and now and then the listener's turn."""
    scribe.take(snapshot)
    if scribe.pending >= _BATCH:
        scribe.flush()
