"""Takes somebody's sessions out of a capture so that no byte of them is left: in rows, free pages, WAL or dictionary.

    fold the WAL -> find the sessions in all segments -> write each file anew without them -> rename -> overwrite

Deleting rows would leave samples in the dictionary that packing was trained on, and texts that only the erased used.
A file that is written anew holds what its rows need and nothing else; the old one is overwritten with zeros, since
removing a name removes no bytes. What is left out is counted as skipped, reason `erased`.

Rule: killed at any moment, each file is either as it was or as it shall be; the same call again finishes the work.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from replay.model.capture import RedactedField, StoredExchange
from replay.model.errors import FileFormatError
from replay.store.capture_file import CaptureFile
from replay.store.capture_writer import CaptureWriter, SegmentStart
from replay.store.claim import claimed
from replay.store.manifest import SUFFIX, manifest_path, read_manifest, sync_folder, write_manifest
from replay.store.sealing import Unlock
from replay.store.segment_digest import digest_of
from replay.store.segment_files import open_parts
from replay.store.segment_start import entry_of

ERASED = "erased"
_BATCH = 256
_CHUNK_BYTES = 1 << 20
_TELL_EVERY = 500
_SEGMENT = re.compile(r"(.+)-\d{4,}")

IsWanted = Callable[[StoredExchange], bool]
"""True for an exchange that makes its session one to erase."""
OnProgress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is to go. `is_named`: the same question for names that stand in places, which redaction notes hold."""

    is_wanted: IsWanted
    is_named: Callable[[str], bool]
    whole_sessions: bool = True
    only_look: bool = False  # count what would go


@dataclass(frozen=True, slots=True)
class Erased:
    """What went. `sessions` lost exchanges, `emptied` of them all they had."""

    exchanges: int = 0
    sessions: int = 0
    emptied: int = 0
    files: int = 0


def erase(path: Path, erasure: Erasure, unlock: Unlock | None = None, tell: OnProgress = lambda _: None) -> Erased:
    """From a capture, or all segments of one. Raises FileFormatError, before anything was changed."""
    where = _whole(path)
    active = path.with_name(read_manifest(where).active) if where.name.endswith(SUFFIX) else where
    with claimed(active):
        with ExitStack() as stack:
            parts = open_parts(where, stack, unlock).files
            for part in parts:
                _require_erasable(part)
            found = _Found()
            for part in parts:
                found.look(part, erasure, tell)
            files = [part.path for part in parts]
        if found.numbers and not erasure.only_look:
            for file in files:
                _fold(file, unlock)
            for file in files:
                _rewrite(file, erasure, found, unlock)
        if where.name.endswith(SUFFIX) and not erasure.only_look:
            _refresh(where, unlock)
    emptied = found.sessions - found.kept
    return Erased(len(found.numbers), len(found.sessions), len(emptied), len(files) if found.numbers else 0)


class _Found:
    """Numbers of the exchanges that go, the sessions that lose some, and those of them that keep some."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.sessions: set[str] = set()
        self.kept: set[str] = set()
        self._all: dict[str, list[int]] = {}
        self._looked = 0

    def look(self, part: CaptureFile, erasure: Erasure, tell: OnProgress) -> None:
        """Segments in their order: a session may be found late, and what stands in earlier ones goes as well."""
        for stored in part.stored():
            self._looked += 1
            numbers = self._all.setdefault(stored.session_id, [])
            numbers.append(stored.number)
            if erasure.is_wanted(stored):
                self.sessions.add(stored.session_id)
                self.numbers.add(stored.number)
            if self._looked % _TELL_EVERY == 0:
                tell(self._looked)
        if erasure.whole_sessions:
            for session in self.sessions:
                self.numbers.update(self._all.get(session, ()))
        self.kept = {one for one in self.sessions if not self.numbers.issuperset(self._all.get(one, ()))}


def _whole(path: Path) -> Path:
    """The manifest when there is one: a stand-in in one segment is in the others as well. Raises FileFormatError."""
    if path.name.endswith(SUFFIX):
        return path
    own = manifest_path(path)
    if own.exists():
        return own
    segment = _SEGMENT.fullmatch(path.stem)
    if segment and path.with_name(segment[1] + SUFFIX).exists():
        raise FileFormatError(f"{path} is one of several segments: name {path.with_name(segment[1] + SUFFIX)}")
    return path


def _require_erasable(part: CaptureFile) -> None:
    if part.is_locked():
        raise FileFormatError(f"{part.path} is encrypted: name the private key with --unlock")
    if part.path.stat().st_nlink > 1:
        raise FileFormatError(f"{part.path} has another name (a hard link): remove that one first, it keeps the bytes")


def _fold(path: Path, unlock: Unlock | None) -> None:
    """What is still in the WAL of a recorder that was killed goes into the file. Raises FileFormatError."""
    beside = [path.with_name(path.name + suffix) for suffix in ("-wal", "-journal", "-shm")]
    if not any(one.exists() for one in beside):
        return
    part = CaptureFile(path, unlock=unlock)
    try:
        info = part.info()
    finally:
        part.close()
    CaptureWriter.open_append(path, info).close()
    if any(one.exists() for one in beside):
        raise FileFormatError(f"{path} is being read by another program: close that one, then erase again")


def _rewrite(path: Path, erasure: Erasure, found: _Found, unlock: Unlock | None) -> None:
    fresh = path.with_name(f".{path.stem}.erasing.db")
    _remove(fresh)  # of a call that was killed
    part = CaptureFile(path, unlock=unlock)
    try:
        info = part.info()
        writer = CaptureWriter(fresh, info, start=SegmentStart(part.segment(), info.origins))
        try:
            _copy(part, writer, erasure, found)
        finally:
            writer.close()
    except sqlite3.Error as error:
        _remove(fresh)
        raise FileFormatError(f"{path} is as it was: its new form cannot be written ({type(error).__name__})") from None
    except BaseException:
        _remove(fresh)
        raise
    finally:
        part.close()
    with path.open("r+b", buffering=0) as old:
        fresh.replace(path)
        sync_folder(path.parent)
        _overwrite(old.fileno())


def _remove(fresh: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)


def _copy(part: CaptureFile, writer: CaptureWriter, erasure: Erasure, found: _Found) -> None:
    left_out = 0
    for count, stored in enumerate(part.stored(), 1):
        if stored.number in found.numbers:
            left_out += 1
        else:
            writer.copy(stored.number, stored.session_id, stored.actor, stored, "")
        if count % _BATCH == 0:
            writer.commit()
    gone = found.sessions - found.kept
    for session, reason in part.gaps():
        if session not in gone:
            writer.mark_partial(session, reason)
    for session in found.kept:
        writer.mark_partial(session, ERASED)
    for loss in part.losses():
        writer.count_loss(loss.kind, loss.reason, loss.count)
    if left_out:
        writer.count_loss("skipped", ERASED, left_out)
    writer.copy_fields(one for one in part.redacted_fields() if not _names(one, erasure))
    writer.commit()


def _names(one: RedactedField, erasure: Erasure) -> bool:
    return erasure.is_named(one.place) or erasure.is_named(one.endpoint)


def _overwrite(handle: int) -> None:
    """Zeros over every byte. The name is gone already; whoever still reads the old file sees it end."""
    left = os.fstat(handle).st_size
    os.lseek(handle, 0, os.SEEK_SET)
    while left > 0:
        left -= os.write(handle, bytes(min(left, _CHUNK_BYTES)))
    with suppress(OSError):
        os.fsync(handle)


def _refresh(where: Path, unlock: Unlock | None) -> None:
    """The manifest says of each finished segment what is in it now."""
    manifest = read_manifest(where)
    entries = []
    for entry in manifest.segments:
        path = where.with_name(entry.file)
        part = CaptureFile(path, unlock=unlock)
        try:
            fresh = entry_of(path, entry.segment, manifest.capture, part.summary())
        finally:
            part.close()
        entries.append(replace(fresh, digest=digest_of(path)))
    highest = max((manifest.expired.highest, *(entry.highest for entry in manifest.segments)))  # never given again
    after = replace(manifest, segments=tuple(entries), expired=replace(manifest.expired, highest=highest))
    if after.segments != manifest.segments:
        write_manifest(where, after)
