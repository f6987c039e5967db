"""JSON bodies that differ in some values alone: all the rest of such a body was redacted once, and is known.

    {"id": "ord-17", "total": 100, "lines": [...]}     cut at its quotes; `ord-17` and `100` are holes,
    {"id": "ord-18", "total": 250, "lines": [...]}     the other pieces are equal, and so are what stands for them

Rule: what stands in a hole goes the way of every leaf of a document (`columns.leaf`), by its own spot. A template
holds only where that is all there is to do: plain names, no escapes, no bytes spelt as numbers; it is tried on the
body that it was made of before it is used.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from replay.model.codec import UndecodableError, dump_json, parse_json
from replay.model.tree import Scalar, Tree
from replay.redact.byte_arrays import BUFFER_KEYS
from replay.redact.columns import leaf
from replay.redact.contract import Notes, Original
from replay.redact.spots import Desk, Spot
from replay.redact.tree_walk import root_of

LONGEST = 32 << 10  # bytes of a body that is cut
_MOST_HOLES = 64
_DEEPEST = 24  # levels
_FEWEST_SPELT = 6  # numbers in a row that may spell a text, see `byte_arrays`
_BETWEEN = rb"[\s:,\[\]{}]*"
_NUMBER = re.compile(rb"(%b)((?:0|-?[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?)(%b)" % (_BETWEEN, _BETWEEN))

_PLAIN = re.compile(r"[ !#$&-\[\]-~]*").fullmatch  # of ASCII what JSON and URLs need not write otherwise
_NUMBERS = frozenset((int, float))

Pieces = list[bytes]
"""Of a body without escapes, cut at its quotes: names and texts at odd places, all else between them."""


class Hole(NamedTuple):
    """A value that differs from body to body."""

    at: int  # which of the pieces
    spot: Spot
    frame: tuple[bytes, bytes] | None  # around a number in its piece; None for a text
    fresh_frame: tuple[bytes, bytes]


class Template(NamedTuple):
    """`notes`: what was noted of all that is no hole. `content_type`: of the redacted body."""

    holes: tuple[Hole, ...]
    fixed: itemgetter[Any]
    equal: Any  # what `fixed` takes of the pieces
    fresh: tuple[bytes, ...]
    notes: Notes
    content_type: str

    def fits(self, pieces: Pieces) -> bool:
        """As many pieces as here, and equal ones outside of holes."""
        return bool(self.fixed(pieces) == self.equal)

    def filled(self, desk: Desk, pieces: Pieces) -> tuple[bytes, list[str]] | None:
        """The redacted body and the texts that stand in its holes; None when this one must be walked."""
        out, texts = list(self.fresh), []
        for hole in self.holes:
            value = _value(hole, pieces[hole.at])
            if value is None:
                return None
            new = _stand_in(desk, hole.spot, value)
            if type(new) is str and hole.frame is None:
                if not _PLAIN(new):  # a reader may decode the whole row then
                    return None
                out[hole.at] = new.encode()
                texts.append(new)
            elif type(new) in _NUMBERS and hole.frame is not None:
                text = dump_json(new)
                out[hole.at] = text.join(hole.fresh_frame)
                texts.append(text.decode())
            else:
                return None
        return b'"'.join(out), texts

    def plain(self) -> str:
        """The redacted body without what stands in its holes, for the second look."""
        out = list(self.fresh)
        for hole in self.holes:
            out[hole.at] = b"" if hole.frame is None else b" ".join(hole.fresh_frame)
        return b'"'.join(out).decode("utf-8", "replace")


def cut(data: bytes) -> Pieces | None:
    """None when a document must be read to its end to be cut, or cannot be cut."""
    if len(data) > LONGEST or data[:1] not in (b"{", b"[") or b"\\" in data or b"\0" in data[:4]:
        return None
    pieces = data.split(b'"')
    return pieces if len(pieces) > 1 and len(pieces) & 1 else None


def differing(one: Sequence[bytes], other: Sequence[bytes]) -> list[int] | None:
    """Where two bodies of as many pieces differ; None when that is at too many places to be told by holes."""
    found = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return found if len(found) <= _MOST_HOLES else None


def template_of(
    desk: Desk, pieces: Pieces, holes: Collection[int], fresh: bytes, originals: frozenset[Original], content_type: str
) -> Template | None:
    """Made of a body that was walked: `fresh` came out, `originals` were noted. None when it is not plain enough."""
    out = fresh.split(b'"')
    if b"\\" in fresh or b"%" in fresh or len(out) != len(pieces):
        return None
    try:
        found = _holes(desk, pieces, frozenset(holes), out)
    except (UndecodableError, _NotPlainError):
        return None
    fixed = [i for i in range(len(pieces)) if i not in holes]
    if len(found) != len(holes) or not fixed:
        return None
    take = itemgetter(*fixed)
    made = Template(tuple(found), take, take(pieces), tuple(out), desk.notes, content_type)
    return made if _is_proven(made, desk, pieces, fresh, originals) else None


def _is_proven(template: Template, desk: Desk, pieces: Pieces, fresh: bytes, originals: frozenset[Original]) -> bool:
    """True when it says of its own body what the walk has said."""
    known = Notes(desk.notes.guide, set(desk.notes.originals))
    again = template.filled(_with_notes(desk, known), pieces)
    return again is not None and again[0] == fresh and known.originals == originals


def _with_notes(desk: Any, notes: Notes) -> Desk:
    return type(desk)(desk.pseudonym, notes, desk.side, desk.nesting)  # type: ignore[no-any-return] # a Rewriter


class _NotPlainError(Exception):
    pass


def _holes(desk: Desk, pieces: Pieces, holes: frozenset[int], out: Pieces) -> list[Hole]:
    """The holes with their spots; what is none is noted at the desk, leaf by leaf."""
    found: list[Hole] = []
    texts = 0
    for spot, value in _leaves(root_of(desk, "body"), parse_json(b'"'.join(pieces)), 0):
        is_text = type(value) is str
        index = 2 * texts + is_text
        texts += is_text
        if spot is not None and index not in holes:
            _stand_in(desk, spot, value)
        elif spot is None or value is None or isinstance(value, bool):
            if index in holes:
                raise _NotPlainError  # a name, or what is no number
        elif is_text:
            found.append(Hole(index, spot, None, (b"", b"")))
        else:
            frame, fresh_frame = _NUMBER.fullmatch(pieces[index]), _NUMBER.fullmatch(out[index])
            if frame is None or fresh_frame is None:
                raise _NotPlainError
            found.append(Hole(index, spot, (frame[1], frame[3]), (fresh_frame[1], fresh_frame[3])))
    if 2 * texts + 1 != len(pieces):
        raise _NotPlainError  # a name twice: of both values, one was lost
    return found


def _leaves(spot: Spot, node: Tree, depth: int) -> Iterator[tuple[Spot | None, Scalar]]:
    """Names (without a spot) and leaves in the document's order, with the spots that `tree_walk` gives them."""
    if depth > _DEEPEST or spot.is_dropped:
        raise _NotPlainError
    if isinstance(node, dict):
        keys = tuple(node)
        shape = spot.shape(keys) if keys != BUFFER_KEYS else None
        if shape is None:
            raise _NotPlainError
        for (key, below, inside), value in zip(shape.fields, node.values(), strict=True):
            yield None, key
            if isinstance(value, dict | list) or below.is_dropped:
                yield from _leaves(inside, value, depth + 1)
            else:
                yield below, value
    elif isinstance(node, list):
        if len(node) >= _FEWEST_SPELT and type(node[0]) is int:
            raise _NotPlainError
        element = spot.element()
        for value in node:
            if isinstance(value, dict | list):
                yield from _leaves(element, value, depth + 1)
            else:
                yield element, value
    else:
        yield spot, node


def _value(hole: Hole, piece: bytes) -> str | int | float | None:
    """What stands in a hole; None when it is not of the hole's kind."""
    if hole.frame is None:
        if b"%" in piece or not piece.isascii():
            return None
        text = piece.decode("ascii")
        return text if text.isprintable() else None
    number = _NUMBER.fullmatch(piece)
    if number is None or (number[1], number[3]) != hole.frame:
        return None
    return float(number[2]) if b"." in number[2] else int(number[2])


def _stand_in(desk: Desk, spot: Spot, value: Scalar) -> Scalar:
    """As `tree_walk` does it for one leaf; a number that is small at its spot stays."""
    kind = type(value)
    if kind is str:
        known = spot.values.young.get(value)
        return leaf(desk, spot, value) if known is None else desk.notes.apply(desk.side, spot.place, known)
    if (kind is int or (kind is float and spot.keeps_fractions)) and (
        -spot.small < value < spot.small  # type: ignore[operator] # kind says so
    ):
        return value
    return leaf(desk, spot, value)
