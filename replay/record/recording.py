"""A recording from the proxy's side: offer snapshots, and get an exact account at the end."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from replay.model.errors import RecordError
from replay.record.intake import Intake
from replay.record.pump import Pump
from replay.record.settings import KeepText, load_settings
from replay.record.snapshot import Snapshot
from replay.record.writer_process import WriterProcess
from replay.redact.keys import load_key

STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """All that a recording needs to know. `created`: seconds, UTC."""

    capture: Path
    key: bytes = field(repr=False)
    created: float
    keeps: tuple[KeepText, ...] = ()
    queue_bytes: int = 32 << 20
    body_bytes: int = 1 << 20
    append: bool = False


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """seen = captured + refused + dropped, always. `is_complete` is False when the writer gave no final word."""

    seen: int
    captured: int
    refused: int
    dropped: tuple[tuple[str, int], ...]
    is_complete: bool = True

    def sentence(self) -> str:
        lost = ", ".join(f"{count} {reason}" for reason, count in self.dropped) or "none"
        tail = "" if self.is_complete else "; the writer process did not answer, the capture may lack the last batch"
        return f"captured {self.captured}, dropped {lost}, refused {self.refused}{tail}"


def plan_recording(
    capture: str, key: str, config: str, queue_mb: int, body_kb: int, created: float, *, append: bool
) -> RecordPlan:
    """Options as they were written -> a plan. The configuration's `[record]` table wins over the options."""
    if not capture:
        raise RecordError("no capture file is named: set replay_capture (or --capture) to the file to write")
    settings = load_settings(Path(config)) if config else None
    queue_mb = (settings and settings.queue_mb) or queue_mb
    body_kb = (settings and settings.body_kb) or body_kb
    if queue_mb < 1 or body_kb < 1:
        raise RecordError("replay_queue_mb and replay_body_kb must be above 0")
    return RecordPlan(
        capture=Path(capture).expanduser().absolute(),
        key=load_key(key or None, os.environ, _read_file, secrets.token_bytes),
        created=created,
        keeps=settings.keeps if settings else (),
        queue_bytes=queue_mb << 20,
        body_bytes=body_kb << 10,
        append=append,
    )


class Recording:
    """Open from construction to `stop`. `offer` and the counters are for one thread, the proxy's loop."""

    def __init__(self, plan: RecordPlan) -> None:
        """Starts the writer and waits until the capture is open. Raises ReplayError with one sentence."""
        self.body_bytes = plan.body_bytes
        self.seen = 0  # exchanges whose request headers came
        self._plan = plan
        self._errors = 0
        self._unfinished = 0
        self._intake = Intake(plan.queue_bytes)
        process = self._start_writer(append=plan.append and plan.capture.exists())
        self._start = process.standing
        self._pump = Pump(self._intake, process, lambda: self._start_writer(append=True), self._drops)
        self._pump.start()

    @property
    def writer_pid(self) -> int:
        return self._pump.writer_pid

    def offer(self, snapshot: Snapshot) -> bool:
        """Never waits. False: there was no room, and it is counted as dropped."""
        return self._intake.offer(snapshot)

    def count_error(self) -> None:
        """A hook of ours failed on this exchange."""
        self._errors += 1

    def stop(self, unfinished: int) -> RecordSummary:
        """Flush and close, at most 10 s. `unfinished` exchanges had begun and will not be offered."""
        self._unfinished = unfinished
        last = self._pump.stop(STOP_SECONDS)
        drops = self._drops()
        drops["writer-dead"] = self._pump.writer_dead
        if last is None:
            drops["writer-silent"] = self.seen - sum(drops.values())
            return RecordSummary(self.seen, 0, 0, _counted(drops), is_complete=False)
        before, after = dict(self._start.dropped), dict(last.dropped)
        drops["not-stored"] = after.get("not-stored", 0) - before.get("not-stored", 0)
        captured, refused = last.captured - self._start.captured, last.refused - self._start.refused
        return RecordSummary(self.seen, captured, refused, _counted(drops))

    def _drops(self) -> dict[str, int]:
        """Lost before the pump, by reason."""
        return {"queue-full": self._intake.full, "hook-error": self._errors, "unfinished": self._unfinished}

    def _start_writer(self, *, append: bool) -> WriterProcess:
        plan = self._plan
        hello = {"key": plan.key, "keeps": list(plan.keeps), "created": plan.created}
        return WriterProcess(plan.capture, hello, append=append)


def _counted(drops: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((reason, count) for reason, count in drops.items() if count))


def _read_file(path: str) -> bytes:
    return Path(path).read_bytes()
