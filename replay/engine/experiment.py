"""One case from controls to evidence: controls, serial twin, rounds until the first hit, confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from replay.engine.judge import gate, judge
from replay.engine.observe import observe
from replay.engine.scenario import Scenario, case_scenarios, control_scenario, latency_of
from replay.engine.stage import Stage
from replay.model.case import Case, Expectation
from replay.model.evidence import Evidence, Planted, Role, Trace
from replay.model.finding import NotJudged
from replay.model.reading import Operation
from replay.mutate.contract import Mutator
from replay.mutate.plan import Target, build_case
from replay.oracle.contract import Oracle
from replay.oracle.serial_envelope import can_be_raced

CONTROLS = 2
_ONE_EFFECT = frozenset({Expectation.AT_MOST_ONCE, Expectation.WHOLE, Expectation.KEY_HONOURED})


@dataclass(slots=True)
class Laboratory:
    """Plays cases. Controls are kept per site: several mutators share them."""

    stage: Stage
    oracles: Sequence[Oracle]
    generated: tuple[tuple[str, tuple[str, ...]], ...]
    planted: list[Planted] = field(default_factory=list)
    _controls: dict[str, tuple[Trace, ...]] = field(default_factory=dict)

    async def choose(self, target: Target) -> Case | NotJudged:
        """The first candidate whose controls did what the recording did; else why there is none.

        Where an effect must happen at most once, a candidate that has an effect is preferred: a recorded retry that
        was answered from the idempotency store creates nothing, so nothing can be created twice.
        """
        last: NotJudged | None = None
        without_effect: Case | None = None
        for index in range(len(target.candidates)):
            case = build_case(target, index, self.stage.recording.sessions, self.stage.settings.seed)
            if case is None:
                last = last or _no_verdict(target, "no-other-tenant", "the capture knows no second tenant")
                continue
            controls = await self.controls(case.mutation.site.exchange_id)
            if self.stage.stop.is_set:
                return _no_verdict(target, "incomplete", "stopped")
            closed = gate(Evidence(case, (*controls, _stand_for(controls))))
            if closed is None and (target.mutator.expectation not in _ONE_EFFECT or _inserts(controls)):
                return case
            without_effect = without_effect or (case if closed is None else None)
            last = closed or last
        return without_effect or last or _no_verdict(target, "no-site", "no candidate")

    async def controls(self, exchange_id: str) -> tuple[Trace, ...]:
        known = self._controls.get(exchange_id)
        if known is None:
            scenario = control_scenario(exchange_id, self.stage)
            known = tuple([await self._observe(scenario, Role.CONTROL) for _ in range(CONTROLS)])
            if not self.stage.stop.is_set:
                self._controls[exchange_id] = known
        return known

    async def experiment(self, case: Case, mutator: Mutator) -> Evidence:
        """Complete evidence of the case (incomplete when the run was stopped; the gate then says so)."""
        controls = await self.controls(case.mutation.site.exchange_id)
        mutated, serial = case_scenarios(case, self.stage, latency_of(controls))
        traces = [self.stage.recording.trace(mutated.exchange_ids()), *controls]
        if serial:
            traces.append(await self._observe(serial, Role.SERIAL))
        rounds = getattr(mutator, "rounds", 1) if _inserts(traces) or can_be_raced(traces) else 1
        for _ in range(rounds):
            traces.append(await self._observe(mutated, Role.MUTATED))
            if self.stage.stop.is_set or judge(self._evidence(case, traces), self.oracles).findings:
                break
        await self._confirm(case, mutated, traces)
        return self._evidence(case, traces)

    async def _confirm(self, case: Case, mutated: Scenario, traces: list[Trace]) -> None:
        """Play findings again in fresh worlds until they show again, at most `confirm` times."""
        found = judge(self._evidence(case, traces), self.oracles).findings
        for _ in range(self.stage.settings.confirm if found else 0):
            if self.stage.stop.is_set:
                return
            again = await self._observe(mutated, Role.CONFIRM)
            kept = [trace for trace in traces if trace.role is not Role.MUTATED]
            traces.append(again)
            if judge(self._evidence(case, [*kept, replace(again, role=Role.MUTATED)]), self.oracles).findings:
                return

    async def _observe(self, scenario: Scenario, role: Role) -> Trace:
        trace = await observe(self.stage, scenario, role)
        self.planted.extend(trace.planted)
        return trace

    def _evidence(self, case: Case, traces: Sequence[Trace]) -> Evidence:
        own = frozenset(one for trace in traces for one in trace.planted)
        elsewhere = tuple(one for one in self.planted if one not in own)
        return Evidence(case, tuple(traces), (), self.generated, elsewhere)


def _no_verdict(target: Target, reason: str, detail: str) -> NotJudged:
    return NotJudged(reason, detail, target.endpoint, target.mutator.name)


def _stand_for(controls: tuple[Trace, ...]) -> Trace:
    """A control in the mutated trace's place, so that the gate can look at controls alone."""
    return Trace(Role.MUTATED, 0, (), changes=controls[0].changes if controls else None)


def _inserts(traces: Sequence[Trace]) -> bool:
    """More rounds only pay where the clean request creates something (or where no probe can tell)."""
    controls = [trace for trace in traces if trace.role is Role.CONTROL]
    return any(
        trace.changes is None or any(change.operation is Operation.INSERT for change in trace.changes)
        for trace in controls
    )
