"""One entry of a HAR as a snapshot. Pure and total: any JSON object becomes a snapshot or a reason to skip it.

Bodies in a HAR are decoded already, though the headers still name a content coding: the coding header goes.
Pseudo-headers (":authority") go too, their values are elsewhere in the entry.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from replay.record.snapshot import RawHeaders, RawMessage, Snapshot
from replay.record.sources.contract import Found, Skipped
from replay.record.sources.error_words import words_of
from replay.record.sources.foreign_values import (
    UrlParts,
    base64_bytes,
    body_bytes,
    first_value,
    header_fields,
    list_of,
    method_bytes,
    number_of,
    object_of,
    seconds_of,
    status_of,
    text_of,
    url_parts,
    utf8_bytes,
    wire_bytes,
    without,
)
from replay.record.sources.halves import Half, joined

_BROWSER = "browser"
_TEXT, _BINARY = 1, 2  # opcodes (RFC 6455 section 5.2)
_NEVER_SENT = ("net::err_blocked_by", "net::err_cache_miss")  # extensions, policies
_FORM = "application/x-www-form-urlencoded"
_COOKIE_MARKS = (("httpOnly", "HttpOnly"), ("secure", "Secure"))
_COOKIE_FIELDS = (("path", "Path"), ("domain", "Domain"), ("expires", "Expires"), ("sameSite", "SameSite"))
_LONGEST_MS = 1e9  # some eleven days


def snapshot_of(entry: dict[str, Any], scope: str) -> Found:
    """`scope` is where connection names are unique: the file."""
    request, response = object_of(entry.get("request")), object_of(entry.get("response"))
    if not request:
        return Skipped("no-request")
    if entry.get("_fromCache"):
        return Skipped("from-cache")  # it never reached the server
    method, url = method_bytes(request.get("method")), url_parts(request.get("url"))
    if method == b"CONNECT":
        return Skipped("tunnel")
    if method is None:
        return Skipped("bad-method")
    if url is None:
        return Skipped("not-http")
    error = response.get("_error") or entry.get("_error") or response.get("statusText")
    if text_of(error).lower().startswith(_NEVER_SENT):
        return Skipped("never-sent")
    started, status = seconds_of(entry.get("startedDateTime")), status_of(response.get("status", 0))
    if started is None:
        return Skipped("bad-time")
    if status is None:
        return Skipped("bad-status")
    return _snapshot(entry, url, method, started, status, words_of(error), _connection(entry, scope))


def _snapshot(
    entry: dict[str, Any], url: UrlParts, method: bytes, started: float, status: int, error: str, connection: str
) -> Snapshot:
    request, response = object_of(entry.get("request")), object_of(entry.get("response"))
    asked, answered = _fields(request, _cookie_line), _fields(response, _cookie_lines) if status else ()
    authority = _pseudo(request, ":authority") or first_value(asked, b"host").encode("latin-1") or url.authority
    answer = _response_body(response, answered) if status else (b"", 0)
    messages = _messages(entry)
    took = number_of(entry.get("time")) or 0.0
    ended = started + min(max(took, 0.0), _LONGEST_MS) / 1000
    return joined(
        replace(url, authority=authority, target=_target(request, url)),
        method,
        Half(asked, *_request_body(request, first_value(asked, b"content-type"))),
        status,
        Half(answered, *answer, header_fields(response.get("_trailers"))),
        started=started,
        ended=max([ended, *(message[2] for message in messages)]),
        connection=connection,
        error=error,
        messages=messages,
    )


def _connection(entry: dict[str, Any], scope: str) -> str:
    name = _BROWSER if entry.get("pageref") else text_of(entry.get("connection"))
    return f"{scope} {name}" if name else ""


def _fields(side: dict[str, Any], of_cookies: Any) -> RawHeaders:
    """Header fields; cookies come from their own list when a tool has moved them there."""
    fields = header_fields(side.get("headers"))
    real = tuple(pair for pair in without(fields, b"content-encoding") if not pair[0].startswith(b":"))
    made: RawHeaders = of_cookies(list_of(side.get("cookies")), real)
    return real + made


def _cookie_line(cookies: list[Any], fields: RawHeaders) -> RawHeaders:
    crumbs = [f"{text_of(one.get('name'))}={text_of(one.get('value'))}" for one in map(object_of, cookies) if one]
    return ((b"Cookie", wire_bytes("; ".join(crumbs))),) if crumbs and not first_value(fields, b"cookie") else ()


def _cookie_lines(cookies: list[Any], fields: RawHeaders) -> RawHeaders:
    if first_value(fields, b"set-cookie"):
        return ()
    return tuple((b"Set-Cookie", wire_bytes(_set_cookie(one))) for one in map(object_of, cookies) if one)


def _set_cookie(cookie: dict[str, Any]) -> str:
    parts = [f"{text_of(cookie.get('name'))}={text_of(cookie.get('value'))}"]
    parts += [f"{word}={text_of(cookie.get(key))}" for key, word in _COOKIE_FIELDS if text_of(cookie.get(key))]
    return "; ".join([*parts, *(word for key, word in _COOKIE_MARKS if cookie.get(key) is True)])


def _pseudo(request: dict[str, Any], wanted: str) -> bytes:
    return first_value(header_fields(request.get("headers")), wanted.encode()).encode("latin-1")


def _target(request: dict[str, Any], url: UrlParts) -> bytes:
    """The URL's own; some tools keep the query apart."""
    pairs = _named(request.get("queryString"))
    return url.target if b"?" in url.target or not pairs else url.target + b"?" + urlencode(pairs).encode()


def _request_body(request: dict[str, Any], content_type: str) -> tuple[bytes, int]:
    """(Bytes, size); size -1: there was a body, and the file does not hold it."""
    data = object_of(request.get("postData"))
    kind = content_type or text_of(data.get("mimeType"))
    if isinstance(data.get("text"), str) and (data["text"] or not list_of(data.get("params"))):
        return _content(data, kind)
    pairs = _named(data.get("params"))
    if pairs and kind.partition(";")[0].strip().lower() in ("", _FORM):
        made = urlencode(pairs, errors="surrogatepass").encode()
        return made, len(made)
    return b"", -1 if pairs or (number_of(request.get("bodySize")) or 0) > 0 else 0


def _response_body(response: dict[str, Any], fields: RawHeaders) -> tuple[bytes, int]:
    content = object_of(response.get("content"))
    if isinstance(content.get("text"), str):
        return _content(content, first_value(fields, b"content-type") or text_of(content.get("mimeType")))
    sizes = [number_of(content.get("size")) or 0, number_of(response.get("bodySize")) or 0]
    return b"", -1 if max(sizes) > 0 else 0


def _content(content: dict[str, Any], content_type: str) -> tuple[bytes, int]:
    """`size` says nothing about a cut: tools count before or after decoding. Our own exports mark one."""
    text = text_of(content.get("text"))
    is_coded = text_of(content.get("encoding")).lower() == "base64"
    data = base64_bytes(text) if is_coded else body_bytes(text, content_type)
    if data is None:
        return b"", -1
    if content.get("_truncated") is True:
        size = int(number_of(content.get("_size")) or -1)
        return data, size if size > len(data) else len(data) + 1 if data else -1
    return data, len(data)


def _messages(entry: dict[str, Any]) -> tuple[RawMessage, ...]:
    """Chrome's form, which mitmproxy writes too; pings and errors are no messages."""
    out: list[RawMessage] = []
    for message in map(object_of, list_of(entry.get("_webSocketMessages"))):
        opcode, data = int(number_of(message.get("opcode")) or 0), text_of(message.get("data"))
        kept = utf8_bytes(data) if opcode == _TEXT else base64_bytes(data) if opcode == _BINARY else None
        if kept is not None and message.get("type") in ("send", "receive"):
            size = max(len(kept), int(number_of(message.get("_size")) or 0))
            out.append((message["type"] == "send", opcode, seconds_of(message.get("time")) or 0.0, kept, size))
    return tuple(out)


def _named(pairs: Any) -> list[tuple[str, str]]:
    return [(text_of(one.get("name")), text_of(one.get("value"))) for one in map(object_of, list_of(pairs)) if one]
