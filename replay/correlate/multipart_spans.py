"""The fields of a multipart body with their spans (RFC 2046 section 5.1, RFC 7578).

    ("part", "title", 0)        the content of a part without a file name, and of small JSON and text files
    ("filename", "upload", 0)   the name of a file

Rule: only what is text is read; bytes that are none pass through as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from replay.correlate.pieces import Piece, as_text
from replay.model.tree import Place

_BOUNDARY = re.compile(r"""boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))""", re.IGNORECASE)
_HEAD = re.compile(r"\r?\n(?P<head>(?:[^\r\n]+\r?\n)*)\r?\n")
_NAME = re.compile(r"""(?i)content-disposition:[^\r\n]*?;\s*name\s*=\s*(?:"([^"\r\n]*)"|([^\s;]+))""")
_FILE_NAME = re.compile(r"""(?i)content-disposition:[^\r\n]*?;\s*filename\s*=\s*"([^"\r\n]*)\"""")
_READ = re.compile(r"(?i)content-type:\s*(?:application/(?:(?:[\w.+-]+\+)?json|http)|text/plain)\b")
_TYPED = re.compile(r"(?i)content-type:")
_LONGEST = 65536  # characters of one part
_LONGEST_HEAD = 8192  # characters
_MOST = 1000  # parts


def multipart_pieces(text: str, content_type: str) -> tuple[Piece, ...]:
    """Every text field; nothing without a boundary."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        return ()
    return tuple(_parts(text, "--" + (found[1] or found[2])))


def _parts(text: str, delimiter: str) -> Iterator[Piece]:
    seen: dict[str, int] = {}
    at = text.find(delimiter)
    for _ in range(_MOST):
        start = at + len(delimiter)
        end = text.find(delimiter, start) if at >= 0 else -1
        if end < 0:
            return
        at = end
        head = _HEAD.match(text, start, end)
        if head is None or len(head["head"]) > _LONGEST_HEAD:
            continue
        named = _NAME.search(head["head"])
        name = (named[1] or named[2] or "") if named else ""
        n = seen.get(name, 0)
        seen[name] = n + 1
        yield from _values(text, (name, n), head, end)


def _values(text: str, own: Place, head: re.Match[str], end: int) -> Iterator[Piece]:
    file_name = _FILE_NAME.search(head["head"])
    if file_name is not None and file_name[1]:
        base = head.start("head")
        yield Piece(("filename", *own), file_name[1], base + file_name.start(1), base + file_name.end(1), as_text)
    is_read = _READ.search(head["head"]) is not None
    is_field = file_name is None and not _TYPED.search(head["head"])
    start = head.end()
    stop = end - (2 if text[end - 2 : end] == "\r\n" else 1)
    if (is_read or is_field) and start < stop <= start + _LONGEST:
        yield Piece(("part", *own), text[start:stop], start, stop, as_text)
