"""A capture in segments: the active file under its own name, finished ones beside it, and a manifest of all.

    rotate:  prepare next file -> settle the active one -> close -> rename it to STEM-0001.db -> rename next to FILE
             -> open it -> write the manifest.   Killed between any two steps, the next start heals (segment_start).

Rule: rows come first. A rotation that cannot be done now is put off, and recording goes on in the same file; a file
that cannot be opened again raises at the next use, so that its caller counts what it could not store.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from replay.model.capture import CaptureInfo, RedactedField
from replay.model.errors import FileFormatError
from replay.model.exchange import RedactedExchange
from replay.model.session import Actor
from replay.store.capture_writer import CaptureTotals, CaptureWriter
from replay.store.manifest import Manifest, manifest_path, segment_path, sync_folder, write_manifest
from replay.store.retention import Rotation, is_due, outlived, with_expired
from replay.store.segment_digest import DigestMaker
from replay.store.segment_start import (
    entry_of,
    find_segments,
    finish_retention,
    next_path,
    remove_companions,
    remove_segment,
    require_fresh,
    require_same_capture,
)
from replay.store.spare_file import clear_away

__all__ = ["Rotation", "SegmentedWriter", "open_segments"]

_FAILURES = (OSError, sqlite3.Error, FileFormatError)
_PATIENCE = 20  # commits until a rotation that failed is tried again


def open_segments(
    path: Path,
    info: CaptureInfo,
    *,
    append: bool,
    rotation: Rotation,
    now: Callable[[], float] | None = None,
) -> SegmentedWriter:
    """A new capture, or an existing one to go on with. Raises FileFormatError.

    `now`: seconds, UTC; without it, time is that of the newest exchange, and retention waits for traffic.
    """
    try:
        return SegmentedWriter(path, info, append=append, rotation=rotation, now=now)
    except OSError as error:
        raise FileFormatError(f"{path} cannot be written: {type(error).__name__}") from None


class SegmentedWriter:
    """The methods of a CaptureWriter; `commit` rotates and deletes what retention no longer keeps."""

    def __init__(
        self,
        path: Path,
        info: CaptureInfo,
        *,
        append: bool,
        rotation: Rotation,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._path, self._info, self._rotation, self._now = path, info, rotation, now
        self._digests = DigestMaker()
        self._put_off = 0
        self._is_stale = False  # the manifest on disk
        self._writer: CaptureWriter | None = None
        self._manifest = Manifest("", path.name)
        self._before: Counter[tuple[str, str]] = Counter()
        try:
            if append:
                writer = self._open()
            else:
                require_fresh(path)
                writer = self._writer = CaptureWriter.create(path, info)
            self.capture_id = writer.capture_id
            self._info = replace(info, id=self.capture_id, lifetime=writer.lifetime)
            self._manifest = replace(self._manifest, capture=self.capture_id)
            self._newest = max((writer.summary().last, *(one.last for one in self._manifest.segments)))
            self._write_manifest()
        except BaseException:
            if self._writer:
                self._writer.close()
            self._digests.close()
            raise
        for one in self._manifest.segments:
            if not one.digest:
                self._digests.begin(one.segment, path.with_name(one.file))

    def next_number(self) -> int:
        """A number above that of every exchange that was ever stored, and of every session."""
        highest = (self._manifest.expired.highest, *(one.highest for one in self._manifest.segments))
        return max(self._open().next_number(), max(highest) + 1)

    def totals(self) -> CaptureTotals:
        """Of all segments, those that retention deleted included."""
        own = self._open().totals()
        gone = self._manifest.expired
        captured = own.captured + gone.exchanges + sum(one.exchanges for one in self._manifest.segments)
        return CaptureTotals(
            captured,
            self._joined("refused", own.refusals),
            self._joined("dropped", own.dropped),
            self._joined("skipped", own.skipped),
        )

    def add(
        self,
        number: int,
        session_id: str,
        actor: Actor | None,
        exchange: RedactedExchange,
        fields: tuple[RedactedField, ...],
    ) -> None:
        self._open().add(number, session_id, actor, exchange, fields)
        self._newest = max(self._newest, exchange.ended)

    def set_actor(self, session_id: str, actor: Actor) -> None:
        self._open().set_actor(session_id, actor)

    def mark_partial(self, session_id: str, reason: str) -> None:
        """In the active segment; a session is partial when any segment says so."""
        self._open().mark_partial(session_id, reason)

    def tear(self, seconds: float) -> None:
        """Of the active segment alone: a session that went on is in it."""
        self._open().tear(seconds)

    def add_origin(self, mark: str) -> None:
        self._open().add_origin(mark)

    def count_loss(self, kind: str, reason: str, count: int = 1) -> None:
        self._open().count_loss(kind, reason, count)

    def set_loss(self, kind: str, reason: str, count: int) -> None:
        """`count` is that of the whole capture; this segment holds what the others do not."""
        self._open().set_loss(kind, reason, max(0, count - self._before[kind, reason]))

    def commit(self) -> None:
        """Raises when the rows are not in the file; rotation and retention never do."""
        self._open().commit()
        self.tend()

    def rollback(self) -> None:
        if self._writer:
            self._writer.rollback()

    def close(self) -> None:
        """Commit, and leave files without companions. Raises when the last rows are not in the file."""
        try:
            self._open().close()
        finally:
            self._writer = None
            with suppress(OSError):  # the next start makes what is missing in the manifest
                self._note_digests(wait=True)
            self._digests.close()

    def tend(self) -> None:
        """Rotate and delete what is due, between transactions; a caller without traffic calls it now and then."""
        try:
            self._reopen_if_hidden()
            self._note_digests()
            if self._put_off:
                self._put_off -= 1
                return
            if self._is_stale:
                self._write_manifest()
            writer = self._open()
            if is_due(self._rotation, writer.summary(), writer.size_bytes(), self._time()):
                self._rotate(writer)
            self._expire()
        except _FAILURES:
            self._put_off = _PATIENCE

    def _time(self) -> float:
        return self._now() if self._now else self._newest

    def _open(self) -> CaptureWriter:
        """The active file. Without one (at the start, after a failed rotation): heal what is there, and open it."""
        if self._writer is None:
            found = find_segments(self._path, self._info)
            writer = CaptureWriter.open_append(self._path, self._info)
            try:
                require_same_capture(self._path, found, writer.capture_id)
                finish_retention(self._path, found, writer.capture_id)
            except BaseException:
                writer.close()
                raise
            self._writer, self._manifest = writer, replace(found, capture=writer.capture_id)
            self._count_before()
        return self._writer

    def _rotate(self, writer: CaptureWriter) -> None:
        prepared, finished = next_path(self._path), segment_path(self._path, writer.segment)
        if finished.exists():
            raise FileFormatError(f"{finished} is in the way")
        held, segment = writer.summary(), writer.segment
        start = writer.hand_over()
        try:
            clear_away(prepared)
            CaptureWriter(prepared, self._info, start=start).close()
            if not writer.settle():
                raise FileFormatError(f"{self._path} is being read in an older state")
        except _FAILURES:
            clear_away(prepared)
            raise
        self._writer = None  # whatever fails from here on, `_open` looks at what is there
        writer.close()
        self._path.rename(finished)
        remove_companions(self._path)
        prepared.rename(self._path)
        sync_folder(self._path.parent)
        self._writer = CaptureWriter.open_append(self._path, self._info, start)
        entry = entry_of(finished, segment, self.capture_id, held)
        self._manifest = replace(self._manifest, segments=(*self._manifest.segments, entry))
        self._count_before()
        self._digests.begin(segment, finished)
        self._write_manifest()

    def _expire(self) -> None:
        """The manifest first: a file that it counts as deleted is removed at the next start, too."""
        segments = self._manifest.segments
        count = outlived(self._rotation, segments, self._open().size_bytes(), self._time())
        if not count:
            return
        gone = segments[:count]
        expired = with_expired(self._manifest.expired, gone, through=gone[-1].segment)
        self._manifest = replace(self._manifest, segments=segments[count:], expired=expired)
        self._write_manifest()
        for one in gone:
            remove_segment(self._path, one.segment, self.capture_id)

    def _reopen_if_hidden(self) -> None:
        """Somebody who had an earlier file open as a writer may delete our WAL by its name when he closes it."""
        writer = self._writer
        if writer and not writer.is_intact():
            self._writer = None
            writer.close()
            self._open()

    def _note_digests(self, *, wait: bool = False) -> None:
        found = self._digests.finished(wait=wait)
        if found:
            segments = tuple(replace(one, digest=found.get(one.segment, one.digest)) for one in self._manifest.segments)
            self._manifest = replace(self._manifest, segments=segments)
            self._write_manifest()

    def _write_manifest(self) -> None:
        """A capture that was never rotated, and shall not be, has none."""
        if self._rotation.is_wanted or self._manifest.segments or self._manifest.expired.segments:
            self._is_stale = True
            write_manifest(manifest_path(self._path), self._manifest)
            self._is_stale = False

    def _count_before(self) -> None:
        """What finished and deleted segments count as lost."""
        self._before.clear()
        entries = (loss for one in self._manifest.segments for loss in one.losses)
        for loss in (*self._manifest.expired.losses, *entries):
            self._before[loss.kind, loss.reason] += loss.count

    def _joined(self, kind: str, own: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
        counts = Counter({reason: count for (one, reason), count in self._before.items() if one == kind})
        counts.update(dict(own))
        return tuple(sorted(counts.items()))
