"""Clean replays of the whole capture: the control of everything else, and the fidelity that gates it."""

from __future__ import annotations

from collections.abc import Sequence

from replay.diff.compare import compare
from replay.diff.noise import learn_from
from replay.engine.stage import Stage
from replay.model.difference import Noise
from replay.model.errors import ProbeError
from replay.model.evidence import Attempt, Evidence, Role, Trace
from replay.model.run import Fidelity
from replay.play.order import cues_of_capture

CLEAN_REPLAYS = 2


async def play_clean(stage: Stage) -> Trace:
    """Every session once, in a world of its own, in causal order."""
    world = stage.new_world()
    cues = cues_of_capture(stage.recording.sessions, stage.bindings)
    attempts = await stage.play(cues, world.rebinder, stage.pacer, stage.clock.now())
    return Trace(Role.CLEAN, world.number, tuple(attempts), planted=world.planted, renamed=world.rebinder.renamed())


async def mark_probe(stage: Stage) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Set the probe's mark; returns the columns that the database generates. Raises ProbeError when it cannot read."""
    if stage.probe is None:
        return ()
    await stage.probe.settle(stage.settings.quiet_seconds, stage.settings.settle_seconds)
    return (await stage.probe.read()).generated


async def require_rows(stage: Stage, clean: Sequence[Trace]) -> None:
    """The database must show what the target accepted, or it is another one and every verdict by rows is void.

    Raises ProbeError. Only answers that speak of a stored thing count: 201, or success of PUT, PATCH, DELETE.
    """
    if stage.probe is None:
        return
    accepted = sum(
        one.status == 201 or (one.request.method in {"PUT", "PATCH", "DELETE"} and 200 <= one.status < 300)
        for trace in clean
        for one in trace.attempts
    )
    await stage.probe.settle(stage.settings.quiet_seconds, stage.settings.settle_seconds)
    if not (await stage.probe.read()).changes and accepted:
        raise ProbeError(
            f"The database given with --db shows none of the {accepted} writes that the target accepted:"
            " is it the target's own?"
        )


def clean_evidence(
    stage: Stage, clean: tuple[Trace, ...], generated: tuple[tuple[str, tuple[str, ...]], ...]
) -> tuple[Evidence, Noise]:
    """What the clean replays prove: noise by themselves, differences against the recording."""
    ids = [cue.step.exchange_id for cue in cues_of_capture(stage.recording.sessions, stage.bindings)]
    recorded = stage.recording.trace(ids)
    noise = learn_from(clean, stage.redacted)
    differences = compare(recorded, clean, noise, stage.redacted)
    return Evidence(None, (recorded, *clean), differences, generated), noise


def fidelity_of(stage: Stage, clean: tuple[Trace, ...]) -> Fidelity:
    """Counted over the *worst* clean replay of each exchange."""
    outcomes: dict[str, list[Attempt]] = {}
    for trace in clean:
        for attempt in trace.attempts:
            outcomes.setdefault(attempt.exchange_id, []).append(attempt)
    good = sum(
        len(attempts) == len(clean) and all(one.status == one.recorded_status and not one.fault for one in attempts)
        for attempts in outcomes.values()
    )
    unresolved = {
        (one.exchange_id, place) for attempts in outcomes.values() for one in attempts for place in one.unresolved
    }
    return Fidelity(len(stage.recording.exchanges), good, len(stage.bindings.all), len(unresolved))


def first_drift(clean: tuple[Trace, ...]) -> str:
    """The first thing that went wrong, for a person: "POST /login: recorded 200, now 401"."""
    for trace in clean:
        for attempt in trace.attempts:
            if attempt.fault or attempt.status != attempt.recorded_status:
                now = attempt.fault.kind if attempt.fault else attempt.status
                places = f" (no live value for {', '.join(attempt.unresolved)})" if attempt.unresolved else ""
                return f"first: {attempt.endpoint}: recorded {attempt.recorded_status}, now {now}{places}"
    return "no exchange drifted"
