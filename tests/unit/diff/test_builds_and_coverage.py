"""One build against another, latency included; and how closely answers are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from replay.diff.alignment import Redaction, nothing_redacted
from replay.diff.builds import against, slower
from replay.diff.coverage import coverage_of
from replay.diff.noise import learn_from
from replay.diff.rules import Rules
from replay.model.difference import Coverage, DifferenceKind, Noise, NoiseRule, Relation
from replay.model.evidence import Trace
from unit.diff.traced import ENDPOINT, answers, broken, classes, played, trace

N = 8


def build(number: int, make: Callable[[int, int], Any], seconds: float = 0.01) -> Trace:
    plays = (replace(played(f"e{n}", make(number, n)), sent=1.0, ended=1.0 + seconds * (1 + n / 20)) for n in range(N))
    return trace(*plays, world=number, renamed=[(str(n % 4), str(100 * number + n % 4)) for n in range(4)])


def row(number: int, n: int) -> dict[str, Any]:
    name = 100 * number + n % 4
    return {"id": name, "self": {"id": name}, "thing_id": name, "total": 5 * (n % 4), "at": f"{number}" * 20}


def test_one_build_twice_differs_in_nothing() -> None:
    old, same = [build(1, row), build(2, row)], [build(3, row), build(4, row)]
    assert against(old, same, learn_from(old, nothing_redacted)) == ()
    assert [*slower(old, same)] == []


def test_a_value_and_a_wrong_id_everywhere_are_found() -> None:
    """Where a place names the same things as another, it may be wrong in every answer and is still found."""
    old = [build(1, row), build(2, row)]

    def changed(number: int, n: int) -> dict[str, Any]:
        return row(number, n) | {"total": 5 * (n % 4) + 1, "thing_id": 100 * number + (n + 1) % 4}

    found = against(old, [build(3, changed), build(4, changed)], learn_from(old, nothing_redacted))
    assert {(one.place, one.kind) for one in found} == {
        ("body.total", DifferenceKind.VALUE),
        ("body.thing_id", DifferenceKind.RENAMING),
    }


def test_slower_is_told_once_for_an_endpoint_and_only_when_it_matters() -> None:
    old = [build(1, row), build(2, row)]
    (found,) = slower(old, [build(3, row, 0.3), build(4, row, 0.3)])
    assert (found.kind, found.place, found.endpoint) == (DifferenceKind.SLOWER, "latency", ENDPOINT)
    assert [*slower(old, [build(3, row, 0.3), build(4, row, 0.012)])] == [], "one replay on a busy machine"
    assert [*slower(old, [build(3, row, 0.05), build(4, row, 0.05)])] == [], "five times as long, and nobody waits"


def test_every_value_is_equal_weaker_or_unchecked() -> None:
    rules = Noise(
        (NoiseRule(ENDPOINT, "body.at", Relation.TIME, 2, 2), NoiseRule(ENDPOINT, "body.l[*]", Relation.VARIABLE, 2, 1))
    )
    recorded = answers({"a": 1, "at": "x", "l": [1, 2], "name": "n"})
    (found,) = coverage_of(recorded, Rules.of(rules), Redaction(classes(name="name")))
    assert found == Coverage(ENDPOINT, 1, equal=1, weaker=2, unchecked=2)
    assert found.told == "20 % equal, 40 % weaker, 40 % unchecked of 5 values"


def test_coverage_adds_up_and_knows_what_cannot_be_read() -> None:
    recorded = trace(played("e0", {"a": 1}), broken("e1"), played("e2", endpoint="GET /b", status=204, document=b""))
    found = {one.endpoint: one for one in coverage_of(recorded, Rules.of(Noise()), Redaction(nothing_redacted))}
    assert found[ENDPOINT].equal == 1
    assert found["GET /b"].leaves == 0
    assert found[ENDPOINT].plus(found[ENDPOINT]) == Coverage(ENDPOINT, 2, 2, 0, 0)
