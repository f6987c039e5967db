"""What a response gives of those values that requests hold: see `wanted`. The rest is not even named.

Rule: the same values at the same places and in the same order as `answers.given` has them.
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.correlate.answers import Gift, gifts_of, given
from replay.correlate.credentials import is_static_response_header
from replay.correlate.pieces import IDS, kind_among, kinds_beside
from replay.correlate.shapes import canonical
from replay.correlate.wanted import Wanted
from replay.model.codec import UndecodableError
from replay.model.exchange import Response
from replay.model.message import Leaf, body_tree, response_leaves
from replay.model.tree import Place, Tree, at

_NO_TREE: Tree = {}


@dataclass(frozen=True, slots=True, repr=False)
class Offer:
    """`gifts` may be given back. `whole` are texts of leaves of any kind (also of headers that nobody correlates)."""

    gifts: tuple[Gift, ...] = ()
    whole: frozenset[str] = frozenset()


_NOTHING = Offer()


def offer_of(response: Response, wanted: Wanted) -> Offer:
    """What of the response is wanted."""
    if response.body.data and not response.body.is_json:
        return _read_in_full(response, wanted)
    try:
        tree = body_tree(response.body)
    except UndecodableError:
        tree = _NO_TREE
    heads = _heads(response, wanted)
    found = wanted.leaves(tree, ("body",))
    if not heads and not found:
        return _NOTHING
    named = [leaf for leaf in heads if not _is_static(leaf)] + found
    gifts: tuple[Gift, ...] = ()
    if named:
        kinds = {**kinds_beside(heads), **_kinds(tree, found)}
        gifts = tuple([one for one in gifts_of(response, named, kinds) if canonical(one.value) in wanted.texts])
    return Offer(gifts, _whole(heads, wanted) | _whole(found, wanted))


def _read_in_full(response: Response, wanted: Wanted) -> Offer:
    """Pages, forms, XML and texts: few, and their values may be written in many ways."""
    gifts = tuple([one for one in given(response) if canonical(one.value) in wanted.texts])
    return Offer(gifts, _whole(list(response_leaves(response)), wanted))


def _heads(response: Response, wanted: Wanted) -> list[Leaf]:
    """Leaves of the header fields, where any of them may hold something."""
    for name, value in response.headers.fields:
        if value in wanted.texts or (not is_static_response_header(name.lower()) and wanted.may_hold(value)):
            break
    else:
        return []
    location = response.headers.get("location")
    named: list[Leaf] = [(("location",), location)] if location else []
    return named + list(response_leaves(Response(response.status, response.headers)))


def _kinds(tree: Tree, found: list[Leaf]) -> dict[Place, str]:
    """`kinds_beside` for those of the document's leaves."""
    kinds: dict[Place, str] = {}
    for place, _ in found:
        if place[-1] in IDS:
            members = at(tree, place[1:-1])
            kind = kind_among(members) if isinstance(members, dict) else ""
            if kind:
                kinds[place] = kind
    return kinds


def _is_static(leaf: Leaf) -> bool:
    place = leaf[0]
    return place[0] == "header" and is_static_response_header(str(place[1]))


def _whole(found: list[Leaf], wanted: Wanted) -> frozenset[str]:
    return frozenset(
        value for place, value in found if isinstance(value, str) and value in wanted.texts and place != ("location",)
    )
