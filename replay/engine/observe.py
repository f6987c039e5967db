"""Play one scenario in a fresh world, with the probe read around the judged requests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from replay.engine.bursts import play_bursts
from replay.engine.scenario import Scenario, serial_cues
from replay.engine.stage import Stage
from replay.model.case import Step
from replay.model.errors import ProbeError
from replay.model.evidence import Attempt, Part, Role, Trace
from replay.model.reading import Reading
from replay.pace.plan import Plan


async def observe(stage: Stage, scenario: Scenario, role: Role) -> Trace:
    """A complete trace. `changes` is None when there is no probe, or when it failed (the case is then not judged)."""
    everything = (*scenario.setup, *scenario.judged, *scenario.after)
    world = stage.new_world(one for step in everything for one in step.made_up)
    stage.hiding.allow_sent(step.request for step in everything if step.mutated)
    origin = stage.clock.now()
    now = Plan()

    async def play(part: Part, steps: Sequence[Step]) -> list[Attempt]:
        cues = serial_cues(steps, part, stage.recording, scenario.cast, scenario.latency_seconds)
        return await stage.play(cues, world.rebinder, now, origin)

    attempts = await play(Part.SETUP, scenario.setup)
    marked = await _read(stage, settle=True)
    attempts += await play_bursts(
        scenario.judged, partial(play, Part.JUDGED), stage.is_stopped, scenario.latency_seconds
    )
    reading = await _read(stage, settle=True) if marked else None
    attempts += await play(Part.AFTER, scenario.after)
    return Trace(
        role=role,
        world=world.number,
        attempts=tuple(attempts),
        changes=tuple(map(stage.hiding.change, reading.changes)) if reading else None,
        planted=world.planted,
        renamed=stage.hiding.renamed(world.rebinder.renamed()),
    )


async def _read(stage: Stage, *, settle: bool) -> Reading | None:
    if stage.probe is None:
        return None
    try:
        if settle and not await stage.probe.settle(stage.settings.quiet_seconds, stage.settings.settle_seconds):
            return None
        return await stage.probe.read()
    except ProbeError:
        return None
