"""The head and body of a request as they go out: as recorded, but for what belongs to one connection.

Kept: order, case and repetition of the fields, and whatever the client said. Host becomes the target's, where it
stood. Content-Length is that of what is sent. Accept-Encoding loses codings that we could not read. A body that was
recorded with a content coding (captures hold it decoded) gets that coding again.
"""

from __future__ import annotations

import re

from replay.model.exchange import Request
from replay.wire.codings import acceptable, encoded, is_decodable

RUN_HEADER = "X-Replay-Run"
_MOST_NAMES = 4096  # kept with their rule; a capture can hold any number of names
_MOST_LINES = 4096  # kept as they are written: the same fields come again and again
_LONGEST_LINE = 512  # characters of one that is kept
_NEVER_AGAIN = "traceparent"  # another one for each request
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # methods and names (RFC 9110 section 5.6.2)
_ORIGIN_FORM = re.compile(r"/[^\x00-\x20\x7f]*")  # RFC 9112 section 3.2.1; a blank would end it

Fields = list[tuple[str, str]]


# What becomes of a field. Plain numbers: this is read for every field of every request.
_KEPT, _DROPPED, _HOST, _LENGTH, _ACCEPTED, _CODING = range(6)

# Dropped: hop by hop (RFC 9110 section 7.6.1), or a matter between us and the target alone.
_RULES = {
    "host": _HOST,
    "content-length": _LENGTH,
    "accept-encoding": _ACCEPTED,
    "content-encoding": _CODING,
    "connection": _DROPPED,
    "keep-alive": _DROPPED,
    "proxy-connection": _DROPPED,
    "proxy-authorization": _DROPPED,
    "te": _DROPPED,
    "trailer": _DROPPED,
    "transfer-encoding": _DROPPED,
    "upgrade": _DROPPED,
    "expect": _DROPPED,
}


class Letterhead:
    """What all requests of one client share: whom they go to, and the run's name (empty: they do not carry it)."""

    __slots__ = ("_authority", "_lines", "_rules", "_run_id")

    def __init__(self, authority: str, run_id: str = "") -> None:
        self._authority = authority
        self._run_id = run_id
        self._rules: dict[str, int] = {}  # by the name as it is spelled
        self._lines: dict[tuple[str, str], tuple[int, bytes]] = {}  # a field's rule, and the bytes of its line

    def written(self, request: Request) -> bytes:
        """Head and body on the wire: what `letter` and `as_bytes` write. Raises ValueError as they do.

        Lines are remembered, since most fields of a run are said again and again; what is odd is written anew.
        """
        target, body = request.target, request.body.data
        if not target.isascii() or not _ORIGIN_FORM.fullmatch(target) or request.method not in _METHODS:
            return self._anew(request)
        parts = [f"{request.method} {target} HTTP/1.1\r\n".encode("ascii")]
        has_host = has_length = False
        known = self._lines
        for pair in request.headers.fields:
            rule, line = known.get(pair) or self._line(pair)
            if rule == _KEPT:
                parts.append(line)
            elif rule == _HOST:
                if not has_host:
                    parts.append(line)
                has_host = True
            elif rule == _LENGTH:
                if not has_length:
                    parts.append(b"%s: %d\r\n" % (line, len(body)))
                has_length = True
            elif rule != _DROPPED:
                return self._anew(request)
        rule, own = self._own(request) if self._run_id else (_KEPT, b"")
        if not has_host or rule != _KEPT:
            return self._anew(request)
        if not has_length and (body or not request.is_safe):
            parts.append(b"Content-Length: %d\r\n" % len(body))
        parts += (own, b"\r\n", body)
        return b"".join(parts)

    def _own(self, request: Request) -> tuple[int, bytes]:
        """The line that names the run, as `_line` has it; empty where the request says it itself."""
        if any(name == RUN_HEADER for name, _ in request.headers.fields):
            return _KEPT, b""
        own = (RUN_HEADER, self._run_id)
        return self._lines.get(own) or self._line(own)

    def _anew(self, request: Request) -> bytes:
        fields, body = self.letter(request)
        return as_bytes(request, fields) + body

    def _line(self, pair: tuple[str, str]) -> tuple[int, bytes]:
        """A field's rule and its line; of a length the name alone. Raises ValueError for a name that is no token."""
        name, value = pair
        rule = self._rules.get(name)
        if rule is None:
            rule = self._learned(name)
        if rule == _HOST:
            value = self._authority
        elif rule == _ACCEPTED:
            rule, value = _KEPT, acceptable(value)
        if not (value.isprintable() or value.replace("\t", "").isprintable()) or not value.isascii():
            made = (_CODING, b"")  # odd: it needs a closer look each time
        elif rule == _LENGTH:
            made = (rule, name.encode("ascii"))
        else:
            made = (rule, f"{name}: {value}\r\n".encode("ascii"))
        if len(value) <= _LONGEST_LINE and name != _NEVER_AGAIN:
            if len(self._lines) >= _MOST_LINES:
                self._lines.clear()
            self._lines[pair] = made
        return made

    def letter(self, request: Request) -> tuple[Fields, bytes]:
        """The fields in their order, and the body's bytes. Raises ValueError for a name that no field can have."""
        body = request.body.data
        fields: Fields = []
        lengths: list[int] = []
        has_host = False
        rules = self._rules
        for pair in request.headers.fields:
            rule = rules.get(pair[0])
            if rule is None:
                rule = self._learned(pair[0])
            if rule == _KEPT:
                fields.append(pair)
            elif rule == _HOST:
                if not has_host:
                    fields.append((pair[0], self._authority))
                has_host = True
            elif rule == _LENGTH:
                lengths.append(len(fields))
                fields.append(pair)
            elif rule == _ACCEPTED:
                fields.append((pair[0], acceptable(pair[1])))
            elif rule == _CODING and body and is_decodable(pair[1]):
                body = encoded(body, pair[1])
                fields.append(pair)
        if not has_host:
            fields.insert(0, ("Host", self._authority))
            lengths = [place + 1 for place in lengths]
        _measure(fields, lengths, len(body), needed=bool(body) or not request.is_safe)
        if self._run_id and not any(name == RUN_HEADER for name, _ in fields):
            fields.append((RUN_HEADER, self._run_id))
        return fields, body

    def _learned(self, name: str) -> int:
        if not _TOKEN.fullmatch(name):  # with a blank behind it, `Host` would be a second one to some servers
            raise ValueError("a field's name is no token")
        if len(self._rules) >= _MOST_NAMES:
            self._rules.clear()
        return self._rules.setdefault(name, _RULES.get(name.lower(), _KEPT))


def _measure(fields: Fields, lengths: list[int], size_bytes: int, *, needed: bool) -> None:
    """Content-Length once, where it stood first, with the true length; without a body only where one was recorded."""
    for place in reversed(lengths[1:]):
        del fields[place]
    if lengths:
        fields[lengths[0]] = (fields[lengths[0]][0], str(size_bytes))
    elif needed:
        fields.append(("Content-Length", str(size_bytes)))


def as_bytes(request: Request, fields: Fields) -> bytes:
    """The head on the wire (RFC 9112 section 3). Raises ValueError for what would be read as another message."""
    _require_sendable(request)
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields]
    text = "\r\n".join(lines)
    breaks = len(lines) - 1
    if text.count("\n") != breaks or text.count("\r") != breaks or "\0" in text:
        raise ValueError("a line break or a zero byte inside a head")
    try:
        head = text.encode("latin-1")
    except UnicodeEncodeError:  # a live value that is no latin-1: as most clients write it
        head = "\r\n".join(map(_line, lines)).encode("latin-1")
    return head + b"\r\n\r\n"


def _require_sendable(request: Request) -> None:
    """The origin form, or `*` for OPTIONS: every other one could name another host."""
    is_origin_form = _ORIGIN_FORM.fullmatch(request.target) or (request.target == "*" and request.method == "OPTIONS")
    if not is_origin_form or not _TOKEN.fullmatch(request.method):
        raise ValueError("a method or a target that no request line can have")


def _line(line: str) -> str:
    try:
        line.encode("latin-1")
    except UnicodeEncodeError:
        return line.encode("utf-8", "surrogateescape").decode("latin-1")
    return line
