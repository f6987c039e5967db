"""The judged steps of a case in bursts: some wait, and some are sent only when the one before was told to come back.

    step, step | wait 2 s, if busy: step | wait 60 s, if busy: step

Rule: after a connection that broke nobody knows when the target is done; so long as three clean requests take is waited
before anybody looks for rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence

from replay.model.case import Step
from replay.model.evidence import Attempt
from replay.model.exchange import FaultKind
from replay.pace.overload import retry_after

BUSY = frozenset({409, 423, 425, 429})
"""Come back later: a conflict with what is under way (draft-ietf-httpapi-idempotency-key-header-07, section 2.6),
locked (RFC 4918), too early (RFC 8470), throttled (RFC 6585)."""

_SLICE_SECONDS = 0.1  # so soon does a pause see Ctrl-C
_CLEAN_REQUESTS = 3  # what a request does after its answer takes a few times as long as the answer took

Play = Callable[[Sequence[Step]], Awaitable[list[Attempt]]]


async def play_bursts(
    steps: Sequence[Step], play: Play, is_stopped: Callable[[], bool], latency_seconds: float
) -> list[Attempt]:
    """What came of all that was sent, in order."""
    attempts: list[Attempt] = []
    for burst in bursts_of(steps):
        first = burst[0]
        if first.only_if_busy and not (attempts and is_busy(attempts[-1])):
            continue
        await _pause(pause_before(first, attempts[-1] if attempts else None), is_stopped)
        attempts += await play(burst)
    if any(one.fault and one.fault.kind is FaultKind.CLIENT_GONE for one in attempts):
        await _pause(_CLEAN_REQUESTS * latency_seconds, is_stopped)
    return attempts


def bursts_of(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Steps that follow one another without a condition are one burst."""
    burst: list[Step] = []
    for step in steps:
        if burst and (step.wait_seconds or step.only_if_busy):
            yield tuple(burst)
            burst = []
        burst.append(step)
    if burst:
        yield tuple(burst)


def is_busy(attempt: Attempt) -> bool:
    return attempt.status in BUSY or attempt.status >= 500


def pause_before(step: Step, before: Attempt | None) -> float:
    """What the answer before asks for (at most a minute), where it asks for more than the step waits anyway."""
    asked = retry_after(before.outcome) if before is not None and step.only_if_busy else None
    return max(step.wait_seconds, asked or 0.0)


async def _pause(seconds: float, is_stopped: Callable[[], bool]) -> None:
    while seconds > 0 and not is_stopped():
        await asyncio.sleep(min(seconds, _SLICE_SECONDS))
        seconds -= _SLICE_SECONDS
