"""Media types, reduced to what decides how a body is read: the essence, its charset, and a boundary of our own."""

from __future__ import annotations

import re

from replay.redact.body_formats import KNOWN_TYPES, Format, format_of
from replay.redact.lexicon import BUILT_IN, Lexicon
from replay.redact.vocabulary import is_structural, listed

BOUNDARY = "replay-boundary-5f1c9e7a40b2d863"  # the one that a client chose may carry anything
_ESSENCE = re.compile(r"([A-Za-z]{1,20})/([A-Za-z0-9][A-Za-z0-9.+_-]{0,80})")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9_-]{1,20})\"?", re.IGNORECASE)
_BOUNDARY = re.compile(r";\s*boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;\",]{1,200}))", re.IGNORECASE)
# Python knows others that hold data or take quadratic time (punycode, idna).
_KNOWN_CHARSET = re.compile(
    r"utf-?8|utf-?16(?:-?[lb]e)?|utf-?32(?:-?[lb]e)?|(?:us-)?ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d|cp125\d|koi8-[ru]"
    r"|shift_jis|euc-(?:jp|kr)|iso-2022-jp|gb2312|gbk|gb18030|big5",
    re.IGNORECASE,
)
_WIDE_CHARSET = re.compile(r"utf-?(?:16|32)", re.IGNORECASE)
_UNKNOWN = "application/octet-stream"
_KINDS = listed("text image audio video font application multipart message model")
_PIECES = listed(
    """vnd x json xml html csv pdf zip gzip tar zstd bzip2 7z rar octet stream form data urlencoded www mixed related
    alternative digest byteranges rfc822 png jpeg jpg gif webp avif svg bmp tiff heic icon ico microsoft ms excel
    powerpoint msword openxmlformats officedocument spreadsheetml sheet wordprocessingml presentationml presentation
    document oasis opendocument text spreadsheet rtf epub mp3 mp4 mpeg ogg wav webm aac flac woff woff2 ttf otf protobuf
    msgpack cbor avro parquet grpc web proto thrift hal api ld geo problem merge patch soap atom rss yaml toml markdown
    plain css javascript ecmascript wasm manifest seq ndjson jsonlines jsonl events event tab separated values calendar
    vcard graphql response jose jwt jwk set pem pkcs8 pkcs10 pkcs12 x509 ca cert timestamp reply query sql sqlite3
    unknown binary dicom fhir siren collection jar archive java flash mpegurl apple dash"""
)
_VERSION = re.compile(r"v?\d{1,3}")
_MOST_DIGITS = 4  # of all versions in a type: more may be one number in pieces
# What a type becomes whose words are not known: the plainest of its format, so that the bytes are read alike.
_PLAINEST = {
    Format.JSON: "application/json",
    Format.JSON_LINES: "application/x-ndjson",
    Format.XML: "application/xml",
    Format.TEXT: "text/plain",
}


def reduced(content_type: str, lexicon: Lexicon = BUILT_IN) -> str:
    """`text/html; charset=utf-8`; profiles and names are gone, boundaries are ours. Nonsense is octets."""
    text = content_type.strip()
    found = _ESSENCE.match(text)
    if not text:
        return ""
    if found is None:
        return _UNKNOWN
    kind = format_of(found.group().lower())
    essence = found.group() if is_known_type(found.group().lower(), lexicon) else _PLAINEST.get(kind, _UNKNOWN)
    if kind is Format.MULTIPART:
        return f"{essence}; boundary={BOUNDARY}"
    charset = charset_of(text)
    if not charset or (kind is Format.JSON and _WIDE_CHARSET.match(charset)):
        return essence
    return f"{essence}; charset={written_charset(text)}"


def is_known_type(essence: str, lexicon: Lexicon) -> bool:
    """True for a type of the world, or one whose every word may be a name: a sender may write what it likes there."""
    kind, _, rest = essence.partition("/")
    if kind not in _KINDS:
        return False
    pieces = re.split(r"[.+-]", rest)
    digits = sum(sum(map(str.isdigit, piece)) for piece in pieces if piece not in _PIECES)
    return essence in KNOWN_TYPES or (digits <= _MOST_DIGITS and all(_is_plain(piece, lexicon) for piece in pieces))


def _is_plain(piece: str, lexicon: Lexicon) -> bool:
    if piece in _PIECES or _VERSION.fullmatch(piece):
        return True
    return is_structural(piece) and (not lexicon.is_strict or lexicon.knows_name(piece))


def charset_of(content_type: str) -> str:
    """The declared charset; empty when none is, or one that nobody uses."""
    found = _CHARSET.search(content_type)
    return found[1] if found and _KNOWN_CHARSET.fullmatch(found[1]) else ""


def written_charset(content_type: str) -> str:
    """The charset in which a text is written anew: the declared one, but never one of wide characters.

    The second look reads bytes as they stand, so it would see nothing in UTF-16.
    """
    charset = charset_of(content_type) or "utf-8"
    return "utf-8" if _WIDE_CHARSET.match(charset) else charset


def boundary_of(content_type: str) -> str:
    """The declared boundary of a multipart body; empty when there is none."""
    found = _BOUNDARY.search(content_type)
    return (found[1] or found[2]) if found else ""
