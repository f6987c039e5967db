"""Copies of one request: one after another, or truly at once."""

from __future__ import annotations

from random import Random

import pytest

from make import exchange, session
from replay.model.case import Expectation
from replay.model.errors import ConfigError
from replay.mutate.contract import HasSerialTwin, Injects
from replay.mutate.duplicate import Duplicate
from replay.mutate.race import Race

CREATE = exchange("c", "POST", "/orders", 201, json={"n": 1}, answer={"id": 7})
READ = exchange("r", "GET", "/orders/7", answer={"id": 7})
SESSION = session("s", CREATE, READ, tenant="acme")


def test_duplicate_sends_the_same_request_again() -> None:
    """`copies` is how often in all; they are sent alone and told apart by their number."""
    (site,) = Duplicate(copies=3).sites(SESSION)
    *copies, read = Duplicate(copies=3).apply(SESSION, site, Random(1))
    assert [(step.exchange_id, step.copy, step.group, step.mutated) for step in copies] == [
        ("c", 0, 0, True), ("c", 1, 0, True), ("c", 2, 0, True)
    ]  # fmt: skip
    assert all(step.request == CREATE.request for step in copies)
    assert (read.exchange_id, read.mutated, read.request) == ("r", False, READ.request)


def test_race_sends_them_at_once() -> None:
    """One positive group; everything else stays alone."""
    (site,) = Race().sites(SESSION)
    *copies, read = Race().apply(SESSION, site, Random(1))
    assert [(step.copy, step.group) for step in copies] == [(0, 1), (1, 1), (2, 1)]
    assert read.group == 0


def test_what_they_promise() -> None:
    """Both ask for one effect; only the race needs its serial twin."""
    assert Duplicate().expectation is Race().expectation is Expectation.AT_MOST_ONCE
    assert isinstance(Race(), HasSerialTwin)
    assert Race().rounds == 5
    assert not isinstance(Duplicate(), HasSerialTwin)
    assert not isinstance(Race(), Injects)


@pytest.mark.parametrize("make", [lambda: Duplicate(copies=1), lambda: Race(copies=1), lambda: Race(rounds=0)])
def test_settings_that_make_no_sense_are_refused(make: object) -> None:
    with pytest.raises(ConfigError, match="or more"):
        make()
