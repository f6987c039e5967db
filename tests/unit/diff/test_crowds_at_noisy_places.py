"""Noisy places as crowds: each check finds what it is for, and is silent about noise alone."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from replay.diff.alignment import nothing_redacted
from replay.diff.compare import compare
from replay.diff.noise import learn_from
from replay.model.difference import DifferenceKind
from replay.model.evidence import Trace
from unit.diff.traced import played, trace

N = 30
DATE = "Fri, 20 Nov 2026 10:00:{:02d} GMT"
Make = Callable[[Random, int], Any]


def world(number: int, make: Make) -> Trace:
    """N answers `{"f": make(chance, n)}`; chance is the world's own."""
    chance = Random(number)
    headers = (("Date", DATE.format(number)),)
    return trace(*(played(f"e{n}", {"f": make(chance, n), "k": 1}, headers=headers) for n in range(N)), world=number)


def told(before: Make, after: Make) -> dict[str, set[str]]:
    """Place -> exchanges, of what three replays of `after` show against a recording of `before`."""
    clean = [world(number, after) for number in (1, 2, 3)]
    found = compare(world(0, before), clean, learn_from(clean, nothing_redacted), nothing_redacted)
    out: dict[str, set[str]] = {}
    for one in found:
        out.setdefault(one.place, set()).add(one.exchange_id)
    return out


def node(chance: Random, _: int) -> str:
    return chance.choice(("web-a", "web-b", "web-c"))


def latency(chance: Random, _: int) -> float:
    return round(chance.lognormvariate(4, 0.4), 2)


def token(chance: Random, _: int) -> str:
    return "".join(chance.choices("abcdef0123456789", k=40))


def ratio(chance: Random, n: int) -> float:
    return (n + 1) * 1.5 * (1 + 1e-9 * chance.random())


def stamp(chance: Random, _: int, ahead: int = 0) -> str:
    return f"2026-11-20T{10 + ahead:02d}:00:{chance.randrange(3):02d}.{chance.randrange(1000):03d}Z"


def rows(chance: Random, _: int) -> list[Any]:
    return [{"by": chance.choice("xy"), "at": i} for i in range(chance.randrange(1, 5))]


def flaky(chance: Random, _: int) -> str:
    return "degraded" if chance.random() < 0.05 else "ok"


def sampled(chance: Random, _: int) -> Any:
    return {"id": token(chance, 0)} if chance.random() < 0.5 else None


NOISE = (node, latency, token, ratio, stamp, rows, flaky, sampled)


@pytest.mark.parametrize("make", NOISE, ids=lambda make: make.__name__)
def test_noise_alone_is_silent(make: Make) -> None:
    """Recording and replays drawn from one source."""
    assert told(make, make) == {}


def sometimes(change: Callable[[Any], Any], make: Make, every: int = 3) -> Make:
    """The change in every third answer, the same ones in all replays."""
    return lambda chance, n: change(make(chance, n)) if n % every == 0 else make(chance, n)


BROKEN: tuple[tuple[str, Make, Make, str], ...] = (
    ("an unknown word", node, sometimes(lambda _: "undefined", node), "body.f"),
    ("another unit", latency, lambda chance, n: latency(chance, n) / 1000, "body.f"),
    ("another unit at times", latency, sometimes(lambda value: value * 100, latency), "body.f"),
    ("a shorter token", token, lambda chance, n: token(chance, n)[:24], "body.f"),
    ("a token that is empty", token, sometimes(lambda _: "", token), "body.f"),
    ("one percent more", ratio, lambda chance, n: ratio(chance, n) * 1.01, "body.f"),
    ("two hours later", stamp, lambda chance, n: stamp(chance, n, 2), "body.f"),
    ("a key that is lost", rows, sometimes(lambda found: [{"at": one["at"]} for one in found], rows), "body.f[*].by"),
    ("a list that is empty", rows, sometimes(lambda _: [], rows), "body.f"),
    ("a value that seldom varies", flaky, sometimes(lambda _: "down", flaky), "body.f"),
    ("another type where it is there", sampled, lambda chance, n: sampled(chance, n) and "text", "body.f"),
)


@pytest.mark.parametrize(("before", "after", "place"), [one[1:] for one in BROKEN], ids=[one[0] for one in BROKEN])
def test_what_was_broken_inside_of_noise_is_told(before: Make, after: Make, place: str) -> None:
    """At its place, and only there."""
    assert set(told(before, after)) == {place}


def test_only_the_answers_that_are_broken_are_named() -> None:
    """Every third answer has the unknown word."""
    found = told(node, sometimes(lambda _: "undefined", node))
    assert found["body.f"] == {f"e{n}" for n in range(0, N, 3)}


def test_a_word_of_each_run_is_a_sample_of_one() -> None:
    """What is constant in each replay, and another in the next, says nothing about words."""
    variants = iter("ABCDEFGH")
    clean = []
    for number in (1, 2, 3):
        variant = next(variants)
        clean.append(world(number, lambda _chance, _n, variant=variant: variant))
    recorded = world(0, lambda _chance, _n: "Z")
    assert compare(recorded, clean, learn_from(clean, nothing_redacted), nothing_redacted) == ()


def test_drift_has_its_own_kind_and_says_why() -> None:
    clean = [world(number, lambda chance, n: latency(chance, n) / 1000) for number in (1, 2, 3)]
    found = compare(world(0, latency), clean, learn_from(clean, nothing_redacted), nothing_redacted)
    assert {one.kind for one in found} == {DifferenceKind.DRIFT}
    assert {one.remark for one in found} == {"numbers of another order of magnitude than recorded"}
