"""Differences that all clean replays show and that still prove nothing: somebody was the odd one out by chance.

The recording is one draw, and two clean replays sometimes draw alike. A field that is usually there, a moment of
overload, a list whose order is nobody's promise: seen once, against the habit of both sides, each of them is silent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from math import factorial, prod

from replay.diff.alignment import first_attempts
from replay.diff.census import Census, values_at
from replay.diff.headers import head_tree
from replay.diff.layers import read_tree
from replay.model.difference import Difference, DifferenceKind
from replay.model.evidence import Attempt, Trace
from replay.model.tree import Scalar

_ORDERS = 100  # a list that can stand in fewer orders may agree between two replays by chance (more than 1 in 100)
_PASSING = frozenset({408, 429, 502, 503, 504})  # what a gateway or a limiter says of a moment, RFC 9110 section 15
_REORDERED = "the same values in another order"

_CERTAIN = 3  # clean replays
_HABIT, _USUAL, _ODD = 5, 0.8, 0.1  # values at a place at least; shares of what is usual there, and of what is odd
_SAMPLE = 200  # answers on each side that tell a habit: one difference must not cost a look at all of a capture

Attempts = dict[str, Attempt]
Typed = tuple[type, Scalar]
Sort = tuple[str, str, DifferenceKind, Scalar]  # endpoint, place, kind; the status that was answered


@dataclass(slots=True)
class SecondThoughts:
    """Looks back at the recording, and at one clean replay, only for the differences that need it."""

    recorded: Attempts
    live: Attempts
    times: Counter[Sort]  # in how many exchanges each sort of difference was seen
    is_certain: bool = False  # three clean replays or more: what all of them lack, they lack by no chance
    censuses: dict[tuple[str, bool], Census] = field(default_factory=dict)
    values: dict[tuple[str, str, bool], Counter[Typed]] = field(default_factory=dict)

    @classmethod
    def about(cls, differences: Sequence[Difference], recorded: Trace, clean: Sequence[Trace]) -> SecondThoughts:
        times = Counter(_sort_of(difference) for difference in differences)
        return cls(first_attempts(recorded), first_attempts(clean[0]), times, len(clean) >= _CERTAIN)

    def reconsider(self, difference: Difference) -> Difference | None:
        """The difference, perhaps with a remark; None when it proves nothing."""
        if difference.kind in {DifferenceKind.STATUS, DifferenceKind.FAULT}:
            return None if self._was_mishap(difference) else difference
        if difference.kind is DifferenceKind.ADDED:
            return None if self._is_usual(difference, self.recorded) else difference
        if difference.kind is DifferenceKind.MISSING and self._is_single(difference):
            if self._census(difference, self.recorded).is_rarely_present(difference.place):
                return None
            habit = self._is_usual(difference, self.recorded) and self._is_usual(difference, self.live)
            return None if habit and not self.is_certain else difference
        if difference.kind is DifferenceKind.VALUE and self._was_odd(difference):
            return None
        if difference.kind in {DifferenceKind.VALUE, DifferenceKind.TYPE} and "[*]" in difference.place:
            return self._reconsider_order(difference)
        return difference

    def _is_single(self, difference: Difference) -> bool:
        return self.times[_sort_of(difference)] == 1

    def _was_mishap(self, difference: Difference) -> bool:
        """One side met a failing moment once, where the other side answered as both usually do."""
        one, two = self.recorded[difference.exchange_id], self.live[difference.exchange_id]
        if one.response is None:  # nothing was recorded to compare with
            return two.response is not None and two.status < 500
        if two.response is None or two.status >= 500:
            return two.status in _PASSING and self._is_single(difference) and _is_habit(self.live, two, one.status)
        return one.status in _PASSING or (one.status >= 500 and _is_habit(self.recorded, one, two.status))

    def _is_usual(self, difference: Difference, attempts: Attempts) -> bool:
        """Most parents at this endpoint hold the place."""
        return self._census(difference, attempts).is_mostly_present(difference.place)

    def _census(self, difference: Difference, attempts: Attempts) -> Census:
        key = (difference.endpoint, attempts is self.recorded)
        if key not in self.censuses:
            self.censuses[key] = _census(attempts, difference.endpoint)
        return self.censuses[key]

    def _was_odd(self, difference: Difference) -> bool:
        """The recording seldom says so, and the replays say what both sides nearly always do."""
        sides = [self._said(attempts, difference) for attempts in (self.recorded, self.live)]
        sizes = [sum(said.values()) for said in sides]
        odd = sides[0][_typed(difference.expected)]
        if min(sizes) < _HABIT or (odd > _ODD * sizes[0] and not (odd == 1 and self._is_single(difference))):
            return False
        usual = _typed(difference.observed)
        return all(said[usual] >= _USUAL * size for said, size in zip(sides, sizes, strict=True))

    def _said(self, attempts: Attempts, difference: Difference) -> Counter[Typed]:
        """How often each value stood at the difference's place, over all answers of its endpoint."""
        key = (difference.endpoint, difference.place, attempts is self.recorded)
        if key not in self.values:
            of_endpoint = (one for one in attempts.values() if one.endpoint == difference.endpoint and one.response)
            counts: Counter[Typed] = Counter()
            for one in islice(of_endpoint, _SAMPLE):
                counts.update(_values(one, difference.place))
            self.values[key] = counts
        return self.values[key]

    def _reconsider_order(self, difference: Difference) -> Difference | None:
        expected = _values(self.recorded[difference.exchange_id], difference.place)
        observed = _values(self.live[difference.exchange_id], difference.place)
        if expected != observed:
            return difference
        orders = factorial(sum(expected.values())) // prod(factorial(count) for count in expected.values())
        return replace(difference, remark=_REORDERED) if orders >= _ORDERS else None


def _sort_of(difference: Difference) -> Sort:
    status = difference.observed if difference.kind is DifferenceKind.STATUS else None
    return difference.endpoint, difference.place, difference.kind, status


def _is_habit(attempts: Attempts, attempt: Attempt, status: int) -> bool:
    """Three of four answers at the attempt's endpoint, of four at least, have `status`."""
    peers = [peer.status for peer in attempts.values() if peer.endpoint == attempt.endpoint]
    return len(peers) > 3 and peers.count(status) * 4 >= len(peers) * 3


def _typed(value: Scalar) -> Typed:
    return type(value), value


def _values(attempt: Attempt, place: str) -> Counter[Typed]:
    document = read_tree(attempt.response.body) if attempt.response else None
    values = values_at(document[0], place, "body") if document else []
    return Counter((type(value), value) for value in values)


def _census(attempts: Attempts, endpoint: str) -> Census:
    """How often the answers of an endpoint held each key."""
    census = Census()
    for attempt in attempts.values():
        if attempt.endpoint == endpoint and attempt.response is not None:
            census.count("", head_tree(attempt.response.headers))
            document = read_tree(attempt.response.body)
            if document is not None:
                census.count("body", document[0])
    return census
