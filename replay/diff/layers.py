"""Two answers, cheapest test first: transport, bytes, documents, and only then leaf by leaf.

transport gate --differs--> one difference, bodies not compared
     | same
bytes equal -------yes----> nothing
     | no
documents equal ---yes----> nothing (key order, white space, escapes, the spelling of numbers)
     | no
walk: subtrees that are equal, and where no rule looks, are passed over as a whole
     | leaves that differ, and those that a rule wants to see even where they are equal
the reader of the pairs (noise learns from them, the judge judges them)
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import orjson

from replay.diff.census import compare_censuses, take_census
from replay.diff.documents import read_tree
from replay.diff.headers import are_compared_alike, head_tree
from replay.diff.relations import is_same_type
from replay.diff.repeated_keys import hides_a_difference
from replay.diff.walk import PLAIN, Lens, Pair, Raw, is_same_tree, walk
from replay.model.body import Body
from replay.model.difference import DifferenceKind
from replay.model.exchange import Fault, FaultKind, Outcome, Response
from replay.model.tree import Tree

__all__ = [
    "canonical",
    "differences",
    "gate",
    "is_same_document",
    "read_tree",
    "walk_answers",
    "walk_bodies",
]

_NOT_TOLD = "application/octet-stream"  # what redaction writes for a type that it does not know, dropping the body


def gate(left: Outcome, right: Outcome) -> Pair | None:
    """The one difference that makes comparing the rest pointless, or None.

    A recording that ended because its client went away holds nothing to compare with: that was not the target's doing.
    """
    if isinstance(left, Fault) or isinstance(right, Fault):
        return _gate_faults(left, right)
    if left.status != right.status:
        return Pair("status", DifferenceKind.STATUS, left.status, right.status)
    one, two = left.body, right.body
    if one.content_type != two.content_type and one.length_bytes and two.length_bytes:
        return _gate_media(left.body, right.body)
    return None


def _gate_faults(left: Outcome, right: Outcome) -> Pair | None:
    one = left.kind if isinstance(left, Fault) else None
    two = right.kind if isinstance(right, Fault) else None
    if one is two or one is FaultKind.CLIENT_GONE:
        return None
    return Pair("fault", DifferenceKind.FAULT, one and one.value, two and two.value)


def _gate_media(left: Body, right: Body) -> Pair | None:
    if left.media_type == right.media_type or (left.truncated and left.media_type == _NOT_TOLD):
        return None
    return Pair("body", DifferenceKind.MEDIA_TYPE, left.media_type, right.media_type)


def is_same_document(left: Tree, right: Tree) -> bool:
    """Same canonical bytes. False is no verdict: 1 and 1.0 are spelled differently, the walk knows better."""
    try:
        return canonical(left) == canonical(right)
    except RecursionError:
        return False


def canonical(tree: Tree) -> bytes:
    """One spelling per document: keys sorted, nothing else changed. Exact for integers of any size."""
    try:
        return orjson.dumps(tree, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError):  # beyond 64 bits, or nested deeper than 254
        return json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()


def walk_answers(left: Response, right: Response, lens: Lens = PLAIN) -> list[Pair]:
    """Pairs of two answers that passed the gate: headers, cookies, body."""
    found: list[Pair] = []
    one, two = left.headers, right.headers
    if one.fields != two.fields or lens.sees_equal:
        looks = lens.is_watched_below("header") or lens.is_watched_below("set-cookie")
        if looks or not are_compared_alike(one, two):
            found = walk(head_tree(one), head_tree(two), "", lens)
    if left.body.data != right.body.data or lens.sees_equal:
        found += walk_bodies(left.body, right.body, lens)
    return found


def walk_bodies(left: Body, right: Body, lens: Lens = PLAIN) -> list[Pair]:
    """Bodies cut on either side are not compared: what is missing cannot be told from what was cut.

    A body that can be read against one that cannot is a MEDIA_TYPE pair, the only one then.
    """
    is_same = left.data == right.data
    if left.truncated or right.truncated:
        return []
    looks = lens.sees_equal and bool(left.data) and lens.is_watched_below("body")
    if is_same and not looks:
        return []
    sizes = (len(left.data), len(right.data))
    if not all(sizes):
        return [Pair("body", DifferenceKind.MISSING if left.data else DifferenceKind.ADDED, *sizes)]
    one, two = read_tree(left), read_tree(right)
    if one is None or two is None:
        kind = DifferenceKind.VALUE if one is two else DifferenceKind.MEDIA_TYPE
        is_mute = is_same or (one is two and not left.is_json)  # such a body is not judged: see `unread`
        return [] if is_mute else [Pair("body", kind, *sizes)]
    has_truth = one.has_truth or two.has_truth
    if not looks and is_same_tree(one.tree, two.tree, has_truth=has_truth):
        is_hidden = left.is_json and right.is_json and hides_a_difference(left.data, right.data, one.tree)
        return [Pair("body", DifferenceKind.VALUE, *sizes)] if is_hidden else []
    return walk(one.tree, two.tree, "body", lens, has_truth=has_truth)


def differences(left: Tree, right: Tree, prefix: str = "body") -> Iterator[Raw]:
    """Every difference between two trees, nothing forgiven; lists of different lengths by what all elements share."""
    for place, kind, one, two in walk(left, right, prefix):
        if kind is None:
            yield Raw(place, DifferenceKind.VALUE if is_same_type(one, two) else DifferenceKind.TYPE, one, two)
        elif kind is DifferenceKind.LENGTH and isinstance(one, list) and isinstance(two, list):
            if len(one) != len(two):
                yield Raw(place, kind, len(one), len(two))
            yield from compare_censuses(take_census(place, one), take_census(place, two), least=1)
        else:
            yield Raw(place, kind, one, two)
