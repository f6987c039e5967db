"""Two messages side by side, line by line, with the lines that changed marked; what is equal is folded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from replay.report.html.lines import Line

_AROUND = 2  # equal lines shown before and behind a change
SAME, CHANGED, GONE, ADDED, VARIES, FOLDED = "same", "changed", "gone", "added", "varies", "folded"
FOREIGN = "foreign"  # on the right side: data of somebody else
# Read without colour: what a column of its own says about a line.
SIGNS = {SAME: "", CHANGED: "≠", GONE: "−", ADDED: "+", VARIES: "~", FOLDED: "⋯", FOREIGN: "◆"}


@dataclass(frozen=True, slots=True, repr=False)
class Side:
    """One line of both. Of a folded one `left` says how many lines have no change."""

    mark: str
    left: str = ""
    right: str = ""

    @property
    def sign(self) -> str:
        return SIGNS[self.mark]


def side_by_side(left: Sequence[Line], right: Sequence[Line], owners: Mapping[str, str] | None = None) -> list[Side]:
    """At least the first line of both, which says what they are. `owners`: marker that was planted -> whose it is."""
    keys = [one.key for one in left], [one.key for one in right]
    out: list[Side] = []
    for word, a, b, c, d in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        if word == "equal":
            out += [_equal(one, other) for one, other in zip(left[a:b], right[c:d], strict=True)]
        else:
            out += [_unequal(one, other) for one, other in zip_longest(left[a:b], right[c:d])]
    return list(_folded([_owned(one, owners) for one in out] if owners else out))


def _equal(left: Line, right: Line) -> Side:
    return Side(VARIES if left.varies and left.text != right.text else SAME, left.text, right.text)


def _unequal(left: Line | None, right: Line | None) -> Side:
    if left is None or right is None:
        return Side(GONE, left.text) if left else Side(ADDED, "", right.text if right else "")
    # One world's name for something may be another's name for something else: what reads the same is no change.
    return Side(SAME if left.text == right.text else CHANGED, left.text, right.text)


def _owned(side: Side, owners: Mapping[str, str]) -> Side:
    """Says so where the right side shows somebody else's data."""
    found = {owner for marker, owner in owners.items() if marker in side.right}
    return Side(FOREIGN, side.left, f"{side.right}   ◆ {', '.join(sorted(found))}") if found else side


def _folded(sides: Sequence[Side]) -> Iterator[Side]:
    changes = [n for n, one in enumerate(sides) if one.mark not in {SAME, VARIES}]
    near = {0, *(n + step for n in changes for step in range(-_AROUND, _AROUND + 1))}
    hidden = 0
    for n, one in enumerate(sides):
        if n in near:
            if hidden:
                yield Side(FOLDED, _folded_text(hidden))
                hidden = 0
            yield one
        else:
            hidden += 1
    if hidden:
        yield Side(FOLDED, _folded_text(hidden))


def _folded_text(count: int) -> str:
    return f"{count} line{'' if count == 1 else 's'} without a change"
