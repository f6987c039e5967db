"""Multipart forms (RFC 7578): fields by the rules of forms, files by their type, a boundary of our own.

    text, JSON, XML, CSV ...   each by the redactor of its format
    all else                   as many bytes of the same type that say nothing, see `placeholders`

A file's name becomes a stand-in that keeps its extension. Of a part's fields its disposition and its type stay.

Rule: nothing is written to disk on the way, and a body that does not end with its boundary is dropped.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from dataclasses import dataclass, replace
from urllib.parse import quote

from replay.model.exchange import Exchange
from replay.redact.body_formats import Format
from replay.redact.body_rewriting import attempted, with_rewritten
from replay.redact.contract import Action, Notes, ValueClass
from replay.redact.desk import Desk, UnreadableError, padded
from replay.redact.media_types import BOUNDARY, boundary_of, charset_of, reduced
from replay.redact.multipart_parts import Part, parts_of
from replay.redact.part_formats import rewrite_of
from replay.redact.placeholders import placeholder
from replay.redact.pseudonyms import Pseudonym
from replay.redact.upload_map import rewritten_upload_map
from replay.redact.vocabulary import KeyRole, listed

_EXTENSIONS = listed(
    """pdf png jpg jpeg gif webp svg bmp tif tiff heic ico txt csv tsv json xml html htm md log yaml yml doc docx xls
    xlsx ppt pptx odt ods rtf zip gz tar tgz mp3 mp4 wav avi mov webm ogg eml ics vcf pem crt p12 bin dat js
    css ts py"""
)
_LINES = re.compile(r"[\r\n]+")


@dataclass(frozen=True, slots=True)
class MultipartBody:
    """Order, names and types of the parts stay; what stands before, between and behind them does not."""

    name: str = "multipart-body"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_rewritten(exchange, pseudonym, notes, Format.MULTIPART, _rewritten, "form")


def _rewritten(desk: Desk, data: bytes, content_type: str, place: str) -> bytes:
    parts = parts_of(data, boundary_of(content_type))
    is_graphql = any(part.parameter("name") == "operations" for part in parts)
    fresh = [
        _written(desk, _mapped(desk, part, place) if is_graphql else part, place)
        for part in parts
        if not _is_dropped(desk, part, place)
    ]
    mark = b"--" + BOUNDARY.encode()
    if not fresh or any(mark in part for part in fresh):
        raise UnreadableError("boundary")
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in fresh) + mark + b"--\r\n"


def _is_dropped(desk: Desk, part: Part, place: str) -> bool:
    name = part.parameter("name")
    return bool(name) and desk.leaves_out(name or "", f"{place}.{name}[*]", part.content.decode("utf-8", "replace"))


def _mapped(desk: Desk, part: Part, place: str) -> Part:
    """The map of a GraphQL upload, rewritten already; any other part as it is."""
    if part.parameter("name") != "map" or part.coding:
        return part
    return replace(part, content=rewritten_upload_map(desk, part.content, f"{place}.map[*]"), is_done=True)


def _written(desk: Desk, part: Part, place: str) -> bytes:
    name, file_name = part.parameter("name"), part.parameter("filename")
    new = desk.name(name, place) if name else ""
    own = f"{place}.{new}[*]" if new else place
    fields: list[str] = []
    if part.disposition:
        kind = part.disposition if part.disposition in ("form-data", "attachment", "inline") else "form-data"
        told = [kind] + ([f'name="{_quoted(new)}"'] if name is not None else [])
        fields.append("; ".join([*told, *_file_name(desk, part, file_name, own)]))
        fields[-1] = f"Content-Disposition: {fields[-1]}"
    if part.content_type:
        fields.append(f"Content-Type: {reduced(part.content_type, desk.notes.guide.lexicon)}")
    content, coding = _content(desk, part, name or "", file_name is not None, own)
    if coding:
        fields.append(f"Content-Transfer-Encoding: {coding}")
    return "".join(f"{field}\r\n" for field in fields).encode("utf-8", "replace") + b"\r\n" + content


def _content(desk: Desk, part: Part, name: str, is_file: bool, place: str) -> tuple[bytes, str]:
    """The content anew, and its transfer coding."""
    if not part.content or part.is_done:
        return part.content, ""
    if part.coding == "base64":
        try:
            plain = a2b_base64(part.content)
        except Base64Error:
            raise UnreadableError("base64") from None
        return b64encode(_plain_content(desk, part, plain, name, is_file, place)), "base64"
    if part.coding not in ("", "7bit", "8bit", "binary"):
        raise UnreadableError("coding")
    return _plain_content(desk, part, part.content, name, is_file, place), ""


def _plain_content(desk: Desk, part: Part, data: bytes, name: str, is_file: bool, place: str) -> bytes:
    kind = part.content_type
    if not is_file and (not kind or kind.lower().startswith("text/plain")):
        try:
            text = data.decode(charset_of(kind) or "utf-8")
            return padded(desk, name, text, place).encode(charset_of(kind) or "utf-8", "replace")
        except (UnicodeError, LookupError):
            return _left_out(desk, data, place)
    rewrite = rewrite_of(kind)
    fresh = None if rewrite is None else attempted(desk, rewrite, data, kind, place)
    return _left_out(desk, data, place) if fresh is None else fresh


def _left_out(desk: Desk, data: bytes, place: str) -> bytes:
    desk.notes.did(desk.side, place, ValueClass.BODY, Action.DROP)
    return placeholder(data, desk.pseudonym)


def _file_name(desk: Desk, part: Part, old: str | None, place: str) -> list[str]:
    """`filename="stand-in.pdf"`, in the writing that the client chose."""
    if old is None:
        return []
    stem, dot, extension = old.rpartition(".")
    if not dot or extension.lower() not in _EXTENSIONS:
        stem, extension = old, ""
    fresh = desk.notes.apply(desk.side, f"{place}.filename", desk.change(KeyRole.NAME, stem)) if stem else ""
    fresh += f".{extension}" if extension else ""
    if part.is_extended:
        return [f"filename*=UTF-8''{quote(fresh, safe='', errors='replace')}"]
    return [f'filename="{_quoted(fresh)}"']


def _quoted(text: str) -> str:
    """As browsers write it: quotes and line ends in percent."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
