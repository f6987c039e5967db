"""A capture that is made of others: copies of what was redacted long ago, under new names.

Rule: it is there whole or not at all; what was written before a failure is removed. Nothing is redacted again: keys
are not at hand, and stand-ins must stay what they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from replay import __version__
from replay.model.capture import CaptureInfo, Loss, RedactedField, StoredExchange
from replay.model.errors import FileFormatError
from replay.model.origin import carried_mark
from replay.model.session import Actor
from replay.store import audit_log
from replay.store.capture_writer import CaptureWriter

_BATCH = 512
_TELL_EVERY = 500

OnProgress = Callable[[int], None]
"""Told the number of exchanges that were looked at."""


@dataclass(frozen=True, slots=True)
class Derived:
    """What became of the exchanges of the sources: copied + left_out = all of them."""

    sessions: int
    copied: int
    left_out: int = 0


class DerivedWriter:
    """One new capture. Use it as a context manager: an exception inside removes the file."""

    def __init__(self, out: Path, sources: Sequence[CaptureInfo], created: float) -> None:
        """`created`: seconds, UTC. The sources must agree on key and rules (see `require_one_key`)."""
        self._out = out
        self._created = created
        self._sources = "+".join(source.id for source in sources)
        self._writer = CaptureWriter.create(out, _info(sources, created))
        self._sessions: set[str] = set()
        self.copied = 0
        for source in sources:
            for mark in source.origins:
                self._writer.add_origin(carried_mark(mark, source.id))

    def __enter__(self) -> DerivedWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        if error is not None:
            with suppress(OSError):
                self._out.unlink()
            return
        facts = {"exchanges": self.copied, "sessions": self.sessions}
        audit_log.append(self._out, "derived", at=self._created, sources=self._sources, **facts)

    @property
    def sessions(self) -> int:
        return len(self._sessions)

    def copy(self, session_id: str, actor: Actor | None, stored: StoredExchange, connections: str = "") -> None:
        """Store it under the next number. `connections` tells connections of different sources apart."""
        self.copied += 1
        self._sessions.add(session_id)
        self._writer.copy(self.copied, session_id, actor, stored, connections)
        if self.copied % _BATCH == 0:
            self._writer.commit()

    def mark_partial(self, session_id: str, reasons: Iterable[str]) -> None:
        """It lacked exchanges before, or lacks them now."""
        for reason in reasons:
            self._writer.mark_partial(session_id, reason)

    def account(self, losses: Iterable[Loss], fields: Iterable[RedactedField]) -> None:
        """Take over what the sources count: what is not in them, and what redaction did."""
        for loss in losses:
            self._writer.count_loss(loss.kind, loss.reason, loss.count)
        self._writer.copy_fields(fields)


def require_one_key(paths: Sequence[Path], infos: Sequence[CaptureInfo]) -> None:
    """Raises FileFormatError when equal values do not have equal stand-ins in all of them."""
    seen: dict[str, Path] = {}
    for path, info in zip(paths, infos, strict=True):
        if info.id in seen:
            raise FileFormatError(f"{path} and {seen[info.id]} are the same capture: name it once")
        seen[info.id] = path
    first = infos[0]
    for path, info in zip(paths, infos, strict=True):
        if info.key_id != first.key_id:
            raise FileFormatError(
                f"{path} and {paths[0]} were recorded with different redaction keys: one person has two stand-ins."
                ' Record with one --key and key_scope "project", or say --apart to put their sessions side by side'
            )


def every(count: int, tell: OnProgress) -> None:
    """Tell now and then, not for each exchange."""
    if count % _TELL_EVERY == 0:
        tell(count)


def _info(sources: Sequence[CaptureInfo], created: float) -> CaptureInfo:
    """One key and one set of rules are named when there is one; several are named one after another.

    What was encrypted stays so, for the same recipient, and what expires expires no later. Raises FileFormatError.
    """
    recipients = {source.recipient for source in sources}
    if len(recipients) > 1:
        raise FileFormatError("these captures are not all encrypted to one key: merge such as are alike")
    return CaptureInfo(
        id=os.urandom(8).hex(),
        format_version=0,  # the file's own is in its header
        created=min((source.created for source in sources), default=created),
        key_id="+".join(dict.fromkeys(source.key_id for source in sources)),
        policy_digest="+".join(dict.fromkeys(source.policy_digest for source in sources)),
        origins=(),
        tool_version=__version__,
        key_salt="+".join(dict.fromkeys(source.key_salt for source in sources)),
        lifetime=min((source.lifetime for source in sources if source.lifetime), default=0.0),
        recipient="".join(recipients),
    )
