"""What may hold between two leaves, from equal down to same type: pure tests of two values.

Rule: Python's `==` decides nothing here: it takes 1, 1.0 and True for one value.
"""

from __future__ import annotations

from replay.diff.shapes import is_same_shape
from replay.diff.times import are_near_times
from replay.model.difference import Relation
from replay.model.tree import Scalar, Tree

CLOSE = 1e-3  # share of a number: results of one computation are nearer, two measurements hardly ever
_LARGEST = 1e300  # beyond it (and for what is no number) there is no share


def type_of(value: Tree) -> str:
    """JSON's own types: null, bool, number, text, list, object. 1 and 1.0 are both numbers; true is none."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list) else "object"


def is_equal(left: Scalar, right: Scalar) -> bool:
    """Typed equality: 1 equals 1.0, but not True and not "1"; a number that is not a number equals itself."""
    kind = type(left)
    if kind is type(right):
        return left == right or (kind is float and left != left and right != right)  # NaN
    return type_of(left) == type_of(right) == "number" and left == right


def is_same_type(left: Tree, right: Tree) -> bool:
    return type_of(left) == type_of(right)


def is_nameable(value: Scalar) -> bool:
    """Integers and non-empty texts may name something; truth, nothing and fractions never do."""
    return isinstance(value, int | str) and not isinstance(value, bool) and value != ""


def gap_of(left: Scalar, right: Scalar) -> float | None:
    """By which share of the larger one two numbers differ; None where either is no number. Whole numbers count."""
    if not _is_number(left) or not _is_number(right):
        return None
    one, two = float(left), float(right)  # type: ignore[arg-type]  # both are numbers
    largest = max(abs(one), abs(two))
    return abs(one - two) / largest if largest > 0 else 0.0


def _is_number(value: Scalar) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < _LARGEST


def holds(relation: Relation, left: Scalar, right: Scalar) -> bool:
    """One pair's part of `relation`. RENAMED needs more than one pair to be told: see `renaming`."""
    if is_equal(left, right):
        return True
    if relation is Relation.EQUAL:
        return False
    if relation is Relation.RENAMED:
        return is_nameable(left) and is_nameable(right) and is_same_type(left, right)
    if relation is Relation.TIME:
        return are_near_times(left, right)
    if relation is Relation.TOLERANCE:
        gap = gap_of(left, right)
        return gap is not None and gap < CLOSE and not (isinstance(left, int) and isinstance(right, int))
    if relation is Relation.SHAPE:
        return is_same_shape(left, right)
    return is_same_type(left, right) if relation is Relation.TYPE else True
