"""GoReplay's files: requests and responses as they went over the wire, each on its own, matched here by their id.

    1 932079936fa4306fc308d67588178d17d823647c 1439818823587396305 200      type, id, nanoseconds, latency
    GET /parcels HTTP/1.1 ...                                               1 request, 2 response, 3 replayed response
    <newline>🐵🙈🙉<newline>

Rule: halves that wait for their other half are bounded in bytes and number; the oldest is skipped and counted.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from replay.model.errors import FileFormatError
from replay.record.snapshot import Snapshot
from replay.record.sources.byte_stream import open_stream
from replay.record.sources.contract import Found, OnBytes, Skipped, keep_quiet
from replay.record.sources.cuts import Cutter
from replay.record.sources.foreign_values import (
    DEFAULT_PORTS,
    UrlParts,
    first_value,
    host_and_port,
    target_bytes,
    url_parts,
)
from replay.record.sources.halves import Half, joined
from replay.record.sources.http_message import MalformedError, Message, read_request, read_response

_SEPARATOR = "\n🐵🙈🙉\n".encode()
_HEAD = re.compile(rb"([123]) ([0-9A-Za-z_-]{1,64}) (-?\d{1,19})(?: (-?\d{1,19}))? *\r?\n")
_NANO = 1e9
_YEAR_2001_NS = 978_307_200 * 10**9  # a smaller "time" of a response is how long it took: older files say that
_MOST_WAITING_BYTES = 64 << 20
_MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class Gor:
    name: str = "gor"
    suffixes: tuple[str, ...] = (".gor", ".gor.gz")

    def is_own(self, head: bytes) -> bool:
        return _HEAD.match(head.lstrip(b"\r\n")) is not None

    def snapshots(self, path: Path, on_bytes: OnBytes = keep_quiet) -> Iterator[Found]:
        matcher = _Matcher()
        damage: FileFormatError | None = None
        try:
            for record in _records(path, on_bytes):
                yield from matcher.take(record)
        except FileFormatError as error:
            damage = error
        yield from matcher.left()
        if damage:
            raise damage
        if not matcher.seen:
            raise FileFormatError(f"{path} is no GoReplay file: it holds no request and no response")
        if not matcher.has_responses:
            raise FileFormatError(
                f"{path} holds requests only, and an exchange needs both: record it with --input-raw-track-response"
            )


def _records(path: Path, on_bytes: OnBytes) -> Iterator[bytes | Skipped]:
    cutter = Cutter(_SEPARATOR)
    with open_stream(path, on_bytes) as stream:
        while piece := stream.read():
            yield from cutter.feed(piece)
    rest = cutter.rest()
    if isinstance(rest, Skipped) or rest.strip():
        yield rest


@dataclass(frozen=True, slots=True, repr=False)
class _Half:
    """A request or a response that waits. Times: nanoseconds; `latency` 0: unknown."""

    is_request: bool
    at: int
    latency: int
    raw: bytes


@dataclass(slots=True, repr=False)
class _Matcher:
    seen: int = 0
    has_responses: bool = False
    _waiting: OrderedDict[bytes, _Half] = field(default_factory=OrderedDict)
    _waiting_bytes: int = 0

    def take(self, record: bytes | Skipped) -> Iterator[Found]:
        """What this record completes, or pushes out."""
        if isinstance(record, Skipped):
            yield record
            return
        record = record.lstrip(b"\r\n")
        match = _HEAD.match(record)
        if not match:
            yield Skipped("unreadable")
            return
        self.seen += 1
        if match[1] == b"3":
            yield Skipped("replayed-response")
            return
        half = _Half(match[1] == b"1", int(match[3]), max(0, int(match[4] or 0)), record[match.end() :])
        self.has_responses = self.has_responses or not half.is_request
        yield from self._meet(match[2], half)

    def left(self) -> Iterator[Found]:
        """Everything whose other half never came."""
        for half in self._waiting.values():
            yield _lonely(half)
        self._waiting.clear()

    def _meet(self, name: bytes, half: _Half) -> Iterator[Found]:
        other = self._waiting.pop(name, None)
        if other:
            self._waiting_bytes -= len(other.raw)
            if other.is_request != half.is_request:
                yield _snapshot(*((half, other) if half.is_request else (other, half)))
                return
            yield _lonely(other)
        self._waiting[name] = half
        self._waiting_bytes += len(half.raw)
        while self._waiting_bytes > _MOST_WAITING_BYTES or len(self._waiting) > _MOST_WAITING:
            _, oldest = self._waiting.popitem(last=False)
            self._waiting_bytes -= len(oldest.raw)
            yield _lonely(oldest)


def _lonely(half: _Half) -> Skipped:
    return Skipped("no-response" if half.is_request else "no-request")


def _snapshot(request: _Half, response: _Half) -> Found:
    try:
        asked = read_request(request.raw)
        answered = read_response(response.raw, has_body=asked.method != b"HEAD")
    except MalformedError:
        return Skipped("unreadable")
    if asked.method == b"CONNECT":
        return Skipped("tunnel")
    return _whole(asked, answered, request.at / _NANO, _ended(request, response) / _NANO)


def _whole(asked: Message, answered: Message, started: float, ended: float) -> Snapshot:
    url = url_parts(asked.target.decode("latin-1"))  # absolute-form: the recorder stood in front of a proxy
    if url is None:
        authority = first_value(asked.headers, b"host")
        host, port = host_and_port(authority)
        target = target_bytes(asked.target.decode("latin-1"))
        url = UrlParts("http", authority.encode("latin-1"), host, port or DEFAULT_PORTS["http"], target)
    return joined(
        url,
        asked.method,
        Half(asked.headers, asked.body, asked.size_bytes),
        answered.status,
        Half(answered.headers, answered.body, answered.size_bytes, answered.trailers),
        started=started,
        ended=ended,
    )


def _ended(request: _Half, response: _Half) -> int:
    if response.latency:
        return request.at + response.latency
    return max(request.at, response.at) if response.at > _YEAR_2001_NS else request.at + max(0, response.at)
