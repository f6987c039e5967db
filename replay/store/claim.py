"""Who writes a capture: one process at a time. Two would each take the other's rows for their own in the account.

A lock file beside the capture (flock(2)): the kernel gives it up when its holder dies, however that happens.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from replay.model.errors import FileFormatError

_HELD = (errno.EWOULDBLOCK, errno.EACCES)


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Raises FileFormatError when another process writes `path`. Where there are no such locks, nobody is kept out."""
    lock = path.with_name(f".{path.name}.lock")
    descriptor = _locked(path, lock)
    try:
        yield
    finally:
        if descriptor is not None:
            with suppress(OSError):
                lock.unlink()
            os.close(descriptor)


def _locked(path: Path, lock: Path) -> int | None:
    for _ in range(100):  # the holder removes the file when it ends: then another one has to be opened
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:
            return None  # whoever may not write here will be told when the capture is opened
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), lock.stat()):
                    return descriptor
        except OSError as error:
            os.close(descriptor)
            if error.errno in _HELD:
                sentence = f"{path} is being written by another recorder: stop that one, or choose another name"
                raise FileFormatError(sentence) from None
            return None
        os.close(descriptor)
    return None
