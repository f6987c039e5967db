"""Paths, queries and URLs: routes stay, what names somebody does not."""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import quote, unquote, unquote_plus

from replay.redact.vocabulary import PEOPLE, VERBS

SEGMENT_SAFE = "!$&'()*+,;=:@~-._"  # as replay.model.message quotes segments
_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)?//([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_SCHEMES = frozenset(
    ("http", "https", "ws", "wss", "ftp", "ftps", "sftp", "file", "git", "ssh", "s3", "gs", "jdbc", "urn")
)
_PORT = re.compile(r":\d{1,5}")
_BRACKETED = re.compile(r"(\[[^\]]*\])(.*)", re.DOTALL)


class Desk(Protocol):
    """What of a `Rewriter` is needed here."""

    def value(self, name: str, text: str, place: str) -> str: ...
    def name(self, name: str, place: str) -> str: ...
    def host(self, authority: str, place: str) -> str: ...
    def is_route(self, segment: str) -> bool: ...
    def leaves_out(self, name: str, place: str, text: str = "") -> bool: ...


def redact_url(desk: Desk, text: str, place: str) -> str:
    """An absolute URL, a network-path reference, or path and query. `place` is where its segments are noted."""
    found = _ABSOLUTE.fullmatch(text)
    if found is None:
        start, fragment_mark, fragment = text.partition("#")
        path, mark, query = start.partition("?")
        out = redact_path(desk, path, f"{place}[*]")
        out += mark + redact_query(desk, query, f"{place}.query")
        return out + (fragment_mark + _fragment(desk, fragment, place) if fragment_mark else "")
    scheme, authority, path, query, fragment = (group or "" for group in found.groups())
    if scheme and not _is_everybodys(scheme[:-1]):
        scheme = desk.value("", scheme[:-1], f"{place}.scheme") + ":"
    out = f"{scheme}//{desk.host(authority, f'{place}.host')}{redact_path(desk, path, f'{place}[*]')}"
    if query:
        out += "?" + redact_query(desk, query[1:], f"{place}.query")
    return out + ("#" + _fragment(desk, fragment[1:], place) if fragment else "")


def _is_everybodys(scheme: str) -> bool:
    """False for an app's own, which may name whose it is."""
    return scheme.lower() in _SCHEMES


def redact_path(desk: Desk, path: str, place: str) -> str:
    """Route words and integers stay; a word after a collection of people or tenants is a name."""
    out: list[str] = []
    before = ""
    for raw in path.split("/"):
        segment = unquote(raw)
        if _stays(desk, segment, before):
            out.append(raw if raw == segment else quote(segment, safe=SEGMENT_SAFE))
            before = segment.lower()
        else:
            out.append(quote(_segment(desk, segment, before, place), safe=SEGMENT_SAFE))
            before = ""
    return "/".join(out)


def redact_query(desk: Desk, query: str, kind: str) -> str:
    """`a=1&b=2`, also as a form body; pieces that stay keep their own percent-encoding."""
    pieces = (_piece(desk, piece, kind) for piece in query.split("&")) if query else ()
    return "&".join(piece for piece in pieces if piece is not None)


def split_authority(authority: str) -> tuple[str, str]:
    """(host, ":port" or ""), user information dropped."""
    bare = authority.rpartition("@")[2]
    bracketed = _BRACKETED.fullmatch(bare)
    host, rest = (bracketed[1], bracketed[2]) if bracketed else _split_port(bare)
    return host, rest if _PORT.fullmatch(rest) else ""


def _split_port(bare: str) -> tuple[str, str]:
    host, mark, port = bare.partition(":")
    return host, mark + port


def _stays(desk: Desk, segment: str, before: str) -> bool:
    if segment in ("", ".", ".."):
        return True
    if before in PEOPLE and segment not in VERBS:
        return False
    noun, mark, verb = segment.partition(":")
    return desk.is_route(noun) and (not mark or desk.is_route(verb))


def _segment(desk: Desk, segment: str, before: str, place: str) -> str:
    """A segment that may be data, and its parameters (`courses;jsessionid=x`)."""
    head, mark, parameters = segment.partition(";")
    new = head if mark and _stays(desk, head, before) else desk.value("", head, place)
    if not mark:
        return new
    pieces = (piece.partition("=") for piece in parameters.split(";"))
    return ";".join([new, *(desk.name(k, place) + eq + desk.value(k, v, place) for k, eq, v in pieces)])


def _piece(desk: Desk, piece: str, kind: str) -> str | None:
    """None leaves the parameter out, because a rule says so."""
    raw_name, mark, raw_value = piece.partition("=")
    name, value = unquote_plus(raw_name), unquote_plus(raw_value)
    if not mark and not desk.is_route(name):  # `?wsdl` is a word of the program, `?Kowalski` is not
        return quote(desk.value("", name, kind), safe="")
    new_name = desk.name(name, kind)
    if desk.leaves_out(name, f"{kind}.{new_name}[*]", value):
        return None
    new_value = desk.value(name, value, f"{kind}.{new_name}[*]") if value else ""
    if new_name == name and new_value == value:
        return piece
    return quote(new_name, safe="[]$:") + mark + quote(new_value, safe="")


def _fragment(desk: Desk, fragment: str, place: str) -> str:
    if "=" in fragment:
        return redact_query(desk, fragment, f"{place}.fragment")
    return quote(desk.value("", unquote(fragment), f"{place}.fragment"), safe="/")
