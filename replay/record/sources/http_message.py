"""One HTTP/1 message of which all bytes are there (RFC 9112), read as forgivingly as recorded traffic needs.

Not h11: it refuses what servers in the field send (bare line feeds, odd field names, a missing Host), and a recording
of such an exchange is worth more than a complaint. Rule: pure; every length is limited by the message's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from replay.record.snapshot import RawHeaders

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}) +(\S(?:.*\S)?) +HTTP/\d(?:\.\d)?[ \t]*")
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})(?: .*)?", re.DOTALL)
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n")
_MOST_HEAD_BYTES = 1 << 20
_MOST_FIELDS = 1000
_MOST_INTERIM = 10
_INTERIM = frozenset({100, 102, 103})  # heads before the response proper (RFC 9110 section 15.2)
_BODILESS = frozenset({204, 304})


class MalformedError(ValueError):
    """No HTTP/1 message. Carries no byte of it."""


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """`size_bytes` above the length of `body`: it was cut. `method` and `target` or `status` are set, never both."""

    headers: RawHeaders
    body: bytes
    size_bytes: int
    trailers: RawHeaders = ()
    method: bytes = b""
    target: bytes = b""
    status: int = 0


def read_request(raw: bytes) -> Message:
    """Raises MalformedError."""
    line, headers, rest = _head(raw)
    match = _REQUEST_LINE.fullmatch(line)
    if not match:
        raise MalformedError("no request line")
    body, size_bytes, trailers = _body(headers, rest, until_end=False)
    return Message(headers, body, size_bytes, trailers, method=match[1], target=match[2])


def read_response(raw: bytes, *, has_body: bool) -> Message:
    """The last of the heads in `raw`, interim ones before it are passed over. `has_body`: False for HEAD's answer."""
    for _ in range(_MOST_INTERIM):
        line, headers, rest = _head(raw)
        match = _STATUS_LINE.fullmatch(line)
        if not match:
            raise MalformedError("no status line")
        status = int(match[1])
        if status not in _INTERIM or not rest.startswith(b"HTTP/"):
            break
        raw = rest
    else:
        raise MalformedError("too many interim responses")
    if not has_body or status in _BODILESS or status < 200:
        return Message(headers, b"", 0, status=status)
    body, size_bytes, trailers = _body(headers, rest, until_end=True)
    return Message(headers, body, size_bytes, trailers, status=status)


def _head(raw: bytes) -> tuple[bytes, RawHeaders, bytes]:
    """(First line, fields, what follows them)."""
    raw = raw.lstrip(b"\r\n")
    end = _HEAD_END.search(raw, 0, _MOST_HEAD_BYTES)
    if end is None and len(raw) > _MOST_HEAD_BYTES:
        raise MalformedError("head too long")
    head, rest = (raw[: end.start()], raw[end.end() :]) if end else (raw.rstrip(b"\r\n"), b"")
    line, *lines = _LINE_END.split(head)
    return line, _fields(lines), rest


def _fields(lines: list[bytes]) -> RawHeaders:
    out: list[tuple[bytes, bytes]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and out:  # a folded line (RFC 9112 section 5.2)
            out[-1] = (out[-1][0], out[-1][1] + b" " + line.strip())
            continue
        name, mark, value = line.partition(b":")
        if mark and name.strip():
            out.append((name.strip(), value.strip(b" \t")))
        if len(out) > _MOST_FIELDS:
            raise MalformedError("too many fields")
    return tuple(out)


def _body(headers: RawHeaders, rest: bytes, *, until_end: bool) -> tuple[bytes, int, RawHeaders]:
    """RFC 9112 section 6.3. A body that somebody has joined already goes by its length, whatever the header says."""
    if "chunked" in _value(headers, b"transfer-encoding").lower() and (_CHUNK_SIZE.match(rest) or not rest):
        return _chunked(rest)
    length = _value(headers, b"content-length")
    if length.isdecimal() and len(length) < 16 and "," not in length:
        body = rest[: int(length)]
        return body, int(length), ()
    return (rest, len(rest), ()) if until_end or _value(headers, b"transfer-encoding") else (b"", 0, ())


def _chunked(rest: bytes) -> tuple[bytes, int, RawHeaders]:
    """(Body, its size or one more byte when the end is missing, trailers)."""
    out = bytearray()
    at = 0
    while match := _CHUNK_SIZE.match(rest, at):
        size = int(match[1], 16)
        if not size:
            trailers = _LINE_END.split(rest[match.end() :].rstrip(b"\r\n"))
            return bytes(out), len(out), _fields(trailers)
        out += rest[match.end() : match.end() + size]
        at = match.end() + size
        end = _LINE_END.match(rest, at)
        if not end:
            break
        at = end.end()
    return bytes(out), len(out) + 1, ()


def _value(headers: RawHeaders, wanted: bytes) -> str:
    return next((value.decode("latin-1").strip() for name, value in headers if name.lower() == wanted), "")
