"""The writings in which traffic hides a value: JSON escapes, base64, percent, JWT, multipart, CBOR, gzip and more."""

from __future__ import annotations

import gzip
import json
import zlib
from base64 import b64encode, urlsafe_b64encode
from typing import Any
from urllib.parse import quote

import zstandard


def j(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def escaped(text: str) -> str:
    """Every character as a JSON escape."""
    return "".join(f"\\u{ord(char):04x}" for char in text)


def b64(text: str | bytes) -> str:
    return b64encode(_bytes(text)).decode()


def b64url(text: str | bytes) -> str:
    return urlsafe_b64encode(_bytes(text)).decode().rstrip("=")


def percent(text: str) -> str:
    return quote(text, safe="")


def percent_all(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def entities(text: str) -> str:
    return "".join(f"&#{ord(char)};" for char in text)


def jwt(claims: dict[str, Any], algorithm: str = "HS256", signature: str = "c2lnbmF0dXJlLW9mLW5vLWtleQ") -> str:
    return f"{b64url(j({'alg': algorithm, 'typ': 'JWT'}))}.{b64url(j(claims))}.{signature}"


def multipart(boundary: str, *parts: tuple[str, str | bytes]) -> bytes:
    """`parts`: the header lines of each without their end, and its content."""
    pieces = [f"--{boundary}\r\n{head}\r\n\r\n".encode() + _bytes(content) + b"\r\n" for head, content in parts]
    return b"".join(pieces) + f"--{boundary}--\r\n".encode()


def field(name: str, more: str = "") -> str:
    return f'Content-Disposition: form-data; name="{name}"{more}'


def zstd(text: str) -> bytes:
    return zstandard.ZstdCompressor().compress(text.encode())


def raw_deflate(text: str) -> bytes:
    machine = zlib.compressobj(wbits=-15)
    return machine.compress(text.encode()) + machine.flush()


def gzip_named(text: str, name: str, comment: str) -> bytes:
    """A member whose header tells a file name and a comment (RFC 1952 section 2.3)."""
    plain = gzip.compress(text.encode(), mtime=0)
    return plain[:3] + b"\x18" + plain[4:10] + name.encode() + b"\0" + comment.encode() + b"\0" + plain[10:]


def cbor(value: Any) -> bytes:
    """RFC 8949; maps, lists, text and whole numbers are all that the cases need."""
    if isinstance(value, dict):
        return _cbor_head(5, len(value)) + b"".join(cbor(key) + cbor(child) for key, child in value.items())
    if isinstance(value, list):
        return _cbor_head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, int):
        return _cbor_head(0, value)
    data = _bytes(value)
    return _cbor_head(3, len(data)) + data


def _cbor_head(major: int, count: int) -> bytes:
    if count < 24:
        return bytes([major << 5 | count])
    size, code = (1, 24) if count < 1 << 8 else (2, 25) if count < 1 << 16 else (4, 26) if count < 1 << 32 else (8, 27)
    return bytes([major << 5 | code]) + count.to_bytes(size, "big")


def msgpack(value: Any) -> bytes:
    """fixmap, str8 and uint32 of the MessagePack specification."""
    if isinstance(value, dict):
        return bytes([0x80 | len(value)]) + b"".join(msgpack(key) + msgpack(child) for key, child in value.items())
    if isinstance(value, int):
        return b"\xce" + value.to_bytes(4, "big")
    data = _bytes(value)
    return b"\xd9" + bytes([len(data)]) + data


def protobuf(*texts: str) -> bytes:
    """Fields 1, 2 … of wire type 2, each a text."""
    return b"".join(
        bytes([number << 3 | 2, len(text.encode())]) + text.encode() for number, text in enumerate(texts, 1)
    )


def grpc(message: bytes) -> bytes:
    """A length-prefixed message."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def png(keyword: str, text: str) -> bytes:
    """A PNG of one pixel with a tEXt chunk."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = chunk(b"IHDR", bytes([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    words = chunk(b"tEXt", keyword.encode("latin-1") + b"\0" + text.encode("latin-1"))
    return b"\x89PNG\r\n\x1a\n" + head + words + pixels + chunk(b"IEND", b"")


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
