"""A desk that changes nothing and writes down what it is asked: names and values of every format that can be read.

Rule: it is handed to the same readers that redaction uses, so that what is learned stands where it will be asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from replay.model.body import Body
from replay.model.tree import Scalar, Tree
from replay.redact.body_formats import Format, format_of
from replay.redact.body_rewriting import attempted
from replay.redact.contract import Notes, Side
from replay.redact.desk import UnreadableError
from replay.redact.media_types import boundary_of
from replay.redact.multipart_parts import parts_of
from replay.redact.part_formats import rewrite_of
from replay.redact.pseudonyms import KEY_BYTES, Pseudonym
from replay.redact.rewriter import Rewriter

ELEMENT = "[*]"
_STEP = re.compile(r"\[\*\]|[^.\[]+|\[")
_NOTHING = Pseudonym(bytes(KEY_BYTES))  # makes no stand-in that anybody sees
_FORMATS = frozenset({Format.JSON_LINES, Format.GRAPHQL, Format.EVENTS, Format.XML, Format.TABLE})

OnName = Callable[[tuple[str, ...], str, str | None], None]
"""Told the steps of the place above, the name, and the text under it; None for a name alone."""
OnTree = Callable[[tuple[str, ...], Tree], None]


class WatchingDesk(Rewriter):
    """`on_tree` gets documents whole."""

    __slots__ = ("_on_name", "_on_tree")

    def __init__(self, side: Side, on_name: OnName, on_tree: OnTree) -> None:
        super().__init__(_NOTHING, Notes(), side)
        self._on_name, self._on_tree = on_name, on_tree

    def name(self, name: str, place: str, in_map: bool = False) -> str:  # noqa: ARG002 - as the desk has it
        self._on_name(steps_of(place), name, None)
        return name

    def value(self, name: str, text: str, place: str, in_error: bool = False) -> str:  # noqa: ARG002 - likewise
        steps = steps_of(place)
        self._on_name(steps[:-1] or steps, steps[-1], text)
        return text

    def scalar(self, name: str, value: Scalar, place: str, in_error: bool = False) -> Scalar:
        return self.value(name, value, place, in_error) if isinstance(value, str) else value

    def tree(self, tree: Tree, place: str) -> Tree:
        self._on_tree(steps_of(place), tree)
        return tree

    def leaves_out(self, name: str, place: str, text: str = "") -> bool:  # noqa: ARG002 - likewise
        return False

    def inner(self) -> WatchingDesk:
        """What is inside a value has no place of its own."""
        return WatchingDesk(self.side, _nothing, _nothing)


def watch(side: str, body: Body, on_name: OnName, on_tree: OnTree) -> None:
    """What stands in a body that is neither JSON nor a form; nothing for formats without names. Never raises."""
    kind = format_of(body.media_type)
    if body.truncated or not body.data:
        return
    if kind is Format.MULTIPART:
        _watch_parts(body, on_name)
    rewrite = rewrite_of(body.media_type) if kind in _FORMATS else None
    if rewrite is not None:
        attempted(WatchingDesk(Side(side), on_name, on_tree), rewrite, body.data, body.content_type, "body")


def _watch_parts(body: Body, on_name: OnName) -> None:
    """Fields of a form with their texts; of files the name of the field alone."""
    try:
        parts = parts_of(body.data, boundary_of(body.content_type))
    except UnreadableError:
        return
    for part in parts:
        name = part.parameter("name")
        if name:
            is_file = part.parameter("filename") is not None or bool(part.content_type)
            on_name(("form",), name, None if is_file else part.content.decode("utf-8", "replace"))


def steps_of(place: str) -> tuple[str, ...]:
    """`body.items[*].id` as steps."""
    return tuple(_STEP.findall(place)) or ("body",)


def _nothing(*_: object) -> None:
    return None
