"""What a recorder finds at its start: the segments of its capture, and whatever a crash left half done.

state on disk                                      what is done
a finished file that the manifest does not name    it is named (killed before the manifest was written)
no active file, but the prepared next one          that becomes the active one (killed between two renames)
no active file, and none prepared                  a new one goes on where the last finished one ended
a prepared next file beside an active one          it is removed (killed before the rename); aside, if not ours
a file that the manifest counts as deleted         it is removed (killed in the middle of retention)
no file that the manifest names                    it is counted as deleted

Rule: a manifest may be forged. No segment is removed that does not say itself that it is one of this capture.
"""

from __future__ import annotations

import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from replay.model.capture import CaptureInfo
from replay.model.errors import FileFormatError
from replay.store.capture_file import CaptureFile
from replay.store.capture_writer import CaptureWriter, SegmentStart
from replay.store.file_summary import FileSummary
from replay.store.files import Checks
from replay.store.manifest import Manifest, SegmentEntry, manifest_path, read_manifest, segment_path
from replay.store.retention import with_expired
from replay.store.segment_files import is_segment_file
from replay.store.spare_file import clear_away

_COMPANIONS = ("-wal", "-shm")
_MOST_LEFT = 1000  # segments that one interrupted retention can have left behind
_IDENTITY = Checks(cell_bytes=8 << 20, whole_below_bytes=0)  # its rows do not matter when it is deleted


def next_path(capture: Path) -> Path:
    """Where the next active file is prepared."""
    return capture.with_name(f"{capture.stem}.next.db")


def remove_companions(capture: Path) -> None:
    """Of a file that was moved away: everything in them was in the file before (see `CaptureWriter.settle`)."""
    for suffix in _COMPANIONS:
        capture.with_name(capture.name + suffix).unlink(missing_ok=True)


def require_fresh(capture: Path) -> None:
    """A new capture must not take over segments of an old one. Raises FileFormatError."""
    for path in (manifest_path(capture), segment_path(capture, 1)):
        if path.exists():
            raise FileFormatError(
                f"{path} exists already and belongs to another recording: choose another name, or add --append"
            )


def find_segments(capture: Path, info: CaptureInfo) -> Manifest:
    """The manifest as it should be, after healing; an active file exists. Raises FileFormatError or OSError."""
    where = manifest_path(capture)
    manifest = read_manifest(where) if where.exists() else Manifest("", capture.name)
    if manifest.active != capture.name:
        raise FileFormatError(f"{where} belongs to {manifest.active}: name that file, or choose another name")
    gone = manifest.expired.through
    known = {one.segment: one for one in manifest.segments if is_segment_file(capture.with_name(one.file))}
    missing = [one for one in manifest.segments if one.segment not in known]  # somebody deleted it: it counts as that
    number = max((gone, *(one.segment for one in manifest.segments))) + 1
    while (path := segment_path(capture, number)).exists():
        known[number] = _read_entry(path, number, info)
        number += 1
    _provide_active(capture, info, number)
    segments = tuple(known[number] for number in sorted(known))
    expired = with_expired(manifest.expired, missing, through=gone)
    return replace(manifest, segments=segments, expired=expired)


def require_same_capture(capture: Path, manifest: Manifest, capture_id: str) -> None:
    """The manifest, and each file that it names or that was found, are of the active file's capture, or it raises."""
    if manifest.capture not in {"", capture_id}:
        raise FileFormatError(f"{manifest_path(capture)} is of another capture than {capture}: move it away")
    for one in manifest.segments:
        if one.id != _entry_id(capture_id, one.segment):
            other = capture.with_name(one.file)
            raise FileFormatError(f"{other} is of another capture than {capture}: move it, or choose another name")


def finish_retention(capture: Path, manifest: Manifest, capture_id: str) -> None:
    """Remove what the manifest counts as deleted and is still there. Raises OSError."""
    gone = manifest.expired.through
    for number in range(max(1, gone - _MOST_LEFT), gone + 1):
        remove_segment(capture, number, capture_id)


def remove_segment(capture: Path, number: int, capture_id: str) -> None:
    """Only a capture that says that it is this segment of ours; any other file of that name stays. Raises OSError."""
    path = segment_path(capture, number)
    if _is_ours(path, number, capture_id):
        path.unlink(missing_ok=True)


def _is_ours(path: Path, number: int, capture_id: str) -> bool:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        file = CaptureFile(path, _IDENTITY)
    except (FileNotFoundError, FileFormatError):
        return False
    try:
        return (file.info().id, file.segment()) == (capture_id, number)
    except FileFormatError:
        return False
    finally:
        file.close()


def entry_of(path: Path, segment: int, capture_id: str, held: FileSummary) -> SegmentEntry:
    return SegmentEntry(
        segment=segment,
        file=path.name,
        id=_entry_id(capture_id, segment),
        first=held.first,
        last=held.last,
        exchanges=held.exchanges,
        highest=held.highest,
        bytes=path.stat().st_size,
        losses=held.losses,
    )


def _entry_id(capture_id: str, segment: int) -> str:
    return f"{capture_id}-{segment:04}"


def _provide_active(capture: Path, info: CaptureInfo, number: int) -> None:
    prepared = next_path(capture)
    if not capture.exists() and number > 1:
        remove_companions(capture)
        if prepared.exists():
            prepared.replace(capture)
        else:
            _go_on(capture, info, number)
    clear_away(prepared)


def _go_on(capture: Path, info: CaptureInfo, number: int) -> None:
    """A new active file with the identity of the last finished one; without any, nothing can be appended to."""
    last = segment_path(capture, number - 1)
    if not last.exists():
        raise FileFormatError(f"{capture} does not exist, and neither does its last segment: choose another name")
    file = CaptureFile(last)
    try:
        before = file.info()
    finally:
        file.close()
    CaptureWriter(
        capture,
        replace(info, id=before.id, created=before.created, lifetime=before.lifetime),
        start=SegmentStart(number, before.origins),
    ).close()


def _read_entry(path: Path, number: int, info: CaptureInfo) -> SegmentEntry:
    file = CaptureFile(path)
    try:
        found, held = file.info(), file.summary()
        if file.segment() != number or found.key_id != info.key_id:
            raise FileFormatError(f"{path} is no segment {number} of this capture: move it, or choose another name")
    finally:
        with suppress(FileFormatError):
            file.close()
    return entry_of(path, number, found.id, held)
