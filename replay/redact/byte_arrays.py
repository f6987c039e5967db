"""Bytes as programs write them in JSON: small numbers that spell a text.

    {"type": "Buffer", "data": [65, 110, 110]}    Node
    {"0": 65, "1": 110, "2": 110}                 a typed array of a browser
    [97, 110, 110, 64, 98, 46, 110, 111]          any list, when what it spells is an e-mail, a number or a key by sight

Rule: text is rewritten as text, all other bytes are replaced by as many that say nothing.
"""

from __future__ import annotations

from replay.model.tree import Tree
from replay.redact.contract import Action, ValueClass
from replay.redact.detectors import has_strong
from replay.redact.placeholders import placeholder
from replay.redact.spots import Desk

BUFFER_KEYS = ("type", "data")
_FEWEST = 6  # bytes that can spell anything


def rewrite_buffers(desk: Desk, nodes: list[dict[str, Tree]], place: str) -> None:
    """`nodes` have the keys of a buffer; those that are one get other bytes."""
    for node in nodes:
        numbers = node["data"]
        if node["type"] != "Buffer" or not isinstance(numbers, list) or not all(map(_is_byte, numbers)):
            continue
        data = bytes(one for one in numbers if isinstance(one, int))
        node["data"] = list(_rewritten(desk, data, f"{place}.data" if place else "data"))


def rewrite_spelt_lists(desk: Desk, nodes: list[list[Tree]], place: str) -> None:
    """Lists that spell what anybody knows by sight; other lists of small numbers are measurements, and stay."""
    for node in nodes:
        if len(node) < _FEWEST or type(node[0]) is not int:
            continue
        data = _bytes(node)
        if data and data.isascii() and has_strong(data.decode()):
            node[:] = _rewritten(desk, data, f"{place}[*]")


def rewrite_typed_array(desk: Desk, node: dict[str, Tree], place: str) -> bool:
    """True when the object was a typed array with keys from "0" on; then it has other bytes."""
    if len(node) < _FEWEST or next(iter(node)) != "0" or list(node) != [str(i) for i in range(len(node))]:
        return False
    data = _bytes(list(node.values()))
    if not data or not data.decode("utf-8", "replace").isprintable():
        return False
    fresh = _rewritten(desk, data, place)
    node.clear()
    node.update((str(i), byte) for i, byte in enumerate(fresh))
    return True


def _bytes(numbers: list[Tree]) -> bytes:
    """Empty when some is no byte."""
    try:
        return bytes(numbers)  # type: ignore[arg-type] # it says so itself
    except (ValueError, TypeError):
        return b""


def _is_byte(value: Tree) -> bool:
    return type(value) is int and 0 <= value <= 255


def _rewritten(desk: Desk, data: bytes, place: str) -> bytes:
    text = data.decode("utf-8", "replace")
    if text.isprintable() and "\ufffd" not in text:
        return str(desk.scalar("data", text, place)).encode("utf-8", "replace")
    desk.notes.did(desk.side, place, ValueClass.BODY, Action.MASK)
    return placeholder(data, desk.pseudonym)
