"""The certificate authority that mitmproxy makes up: one for all workers of a recording, kept in memory.

    supervisor   open_authority() -> descriptor of shared memory, empty
    worker       lay out what is kept there -> mitmproxy reads it, or makes one -> keep it -> remove the files

mitmproxy reads a folder, so the files exist while a worker starts: in memory where the system has a folder for that.
With `--set confdir=FOLDER` the authority is the user's: workers only take turns, so that one of them makes it.

Rule: after the start no key is on disk; when everything of ours is killed, it is gone.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_FILE = "mitmproxy-ca.pem"  # certificate with key; mitmproxy makes its other files anew from this one
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder within has a name of its own and mode 0700
NONE = -1  # a worker without siblings


def open_authority() -> int:
    """Where workers will find the authority of this recording: a descriptor to inherit, that no path leads to."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("replay-authority", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class Authority:
    """One worker's use of it. `shared`: from `open_authority`, or NONE."""

    def __init__(self, shared: int) -> None:
        self._shared = shared
        self._holder = _folder()
        self.folder = Path(self._holder.name)

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """While mitmproxy reads `folder`, or makes an authority there; no other worker does the same."""
        if self._shared == NONE:
            yield
            return
        fcntl.lockf(self._shared, fcntl.LOCK_EX)
        try:
            self._lay_out()
            yield
            self._keep()
        finally:
            fcntl.lockf(self._shared, fcntl.LOCK_UN)

    def remove(self) -> None:
        """mitmproxy has read it for the last time. A second call does nothing."""
        self._holder.cleanup()

    def _lay_out(self) -> None:
        kept = os.pread(self._shared, os.fstat(self._shared).st_size, 0)
        if kept:
            path = self.folder / _FILE
            path.touch(mode=0o600)
            path.write_bytes(kept)

    def _keep(self) -> None:
        with suppress(FileNotFoundError):  # the user's own folder is in use
            made = (self.folder / _FILE).read_bytes()
            if not os.fstat(self._shared).st_size:
                os.pwrite(self._shared, made, 0)


def _folder() -> tempfile.TemporaryDirectory[str]:
    """For this user alone (0700); named after the process, for who finds one that was killed at its start."""
    prefix = f"replay-confdir-{os.getpid()}-"
    if _SHARED_MEMORY.is_dir():
        with suppress(OSError):
            return tempfile.TemporaryDirectory(prefix=prefix, dir=_SHARED_MEMORY, ignore_cleanup_errors=True)
    return tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
