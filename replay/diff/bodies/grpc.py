"""gRPC messages on the wire: a flag, a length, a message; a stream is a list of them.

Compressed messages (flag 1) are told by digest: their coding stands in a header that a body does not know.
"""

from __future__ import annotations

import hashlib

from replay.diff.bodies.limits import MOST_PARTS, UnreadableBodyError
from replay.diff.bodies.protobuf import read_protobuf
from replay.model.tree import Tree

_HEAD_BYTES = 5
_TRAILERS = 0x80  # gRPC-Web puts its trailers into a frame of their own


def read_grpc(data: bytes, charset: str) -> Tree:
    frames: list[Tree] = []
    at = 0
    while at < len(data):
        flag, end = data[at], at + _HEAD_BYTES + int.from_bytes(data[at + 1 : at + _HEAD_BYTES], "big")
        if at + _HEAD_BYTES > len(data) or end > len(data) or len(frames) >= MOST_PARTS:
            raise UnreadableBodyError("a frame that was cut, or too many")
        frames.append(_frame(flag, data[at + _HEAD_BYTES : end], charset))
        at = end
    return frames


def _frame(flag: int, message: bytes, charset: str) -> Tree:
    if flag == _TRAILERS:
        pairs = (line.partition(b":") for line in message.splitlines())
        return {name.decode("latin-1").strip().lower(): value.decode("latin-1").strip() for name, _, value in pairs}
    if flag:
        return f"bytes:{hashlib.sha256(message).hexdigest()}"
    return read_protobuf(message, charset)
