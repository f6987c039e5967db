"""One capture becomes several: by tenant, by day, or in equal parts; a session is never torn.

The losses stay with the original: nobody can say which part a dropped exchange would have been in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from replay.model.capture import StoredExchange
from replay.model.errors import FileFormatError, UsageError
from replay.record.derived import Derived, DerivedWriter, OnProgress, every
from replay.store import audit_log
from replay.store.capture_reader import CaptureReader
from replay.store.sealing import Unlock

MOST_PARTS = 200  # each is an open file while it is written

PartOf = Callable[[StoredExchange], str]
"""The name of the part that a session's first exchange belongs to; all others of the session follow."""

_PLAIN = re.compile(r"[^A-Za-z0-9_.-]+")


def by_tenant(stored: StoredExchange) -> str:
    """`tenant-` and its stand-in; sessions without one share a part."""
    return f"tenant-{stored.actor.tenant}" if stored.actor and stored.actor.tenant else "tenant-unknown"


def by_day(stored: StoredExchange) -> str:
    """The day, UTC, on which the session began."""
    try:
        return datetime.fromtimestamp(stored.exchange.started, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return "no-day"


def into(parts: int) -> PartOf:
    """Equal parts by a hash of the session's name: the same part in every run and on every machine."""
    if not 2 <= parts <= MOST_PARTS:
        raise UsageError(f"--by takes a number of parts from 2 to {MOST_PARTS}")
    digits = len(str(parts))

    def part_of(stored: StoredExchange) -> str:
        hashed = int.from_bytes(hashlib.blake2b(stored.session_id.encode(), digest_size=8).digest(), "big")
        return f"part-{hashed % parts + 1:0{digits}d}"

    return part_of


def split_capture(
    path: Path,
    folder: Path,
    part_of: PartOf,
    created: float,
    tell: OnProgress = lambda _: None,
    unlock: Unlock | None = None,
) -> dict[Path, Derived]:
    """Writes FOLDER/NAME.db for every part. Raises FileFormatError; then none of the parts is there."""
    names: dict[str, str] = {}  # session -> part
    with ExitStack() as stack:
        reader = stack.enter_context(CaptureReader.open(path, unlock))
        info, fields = reader.info(), reader.redacted_fields()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        parts: dict[str, DerivedWriter] = {}
        for count, stored in enumerate(reader.stored(), 1):
            name = names.setdefault(stored.session_id, file_name(part_of(stored)))
            if name not in parts:
                if len(parts) == MOST_PARTS:
                    raise FileFormatError(f"{path} has more than {MOST_PARTS} such parts: split it by a number instead")
                parts[name] = stack.enter_context(DerivedWriter(folder / f"{name}.db", [info], created))
            parts[name].copy(stored.session_id, stored.actor, stored)
            every(count, tell)
        for session, reasons in reader.gaps().items():
            parts[names[session]].mark_partial(session, reasons)
        for part in parts.values():
            part.account((), fields)
    audit_log.append(path, "split", at=created, parts=len(parts), exchanges=sum(one.copied for one in parts.values()))
    return {folder / f"{name}.db": Derived(part.sessions, part.copied) for name, part in sorted(parts.items())}


def file_name(part: str) -> str:
    """A capture is untrusted: nothing of it may point into another folder."""
    return _PLAIN.sub("_", part).strip(".")[:80] or "part"
