"""Captures of many sidecars become one, in which a session that went through several of them is whole again.

    read all: who, when, which tokens -> `uniting` -> read again in the order of time, copy under the new names

Rule: two passes, and in memory only names, times and tokens of sessions: captures may be larger than memory.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from replay.model.capture import StoredExchange
from replay.model.session import Actor
from replay.record.brief import brief
from replay.record.credentials import answer_tree, credentials_of, issued_by
from replay.record.derived import Derived, DerivedWriter, OnProgress, every, require_one_key
from replay.record.uniting import Part, SeenSession, unite
from replay.store import audit_log
from replay.store.capture_reader import CaptureReader
from replay.store.sealing import Unlock


def merge_captures(
    paths: Sequence[Path],
    out: Path,
    created: float,
    *,
    apart: bool = False,
    tell: OnProgress = lambda _: None,
    unlock: Unlock | None = None,
) -> Derived:
    """`apart`: captures of different keys, put side by side. Raises FileFormatError."""
    with ExitStack() as stack:
        readers = [stack.enter_context(CaptureReader.open(path, unlock)) for path in paths]
        infos = [reader.info() for reader in readers]
        if not apart:
            require_one_key(paths, infos)
        names = _names(readers, apart=apart)
        with DerivedWriter(out, infos, created) as derived:
            for number, stored in _by_time(readers):
                name, actor = names[number, stored.session_id]
                derived.copy(name, actor, stored, f"{number}:")
                every(derived.copied, tell)
            for number, reader in enumerate(readers):
                for session, reasons in reader.gaps().items():
                    derived.mark_partial(names[number, session][0], reasons)
                derived.account((*reader.losses(), *reader.body_losses()), reader.redacted_fields())
    for path in paths:
        audit_log.append(path, "merge", at=created, into=out.name, captures=len(paths))
    return Derived(derived.sessions, derived.copied)


def _names(readers: Sequence[CaptureReader], *, apart: bool) -> dict[Part, tuple[str, Actor | None]]:
    sessions: dict[Part, SeenSession] = {}
    for number, reader in enumerate(readers):
        for stored in reader.stored():
            _note(sessions, number, stored, apart=apart)
    return unite(sessions.values())


def _note(sessions: dict[Part, SeenSession], number: int, stored: StoredExchange, *, apart: bool) -> None:
    exchange, part = stored.exchange, (number, stored.session_id)
    known = sessions.get(part)
    if known is None:
        known = sessions[part] = SeenSession(part, stored.actor, exchange.started, exchange.ended)
    known.first, known.last = min(known.first, exchange.started), max(known.last, exchange.ended)
    if not apart:
        known.tokens.update(map(brief, credentials_of(exchange.request).tokens))
        if exchange.response:
            known.tokens.update(map(brief, issued_by(exchange.response, answer_tree(exchange.response)).tokens))


def _by_time(readers: Sequence[CaptureReader]) -> Iterator[tuple[int, StoredExchange]]:
    """All exchanges, in the order in which they ended; each capture is in that order already, or nearly."""

    def of_one(number: int, reader: CaptureReader) -> Iterator[tuple[float, int, StoredExchange]]:
        for stored in reader.stored():
            yield stored.exchange.ended, number, stored

    streams = [of_one(number, reader) for number, reader in enumerate(readers)]
    for _, number, stored in heapq.merge(*streams, key=lambda one: one[:2]):
        yield number, stored
