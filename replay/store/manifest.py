"""The manifest of a rotated capture: which files belong to it, what each holds, and what retention deleted.

    capture.db               the active segment, always under this name
    capture-0001.db ...      finished segments
    capture.manifest.json    this

Rule: a manifest may come from a stranger. It names no other files than those that follow from its active file's name,
and nothing of it is believed that the files themselves say otherwise.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from replay.model.capture import Loss
from replay.model.errors import FileFormatError
from replay.store import cells

MANIFEST_FORMAT = 1
SUFFIX = ".manifest.json"
MOST_SEGMENTS = 500  # each is an open file while the capture is read
_MOST_BYTES = 16 << 20
_KINDS = frozenset({"dropped", "refused", "skipped", "body"})


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One finished segment. Times: seconds, UTC; both 0 without exchanges.

    `highest`: number of its last exchange, 0 without any. `digest`: BLAKE2b-256 of the file, hex; "" until it is known.
    """

    segment: int
    file: str
    id: str
    first: float
    last: float
    exchanges: int
    highest: int
    bytes: int
    digest: str = ""
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class Expired:
    """What retention deleted: segments up to and including `through`, exchanges up to `highest`."""

    through: int = 0
    highest: int = 0
    segments: int = 0
    exchanges: int = 0
    bytes: int = 0
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    capture: str
    active: str
    segments: tuple[SegmentEntry, ...] = ()
    expired: Expired = field(default_factory=Expired)


def manifest_path(capture: Path) -> Path:
    return capture.with_name(capture.stem + SUFFIX)


def segment_path(capture: Path, segment: int) -> Path:
    return capture.with_name(f"{capture.stem}-{segment:04}.db")


def read_manifest(path: Path) -> Manifest:
    """Raises FileFormatError for what `write_manifest` would not write."""
    try:
        text = _read_regular(path)
    except FileNotFoundError:
        raise FileFormatError(f"{path} does not exist") from None
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read: {os.strerror(error.errno or 0)}") from None
    try:
        if len(text) > _MOST_BYTES:
            raise cells.DamagedCellError
        return _manifest(json.loads(text))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise FileFormatError(f"{path} is damaged: it is no manifest that a recorder writes") from None


def _read_regular(path: Path) -> bytes:
    """A pipe or a device would block its reader, also one that took the file's place after the first look."""
    sentence = f"{path} is not a regular file, so it is no manifest"
    if not stat.S_ISREG(path.stat().st_mode):
        raise FileFormatError(sentence)
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise FileFormatError(sentence)
        return file.read(_MOST_BYTES + 1)


def write_manifest(path: Path, manifest: Manifest) -> None:
    """At once or not at all, readable for its owner only. Raises OSError."""
    text = json.dumps(_document(manifest), indent=1).encode()
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names durable: a rename lives in its folder. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _document(manifest: Manifest) -> dict[str, Any]:
    gone = manifest.expired
    return {
        "format": MANIFEST_FORMAT,
        "capture": manifest.capture,
        "active": manifest.active,
        "segments": [
            {name: getattr(one, name) for name in SegmentEntry.__slots__} | {"losses": _rows(one.losses)}
            for one in manifest.segments
        ],
        "expired": {
            "through": gone.through,
            "highest": gone.highest,
            "segments": gone.segments,
            "exchanges": gone.exchanges,
            "bytes": gone.bytes,
            "losses": _rows(gone.losses),
        },
    }


def _rows(losses: tuple[Loss, ...]) -> list[list[Any]]:
    return [[one.kind, one.reason, one.count] for one in losses]


def _losses(rows: Any) -> tuple[Loss, ...]:
    return tuple(Loss(cells.one_of(kind, _KINDS), cells.text(why), cells.whole(n)) for kind, why, n in rows)


def _manifest(found: Any) -> Manifest:
    if cells.whole(found["format"]) != MANIFEST_FORMAT or len(found["segments"]) > 100_000:
        raise cells.DamagedCellError
    segments = tuple(_entry(one) for one in found["segments"])
    numbers = [one.segment for one in segments]
    active = _plain(found["active"])
    if numbers != sorted(set(numbers)):
        raise cells.DamagedCellError
    if any(one.file in {active, ""} or one.file != segment_path(Path(active), one.segment).name for one in segments):
        raise cells.DamagedCellError  # whoever follows such names deletes files of others
    gone = found["expired"]
    expired = Expired(
        through=cells.whole(gone["through"]),
        highest=cells.whole(gone["highest"]),
        segments=cells.whole(gone["segments"]),
        exchanges=cells.whole(gone["exchanges"]),
        bytes=cells.whole(gone["bytes"]),
        losses=_losses(gone["losses"]),
    )
    if numbers and numbers[0] <= expired.through:
        raise cells.DamagedCellError
    return Manifest(cells.text(found["capture"]), active, segments, expired)


def _entry(found: Any) -> SegmentEntry:
    return SegmentEntry(
        segment=cells.whole(found["segment"], 1),
        file=_plain(found["file"]),
        id=cells.text(found["id"]),
        first=cells.seconds(found["first"]),
        last=cells.seconds(found["last"]),
        exchanges=cells.whole(found["exchanges"]),
        highest=cells.whole(found["highest"]),
        bytes=cells.whole(found["bytes"]),
        digest=cells.text(found["digest"], 64),
        losses=_losses(found["losses"]),
    )


def _plain(name: Any) -> str:
    """A file of the manifest's own folder, and no manifest."""
    text = cells.text(name, 255)
    if text in {"", ".", ".."} or any(mark in text for mark in "/\\\0") or text.endswith(SUFFIX):
        raise cells.DamagedCellError
    return text
