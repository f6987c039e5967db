"""What one key's redaction remembers between exchanges: bounded caches, each a pure function's answers.

    values   (role, nesting) -> text -> Change      what stands for a value
    fields   (redactor, side, field, guide) -> what became of a whole header field
    moments  the same of `Date` and its like, of which each second brings another
    looks    field of a finished exchange -> what the second look read in it; False when it was seen once
    rows     row of a finished document -> as above
    documents  see there: whole bodies
    texts    (text, nesting, lexicon) -> Change of a generated text, whatever its role
    targets  (target or host, its text, guide) -> what became of it
    names    redactor -> field name as sent -> in lower case, or False when the redactor does not speak for it
    spots    (place, nesting) -> the root of a trie of decisions about places, see tree_walk

Two generations: when the young one is full the old one is dropped and the young becomes old; what is asked for again
moves to the young. So memory stays bounded, and a busy value stays known.

Rule: forgetting everything changes no output. Nothing here is ever written, printed or compared.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from replay.redact.documents import Documents

_MOST_VALUES = 16_384  # entries a generation, all roles together, of texts of at most 256 characters: about 8 MB
_MOST_FIELDS = 1_536  # entries a generation, of at most 4 KB: about 2 MB with usual fields
_MOST_MOMENTS = 256  # entries a generation: those of the last two minutes
_MOST_TARGETS = 1_024  # entries a generation, of at most 4 KB: about 1 MB
_MOST_TEXTS = 4_096  # entries a generation, of at most 256 characters: about 2 MB
_MOST_NAMES = 1_024  # entries a generation and redactor; services have some dozens
_MOST_ANCHORS = 12_288  # entries a generation: about 4 MB
_MOST_LOOKS = 3_072  # entries a generation, most of them "seen once"
_MOST_ROWS = 2_048  # entries a generation, of at most 1 KB: about 5 MB with usual rows
_MOST_SPOTS = 20_000  # names at places; a service has some thousands


class Generations:
    """A bounded mapping. `young` may be read directly; what is not in it is looked up by `find`."""

    __slots__ = ("_most", "_old", "longest", "young")

    def __init__(self, most: int, longest: int = 256) -> None:
        """`most` entries a generation; what is longer than `longest` (characters) should not be kept."""
        self._most = most
        self.longest = longest
        self.young: dict[Any, Any] = {}
        self._old: dict[Any, Any] = {}

    def find(self, key: Hashable) -> Any:
        """What was kept under `key`; None when nothing was, or when it is forgotten."""
        known = self.young.get(key)
        if known is None:
            known = self._old.get(key)
            if known is not None:
                self.keep(key, known)
        return known

    def keep(self, key: Hashable, value: Any) -> None:
        if len(self.young) >= self._most:
            self.age()
        self.young[key] = value

    def age(self) -> None:
        """The young are old now, and the old are forgotten."""
        self._old = self.young
        self.young = {}

    def clear(self) -> None:
        self.age()
        self.age()


class Memory:
    """The caches of one key."""

    __slots__ = (
        "_names",
        "_spot_count",
        "_value_count",
        "_values",
        "anchors",
        "documents",
        "fields",
        "looks",
        "moments",
        "ours",
        "rows",
        "spots",
        "targets",
        "texts",
    )

    def __init__(self) -> None:
        self._values: dict[tuple[str, int, Hashable], Generations] = {}
        self._names: dict[str, Generations] = {}
        self.fields = Generations(_MOST_FIELDS)
        self.moments = Generations(_MOST_MOMENTS)
        self.targets = Generations(_MOST_TARGETS)
        self.texts = Generations(_MOST_TEXTS)
        self.anchors = Generations(_MOST_ANCHORS)
        self.looks = Generations(_MOST_LOOKS, 4096)
        self.rows = Generations(_MOST_ROWS, 1024)
        self.ours = Generations(_MOST_LOOKS)
        self.documents = Documents()
        self.spots: dict[Hashable, Any] = {}
        self._spot_count = self._value_count = 0

    def values(self, role: str, nesting: int, lexicon: Hashable = None) -> Generations:
        """The changes of texts under names of `role`, `nesting` containers deep, where `lexicon` says what may stay."""
        key = (role, nesting, lexicon)
        found = self._values.get(key)
        if found is None:
            found = self._values[key] = Generations(_MOST_VALUES)
        return found

    def names(self, redactor: str) -> Generations:
        """The names of fields, as far as a redactor looked at them."""
        found = self._names.get(redactor)
        if found is None:
            found = self._names[redactor] = Generations(_MOST_NAMES)
        return found

    def keep_value(self, values: Generations, text: Hashable, change: Any) -> None:
        """Keep one of `values`; all roles age together."""
        self._value_count += 1
        if self._value_count > _MOST_VALUES:
            self._value_count = 0
            for generations in self._values.values():
                generations.age()
        values.young[text] = change

    def count_spot(self) -> None:
        """One more place is known; too many are all forgotten, for names that are data must not fill the memory."""
        self._spot_count += 1
        if self._spot_count > _MOST_SPOTS:
            self._spot_count = 0
            self.spots.clear()

    def clear(self) -> None:
        known = (self.fields, self.moments, self.targets, self.texts, self.anchors, self.looks, self.rows, self.ours)
        for generations in (*self._values.values(), *self._names.values(), *known):
            generations.clear()
        self.documents.clear()
        self.spots.clear()
