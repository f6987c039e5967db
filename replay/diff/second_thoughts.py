"""Differences that all clean replays show and that still prove nothing: somebody was the odd one out by chance.

The recording is one draw, and two clean replays sometimes draw alike. A field that is usually there, a moment of
overload, a list whose order is nobody's promise: seen once, against the habit of both sides, each of them is silent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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

Attempts = dict[str, Attempt]
Sort = tuple[str, str, DifferenceKind, Scalar]  # endpoint, place, kind; the status that was answered


@dataclass(slots=True)
class SecondThoughts:
    """Looks back at the recording, and at one clean replay, only for the differences that need it."""

    recorded: Attempts
    live: Attempts
    times: Counter[Sort]  # in how many exchanges each sort of difference was seen
    censuses: dict[tuple[str, bool], Census] = field(default_factory=dict)

    @classmethod
    def about(cls, differences: Sequence[Difference], recorded: Trace, live: Trace) -> SecondThoughts:
        times = Counter(_sort_of(difference) for difference in differences)
        return cls(first_attempts(recorded), first_attempts(live), times)

    def reconsider(self, difference: Difference) -> Difference | None:
        """The difference, perhaps with a remark; None when it proves nothing."""
        if difference.kind in {DifferenceKind.STATUS, DifferenceKind.FAULT}:
            return None if self._was_mishap(difference) else difference
        if difference.kind is DifferenceKind.ADDED:
            return None if self._is_usual(difference, self.recorded) else difference
        if difference.kind is DifferenceKind.MISSING and self._is_single(difference):
            habit = self._is_usual(difference, self.recorded) and self._is_usual(difference, self.live)
            return None if habit else difference
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
        key = (difference.endpoint, attempts is self.recorded)
        if key not in self.censuses:
            self.censuses[key] = _census(attempts, difference.endpoint)
        return self.censuses[key].is_mostly_present(difference.place)

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


def _values(attempt: Attempt, place: str) -> Counter[tuple[type, Scalar]]:
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
