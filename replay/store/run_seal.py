"""What makes RUN.db.pending unreadable for whoever has the file alone: AES-256-GCM under a key that is not on disk.

    key      32 bytes of chance, in $XDG_RUNTIME_DIR or /dev/shm: memory, gone with a reboot; gone when the run ended
    sealed   nonce (12 bytes), ciphertext with its tag

A run that was killed goes on from its answers as long as the key is there. After a reboot, or where a system has no
such place, the answers are lost and their unit is played again.

Rule: a key file that somebody else could have put or read is none.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12  # NIST SP 800-38D section 5.2.1.1; a run seals far fewer than 2^32 records with one key
_OLD_SECONDS = 14 * 86_400  # as long as a capture lives by default
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the point: it is no disk; see _made for how the file is made


class Seal:
    """`place`: where the key lies; None: nowhere, so that nobody can go on with the run."""

    def __init__(self, key: bytes, place: Path | None) -> None:
        self._box = AESGCM(key)
        self._place = place

    @classmethod
    def make(cls, run_id: str, folder: Path | None) -> Seal:
        """With a new key. `folder` is in memory, see `memory_folder`."""
        key = secrets.token_bytes(_KEY_BYTES)
        place = folder / _name(run_id) if folder else None
        if place is None or not _made(place, key):
            return cls(key, None)
        _take_away_old(place)
        return cls(key, place)

    @classmethod
    def find(cls, run_id: str, folder: Path | None) -> Seal:
        """That of an interrupted run; with a new key when it is lost."""
        place = folder / _name(run_id) if folder else None
        key = _read(place) if place else b""
        return cls(key, place) if len(key) == _KEY_BYTES else cls.make(run_id, folder)

    def seal(self, data: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._box.encrypt(nonce, data, None)

    def opened(self, sealed: bytes) -> bytes | None:
        """None when it was sealed with another key, or changed."""
        try:
            return self._box.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError):
            return None

    def forget(self) -> None:
        """The run has ended: nobody opens anything any more."""
        if self._place is not None:
            with suppress(OSError):
                self._place.unlink()

    def __repr__(self) -> str:
        return "Seal(key hidden)"


def memory_folder() -> Path | None:
    """A folder of this user's that is in memory; None where there is none."""
    for folder in (Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent"), _SHARED_MEMORY):
        if folder.is_dir() and os.access(folder, os.W_OK):
            return folder
    return None


def _name(run_id: str) -> str:
    return f"replay-{os.getuid()}-{run_id}.key"


def _take_away_old(place: Path) -> None:
    """Keys of runs that were killed and never gone on with; told by the age of the newest file, so no clock is read."""
    with suppress(OSError):
        newest = place.stat().st_mtime
        for other in place.parent.glob(_name("*")):
            with suppress(OSError):
                if newest - other.lstat().st_mtime > _OLD_SECONDS:
                    other.unlink()


def _made(place: Path, key: bytes) -> bool:
    with suppress(OSError):
        place.unlink()
    try:
        descriptor = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError:
        return False
    try:
        return os.write(descriptor, key) == len(key)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _read(place: Path) -> bytes:
    try:
        descriptor = os.open(place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return b""
    try:
        state = os.fstat(descriptor)
        is_ours = S_ISREG(state.st_mode) and state.st_uid == os.getuid() and not state.st_mode & 0o077
        return os.read(descriptor, _KEY_BYTES + 1) if is_ours else b""
    finally:
        os.close(descriptor)
