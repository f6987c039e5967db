"""Answers that are stored without their content are told while the run goes on."""

from __future__ import annotations

import asyncio
from collections import Counter

from replay.compose.live_values import with_withheld
from replay.model.event import Progress, RunEnded, UnitDone, Unjudged
from replay.model.run import Summary

SUMMARY = Summary(1, 2, 3, 0, 0, 0, 4, 1.0, 1.0)


class Withholding:
    def __init__(self) -> None:
        self.withheld: Counter[tuple[str, str]] = Counter()


async def told(steps):
    live = Withholding()

    async def events():
        for refused, event in steps:
            live.withheld.update(refused)
            yield event

    return [one async for one in with_withheld(events(), live)]


def test_each_group_tells_its_own_before_it_is_done():
    """A crash after the unit loses nothing of it; what cases add is told at the end, and the total counts each once."""
    one, other = ("GET /a", "too-deep"), ("GET /b", "too-deep")
    found = asyncio.run(
        told(
            [
                ([one, one], Progress("clean", 0, 1, 0)),
                ([], UnitDone("clean/0", 1, 1)),
                ([one], UnitDone("clean/1", 2, 1)),
                ([other], UnitDone("target/0", 3, 1)),
                ([], RunEnded(SUMMARY, finished=True)),
            ]
        )
    )
    said = [event.verdict.detail.partition(" stored")[0] if isinstance(event, Unjudged) else event for event in found]
    assert said[1] == "GET /a: 2"
    assert said[3] == "GET /a: 1"
    assert [type(one) for one in said[4:6]] == [UnitDone, UnitDone]
    assert said[6] == "GET /b: 1"
    assert found[-1].summary.not_judged == SUMMARY.not_judged + 3
