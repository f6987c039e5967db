"""Bytes as Node writes them in JSON, `{"type": "Buffer", "data": [65, 110, 110]}`: small numbers that spell a text.

Rule: text is rewritten as text, all other bytes are replaced by as many that say nothing.
"""

from __future__ import annotations

from replay.model.tree import Tree
from replay.redact.contract import Action, ValueClass
from replay.redact.placeholders import placeholder
from replay.redact.spots import Desk

BUFFER_KEYS = ("type", "data")


def rewrite_buffers(desk: Desk, nodes: list[dict[str, Tree]], place: str) -> None:
    """`nodes` have the keys of a buffer; those that are one get other bytes."""
    for node in nodes:
        numbers = node["data"]
        if node["type"] != "Buffer" or not isinstance(numbers, list) or not all(map(_is_byte, numbers)):
            continue
        data = bytes(one for one in numbers if isinstance(one, int))
        node["data"] = list(_rewritten(desk, data, f"{place}.data" if place else "data"))


def _is_byte(value: Tree) -> bool:
    return type(value) is int and 0 <= value <= 255


def _rewritten(desk: Desk, data: bytes, place: str) -> bytes:
    text = data.decode("utf-8", "replace")
    if text.isprintable() and "\ufffd" not in text:
        return str(desk.scalar("data", text, place)).encode("utf-8", "replace")
    desk.notes.did(desk.side, place, ValueClass.BODY, Action.MASK)
    return placeholder(data, desk.pseudonym)
