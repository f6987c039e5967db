"""Which places of an endpoint ever differ between clean replays: the only ones of which noise has to learn anything.

Learning in two passes: the first passes over what is equal; the second sees, at the places that the first one found,
every pair there is. An answer is looked at in full when it holds a name that stands for another one elsewhere: that
the name is unchanged here speaks against a renaming.

Rule: what is learned is the same as from looking at everything (tests/property/test_layer_laws.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from replay.diff.above import with_all_above
from replay.diff.alignment import Redaction
from replay.diff.headers import compared_fields
from replay.diff.layers import gate, walk_answers
from replay.diff.renaming import key_of
from replay.diff.shapes import names_one_thing
from replay.diff.walk import PLAIN, Lens, Pair
from replay.model.evidence import Attempt
from replay.model.exchange import Response
from replay.model.tree import Tree

EVERYTHING = Lens(is_watched=lambda _place: True, sees_equal=True)
_LONG_NUMBER = re.compile(rb"\d{12,}")  # shorter integers are no names of their own: see `names_one_thing`
_ODD = ("\\", '"')  # a name that holds these is written otherwise in JSON
_ESCAPED = re.compile(rb"\\u00[0-7]")  # besides \/ the only way to write an ordinary name otherwise
_HIDDEN = re.compile(rb'"(?:ey|W[yz123])')  # how base64 of a JSON document begins: see `inner`


def _plain(endpoint: str) -> Lens:  # noqa: ARG001 - the shape of the argument it stands for
    return PLAIN


@dataclass(slots=True, repr=False)
class Unsteady:
    """Grows with the number of places and names that differ, never with what is equal."""

    places: dict[str, set[str]] = field(default_factory=dict)  # by endpoint
    names: set[bytes] = field(default_factory=set)  # in lower case, as `key_of` folds some of them
    has_odd_names: bool = False
    has_numbers: bool = False
    hooks: Callable[[str], Lens] = _plain
    _found: dict[tuple[int, int], list[Pair]] = field(default_factory=dict)  # by the identity of both attempts
    _lenses: dict[str, Lens] = field(default_factory=dict)
    _single: dict[str, frozenset[str]] = field(default_factory=dict)  # by endpoint: see `_is_all`
    _hooked: dict[str, Lens] = field(default_factory=dict)

    @classmethod
    def among(
        cls, pairs: Iterable[tuple[Attempt, Attempt]], redaction: Redaction, hooks: Callable[[str], Lens] = _plain
    ) -> Unsteady:
        """Of aligned attempts of clean replays. `hooks`: how elements are matched and texts opened, by endpoint."""
        found = cls(hooks=hooks)
        for one, two in pairs:
            if one.response is None or two.response is None or gate(one.response, two.response) is not None:
                continue
            differing = walk_answers(one.response, two.response, found._hooks_of(one.endpoint))
            if differing:
                found._found[id(one), id(two)] = differing
            for pair in differing:
                found._take(one.endpoint, pair, is_uuid=redaction.class_at(one.endpoint, pair.place) == "uuid")
        for endpoint, places in found.places.items():
            found._lenses[endpoint] = found._with_hooks(_lens(places), endpoint)
            found._single[endpoint] = _single_places(places)
        return found

    def pairs(self, one: Attempt, two: Attempt) -> list[Pair]:
        """What noise has to learn from two answers that passed the gate."""
        left, right = one.response, two.response
        if left is None or right is None:
            return []
        if self.names and self._keeps_a_name(left, right):
            return walk_answers(left, right, self._with_hooks(EVERYTHING, one.endpoint))
        lens = self._lenses.get(one.endpoint)
        if lens is None:
            return []
        differing = self._found.get((id(one), id(two)), [])
        return differing if self._is_all(one.endpoint, differing) else walk_answers(left, right, lens)

    def _is_all(self, endpoint: str, differing: list[Pair]) -> bool:
        """True when nothing else can stand at a place that is looked at: each is outside of lists, and differs here."""
        wanted = self._single.get(endpoint, frozenset())
        if not wanted or len(wanted) != len(differing):
            return False
        return all(pair.kind is None and pair.place in wanted for pair in differing)

    def _hooks_of(self, endpoint: str) -> Lens:
        known = self._hooked.get(endpoint)
        if known is None:
            known = self._hooked[endpoint] = self.hooks(endpoint)
        return known

    def _with_hooks(self, lens: Lens, endpoint: str) -> Lens:
        hooks = self._hooks_of(endpoint)
        return replace(lens, paired=hooks.paired, opened=hooks.opened)

    def _take(self, endpoint: str, pair: Pair, *, is_uuid: bool) -> None:
        """A list's rule stands at its elements' place, and elements may be leaves: both places are looked at."""
        place = pair.place
        if ".(" in place:  # a document in a text: the text itself is watched, so that equal ones are opened as well
            self.places.setdefault(endpoint, set()).add(place[: place.index(".(")])
        self.places.setdefault(endpoint, set()).update((place, place.removesuffix("[*]"), f"{place}[*]"))
        if pair.kind is None:
            for value in (pair.left, pair.right):
                self._take_name(value, is_uuid=is_uuid)

    def _take_name(self, value: Tree, *, is_uuid: bool) -> None:
        """`is_uuid`: values of that class share their domain whatever they are (see `domain_of`)."""
        if isinstance(value, list | dict) or not names_one_thing(value):
            self.has_odd_names = self.has_odd_names or is_uuid
            return
        name = key_of(value).lstrip("-").lower()
        self.has_numbers = self.has_numbers or name.isdecimal()
        self.has_odd_names = self.has_odd_names or not name.isascii() or any(mark in name for mark in _ODD)
        self.names.add(name.encode("utf-8", "surrogatepass"))

    def _keeps_a_name(self, one: Response, two: Response) -> bool:
        """True when a name that differs elsewhere may stand in both answers. It may be wrong, but never miss one."""
        if self.has_odd_names:
            return True
        for _, value in compared_fields(one.headers):
            if value.strip().lower().encode("utf-8", "surrogatepass") in self.names:
                return True
        return self._body_keeps_a_name(one.body.data, two.body.data)

    def _body_keeps_a_name(self, left: bytes, right: bytes) -> bool:
        text = _plainly(left)
        if _HIDDEN.search(text) or (text is not left and _ESCAPED.search(left)):
            return True
        held = self.names & self._words(text)
        return bool(held) and not held.isdisjoint(self._words(_plainly(right)))

    def _words(self, text: bytes) -> set[bytes]:
        """What may be a name: without escapes a JSON text is what stands between quotes."""
        folded = text.lower()
        words = set(folded.split(b'"'))
        if self.has_numbers:
            words.update(_LONG_NUMBER.findall(folded))
        return words


def _plainly(data: bytes) -> bytes:
    """JSON text in which `\\/` is a slash, and the names in a document inside a text stand between quotes, too."""
    return data.replace(b"\\", b"") if b"\\" in data else data


def _single_places(places: set[str]) -> frozenset[str]:
    """The places themselves, when each of them occurs at most once in a document; else none.

    For every place its elements are in `places` as well: no document that has a leaf there has any.
    """
    own = frozenset(place for place in places if not place.endswith("[*]"))
    is_single = all(".(" not in place and "[*]" not in place for place in own)
    return own if is_single and len(own) * 2 == len(places) else frozenset()


def _lens(places: set[str]) -> Lens:
    inside = with_all_above(places)
    return Lens(is_watched=places.__contains__, sees_equal=True, is_watched_below=inside.__contains__)
