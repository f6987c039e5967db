"""Content codings undone with caps, because a body is whatever a stranger sent.

Caps: 4 MiB out, 200 times the input (both from docs: a 204 KB gzip made 210 MB), three codings at most, and a coding
must end exactly at the end of its data. Rule: failure is a reason without any byte of the body, never a partial body.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable
from typing import Any

MAX_BYTES = 4 << 20
MAX_RATIO = 200
_RATIO_FLOOR_BYTES = 64 << 10  # tiny bodies of equal characters compress further than 200 and harm nobody
_MAX_CODINGS = 3
_BROTLI_STEP_BYTES = 16  # brotli < 1.2 has no output limit: a few bytes can ask for a copy of 16 MiB at most


class BodyRefusedError(ValueError):
    """The body is left out; the message is the reason that is counted."""


def decoded(data: bytes, codings: str) -> bytes:
    """`data` without its content codings (RFC 9110 section 8.4: applied in the order listed)."""
    names = [name.strip().lower() for name in codings.split(",") if name.strip()]
    if len(names) > _MAX_CODINGS:
        raise BodyRefusedError("too many content codings")
    for name in reversed(names):
        if name == "identity" or not data:
            continue
        undo = _CODINGS.get(name)
        if undo is None:
            raise BodyRefusedError("unknown content coding")
        data = undo(data, min(MAX_BYTES, max(MAX_RATIO * len(data), _RATIO_FLOOR_BYTES)))
    if len(data) > MAX_BYTES:
        raise BodyRefusedError("longer than 4 MiB")
    return data


def _gunzip(data: bytes, limit: int) -> bytes:
    return _inflate(data, limit, 16 + zlib.MAX_WBITS)


def _undeflate(data: bytes, limit: int) -> bytes:
    """zlib format as the RFC says; raw deflate as some servers send it."""
    try:
        return _inflate(data, limit, zlib.MAX_WBITS)
    except BodyRefusedError as error:
        if str(error) != "broken content coding":
            raise
        return _inflate(data, limit, -zlib.MAX_WBITS)


def _inflate(data: bytes, limit: int, window_bits: int) -> bytes:
    machine = zlib.decompressobj(window_bits)
    try:
        out = machine.decompress(data, limit + 1)
    except zlib.error:
        raise BodyRefusedError("broken content coding") from None
    _check_length(len(out), limit)
    if not machine.eof or machine.unused_data:
        raise BodyRefusedError("broken content coding")
    return out


def _unbrotli(data: bytes, limit: int) -> bytes:
    brotli = _library("brotli")
    machine = brotli.Decompressor()
    out = bytearray()
    try:
        for start in range(0, len(data), _BROTLI_STEP_BYTES):
            out += machine.process(data[start : start + _BROTLI_STEP_BYTES])
            _check_length(len(out), limit)
        finished = machine.is_finished()
    except brotli.error:
        raise BodyRefusedError("broken content coding") from None
    if not finished:
        raise BodyRefusedError("broken content coding")
    return bytes(out)


def _unzstd(data: bytes, limit: int) -> bytes:
    zstandard = _library("zstandard")
    machine = zstandard.ZstdDecompressor(max_window_size=8 << 20).decompressobj()
    out = bytearray()
    try:
        for start in range(0, len(data), 1024):  # one call yields at most 128 KiB a block, and blocks are >= 4 bytes
            out += machine.decompress(data[start : start + 1024])
            _check_length(len(out), limit)
    except zstandard.ZstdError:
        raise BodyRefusedError("broken content coding") from None
    if not machine.eof or machine.unused_data:
        raise BodyRefusedError("broken content coding")
    return bytes(out)


def _check_length(length: int, limit: int) -> None:
    if length > limit:
        raise BodyRefusedError("longer than 4 MiB" if limit == MAX_BYTES else "compressed more than 200 times")


def _library(name: str) -> Any:
    """Comes with mitmproxy; some of its versions leave one out."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise BodyRefusedError("no decoder for this content coding") from None


_CODINGS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
