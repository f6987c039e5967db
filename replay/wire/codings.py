"""Content codings (RFC 9110 section 8.4) of what is sent and of what comes back, within bounds.

A server may answer with what a few kilobytes unfold to gigabytes: nothing here yields more than it was allowed to.
"""

from __future__ import annotations

import importlib
import re
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import zstandard

from replay.wire.faults import BrokenCodingError

_MOST_CODINGS = 3
_ZERO = re.compile(r"\s*[qQ]\s*=\s*0(\.0*)?\s*")  # RFC 9110 section 12.4.2
_MOST_MEMBERS = 1000  # of one body; a few bytes each would take minutes
_GZIP_STEP_BYTES = 2**16
_BROTLI_STEP_BYTES = 16  # brotli < 1.2 has no limit for its output: a few bytes can ask for 16 MiB at most
_ZSTD_STEP_BYTES = 1024  # a block has 4 bytes at least and yields 128 KiB at most (RFC 8878 section 3.1.1.2)
_ZSTD_WINDOW_BYTES = 8 << 20  # what a client must be able to hold (RFC 9659)


def decoded(data: bytes, codings: str, limit_bytes: int, *, is_part: bool = False) -> tuple[bytes, bool]:
    """`data` without its codings, and whether it was cut at the limit. `is_part`: its end is missing.

    Raises BrokenCodingError. Call it only with codings that `is_decodable` knows.
    """
    is_cut = is_part
    for name in reversed(_names(codings)):
        if data and name != "identity":
            data, over = _UNDO[name](data, limit_bytes, is_cut)
            is_cut = is_cut or over
    return data, is_cut


def encoded(data: bytes, codings: str) -> bytes:
    """`data` with those codings, in the order listed. Call it only with codings that `is_decodable` knows."""
    for name in _names(codings):
        if name != "identity":
            data = _DO[name](data)
    return data


@lru_cache(maxsize=256)
def is_decodable(codings: str) -> bool:
    """Whether every coding of this Content-Encoding can be undone here."""
    names = _names(codings)
    return len(names) <= _MOST_CODINGS and all(name in _UNDO for name in names)


@lru_cache(maxsize=256)
def acceptable(accepted: str) -> str:
    """The Accept-Encoding as it was, without the codings that could not be undone here."""
    kept = [part for part in accepted.split(",") if _is_acceptable(part)]
    if len(kept) == len(accepted.split(",")):
        return accepted
    return ",".join(kept).strip() or "identity"


def _is_acceptable(part: str) -> bool:
    name, _, weight = part.partition(";")
    is_refusal = _ZERO.fullmatch(weight) is not None
    return is_refusal or not name.strip() or name.strip().lower() in _UNDO


def _names(codings: str) -> list[str]:
    return [name.strip().lower() for name in codings.split(",") if name.strip()]


def _gunzip(data: bytes, limit: int, is_part: bool) -> tuple[bytes, bool]:
    """Several members are one body (RFC 1952 section 2.2)."""
    return _joined(data, limit, is_part, lambda: zlib.decompressobj(16 + zlib.MAX_WBITS), _inflated, _GZIP_STEP_BYTES)


def _joined(
    data: bytes,
    limit: int,
    is_part: bool,
    opened: Callable[[], Any],
    undone: Callable[[Any, bytes, int], bytes],
    step: int,
) -> tuple[bytes, bool]:
    """All members, each by a machine of its own. In steps: a machine copies what it leaves of what it was given."""
    out, end = bytearray(), 0
    for _ in range(_MOST_MEMBERS):
        if end >= len(data):
            break
        machine = opened()
        while end < len(data) and not machine.eof:
            piece = data[end : end + step]
            out += undone(machine, piece, limit + 1 - len(out))
            end += len(piece) - len(machine.unused_data)
            if len(out) > limit:
                return bytes(out[:limit]), True
        _require(machine.eof or is_part)
    _require(end >= len(data))
    return bytes(out), False


def _undeflate(data: bytes, limit: int, is_part: bool) -> tuple[bytes, bool]:
    """zlib's format as the RFC says; raw deflate as some servers send it."""
    try:
        machine = zlib.decompressobj()
        out = _inflated(machine, data, limit + 1)
    except BrokenCodingError:
        machine = zlib.decompressobj(-zlib.MAX_WBITS)
        out = _inflated(machine, data, limit + 1)
    if len(out) <= limit:
        _require(machine.eof or is_part)
    return out[:limit], len(out) > limit


def _inflated(machine: Any, data: bytes, limit: int) -> bytes:
    try:
        out: bytes = machine.decompress(data, limit)
    except zlib.error:
        raise BrokenCodingError from None
    return out


def _unzstd(data: bytes, limit: int, is_part: bool) -> tuple[bytes, bool]:
    """Several frames are one body (RFC 8878 section 3.1)."""
    reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    return _joined(data, limit, is_part, reader.decompressobj, _unframed, _ZSTD_STEP_BYTES)


def _unframed(machine: Any, data: bytes, _limit: int) -> bytes:
    try:
        out: bytes = machine.decompress(data)
    except zstandard.ZstdError:
        raise BrokenCodingError from None
    return out


def _unbrotli(data: bytes, limit: int, is_part: bool) -> tuple[bytes, bool]:
    machine = _brotli.Decompressor()
    out = bytearray()
    try:
        for start in range(0, len(data), _BROTLI_STEP_BYTES):
            out += machine.process(data[start : start + _BROTLI_STEP_BYTES])
            if len(out) > limit:
                return bytes(out[:limit]), True
        _require(machine.is_finished() or is_part)
    except _brotli.error:
        raise BrokenCodingError from None
    return bytes(out), False


def _require(is_so: bool) -> None:
    if not is_so:
        raise BrokenCodingError


def _gzip(data: bytes) -> bytes:
    machine = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)  # its head tells no time and no name
    return machine.compress(data) + machine.flush()


_UNDO: dict[str, Callable[[bytes, int, bool], tuple[bytes, bool]]] = {
    "identity": lambda data, _limit, _is_part: (data, False),
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "zstd": _unzstd,
}
_DO: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": zlib.compress,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
}
_brotli: Any = None
try:
    _brotli = importlib.import_module("brotli")  # comes with mitmproxy; a machine that only replays may lack it
except ImportError:
    pass
else:
    _UNDO["br"] = _unbrotli
    _DO["br"] = _brotli.compress
