"""Files of other tools into a capture: the same redaction, naming, sampling and routes as for recorded traffic.

    files -> Source -> Snapshot -> cut, connection disguised -> Scribe -> capture

Rule: every record has one fate: read = captured + skipped + refused + dropped, exactly, also after Ctrl-C.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from replay.model.errors import FileFormatError
from replay.record.account import NOT_STORED, Counts, Standing, counted, total
from replay.record.capture_start import CaptureStart, begin_capture
from replay.record.import_plan import ImportPlan, plan_import
from replay.record.keeping_log import note_start, note_stop
from replay.record.scribe import Scribe
from replay.record.settings import RecordSettings
from replay.record.snapshot import RawMessage, Snapshot
from replay.record.sources.contract import Found, Skipped, Source
from replay.record.stopping import told_to_stop
from replay.store.audit_log import audit_path
from replay.store.claim import claimed
from replay.store.manifest import manifest_path
from replay.store.segments import Rotation, SegmentedWriter, open_segments

__all__ = ["ImportPlan", "ImportProgress", "ImportSummary", "import_capture", "plan_import", "prepared"]

_BATCH_ROWS = 256
_BATCH_BYTES = 8 << 20
_TELL_EVERY = 500  # records
_LOCKED_SECONDS = 30.0
_LOCKED_PAUSE_SECONDS = 0.2
_UNFINISHED = "unfinished"  # in hand when the user ended it


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """Bytes are those on disk, of all files together."""

    read: int
    read_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """read = captured + skipped + refused + dropped. `damage`: a sentence for each file not read to its end."""

    read: int
    captured: int
    skipped: Counts
    refused: int
    dropped: Counts
    damage: tuple[str, ...] = ()
    was_stopped: bool = False

    def sentence(self) -> str:
        parts = [f"read {self.read}, captured {self.captured}, refused {self.refused}"]
        parts += [
            f"{name} {_listed(counts)}" for name, counts in (("skipped", self.skipped), ("dropped", self.dropped))
        ]
        return ", ".join(parts) + ("; stopped before the end" if self.was_stopped else "")


OnProgress = Callable[[ImportProgress], None]


def import_capture(plan: ImportPlan, on_progress: OnProgress = lambda _: None) -> ImportSummary:
    """Read all files into the capture. Damage in one is told in the summary, and the next is read.

    Raises FileFormatError when nothing at all could be read (the capture is then not there), and when the capture
    cannot be opened. Ctrl-C ends it between two records; a second one at once.
    """
    is_new = not (plan.append and plan.out.exists())
    with claimed(plan.out):
        start = begin_capture(plan.out, plan.key, plan.settings, plan.created, append=not is_new)
        return _imported(plan, start, on_progress, is_new=is_new)


def _imported(plan: ImportPlan, start: CaptureStart, on_progress: OnProgress, *, is_new: bool) -> ImportSummary:
    capture = open_segments(plan.out, start.info, append=not is_new, rotation=_rotation(plan.settings))
    scribe = Scribe(capture, start.policy, plan.settings, plan.key, start.tenants)
    work = _Import(plan, capture, scribe, on_progress, start.key)
    had_log = audit_path(plan.out).exists()
    note_start(plan.out, "import", start.info, plan.created)
    try:
        with told_to_stop() as stop:
            work.run(stop)
        summary = work.finish()
    finally:
        try:
            note_stop(plan.out, work.standing(), plan.created)  # a closed capture would be opened again to be counted
        finally:
            capture.close()
    if not summary.read and summary.damage and is_new:
        for path in (plan.out, manifest_path(plan.out), *(() if had_log else (audit_path(plan.out),))):
            path.unlink(missing_ok=True)
        raise FileFormatError(summary.damage[0])
    return summary


class _Import:
    def __init__(
        self, plan: ImportPlan, capture: SegmentedWriter, scribe: Scribe, on_progress: OnProgress, key: bytes
    ) -> None:
        self._plan = plan
        self._capture = capture
        self._scribe = scribe
        self._on_progress = on_progress
        self._salt = hashlib.blake2b(key, digest_size=32, person=b"replay-import").digest()
        self._skipped: Counter[str] = Counter()  # by the sources, and not in the file yet
        self._start = self.standing()
        self._total_bytes = sum(path.stat().st_size for path, _ in plan.files)
        self._read = self._weight = self._done_bytes = self._file_bytes = 0
        self._damage: list[str] = []
        self._was_stopped = False

    def run(self, stop: threading.Event) -> None:
        try:
            for path, source in self._plan.files:
                self._read_file(path, source, stop)
                if stop.is_set():
                    break
        except KeyboardInterrupt:
            stop.set()
        self._was_stopped = stop.is_set()

    def finish(self) -> ImportSummary:
        """Commit what is left, and count."""
        self._flush()
        unstored = self._scribe.pending
        done = self.standing().since(self._start)
        dropped = Counter(dict(done.dropped))
        dropped[NOT_STORED] += unstored
        settled = done.captured + done.refused + total(done.skipped) + sum(dropped.values())
        dropped[_UNFINISHED] += max(0, self._read - settled)
        if not self._was_stopped:
            self._tell()
        return ImportSummary(
            self._read,
            done.captured,
            done.skipped,
            done.refused,
            counted(dropped),
            tuple(self._damage),
            self._was_stopped,
        )

    def _read_file(self, path: Path, source: Source, stop: threading.Event) -> None:
        try:
            for found in source.snapshots(path, self._note_bytes):
                self._read += 1
                self._take(found)
                if self._read % _TELL_EVERY == 0:
                    self._tell()
                if stop.is_set():
                    return
        except FileFormatError as error:
            self._damage.append(str(error))
        self._done_bytes += self._file_bytes
        self._file_bytes = 0

    def _take(self, found: Found) -> None:
        if isinstance(found, Skipped):
            self._skipped[found.reason] += 1
            return
        snapshot = prepared(found, self._plan.settings, self._salt)
        self._weight += snapshot.weight_bytes()
        self._scribe.take(snapshot)
        if self._scribe.pending >= _BATCH_ROWS or self._weight >= _BATCH_BYTES:
            self._flush()

    def _flush(self) -> None:
        """One transaction; while somebody else holds the file, wait a little."""
        until = time.monotonic() + _LOCKED_SECONDS
        self._scribe.flush()
        while self._scribe.is_held and time.monotonic() < until:
            time.sleep(_LOCKED_PAUSE_SECONDS)
            self._scribe.flush()
        self._weight = 0
        if not self._skipped or self._scribe.is_held:
            return
        try:
            for reason, count in self._skipped.items():
                self._capture.count_loss("skipped", reason, count)
            self._capture.commit()
        except Exception:  # noqa: BLE001 - the disk may be full now and not in a minute; the counts stay with us
            self._capture.rollback()
        else:
            self._skipped.clear()

    def standing(self) -> Standing:
        """What the file counts, and what it could not be told yet."""
        totals = self._capture.totals()
        by_kind: dict[str, Counter[str]] = {
            "refused": Counter(dict(totals.refusals)),
            "dropped": Counter(dict(totals.dropped)),
            "skipped": Counter(dict(totals.skipped)),
        }
        for (kind, reason), count in self._scribe.owed.items():
            if kind in by_kind:
                by_kind[kind][reason] += count
        by_kind["skipped"].update(self._skipped)
        refusals, dropped, skipped = map(counted, by_kind.values())
        return Standing(totals.captured, refusals, dropped, skipped)

    def _note_bytes(self, read_bytes: int) -> None:
        self._file_bytes = read_bytes

    def _tell(self) -> None:
        self._on_progress(ImportProgress(self._read, self._done_bytes + self._file_bytes, self._total_bytes))


def prepared(snapshot: Snapshot, settings: RecordSettings, salt: bytes) -> Snapshot:
    """Cut as the recorder cuts, and with a connection name that tells nobody an address or a path."""
    asked, answered = settings.request_body_bytes, settings.response_body_bytes
    name = snapshot.connection.encode("utf-8", "surrogatepass")
    return snapshot._replace(
        connection=hashlib.blake2b(name, key=salt, digest_size=12).hexdigest() if name else "",
        request_body=snapshot.request_body[:asked],
        response_body=snapshot.response_body[:answered],
        messages=tuple(_cut(message, asked if message[0] else answered) for message in snapshot.messages),
    )


def _cut(message: RawMessage, limit_bytes: int) -> RawMessage:
    from_client, opcode, at, kept, size_bytes = message
    return from_client, opcode, at, kept[:limit_bytes], size_bytes


def _rotation(settings: RecordSettings) -> Rotation:
    """Ages count from the newest exchange: what is imported may be from last year."""
    return Rotation(settings.rotate_bytes, settings.rotate_seconds, settings.keep_bytes, settings.keep_seconds)


def _listed(counts: Counts) -> str:
    return f"{total(counts)} ({', '.join(f'{count} {reason}' for reason, count in counts)})" if counts else "0"
