"""What a recorder finds at its start: the segments of its capture, and whatever a crash left half done.

state on disk                                      what is done
a finished file that the manifest does not name    it is named (killed before the manifest was written)
no active file, but the prepared next one          that becomes the active one (killed between two renames)
no active file, and none prepared                  a new one goes on where the last finished one ended
a prepared next file beside an active one          it is removed (killed before the rename)
a file that the manifest counts as deleted         it is removed (killed in the middle of retention)
no file that the manifest names                    it is counted as deleted
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from replay.model.capture import CaptureInfo
from replay.model.errors import FileFormatError
from replay.store.capture_file import CaptureFile
from replay.store.capture_writer import CaptureWriter, SegmentStart
from replay.store.file_summary import FileSummary
from replay.store.manifest import Manifest, SegmentEntry, manifest_path, read_manifest, segment_path
from replay.store.retention import with_expired

_COMPANIONS = ("-wal", "-shm")


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
    for number in range(max(1, gone - 1000), gone + 1):
        segment_path(capture, number).unlink(missing_ok=True)
    known = {one.segment: one for one in manifest.segments if capture.with_name(one.file).exists()}
    missing = [one for one in manifest.segments if one.segment not in known]  # somebody deleted it: it counts as that
    number = max((gone, *(one.segment for one in manifest.segments))) + 1
    while (path := segment_path(capture, number)).exists():
        known[number] = _read_entry(path, number, info)
        number += 1
    _provide_active(capture, info, number)
    segments = tuple(known[number] for number in sorted(known))
    expired = with_expired(manifest.expired, missing, through=gone)
    return replace(manifest, segments=segments, expired=expired)


def entry_of(path: Path, segment: int, capture_id: str, held: FileSummary) -> SegmentEntry:
    return SegmentEntry(
        segment=segment,
        file=path.name,
        id=f"{capture_id}-{segment:04}",
        first=held.first,
        last=held.last,
        exchanges=held.exchanges,
        highest=held.highest,
        bytes=path.stat().st_size,
        losses=held.losses,
    )


def _provide_active(capture: Path, info: CaptureInfo, number: int) -> None:
    prepared = next_path(capture)
    if not capture.exists() and number > 1:
        remove_companions(capture)
        if prepared.exists():
            prepared.replace(capture)
        else:
            _go_on(capture, info, number)
    prepared.unlink(missing_ok=True)
    remove_companions(prepared)


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
        capture, replace(info, id=before.id, created=before.created), start=SegmentStart(number, before.origins)
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
