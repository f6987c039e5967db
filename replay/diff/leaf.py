"""Two leaves that stand at one place: does the relation that noise left there still hold?

Rule: redaction decides what can be asked. A verbatim value is compared as such; a stand-in only by what redaction keeps
(its type, that it is empty, that it is a uuid or an e-mail) and by renaming.
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.diff.relations import holds, is_equal, is_nameable, is_same_type
from replay.diff.shapes import shape
from replay.diff.times import are_times, follow_the_clock, time_format
from replay.model.difference import DifferenceKind, Relation
from replay.model.tree import Scalar

# Classes whose stand-ins do not tell originals apart.
_MANY_TO_ONE = frozenset({"password", "geo", "birth", "field", "constant", "untyped"})
_UNTYPED = "untyped"  # the class of what is null or a hash in the recording, whatever it was
_CONSTANT = "constant"  # of what has its type left
_KEPT_SHAPES = frozenset({"empty", "uuid", "email"})
_BY_RENAMING = frozenset({Relation.EQUAL, Relation.RENAMED})


@dataclass(frozen=True, slots=True)
class Moment:
    """The second at which each side answered (its Date header); None when unknown or redacted."""

    recorded: float | None = None
    live: float | None = None


def is_renamable(recorded: Scalar, live: Scalar, relation: Relation, value_class: str) -> bool:
    """True where one recorded value must stand for one live value: renamed by noise, or replaced by redaction."""
    if relation not in _BY_RENAMING or value_class in _MANY_TO_ONE:
        return False
    if relation is Relation.EQUAL and not value_class:
        return False
    return is_nameable(recorded) and is_nameable(live) and not time_format(recorded) and not time_format(live)


def judge_leaf(
    recorded: Scalar, live: Scalar, relation: Relation, value_class: str, moment: Moment
) -> DifferenceKind | None:
    """What is wrong with this pair taken alone; None when nothing is. Renaming is judged over the whole trace."""
    if value_class == _UNTYPED or is_equal(recorded, live):
        return None
    if not is_same_type(recorded, live):
        return None if relation is Relation.VARIABLE else DifferenceKind.TYPE
    if value_class == _CONSTANT:
        return None
    is_right = _is_right_stand_in if value_class else _is_right_verbatim
    return None if is_right(recorded, live, relation, moment) else DifferenceKind.VALUE


def _is_right_verbatim(recorded: Scalar, live: Scalar, relation: Relation, moment: Moment) -> bool:
    if relation is Relation.EQUAL:
        return follow_the_clock(recorded, live, moment.recorded, moment.live)
    if relation is Relation.RENAMED:
        return not _is_strict(recorded, live) and shape(live) != "zero-uuid"
    if relation is Relation.TIME:
        return are_times(recorded, live)
    return holds(relation, recorded, live)


def _is_right_stand_in(recorded: Scalar, live: Scalar, relation: Relation, moment: Moment) -> bool:  # noqa: ARG001 - a rule
    if relation in {Relation.TYPE, Relation.VARIABLE}:
        return True
    if time_format(recorded) and isinstance(recorded, str):  # a date is shifted, never scrambled
        return relation is not Relation.TIME or are_times(recorded, live)
    return not _is_strict(recorded, live)


def _is_strict(recorded: Scalar, live: Scalar) -> bool:
    """The classes differ, and one of them is a class that redaction keeps and that no free text has by chance.

    The zero uuid has a stand-in like any other: that it stands for many is for the renaming to see.
    """
    one, two = (shape(value).removeprefix("zero-") for value in (recorded, live))
    return one != two and bool(_KEPT_SHAPES & {one, two})
