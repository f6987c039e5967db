"""Judged steps in bursts: who waits, and who is sent only when the one before was told to come back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from make import exchange, response
from replay.engine.bursts import bursts_of, is_busy, pause_before, play_bursts
from replay.model.case import Step
from replay.model.evidence import Attempt, Part
from replay.model.exchange import Fault, FaultKind, Outcome

REQUEST = exchange("p", "POST", "/payments").request


def step(copy: int, wait: float = 0.0, *, if_busy: bool = False) -> Step:
    return Step("p", REQUEST, mutated=True, copy=copy, wait_seconds=wait, only_if_busy=if_busy)


def attempt(outcome: Outcome) -> Attempt:
    return Attempt("p", "s", "POST /payments", None, None, Part.JUDGED, REQUEST, outcome)


def played(outcomes: Sequence[Outcome], steps: Sequence[Step], latency: float = 0.0) -> list[int]:
    """The copies that were sent."""
    left, sent = list(outcomes), []

    async def play(burst: Sequence[Step]) -> list[Attempt]:
        sent.extend(one.copy for one in burst)
        return [attempt(left.pop(0)) for _ in burst]

    asyncio.run(play_bursts(steps, play, lambda: False, latency))
    return sent


RETRY = (step(0), step(1), step(2, 0.0, if_busy=True), step(3, 0.0, if_busy=True))
GONE = Fault(FaultKind.CLIENT_GONE, "AnswerLost")


def test_what_has_no_condition_is_one_burst() -> None:
    assert [[one.copy for one in burst] for burst in bursts_of(RETRY)] == [[0, 1], [2], [3]]
    assert [[one.copy for one in burst] for burst in bursts_of((step(0), step(1, 2.0)))] == [[0], [1]]
    assert list(bursts_of(())) == []


@pytest.mark.parametrize(
    ("answers", "sent"),
    [
        ((200,), [0, 1]),
        ((409, 200), [0, 1, 2]),
        ((409, 409, 409), [0, 1, 2, 3]),
        ((404,), [0, 1]),
        ((500, 201), [0, 1, 2]),
    ],
)
def test_who_was_told_to_come_back_comes_back(answers: tuple[int, ...], sent: list[int]) -> None:
    """409, 423, 425, 429 and 5xx; any other answer is final."""
    assert played([GONE, *map(response, answers)], RETRY) == sent


@pytest.mark.parametrize(
    ("status", "busy"), [(409, True), (423, True), (425, True), (429, True), (502, True), (404, False)]
)
def test_what_busy_means(status: int, busy: bool) -> None:
    assert is_busy(attempt(response(status))) is busy
    assert not is_busy(attempt(GONE))


def test_retry_after_is_honoured() -> None:
    """Where it asks for more than the step waits anyway; not by a step that is sent whatever came."""
    asked = attempt(response(503, headers={"Retry-After": "7"}))
    assert pause_before(step(2, 2.0, if_busy=True), asked) == 7.0
    assert pause_before(step(2, 9.0, if_busy=True), asked) == 9.0
    assert pause_before(step(2, 2.0), asked) == 2.0
    assert pause_before(step(2, 2.0, if_busy=True), None) == 2.0
