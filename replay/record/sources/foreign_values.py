"""Values as other tools write them, turned into the bytes and numbers of a snapshot.

Rule: total. What cannot be used is None or left out; nothing here raises on any JSON value.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from replay.record.snapshot import RawHeaders

_URL = re.compile(r"(?i)(https?|wss?)://([^/?#\\\s]*)([^#]*)")
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^:\[\]@]+)(?::(\d{1,5}))?")
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")  # RFC 9110 section 5.6.2, with a limit
_FIELD_NAME = re.compile(r"[!-9;-~]{1,256}")  # visible and no colon: wider than RFC 9110's token, as servers are
_CHARSET = re.compile(r"""(?i)charset\s*=\s*["']?([a-z0-9_:.-]{1,40})""")
_CHARSETS = re.compile(
    r"utf-?(8|16|32)([_-]?[bl]e)?|us-ascii|latin-?1|iso-?8859-\d+|windows-125\d|cp125\d"
    r"|shift_jis|euc-(jp|kr)|gb2312|gbk|gb18030|big5|koi8-[ru]"
)
_DIGITS = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
_MOST_FIELDS = 1000
_LATEST = 1e11  # seconds: beyond it the number was milliseconds or nonsense
_TARGET_SAFE = "".join(map(chr, range(0x21, 0x7F)))
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class UrlParts:
    """`authority` has no user information; `target` is origin-form in visible ASCII."""

    scheme: str
    authority: bytes
    host: str
    port: int
    target: bytes


def url_parts(url: Any) -> UrlParts | None:
    """None for what is no http(s) or ws(s) URL."""
    match = _URL.match(url) if isinstance(url, str) else None
    if not match:
        return None
    scheme = {"ws": "http", "wss": "https"}.get(match[1].lower(), match[1].lower())
    authority = match[2].rpartition("@")[2]  # user:password@ is nothing that a server ever sees
    host, port = host_and_port(authority)
    if not host:
        return None
    target = match[3] if match[3].startswith("/") else f"/{match[3]}"
    return UrlParts(scheme, wire_bytes(authority), host, port or DEFAULT_PORTS[scheme], target_bytes(target))


def host_and_port(authority: Any) -> tuple[str, int]:
    """Port 0: none is named. ("", 0) for what is no authority."""
    match = _HOST_PORT.fullmatch(authority.strip()) if isinstance(authority, str) else None
    return (match[1], min(int(match[2] or 0), 65535)) if match else ("", 0)


def target_bytes(target: str) -> bytes:
    """Percent-encoded where it is not visible ASCII, as every client does before it sends."""
    return quote(target, safe=_TARGET_SAFE, encoding="utf-8", errors="surrogateescape").encode("ascii", "replace")


def method_bytes(method: Any) -> bytes | None:
    """None for what is no method (RFC 9110 section 9.1)."""
    return method.encode() if isinstance(method, str) and _METHOD.fullmatch(method) else None


def status_of(status: Any) -> int | None:
    """0: there was no response. None for what is no status (RFC 9110 section 15)."""
    number = number_of(status)
    if number is None or number != int(number):
        return None
    return int(number) if 100 <= number <= 999 else 0 if number in (0, -1) else None


def number_of(value: Any) -> float | None:
    """A finite number; log formats quote them."""
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def seconds_of(moment: Any) -> float | None:
    """Seconds, UTC: of a number of seconds, or of an ISO 8601 text (without a zone: UTC)."""
    number = number_of(moment)
    if number is None and isinstance(moment, str) and len(moment) <= 64:
        try:
            read = datetime.fromisoformat(moment.strip())
            number = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    return number if number is not None and 0 <= number < _LATEST else None


def wire_bytes(text: str) -> bytes:
    """A header's text as bytes: latin-1 (RFC 9110 section 5.5), else UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return utf8_bytes(text)


def utf8_bytes(text: str) -> bytes:
    """Bytes that were no UTF-8 come back from their lone surrogates; other lone surrogates become question marks."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def body_bytes(text: str, content_type: str) -> bytes:
    """A body that a tool has decoded to text, in the charset that its type declares."""
    match = _CHARSET.search(content_type)
    if match and _CHARSETS.fullmatch(match[1].lower()):
        try:
            return text.encode(match[1])
        except (UnicodeEncodeError, LookupError):
            pass
    return utf8_bytes(text)


def base64_bytes(text: Any) -> bytes | None:
    """Standard or URL-safe alphabet, with or without padding and line breaks. None for anything else."""
    if not isinstance(text, str):
        return None
    bare = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def header_fields(fields: Any) -> RawHeaders:
    """Of [{"name", "value"}], [{"key", "value"}], [[name, value]] or {name: value or values}.

    Nameless fields and those without a value are left out, and so are empty ones of the last form: a log format writes
    them for headers that were not there.
    """
    out: list[tuple[bytes, bytes]] = []
    for name, value in _pairs(fields):
        if len(out) == _MOST_FIELDS:
            break
        text = value if isinstance(value, str) else "" if number_of(value) is None else str(value)
        if value is None or not isinstance(name, str) or not _FIELD_NAME.fullmatch(name.lstrip(":")):
            continue
        if name.lower() == "set-cookie":  # some browsers join them by line breaks
            out += [(wire_bytes(name), wire_bytes(line)) for line in text.split("\n") if line]
        else:
            out.append((wire_bytes(name), wire_bytes(text)))
    return tuple(out)


def first_value(fields: RawHeaders, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in fields if key.lower() == name), "")


def without(fields: RawHeaders, *names: bytes) -> RawHeaders:
    return tuple(pair for pair in fields if pair[0].lower() not in names)


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def object_of(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _pairs(fields: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(fields, dict):
        for name, value in fields.items():
            for one in value if isinstance(value, list) else [value]:
                if one != "":
                    yield name, one
    for field in list_of(fields):
        if isinstance(field, dict):
            yield field.get("name", field.get("key")), field.get("value")
        elif isinstance(field, list) and len(field) == 2:
            yield field[0], field[1]
