"""mitmproxy's flow files (`mitmdump -w`), of any version that the installed mitmproxy can read.

    1234:...},987:...},        typed netstrings: a length, a colon, that many bytes, a type byte

The frames are cut here, so that one flow is in memory, a huge one is passed over and a broken one costs itself only.
mitmproxy itself is asked for the content of each (replay.record.proxy.flow_files).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from replay.model.errors import FileFormatError, UsageError
from replay.record.sources.byte_stream import ByteStream, open_stream
from replay.record.sources.contract import LONGEST_RECORD_BYTES, Found, OnBytes, Skipped, keep_quiet
from replay.record.sources.cuts import TOO_LONG

_BEGIN = re.compile(rb"[1-9]\d{0,11}:\d{1,11}:")  # a dictionary whose first key is a string
_MOST_DIGITS = 12  # mitmproxy's own limit


@dataclass(frozen=True, slots=True)
class Flows:
    name: str = "mitmproxy"
    suffixes: tuple[str, ...] = (".flows", ".flow", ".mitm", ".dump")

    def is_own(self, head: bytes) -> bool:
        return _BEGIN.match(head) is not None

    def snapshots(self, path: Path, on_bytes: OnBytes = keep_quiet) -> Iterator[Found]:
        """Needs mitmproxy; raises UsageError without it."""
        try:
            from replay.record.proxy.flow_files import read_flow
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("mitmproxy"):
                raise
            raise UsageError(f"{path} is a mitmproxy flow file: pip install mitmproxy to read it") from None
        with open_stream(path, on_bytes) as stream:
            for frame in _frames(stream, path):
                found = read_flow(frame) if isinstance(frame, bytes) else frame
                yield Skipped(found) if isinstance(found, str) else found


def _frames(stream: ByteStream, path: Path) -> Iterator[bytes | Skipped]:
    while prefix := _prefix(stream, path):
        size = int(prefix) + 1  # the type byte
        if size > LONGEST_RECORD_BYTES:
            is_whole = stream.skip(size)
            yield TOO_LONG
        else:
            data = stream.read_exactly(size)
            is_whole = len(data) == size
            if is_whole:
                yield prefix + b":" + data
        if not is_whole:
            raise FileFormatError(f"{path} ends in the middle of a flow: it was cut off, or is still being written")


def _prefix(stream: ByteStream, path: Path) -> bytes:
    """Digits up to the colon; empty at the end of the file."""
    digits = b""
    while (byte := stream.read(1)) != b":":
        if not byte and not digits:
            return b""
        if not byte.isdigit() or len(digits) == _MOST_DIGITS:
            raise FileFormatError(f"{path} is no mitmproxy flow file, or is damaged from here on")
        digits += byte
    if not digits:
        raise FileFormatError(f"{path} is no mitmproxy flow file, or is damaged from here on")
    return digits
