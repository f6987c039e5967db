"""All that can be decoded out of bytes: compression, base64, hex, percent, JSON escapes, entities; four layers deep."""

from __future__ import annotations

import html
import re
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote_to_bytes

import zstandard

DEPTH = 4
_MOST_BYTES = 8 << 20  # of one layer
_MOST_LAYERS = 20_000  # of one artefact: a bound, not an aim
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){8,}")
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
_ENTITY = re.compile(rb"&(?:#\d+|#x[0-9a-fA-F]+|amp|lt|gt|quot);")
_SPACED = re.compile(rb"(?<=[0-9A-Za-z])[ -](?=[0-9A-Za-z])")
_ZSTD = b"\x28\xb5\x2f\xfd"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


class Unfolding:
    """Decodes an artefact. `dictionaries`: what its zstd frames may have been made with."""

    def __init__(self, dictionaries: Sequence[bytes] = (), depth: int = DEPTH) -> None:
        self._depth = depth
        trained = [zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(one)) for one in dictionaries]
        self._zstd = [zstandard.ZstdDecompressor(), *trained]

    def layers(self, data: bytes, *, is_cell: bool = True) -> Iterator[bytes]:
        """`data` itself and everything inside. `is_cell`: it may be raw deflate as a whole."""
        seen = {data}
        level = [data]
        yield data
        for depth in range(self._depth):
            fresh: list[bytes] = []
            for one in level:
                for inner in self._inside(one, is_cell=is_cell and depth == 0):
                    if len(inner) >= 6 and inner not in seen and len(seen) < _MOST_LAYERS:
                        seen.add(inner)
                        fresh.append(inner)
                        yield inner
            level = fresh

    def _inside(self, data: bytes, *, is_cell: bool) -> Iterator[bytes]:
        for undo in _TEXTS:
            yield from undo(data)
        yield from self._frames(data)
        yield from _streams(data, is_cell=is_cell)

    def _frames(self, data: bytes) -> Iterator[bytes]:
        start = data.find(_ZSTD)
        while start >= 0:
            for machine in self._zstd:
                try:
                    yield machine.decompressobj().decompress(data[start:])[:_MOST_BYTES]
                except zstandard.ZstdError:
                    continue
                break
            start = data.find(_ZSTD, start + 1)


def _streams(data: bytes, *, is_cell: bool) -> Iterator[bytes]:
    """gzip and zlib wherever their marks stand; raw deflate only at the start of a cell."""
    starts = [(found.start(), 47) for found in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", data)]
    if is_cell and not data[:64].isascii():
        starts.append((0, -15))
    for start, window in starts:
        machine = zlib.decompressobj(window)
        try:
            yield machine.decompress(data[start:], _MOST_BYTES)
        except zlib.error:
            continue
        if machine.unused_data:  # a second member, or what was put behind the stream
            yield machine.unused_data
        if data[start : start + 3] == b"\x1f\x8b\x08":
            yield data[start : start + 200]  # its header may tell a name


def _base64(data: bytes) -> Iterator[bytes]:
    for found in _BASE64.finditer(data):
        run = found.group().translate(_URL_SAFE)
        for start in range(4):  # the run may begin before the encoding does
            part = run[start : start + (len(run) - start) // 4 * 4]
            rest = run[start + len(part) :]
            whole = part + (rest + b"=" * (-len(rest) % 4) if len(rest) > 1 else b"")
            if len(whole) >= 12:
                yield b64decode(whole)


def _hex(data: bytes) -> Iterator[bytes]:
    for found in _HEX.finditer(data):
        yield bytes.fromhex(found.group().decode())


def _percent(data: bytes) -> Iterator[bytes]:
    if _PERCENT.search(data):
        yield unquote_to_bytes(data.replace(b"+", b" "))


def _escapes(data: bytes) -> Iterator[bytes]:
    """One layer of JSON's escapes (RFC 8259 section 7), read from the left."""
    if b"\\" in data:
        yield _ESCAPE.sub(_unescaped, data)


def _unescaped(found: re.Match[bytes]) -> bytes:
    code, char = found[1], found[2]
    if code:
        return chr(int(code, 16)).encode("utf-8", "surrogatepass")
    return _CONTROLS.get(char, char)


def _entities(data: bytes) -> Iterator[bytes]:
    if _ENTITY.search(data):
        yield html.unescape(data.decode("utf-8", "replace")).encode("utf-8", "replace")


def _wide(data: bytes) -> Iterator[bytes]:
    if b"\0" in data[:4000] and data.count(b"\0") * 3 > len(data):
        yield data.decode("utf-16-le", "ignore").encode("utf-8", "replace")


def _joined(data: bytes) -> Iterator[bytes]:
    """Numbers that are written in groups."""
    if len(data) < 1 << 18 and _SPACED.search(data):
        yield _SPACED.sub(b"", data)


_TEXTS: tuple[Callable[[bytes], Iterator[bytes]], ...] = (_base64, _hex, _percent, _escapes, _entities, _wide, _joined)
