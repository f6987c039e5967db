"""HAR 1.2 as browsers, mitmproxy, Charles and Fiddler write it: a file of any size, one entry at a time.

A browser is one person: entries with a `pageref` share one connection per file, whatever sockets they used. Without
pages, `connection` counts as it stands, within its file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from replay.model.errors import FileFormatError
from replay.record.sources.byte_stream import open_stream
from replay.record.sources.contract import Found, OnBytes, Skipped, keep_quiet
from replay.record.sources.har_entry import snapshot_of
from replay.record.sources.json_elements import ElementSplitter, read_record

_BEGIN = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"log"\s*:\s*\{')
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Har:
    name: str = "har"
    suffixes: tuple[str, ...] = (".har", ".har.gz", ".zhar")

    def is_own(self, head: bytes) -> bool:
        return _BEGIN.match(head) is not None

    def snapshots(self, path: Path, on_bytes: OnBytes = keep_quiet) -> Iterator[Found]:
        splitter = ElementSplitter(("log", "entries"))
        is_first = True
        with open_stream(path, on_bytes) as stream:
            while piece := stream.read():
                if is_first and piece.startswith(_UTF16):
                    raise FileFormatError(f"{path} is UTF-16 text, and a HAR is UTF-8: convert it first")
                is_first = False
                for element in splitter.feed(piece):
                    yield _found(element, str(path))
        if not splitter.found:
            raise FileFormatError(f"{path} is no HAR: it has no log.entries")
        if not splitter.is_whole:
            raise FileFormatError(f"{path} ends in the middle of the HAR: it was cut off")


def _found(element: bytes | Skipped, scope: str) -> Found:
    entry = element if isinstance(element, Skipped) else read_record(element)
    return entry if isinstance(entry, Skipped) else snapshot_of(entry, scope)
