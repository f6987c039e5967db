"""A file that is written once, for its owner's eyes, and never over another one.

Rule: it stands under its name only when it is whole; what was written before a failure is removed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from replay.model.errors import UsageError

_OWNER_ONLY = 0o600


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Raises UsageError when there is something at `path` already, or nothing can be written there."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} exists: nothing is overwritten, choose another name")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)  # unlike a rename, it fails when somebody else took the name meanwhile
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with suppress(OSError):
            part.unlink()


def _unwritable(path: Path, error: OSError) -> UsageError:
    if isinstance(error, FileExistsError):
        return UsageError(f"{path} exists: nothing is overwritten, choose another name")
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return UsageError(f"{path} cannot be written: {reason}")
