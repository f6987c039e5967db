"""The desk as readers of documents see it: what of a `Rewriter` is needed to write text anew, and text that is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from replay.model.tree import Scalar, Tree
from replay.redact.contract import Change, Notes, Side
from replay.redact.pseudonyms import Pseudonym
from replay.redact.vocabulary import KeyRole


class UnreadableError(ValueError):
    """The text is not what it seemed to be, or has too many parts. Carries nothing of the text."""


class Desk(Protocol):
    """One side of one exchange; see `rewriter.Rewriter`."""

    pseudonym: Pseudonym
    notes: Notes
    side: Side
    nesting: int

    def value(self, name: str, text: str, place: str, in_error: bool = False) -> str: ...
    def scalar(self, name: str, value: Scalar, place: str, in_error: bool = False) -> Scalar: ...
    def literal(self, trail: Sequence[str | None], name: str, value: str | int | float, place: str) -> Scalar: ...
    def name(self, name: str, place: str, in_map: bool = False) -> str: ...
    def is_route(self, segment: str) -> bool: ...
    def leaves_out(self, name: str, place: str, text: str = "") -> bool: ...
    def host(self, authority: str, place: str) -> str: ...
    def tree(self, tree: Tree, place: str) -> Tree: ...
    def change(self, role: KeyRole, text: str) -> Change: ...
    def inner(self) -> Desk: ...


def padded(desk: Desk, name: str, text: str, place: str, in_error: bool = False) -> str:
    """As `desk.value`, with the blanks around `text` left as they are: layout, and no part of the value."""
    core = text.strip()
    if not core:
        return text
    start = text.index(core)
    return text[:start] + desk.value(name, core, place, in_error) + text[start + len(core) :]
