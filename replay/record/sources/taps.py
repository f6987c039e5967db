"""JSON lines from an access tap (nginx's log_format with escape=json, Envoy's JSON access log, our own export).

The form of a line is in `tap_record`. A line that cannot be used is skipped and counted; the others are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from replay.model.errors import FileFormatError
from replay.record.sources.byte_stream import open_stream
from replay.record.sources.contract import Found, OnBytes, Skipped, keep_quiet
from replay.record.sources.cuts import Cutter
from replay.record.sources.json_elements import read_record
from replay.record.sources.tap_record import snapshot_of

_BEGIN = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"')
_METHOD = re.compile(rb'"method"\s*:\s*"')
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Taps:
    name: str = "jsonl"
    suffixes: tuple[str, ...] = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")

    def is_own(self, head: bytes) -> bool:
        line = head.removeprefix(_BOM).lstrip().partition(b"\n")[0]
        return _BEGIN.match(line) is not None and _METHOD.search(line) is not None

    def snapshots(self, path: Path, on_bytes: OnBytes = keep_quiet) -> Iterator[Found]:
        cutter = Cutter(b"\n")
        is_empty = True
        with open_stream(path, on_bytes) as stream:
            while piece := stream.read():
                is_empty = False
                for line in cutter.feed(piece):
                    yield from _found(line)
        yield from _found(cutter.rest())
        if is_empty:
            raise FileFormatError(f"{path} is empty")


def _found(line: bytes | Skipped) -> Iterator[Found]:
    """Nothing for a blank line."""
    if isinstance(line, Skipped):
        yield line
        return
    line = line.removeprefix(_BOM).strip()
    if line:
        record = read_record(line)
        yield record if isinstance(record, Skipped) else snapshot_of(record)
