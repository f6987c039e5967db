"""Media types, reduced to what decides how a body is read: the essence and its charset."""

from __future__ import annotations

import re

from replay.redact.vocabulary import is_structural

_ESSENCE = re.compile(r"([A-Za-z]{1,20})/([A-Za-z0-9][A-Za-z0-9.+_-]{0,80})")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9_-]{1,20})\"?", re.IGNORECASE)
# Python knows others that hold data or take quadratic time (punycode, idna).
_KNOWN_CHARSET = re.compile(
    r"utf-?8|utf-?16(?:-?[lb]e)?|utf-?32(?:-?[lb]e)?|(?:us-)?ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d|cp125\d|koi8-[ru]"
    r"|shift_jis|euc-(?:jp|kr)|iso-2022-jp|gb2312|gbk|gb18030|big5",
    re.IGNORECASE,
)
_UNKNOWN = "application/octet-stream"


def reduced(content_type: str) -> str:
    """`application/json; charset=utf-8`; boundaries, profiles and names are gone. Nonsense is octets."""
    text = content_type.strip()
    found = _ESSENCE.match(text)
    if not text:
        return ""
    if found is None or not all(is_structural(piece) for piece in re.split(r"[.+]", found[2])):
        return _UNKNOWN
    charset = charset_of(text)
    return found.group() + (f"; charset={charset}" if charset else "")


def charset_of(content_type: str) -> str:
    """The declared charset; empty when none is, or one that nobody uses."""
    found = _CHARSET.search(content_type)
    return found[1] if found and _KNOWN_CHARSET.fullmatch(found[1]) else ""
