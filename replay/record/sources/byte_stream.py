"""A file read from front to back in bounded pieces, unpacked when it is gzip or zlib.

Rule: never more than one piece in memory, and a file that unpacks to absurdly more than it holds is not read on.
"""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from replay.model.errors import FileFormatError
from replay.record.sources.contract import OnBytes, keep_quiet

PIECE_BYTES = 1 << 18
HEAD_BYTES = 1 << 16
_ON_DISK_BYTES = 1 << 16
_MAX_RATIO = 250  # repetitive access logs were seen to shrink to a hundredth; deflate's limit is 1032
_RATIO_FLOOR_BYTES = 64 << 20
_GZIP = b"\x1f\x8b"
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")  # RFC 1950; what mitmproxy's .zhar is


class ByteStream:
    """Sequential reads; `read` returns b"" at the end. Raises FileFormatError for what cannot be read or unpacked."""

    def __init__(self, file: BinaryIO, path: Path, on_bytes: OnBytes) -> None:
        self._file, self._path, self._on_bytes = file, path, on_bytes
        self._taken = 0  # bytes on disk
        self._given = 0  # bytes after unpacking
        magic = self._from_disk(2)
        self._packed = b""
        self._ready = b"" if _is_packed(magic) else magic
        self._machine = zlib.decompressobj(32 + zlib.MAX_WBITS) if _is_packed(magic) else None
        if self._machine:
            self._packed = magic

    def read(self, size: int = PIECE_BYTES) -> bytes:
        """Up to `size` bytes."""
        while not self._ready:
            piece = self._unpacked() if self._machine else self._from_disk(_ON_DISK_BYTES)
            if not piece:
                return b""
            self._ready = piece
        out, self._ready = self._ready[:size], self._ready[size:]
        return out

    def read_exactly(self, size: int) -> bytes:
        """`size` bytes, or fewer at the end of the file."""
        out = bytearray()
        while len(out) < size:
            piece = self.read(size - len(out))
            if not piece:
                break
            out += piece
        return bytes(out)

    def skip(self, size: int) -> bool:
        """Pass over `size` bytes; False when the file ends before."""
        while size:
            piece = self.read(min(size, PIECE_BYTES))
            if not piece:
                return False
            size -= len(piece)
        return True

    def _from_disk(self, size: int) -> bytes:
        try:
            data = self._file.read(size)
        except OSError as error:
            raise _unreadable(self._path, error) from None
        self._taken += len(data)
        self._on_bytes(self._taken)
        return data

    def _unpacked(self) -> bytes:
        """The next bytes of the unpacked file; b"" at its end."""
        while self._machine:
            if self._machine.eof and not self._next_member():
                return b""
            packed = self._packed or self._from_disk(_ON_DISK_BYTES)
            if not packed:
                raise FileFormatError(
                    f"{self._path} ends in the middle of its compressed data; it may still be written"
                )
            try:
                piece = self._machine.decompress(packed, PIECE_BYTES)
            except zlib.error:
                raise FileFormatError(f"{self._path} is damaged: it cannot be unpacked beyond this point") from None
            self._packed = self._machine.unconsumed_tail
            self._given += len(piece)
            if self._given > max(_RATIO_FLOOR_BYTES, self._taken * _MAX_RATIO):
                raise FileFormatError(f"{self._path} unpacks to more than {_MAX_RATIO} times its size; unpack it first")
            if piece:
                return piece
        return b""

    def _next_member(self) -> bool:
        """gzip files may be written in turns (RFC 1952 section 2.2); what is no gzip after one is padding."""
        rest = (self._machine.unused_data if self._machine else b"") or self._from_disk(_ON_DISK_BYTES)
        if not rest.startswith(_GZIP):
            return False
        self._machine = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._packed = rest
        return True


@contextmanager
def open_stream(path: Path, on_bytes: OnBytes = keep_quiet) -> Iterator[ByteStream]:
    """Raises FileFormatError when there is no readable file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait, a device would not end
            raise FileFormatError(f"{path} is not a regular file")
        file = path.open("rb")
    except FileNotFoundError:
        raise FileFormatError(f"{path} does not exist") from None
    except OSError as error:
        raise _unreadable(path, error) from None
    with file:
        yield ByteStream(file, path, on_bytes)


def head_of(path: Path) -> bytes:
    """The first bytes, unpacked. Raises FileFormatError as `open_stream` does."""
    with open_stream(path) as stream:
        return stream.read_exactly(HEAD_BYTES)


def _is_packed(magic: bytes) -> bool:
    return magic == _GZIP or magic in _ZLIB


def _unreadable(path: Path, error: OSError) -> FileFormatError:
    return FileFormatError(
        f"{path} cannot be read: {os.strerror(error.errno) if error.errno else type(error).__name__}"
    )
