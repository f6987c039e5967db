"""Equality up to renaming: one recorded name stands for one live name, in both directions, within its domain.

A domain is a redaction class for values that name one thing wherever they stand (uuids, tokens, e-mails), and one
place of one endpoint for all others (17 may be a course and a user).
Rule: a contradiction needs a majority that was seen at least twice; alone, every renaming is consistent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from replay.diff.shapes import names_one_thing, shape
from replay.model.tree import Scalar

Domain = tuple[str, ...]
_MAJORITY = 2  # times that a pair must have been seen to speak against another
_CROWD = 3  # recorded values that one live value cannot stand for, where each names one thing
_LETTER_BITS, _DIGIT_BITS = 4.7, 3.3  # what one scrambled character can tell
_ENOUGH_BITS = 18.0  # below it two originals of one place may share a stand-in by chance
_LONGEST_SHOWN = 40  # characters
_SHOWN_SHAPES = frozenset({"uuid", "id", "number"})


@dataclass(slots=True)
class Sightings:
    """How often, in which answers and at how many places one recorded value stood for one live value."""

    leaves: int = 0
    answers: set[str] = field(default_factory=set)
    places: set[tuple[str, str]] = field(default_factory=set)

    @property
    def weight(self) -> tuple[int, int]:
        """Places first: one faulty list repeats its error in every element."""
        return len(self.places), self.leaves


def domain_of(endpoint: str, place: str, value_class: str, left: Scalar, right: Scalar) -> Domain:
    """Where the two values' names are unique. Redaction gives one value different stand-ins per class."""
    if value_class == "uuid":  # the zero uuid as well
        return (value_class,)
    if _names_one(left) and _names_one(right):
        return (value_class,)
    return (endpoint, place)


def _names_one(value: Scalar) -> bool:
    """The zero uuid as well: that it stands for many is what is wrong with it."""
    return names_one_thing(value) or (isinstance(value, str) and shape(value) == "zero-uuid")


def key_of(value: Scalar) -> str:
    """17 and "17" are one name; e-mails and uuids are one name in any case (redaction folds them as well)."""
    return _key_of_text(value) if isinstance(value, str) else str(value)


@lru_cache(maxsize=16384)
def _key_of_text(text: str) -> str:
    return text.casefold() if shape(text) in {"uuid", "email"} else text


@dataclass(slots=True)
class Renaming:
    """One world's map, learned from aligned leaves and seeded with what request binding knows."""

    forward: dict[Domain, dict[str, dict[str, Sightings]]] = field(default_factory=dict)
    backward: dict[Domain, dict[str, dict[str, Sightings]]] = field(default_factory=dict)
    bound: dict[str, set[str]] = field(default_factory=dict)  # recorded -> live, from bindings and fresh values
    bound_back: dict[str, set[str]] = field(default_factory=dict)

    def bind(self, renamed: Iterable[tuple[str, str]]) -> None:
        """Takes over `Trace.renamed`."""
        for recorded, live in renamed:
            self.bound.setdefault(recorded, set()).add(live)
            self.bound_back.setdefault(live, set()).add(recorded)

    def is_bound(self, recorded: Scalar, live: Scalar) -> bool:
        """True when request binding already knows that `live` stands for `recorded`."""
        return str(live) in self.bound.get(str(recorded), ())

    def see(self, domain: Domain, recorded: Scalar, live: Scalar, site: tuple[str, str, str]) -> None:
        """Counts one aligned leaf. `site` is (exchange id, endpoint, place)."""
        one, two = key_of(recorded), key_of(live)
        known = self.forward.setdefault(domain, {}).setdefault(one, {})
        sightings = known.get(two)
        if sightings is None:
            sightings = known[two] = Sightings()
            self.backward.setdefault(domain, {}).setdefault(two, {})[one] = sightings
        sightings.leaves += 1
        sightings.answers.add(site[0])
        sightings.places.add((site[1], site[2]))

    def pairs_of(self, site: tuple[str, str]) -> dict[str, str]:
        """What was renamed at one place, and to what (most often); what kept its name is left out."""
        out: dict[str, str] = {}
        for was, seen in self.forward.get(site, {}).items():
            now = max(seen, key=lambda key: (seen[key].weight, key))
            if now != was:
                out[was] = now
        return out

    def is_one_to_one(self, domain: Domain, recorded: Scalar, live: Scalar) -> bool:
        """Nothing in the domain contradicts this pair."""
        one, two = key_of(recorded), key_of(live)
        return len(self.forward[domain][one]) == 1 and len(self.backward[domain][two]) == 1

    def repeats(self, domain: Domain, recorded: Scalar, live: Scalar) -> int:
        """How often this pair was seen again after the first time."""
        return self.forward[domain][key_of(recorded)][key_of(live)].leaves - 1

    def conflict(self, domain: Domain, recorded: Scalar, live: Scalar, value_class: str) -> str:
        """Why this pair cannot be right, as a remark without values that could be secrets; empty when it can."""
        one, two = key_of(recorded), key_of(live)
        here = self.forward[domain][one][two].weight
        was, now = shown(recorded), shown(live)
        unique = len(domain) == 1
        if not (value_class and _may_share_stand_in(recorded)):
            best = _strongest(self.forward[domain][one], self.bound.get(str(recorded), ()) if unique else ())
            if best and best[0] != two and (best[1] > here or unique):
                found = f"recorded {was} maps to {shown_key(best[0], live)} in {_answers(best[2])}, here {now}"
                return found + self._owner(domain, one, two, recorded)
        best = _strongest(self.backward[domain][two], self.bound_back.get(str(live), ()) if unique else ())
        if best and best[0] != one and (best[1] > here or unique):
            other = shown_key(best[0], recorded)
            return f"{now} stands for recorded {other} in {_answers(best[2])}, here for {was}"
        crowd = self.backward[domain][two]
        if unique and len(crowd) >= _CROWD and not _is_rightful(crowd, one):
            return f"{now} stands for {len(crowd)} recorded values"
        return ""

    def _owner(self, domain: Domain, one: str, two: str, like: Scalar) -> str:
        """`, which belongs to recorded 23`."""
        other = _owner_of(self.backward[domain][two], one)
        return f", which belongs to recorded {shown_key(other, like)}" if other else ""


def _is_rightful(crowd: dict[str, Sightings], one: str) -> bool:
    """One of them alone stands at more places than all others: it is theirs, the others borrowed it."""
    return all(sightings.weight < crowd[one].weight for key, sightings in crowd.items() if key != one)


def _owner_of(seen: dict[str, Sightings], one: str) -> str:
    """The recorded name that a live one belongs to, when it is another and was seen twice."""
    others = {key: sightings for key, sightings in seen.items() if key != one}
    best = max(others, key=lambda key: (others[key].weight, key), default="")
    return best if best and others[best].leaves >= _MAJORITY and others[best].weight > seen[one].weight else ""


def _strongest(seen: dict[str, Sightings], bound: Iterable[str]) -> tuple[str, tuple[int, int], int] | None:
    """The partner with the most weight, its weight and its answers; a binding weighs as one place seen twice."""
    ranked = sorted(_weighed(seen, {key_of(value) for value in bound}), key=lambda entry: (entry[1], entry[0]))
    return ranked[-1] if ranked and ranked[-1][1][1] >= _MAJORITY else None


def _weighed(seen: dict[str, Sightings], bound: set[str]) -> Iterator[tuple[str, tuple[int, int], int]]:
    for key, sightings in seen.items():
        extra = 1 if key in bound else 0
        places, leaves = sightings.weight
        yield key, (places + extra, leaves + _MAJORITY * extra), len(sightings.answers)
    if len(bound) == 1:
        for key in bound - seen.keys():
            yield key, (1, _MAJORITY), 1


def _may_share_stand_in(recorded: Scalar) -> bool:
    """Characters are scrambled in place: two of the 26 words of one letter easily meet."""
    bits = sum(_DIGIT_BITS if char.isdigit() else _LETTER_BITS for char in str(recorded) if char.isalnum())
    return bits < _ENOUGH_BITS


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count} answers"


def shown(value: Scalar) -> str:
    """The value when it is an id that names a row, else "a value": remarks travel further than evidence."""
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return "a value"
    text = str(value)
    is_id = shape(value).partition(":")[0] in _SHOWN_SHAPES or (text.isdecimal() and len(text) < 12)
    return text if is_id and len(text) <= _LONGEST_SHOWN else "a value"


def shown_key(key: str, like: Scalar) -> str:
    """As `shown`, for a value known by its text; `like` stands at the same place and has its type."""
    return shown(int(key)) if isinstance(like, int) and key.lstrip("-").isdecimal() else shown(key)
