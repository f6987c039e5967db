"""What a run left in the target, for a person and for a program."""

from __future__ import annotations

from collections.abc import Sequence

from replay.model.remains import Remains
from replay.model.tree import Tree
from replay.report.terminal import printable

_SHOWN = 5  # places


def remains_rows(remains: Sequence[Remains]) -> list[tuple[str, str]]:
    """Label and text for the head of the report; nothing when nobody counted."""
    rows = []
    for kind, label, noun in (("answers", "cleanup", "made"), ("rows", "rows", "new")):
        of_kind = [one for one in remains if one.kind == kind]
        if not of_kind:
            continue
        made, left = sum(one.made for one in of_kind), [one for one in of_kind if one.left]
        said = f"{made} {noun}, {made - sum(one.left for one in left)} deleted"
        places = [f"{one.left} of {printable(one.place)}{_why(one)}" for one in left]
        more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        rows.append(
            (label, f"{said}; left: {', '.join(places[:_SHOWN])}{more}" if places else f"{said}; nothing is left")
        )
    return rows


def remains_tree(remains: Sequence[Remains]) -> Tree:
    return [
        {
            "kind": one.kind,
            "place": one.place,
            "made": one.made,
            "deleted": one.deleted,
            "left": one.left,
            "unproven": one.unproven,
        }
        for one in remains
    ]


def _why(one: Remains) -> str:
    return f" ({one.unproven} not provably this run's)" if one.unproven else ""
