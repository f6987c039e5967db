"""STOMP 1.2 frames, as they go over WebSockets: a command, fields, a body, NUL.

SEND\\ndestination:/queue/orders\\ncontent-type:application/json\\n\\n{"email": "…"}\\0
"""

from __future__ import annotations

import re

from replay.redact.desk import Desk, UnreadableError
from replay.redact.vocabulary import listed

_COMMANDS = listed(
    """CONNECT STOMP CONNECTED SEND SUBSCRIBE UNSUBSCRIBE BEGIN COMMIT ABORT ACK NACK DISCONNECT MESSAGE RECEIPT
    ERROR"""
)
_NAMES = listed(
    """accept-version host login passcode heart-beat version session server destination id ack transaction content-type
    content-length receipt receipt-id subscription message-id message selector"""
)
_START = re.compile(r"\s*([A-Z]{3,12})\r?\n")
_PLAIN = listed("version accept-version heart-beat content-length ack")  # words and small numbers of the protocol
_PLAIN_VALUE = re.compile(r"[0-9.,]{1,12}|auto|client(?:-individual)?")
_UNESCAPED = {"\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\c": ":"}
_ESCAPE = re.compile(r"\\.", re.DOTALL)


def is_stomp(text: str) -> bool:
    found = _START.match(text)
    return found is not None and found[1] in _COMMANDS and text.rstrip("\r\n").endswith("\0")


def rewritten_stomp(desk: Desk, text: str, place: str) -> str:
    """The frames anew. Raises UnreadableError."""
    *frames, rest = text.split("\0")
    if rest.strip("\r\n"):
        raise UnreadableError("no end")
    return "".join(f"{_frame(desk, frame, place)}\0" for frame in frames) + rest


def _frame(desk: Desk, frame: str, place: str) -> str:
    head, mark, body = frame.replace("\r\n", "\n").lstrip("\n").partition("\n\n")
    command, *fields = head.split("\n")
    if command not in _COMMANDS or not mark:
        raise UnreadableError("frame")
    fresh = desk.value("", body, place) if body else ""
    written = [command]
    for field in fields:
        name, colon, value = field.partition(":")
        if not colon:
            raise UnreadableError("field")
        new = name if name in _NAMES else _escaped(desk.name(_plain(name), place))
        written.append(f"{new}:{_field(desk, name, value, fresh, place)}")
    return "\n".join(written) + "\n\n" + fresh


def _field(desk: Desk, name: str, value: str, body: str, place: str) -> str:
    if name == "content-length":
        return str(len(body.encode("utf-8", "replace")))
    if name in _PLAIN and _PLAIN_VALUE.fullmatch(value):
        return value
    return _escaped(desk.value(name, _plain(value), f"{place}.{name}"))


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda found: _UNESCAPED.get(found.group(), found.group()), text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n").replace(":", "\\c")
