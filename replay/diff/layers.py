"""Two answers, cheapest test first: transport, bytes, canonical bytes, and only then the walk.

transport gate --differs--> one difference, bodies not compared
     | same
bytes equal ----yes------> nothing
     | no
canonical equal --yes----> nothing (key order, white space, escapes)
     | no
walk
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import orjson

from replay.diff.census import compare_censuses, take_census
from replay.diff.headers import head_tree
from replay.diff.relations import is_same_type
from replay.diff.walk import PLAIN, Lens, Pair, Raw, walk
from replay.model.body import Body
from replay.model.codec import UndecodableError
from replay.model.difference import DifferenceKind
from replay.model.exchange import Fault, FaultKind, Outcome, Response
from replay.model.message import body_tree
from replay.model.tree import Tree

_NOT_TOLD = "application/octet-stream"  # what redaction writes for a type that it does not know, dropping the body


def gate(left: Outcome, right: Outcome) -> Pair | None:
    """The one difference that makes comparing the rest pointless, or None.

    A recording that ended because its client went away holds nothing to compare with: that was not the target's doing.
    """
    if isinstance(left, Fault) or isinstance(right, Fault):
        return _gate_faults(left, right)
    if left.status != right.status:
        return Pair("status", DifferenceKind.STATUS, left.status, right.status)
    if left.body.length_bytes and right.body.length_bytes:
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


def walk_answers(left: Response, right: Response, lens: Lens = PLAIN) -> Iterator[Pair]:
    """Pairs of two answers that passed the gate: headers, cookies, body."""
    if lens.sees_equal or left.headers.fields != right.headers.fields:
        yield from walk(head_tree(left.headers), head_tree(right.headers), "", lens)
    yield from walk_bodies(left.body, right.body, lens)


def walk_bodies(left: Body, right: Body, lens: Lens = PLAIN) -> Iterator[Pair]:
    """Bodies cut on either side are not compared: what is missing cannot be told from what was cut.

    A body that can be read against one that cannot is a MEDIA_TYPE pair, the only one then.
    """
    if left.truncated or right.truncated or (left.data == right.data and not (lens.sees_equal and left.data)):
        return
    sizes = (len(left.data), len(right.data))
    if not all(sizes):
        yield Pair("body", DifferenceKind.MISSING if left.data else DifferenceKind.ADDED, *sizes)
        return
    one, two = read_tree(left), read_tree(right)
    if one is None or two is None:
        if left.data != right.data:
            kind = DifferenceKind.VALUE if one is two else DifferenceKind.MEDIA_TYPE
            yield Pair("body", kind, *sizes)
    elif lens.sees_equal or not is_same_document(one[0], two[0]):
        yield from walk(one[0], two[0], "body", lens)


def read_tree(body: Body) -> tuple[Tree] | None:
    """The document in a tuple of its own (the document itself may be null); None when there is none to read."""
    try:
        return (body_tree(body),)
    except UndecodableError:
        return None


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
