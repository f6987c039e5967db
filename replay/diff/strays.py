"""Noisy places where the crowd itself changed: what varies from replay to replay, and still is not what was recorded.

    recorded leaves  ---\
                         > each check names the exchanges that noise does not explain; all replays must agree
    leaves of replays --/

Rule: a check sees one place at a time and needs a crowd on both sides; what it cannot tell it leaves alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from replay.diff.alignment import Redaction, first_attempts
from replay.diff.clocks import off_the_clock
from replay.diff.crowds import other_length, other_scale, other_shapes, other_words, seldom_equal
from replay.diff.elements import emptied, lost_keys, other_types
from replay.diff.populations import Population, gather, wanted_of
from replay.diff.recurrence import Stray
from replay.diff.rules import Rules
from replay.model.difference import Difference, DifferenceKind, Relation
from replay.model.evidence import Role, Trace

Check = Callable[[Population, Sequence[Population]], Stray | None]
CHECKS: tuple[Check, ...] = (
    other_types,
    emptied,
    lost_keys,
    seldom_equal,
    off_the_clock,
    other_words,
    other_shapes,
    other_scale,
    other_length,
)
CHECKS_OF_NAMES: tuple[Check, ...] = (other_length,)  # which thing a name stands for is judged with all of them
_NOBODY = Population()


def strays(
    recorded: Trace, clean: Sequence[Trace], rules: Rules, redaction: Redaction, exchanges: frozenset[str] | set[str]
) -> Iterator[Difference]:
    """One difference for each exchange and place whose leaves do not belong to what was recorded there."""
    wanted = wanted_of(rules)
    if not wanted or len(clean) < 2:
        return
    before = gather(first_attempts(recorded).values(), wanted, redaction, Role.RECORDED, exchanges)
    after = [gather(first_attempts(one).values(), wanted, redaction, Role.CLEAN, exchanges) for one in clean]
    for endpoint, place in sorted(before.keys() & set().union(*after)):
        crowds = [one.get((endpoint, place), _NOBODY) for one in after]
        is_name = rules.relation(endpoint, place) is Relation.RENAMED
        yield from _judged(endpoint, place, before[endpoint, place], crowds, CHECKS_OF_NAMES if is_name else CHECKS)


def _judged(
    endpoint: str, place: str, before: Population, crowds: list[Population], checks: Sequence[Check]
) -> Iterator[Difference]:
    """The first check that finds something speaks; the others would say the same in other words."""
    found = next((stray for check in checks if (stray := check(before, crowds)) is not None), None)
    if found is None:
        return
    was, now = before.by_exchange(), crowds[0].by_exchange()
    for exchange_id in found.exchanges:
        expected, observed = (next(iter(side.get(exchange_id, ())), None) for side in (was, now))
        at = f"{place}.{found.key}" if found.key else place
        yield Difference(exchange_id, endpoint, at, DifferenceKind.DRIFT, expected, observed, found.remark)
