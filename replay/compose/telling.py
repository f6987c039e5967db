"""What a run says about the capture beside its own verdicts: what of it cannot be sent, or was not drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

from replay.compose.material import Material
from replay.model.event import Event, RunEnded, RunStarted, UnitDone, Unjudged
from replay.model.finding import NotJudged
from replay.play.playable import Playable


async def with_left_out(
    events: AsyncIterator[Event], told: tuple[NotJudged, ...], material: Material
) -> AsyncIterator[Event]:
    """The same run. `told` is known at its start; of groups it is told with the unit in which it was left out.

    What a resumed run had told is in its file already, and in its totals.
    """
    said = 0
    counted: Counter[str] = Counter()
    async for event in events:
        if isinstance(event, RunEnded):
            event = replace(event, summary=replace(event.summary, not_judged=event.summary.not_judged + said))
        if isinstance(event, UnitDone):
            new = material.left_out - counted
            counted = Counter(material.left_out)
            verdicts = Playable((), tuple(sorted(new.items()))).not_judged()
        else:
            verdicts = ()
        for verdict in verdicts:
            yield Unjudged(verdict, planned=True)
        yield event
        if isinstance(event, RunStarted):
            verdicts = told
            for verdict in verdicts:
                yield Unjudged(verdict, planned=True)
        said += len(verdicts)
