"""Bytes that stand for a file nobody here can read: as long as it was, of its type as far as a header tells, empty.

An upload that is replayed must still be taken: programs look at a file's size and at its first bytes, seldom deeper. A
PNG, GIF or PDF is a whole one (one point, one empty page); of other types the first bytes alone are right.

    header of the type | 32 keyed bytes, so that other files stay other | zeros

Rule: of the file's own bytes none is written but those by which its type is known.
"""

from __future__ import annotations

from replay.redact.pseudonyms import Pseudonym

_KEYED_BYTES = 32
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)
_GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
_PDF_OBJECTS = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
)
_ZIP_END = b"PK\x05\x06" + bytes(18)
# How a file of the type begins, and what is written for it.
_STARTS: tuple[tuple[bytes, bytes], ...] = (
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
    (b"\xff\xd8\xff", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
    (b"PK\x03\x04", b"PK\x03\x04"),
    (b"\x1f\x8b\x08", b"\x1f\x8b\x08\x00"),
    (b"II*\x00", b"II*\x00"),
    (b"MM\x00*", b"MM\x00*"),
    (b"\x7fELF", b"\x7fELF"),
    (b"OggS", b"OggS"),
    (b"ID3", b"ID3"),
    (b"BM", b"BM"),
)
_PDF = b"%PDF-"
_RIFF = b"RIFF"


def is_known_file(data: bytes) -> bool:
    """True when the first bytes name a type; gzip is opened elsewhere, and two letters may begin any text."""
    return data.startswith((_PDF, *(start for start, _ in _STARTS if len(start) > 3 or start[0] > 127)))


def placeholder(data: bytes, pseudonym: Pseudonym) -> bytes:
    """As many bytes as `data`, of its type; the same for the same file."""
    told = pseudonym.stream("file", data.decode("latin-1"), _KEYED_BYTES)
    if data.startswith(_PDF):
        return _pdf(len(data), told)
    start = next((written for start, written in _STARTS if data.startswith(start)), b"")
    end = _ZIP_END if start.startswith(b"PK") else b""
    if data.startswith(_RIFF) and data[8:12] in (b"WEBP", b"WAVE", b"AVI "):
        start = _RIFF + (len(data) - 8 & 0xFFFFFFFF).to_bytes(4, "little") + data[8:12]
    return _filled(start, told, end, len(data))


def _filled(start: bytes, told: bytes, end: bytes, length: int) -> bytes:
    room = length - len(start) - len(end)
    if room < 0:
        return (start + told)[:length]
    return start + told[:room] + bytes(max(0, room - len(told))) + end


def _pdf(length: int, told: bytes) -> bytes:
    """One empty page; the padding is a comment before the table of objects."""
    offsets = [_PDF_OBJECTS.index(b"%d 0 obj" % i) for i in (1, 2, 3)]
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    tail = table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    longest = len(tail % 10**8)  # an offset has at most nine digits
    room = length - len(_PDF_OBJECTS) - longest - len(b"%\n")
    if room < 0:
        return _filled(_PDF, told, b"", length)
    out = _PDF_OBJECTS + b"%" + (told.hex().encode() + b"0" * room)[:room] + b"\n"
    out += tail % len(out)
    return out + b"\n" * (length - len(out))
