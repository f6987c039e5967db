"""Clean replays of a group of sessions (of a small capture: all of them): the control of everything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from replay.diff.alignment import nothing_redacted
from replay.diff.builds import against, slower
from replay.diff.compare import compare
from replay.diff.noise import learn_from
from replay.diff.noise_merging import merged_noise
from replay.engine import set_aside
from replay.engine.stage import Stage
from replay.model.difference import Noise
from replay.model.errors import ProbeError
from replay.model.evidence import Evidence, Role, Trace
from replay.model.exchange import Response

CLEAN_REPLAYS = 2
_NOTHING = Noise()


async def play_known_good(stage: Stage) -> Trace:
    """The same against the known-good build. It is not in the journal: a resumed run plays it again."""
    world = stage.new_world()
    cues = stage.cues()
    client, now = stage.known_good, stage.clock.now()
    attempts = await stage.play(cues, world.rebinder, stage.pacer, now, client=client)
    renamed = stage.hiding.renamed(world.rebinder.renamed())
    return Trace(Role.BASELINE, world.number, tuple(attempts), planted=world.planted, renamed=renamed)


async def play_clean(stage: Stage, heard: dict[str, Response] | None = None) -> Trace:
    """Every session once, in a world of its own, in causal order. `heard` receives the live answers."""
    is_begun = (stage.unit, stage.worlds + 1) in stage.journal.attempts  # what an interrupted run made is still needed
    if stage.between is not None and not is_begun:
        await stage.between()
    world = stage.new_world()
    world.rebinder.heard = heard
    cues = stage.cues()
    beside = stage.copies_beside(cues)
    attempts = await stage.play(
        cues, world.rebinder, stage.pacer, stage.clock.now(), kept_as=world.number, beside=beside
    )
    return Trace(
        Role.CLEAN,
        world.number,
        tuple(attempts),
        planted=world.planted,
        renamed=stage.hiding.renamed(world.rebinder.renamed()),
    )


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
    stage: Stage,
    clean: tuple[Trace, ...],
    generated: tuple[tuple[str, tuple[str, ...]], ...],
    without: frozenset[str] = frozenset(),
    known: Noise = _NOTHING,
    mute: frozenset[str] = frozenset(),
    baseline: tuple[Trace, ...] = (),
) -> tuple[Evidence, Noise]:
    """What the clean replays prove: noise by themselves, differences against the recording.

    `without` names sessions that are not judged; `known` is the noise of other groups of the same run; `mute` names
    exchanges of which a replay says nothing (see `set_aside`). `baseline` are replays of the known-good build: where
    there are any, noise is theirs, and they are what the target is compared with.
    """
    recorded = stage.recording.trace(stage.recording.in_order())
    heard = tuple(set_aside.without(one, mute) for one in clean) if mute else clean
    if baseline:
        kept = tuple(_judged(one, without, mute) for one in baseline)
        noise = merged_noise(learn_from(kept, nothing_redacted), known)
        differences = (*against(kept, heard, noise), *slower(kept, heard))
        return Evidence(None, (recorded, *clean, *baseline), differences, generated), noise
    noise = merged_noise(learn_from(heard, stage.redacted), known)
    judged = replace(recorded, attempts=tuple(one for one in recorded.attempts if one.session_id not in without))
    judged = set_aside.without(judged if without else recorded, mute) if mute else judged
    differences = compare(judged if without or mute else recorded, heard, noise, stage.redacted)
    return Evidence(None, (recorded, *clean), differences, generated), noise


def _judged(trace: Trace, without: frozenset[str], mute: frozenset[str]) -> Trace:
    kept = tuple(one for one in trace.attempts if one.session_id not in without and one.exchange_id not in mute)
    return replace(trace, attempts=kept)


def judged_evidence(evidence: Evidence, without: frozenset[str]) -> Evidence:
    """The evidence without sessions that are not judged: what oracles are shown."""
    if not without:
        return evidence
    traces = (
        replace(trace, attempts=tuple(one for one in trace.attempts if one.session_id not in without))
        for trace in evidence.traces
    )
    return replace(evidence, traces=tuple(traces))
