"""A scenario: what must happen in a fresh world so that one request can be judged, in three parts.

    setup   the closure: whatever created what the judged request uses, in the recording's order
    judged  the site: the clean request in a control, the mutated ones in a case
    after   read-back: what the same client asked afterwards

Each case is played from nothing, in a world of its own, so cases never disturb one another
(docs/decisions/0006).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from replay.correlate.closure import after
from replay.engine.stage import Recording, Stage
from replay.model.case import Case, SentAs, Step
from replay.model.evidence import Part, Trace
from replay.model.exchange import Exchange
from replay.model.hint import CutPoint, Hint, hint_of
from replay.play.cue import Cue

_BEGUN_SECONDS = 0.02  # after so long a server has begun to read what it was sent


@dataclass(frozen=True, slots=True)
class Scenario:
    exchange_id: str
    setup: tuple[Step, ...]
    judged: tuple[Step, ...]
    after: tuple[Step, ...]
    cast: tuple[tuple[SentAs, str], ...] = ()
    latency_seconds: float = 0.0  # of a clean request at the site; 0.0 where nobody needs it

    def exchange_ids(self) -> tuple[str, ...]:
        steps = self.setup + self.judged + self.after
        return tuple(dict.fromkeys(step.exchange_id for step in steps))


def control_scenario(exchange_id: str, stage: Stage) -> Scenario:
    """The clean request with all that it needs."""
    site = Step(exchange_id, stage.recording.exchanges[exchange_id].request)
    return _scenario(exchange_id, (site,), (), (), stage)


def case_scenarios(case: Case, stage: Stage, latency_seconds: float = 0.0) -> tuple[Scenario, Scenario | None]:
    """The mutated scenario, and its serial twin when the case has one."""
    mutated = replace(_of_steps(case, case.steps, stage), latency_seconds=latency_seconds)
    return mutated, _of_steps(case, case.serial, stage) if case.serial else None


def latency_of(controls: Sequence[Trace]) -> float:
    """How long the slowest clean request at the site took: seconds."""
    return max((one.ended - one.sent for trace in controls for one in trace.judged()), default=0.0)


def _of_steps(case: Case, steps: Sequence[Step], stage: Stage) -> Scenario:
    """Copies of another exchange are judged with the site's own."""
    exchange_id = case.mutation.site.exchange_id
    judged = tuple(step for step in steps if step.exchange_id == exchange_id or step.copy)
    changed = tuple(step for step in steps if step.exchange_id != exchange_id and step.mutated and not step.copy)
    return _scenario(exchange_id, judged, changed, case.cast, stage)


def _scenario(
    exchange_id: str,
    judged: tuple[Step, ...],
    changed: tuple[Step, ...],
    cast: tuple[tuple[SentAs, str], ...],
    stage: Stage,
) -> Scenario:
    recording = stage.recording
    others = [step.exchange_id for step in judged if step.exchange_id != exchange_id]
    needed = [
        one
        for one in stage.scenarios.before(exchange_id, [*(lender for _, lender in cast), *others])
        if one not in others
    ]
    by_id = {step.exchange_id: step for step in changed}
    session = recording.session_of[exchange_id]
    return Scenario(
        exchange_id,
        tuple(by_id.get(other) or Step(other, recording.exchanges[other].request) for other in needed),
        judged,
        tuple(
            by_id.get(other) or Step(other, recording.exchanges[other].request)
            for other in after(exchange_id, session, stage.bindings)
        ),
        cast,
    )


def serial_cues(
    steps: Iterable[Step],
    part: Part,
    recording: Recording,
    cast: tuple[tuple[SentAs, str], ...],
    latency_seconds: float = 0.0,
) -> tuple[Cue, ...]:
    """One after another; steps of one positive group are one unit, sent at once."""
    cues: list[Cue] = []
    previous: frozenset[int] = frozenset()
    current: list[int] = []
    group = 0
    for number, step in enumerate(steps):
        if not (step.group and step.group == group):
            previous, current, group = frozenset(current), [], step.group
        current.append(number)
        cues.append(_cue(number, step, part, previous, recording, dict(cast), latency_seconds))
    return tuple(cues)


def _cue(
    number: int,
    step: Step,
    part: Part,
    after_these: frozenset[int],
    recording: Recording,
    cast: dict[SentAs, str],
    latency_seconds: float,
) -> Cue:
    session = recording.session_of[step.exchange_id]
    lender = cast.get(step.sent_as, "")
    sent_as = None if step.sent_as is SentAs.ANONYMOUS else session.actor
    if lender:
        sent_as = recording.session_of[lender].actor
    return Cue(
        number=number,
        step=step,
        session_id=session.id,
        actor=session.actor,
        part=part,
        after=after_these,
        unit=step.group,
        offset=float(number),
        recorded_status=recording.exchanges[step.exchange_id].status,
        sent_as=sent_as,
        cast=lender,
        hint=_hint(step, recording.exchanges[step.exchange_id], latency_seconds),
    )


def _hint(step: Step, exchange: Exchange, latency_seconds: float) -> Hint:
    hint = hint_of(exchange)
    if step.cut is None:
        return hint
    seconds = step.cut.share * latency_seconds
    is_early = step.cut.point in {CutPoint.HEADERS, CutPoint.MID_BODY}
    return replace(hint, cut=replace(step.cut, seconds=max(seconds, _BEGUN_SECONDS) if is_early else seconds))
