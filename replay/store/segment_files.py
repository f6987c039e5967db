"""Which files make one capture: a single one, or all segments that a manifest names, opened together.

    read manifest -> open the active file -> it says its number -> open all finished ones below that number

A rotation or a crash may fall between two of these steps. The active file's own number tells which segments must be
there, and a finished one that the manifest does not know yet has a name that follows from its number.
"""

from __future__ import annotations

import stat
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from replay.model.errors import FileFormatError
from replay.store.capture_file import CaptureFile
from replay.store.manifest import MOST_SEGMENTS, SUFFIX, Expired, Manifest, read_manifest
from replay.store.sealing import Unlock

_TRIES = 3  # a rotation while we look takes milliseconds, and the next one is far away


@dataclass(frozen=True, slots=True)
class Parts:
    """The open files of one capture, in the order of their numbers, and what retention deleted before."""

    files: tuple[CaptureFile, ...]
    expired: Expired


def open_parts(path: Path, stack: ExitStack, unlock: Unlock | None = None) -> Parts:
    """Closed by `stack`. Raises FileFormatError."""
    if not path.name.endswith(SUFFIX):
        return Parts((_opened(path, stack, unlock),), Expired())
    for attempt in range(_TRIES):
        with ExitStack() as own:
            manifest = read_manifest(path)
            try:
                files = _open_all(path, manifest, own, unlock)
            except _Moved:
                if attempt < _TRIES - 1:
                    continue
                raise FileFormatError(f"{path} is not used: files that belong to it are missing") from None
            stack.push(own.pop_all())
            return Parts(files, manifest.expired)
    raise FileFormatError(f"{path} is not used: files that belong to it are missing")


class _Moved(Exception):  # noqa: N818 - a turn of events, not an error of the program
    """A file is not where the manifest says: a rotation goes on, or it is gone."""


def _open_all(path: Path, manifest: Manifest, stack: ExitStack, unlock: Unlock | None) -> tuple[CaptureFile, ...]:
    if len(manifest.segments) >= MOST_SEGMENTS:
        raise FileFormatError(f"{path} names more than {MOST_SEGMENTS} segments: open some of the files by themselves")
    active = _active(path, manifest, stack, unlock)
    known = {one.segment: one.file for one in manifest.segments}
    last = max((*known, manifest.expired.through))
    newest = active.segment() if active else last + 2  # without it one more may be finished
    files = []
    for number in (*sorted(known), *range(last + 1, min(newest, last + MOST_SEGMENTS))):
        name = known.get(number) or f"{path.name.removesuffix(SUFFIX)}-{number:04}.db"
        if not is_segment_file(path.with_name(name)):
            if number == newest - 1 and active is None:
                break
            raise _Moved
        part = _opened(path.with_name(name), stack, unlock)
        if part.segment() != number:
            raise FileFormatError(f"{path} is not used: the numbers of its segments are not those of the files")
        files.append(part)
    files += [active] if active else []
    if not files:
        raise _Moved
    return tuple(files)


def _active(path: Path, manifest: Manifest, stack: ExitStack, unlock: Unlock | None) -> CaptureFile | None:
    """None after a crash in mid rotation: then there is none until the recorder starts again."""
    active = path.with_name(manifest.active)
    if not is_segment_file(active):
        return None
    with suppress(FileNotFoundError):
        return _opened(active, stack, unlock)
    return None


def _opened(path: Path, stack: ExitStack, unlock: Unlock | None) -> CaptureFile:
    part = CaptureFile(path, unlock=unlock)
    stack.callback(part.close)
    return part


def is_segment_file(path: Path) -> bool:
    """Is it there? A link is refused, it would lead out of the manifest's folder. Raises FileFormatError."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    if not stat.S_ISREG(mode):
        raise FileFormatError(f"{path} is not a regular file, so it is no segment of a capture")
    return True
