"""RUN.db.pending: answers of units that are not complete yet, so that a run goes on after a crash or Ctrl-C.

    record   length, CRC-32 (4 bytes each, little-endian), payload
    payload  length of the JSON (4 bytes), JSON, request body, response body

One `write` for each answer, before anything follows from it: kill -9 loses nothing that was answered (a power cut may
lose the last seconds). A torn or damaged record ends the file. When a unit is complete the run file holds it, and this
file is emptied; it is gone when the run has ended.

Rule: it holds what the target answered, mode 0600, for as long as the run is unfinished; and sealed (see `run_seal`),
unless live values are kept anyway. Which worlds were begun stays readable: none may be used twice.
"""

from __future__ import annotations

import errno
import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import Any

from replay.model.codec import UndecodableError, dump_json, parse_json
from replay.model.errors import FileFormatError
from replay.model.event import Event, RunEnded, UnitDone
from replay.model.evidence import Attempt
from replay.store.run_answers import attempt_from, words_of
from replay.store.run_seal import Seal

_FRAME = Struct("<II")
_SIZE = Struct("<I")
_MOST_BYTES = 256 << 20  # of one record: two bodies and their headers; more comes from nobody who is us
_MAGIC = "replay-pending-2"
_HELD = (errno.EWOULDBLOCK, errno.EACCES)

Key = tuple[str, int]
"""A unit and a world."""


def pending_path(run_file: Path) -> Path:
    return run_file.with_name(run_file.name + ".pending")


class PendingFile:
    """What was answered and is in no complete unit. Made anew, or read back and gone on with."""

    def __init__(self, path: Path, descriptor: int, run_id: str, seal: Seal | None = None) -> None:
        """`seal` None: answers are written as they came."""
        self._path = path
        self._descriptor = descriptor
        self._run_id = run_id
        self._seal = seal
        self._is_empty = False
        self._has_ended = False
        self.attempts: dict[Key, list[Attempt]] = {}
        self.worlds: dict[str, int] = {}  # per unit: the highest number that was begun
        self.lost: dict[str, int] = {}  # per unit whose answers cannot be read: the highest number of its worlds

    @classmethod
    def create(cls, path: Path, run_id: str, seal: Seal | None = None) -> PendingFile:
        """A new one. Raises FileFormatError where it cannot be written, or one is there already."""
        try:
            flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
            made = cls(path, os.open(path, flags, 0o600), run_id, seal)
        except FileExistsError:
            raise FileFormatError(
                f"{path} exists already: go on with its run (--resume), or remove it and its run file."
            ) from None
        except OSError as error:
            raise FileFormatError(f"{path} cannot be written: {os.strerror(error.errno or 0)}.") from None
        made._claim()
        made.clear()
        return made

    @classmethod
    def resume(cls, path: Path, run_id: str, seal: Seal | None = None) -> PendingFile:
        """The one beside an unfinished run; a missing one is made. Raises FileFormatError when it is another run's."""
        if not path.exists():
            return cls.create(path, run_id, seal)
        found = cls(path, os.open(path, os.O_RDWR | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)), run_id, seal)
        found._claim()
        try:
            end = found._read(path.read_bytes())  # bounded: one group of sessions
            os.ftruncate(found._descriptor, end)
        except BaseException:
            os.close(found._descriptor)
            raise
        if not end:
            found.clear()
        return found

    @classmethod
    def discard(cls, path: Path) -> None:
        """Remove one whose run never began. Raises FileFormatError when another process is about to begin it."""
        with suppress(FileNotFoundError):
            left = cls(path, os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)), "")
            left._claim()
            left.remove()

    def began(self, unit: str, world: int) -> None:
        """Requests of a new world follow."""
        self._write({"unit": unit, "world": world})

    def answered(self, unit: str, world: int, attempt: Attempt) -> None:
        response = attempt.response
        meta = {"unit": unit, "world": world, "answer": words_of(attempt)}
        bodies = (attempt.request.body.data, response.body.data if response else b"")
        if self._seal is None:
            self._write(meta, *bodies)
        else:
            self._write({"unit": unit, "world": world, "sealed": True}, self._seal.seal(_payload(meta, *bodies)))

    def on_event(self, event: Event) -> None:
        """A listener that stands behind the run file's: what it has committed need not wait any more."""
        if isinstance(event, UnitDone):
            self.attempts.clear()
            self.worlds.clear()
            self.clear()
        elif isinstance(event, RunEnded):
            self._has_ended = event.finished

    def clear(self) -> None:
        """Everything so far is in the run file."""
        if self._is_empty:
            return
        os.ftruncate(self._descriptor, 0)
        self._write({"magic": _MAGIC, "run": self._run_id})
        self._is_empty = True

    def close(self) -> None:
        os.close(self._descriptor)

    def finish(self) -> None:
        """Close; remove it when the run came to its end."""
        if self._has_ended:
            self.remove()
        else:
            self.close()

    def remove(self) -> None:
        """Nothing waits any more."""
        if self._seal is not None:
            self._seal.forget()
        os.close(self._descriptor)
        with suppress(OSError):
            self._path.unlink()

    def _claim(self) -> None:
        """One process at a time: two would send the same requests into one world. Raises FileFormatError.

        flock(2): the kernel gives it up when its holder dies. Where there are no such locks, nobody is kept out.
        """
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _HELD:
                os.close(self._descriptor)
                raise FileFormatError(f"{self._path} is in use: another process plays its run, wait for it.") from None

    def _write(self, meta: dict[str, Any], *bodies: bytes) -> None:
        payload = _payload(meta, *bodies)
        record = _FRAME.pack(len(payload), zlib.crc32(payload)) + payload
        self._is_empty = False
        written = os.write(self._descriptor, record)
        while written < len(record):  # a full disk raises; a signal may cut a large write short
            written += os.write(self._descriptor, record[written:])

    def _read(self, data: bytes) -> int:
        """Take in every whole record; returns where they end."""
        end = 0
        for start, payload in _records(data):
            try:
                if start == 0:
                    self._require_ours(payload)
                else:
                    self._take(payload)
            except (UndecodableError, ValueError, KeyError, TypeError, AttributeError):
                break
            end = start + _FRAME.size + len(payload)
        self.lost = {unit: self.worlds[unit] for unit in self.lost}  # of copies, too: they were sent there
        return end

    def _require_ours(self, payload: bytes) -> None:
        head, _ = _parted(payload)
        if head.get("magic") != _MAGIC or head.get("run") != self._run_id:
            raise FileFormatError(f"{self._path} belongs to another run: remove it, or name that run's file.")

    def _take(self, payload: bytes) -> None:
        meta, rest = _parted(payload)
        unit, world = str(meta["unit"]), int(meta["world"])
        self.worlds[unit] = max(self.worlds.get(unit, 0), world)
        if meta.get("sealed"):
            opened = self._seal.opened(rest) if self._seal else None
            if opened is None:
                self.lost[unit] = world
                return  # the key is gone: that unit is played again, in other worlds
            meta, rest = _parted(opened)
        if "answer" in meta:
            self.attempts.setdefault((unit, world), []).append(attempt_from(meta["answer"], rest))


def _payload(meta: dict[str, Any], *bodies: bytes) -> bytes:
    text = dump_json(meta)
    return b"".join((_SIZE.pack(len(text)), text, *bodies))


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _FRAME.size <= len(data):
        size, check = _FRAME.unpack_from(data, at)
        payload = data[at + _FRAME.size : at + _FRAME.size + size]
        if size > _MOST_BYTES or len(payload) < size or zlib.crc32(payload) != check:
            return
        yield at, payload
        at += _FRAME.size + size


def _parted(payload: bytes) -> tuple[dict[str, Any], bytes]:
    if len(payload) < _SIZE.size:  # zeros, as a power cut leaves them: an empty record, and its checksum is right
        raise UndecodableError("not a record")
    (size,) = _SIZE.unpack_from(payload)
    meta = parse_json(payload[_SIZE.size : _SIZE.size + size])
    if not isinstance(meta, dict):
        raise UndecodableError("not a record")
    return meta, payload[_SIZE.size + size :]
