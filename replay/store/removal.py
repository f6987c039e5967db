"""Takes a whole capture away: its file or all its segments, its manifest and its signature. The audit log stays.

Rule: nothing is removed that is being recorded, and nothing that does not say itself that it is of this capture.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

from replay.model.errors import FileFormatError
from replay.store.claim import claimed
from replay.store.manifest import SUFFIX, manifest_path, read_manifest
from replay.store.segment_files import open_parts
from replay.store.signature import signature_path


def remove_capture(path: Path) -> int:
    """How many files are gone. Raises FileFormatError."""
    is_manifest = path.name.endswith(SUFFIX)
    if not is_manifest and manifest_path(path).exists():
        raise FileFormatError(f"{path} is one segment of a rotated capture: name {manifest_path(path)}")
    active = path.with_name(read_manifest(path).active) if is_manifest else path
    with claimed(active):
        with ExitStack() as stack:
            files = [part.path for part in open_parts(path, stack).files]
        files += [path] if is_manifest else []
        try:
            for file in (*files, signature_path(path)):
                for suffix in ("", "-wal", "-shm"):
                    file.with_name(file.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            raise FileFormatError(f"{path} cannot be removed: {os.strerror(error.errno or 0)}") from None
    return len(files)
