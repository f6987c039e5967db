"""The run as a stream of events: clean replays, noise, fidelity, cases, verdicts, summary.

The engine only emits. Whoever consumes an event has finished with it when the engine goes on, so evidence is on
disk before anybody judges it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from replay.engine.control import (
    CLEAN_REPLAYS,
    clean_evidence,
    fidelity_of,
    first_drift,
    mark_probe,
    play_clean,
    require_rows,
)
from replay.engine.experiment import Laboratory
from replay.engine.judge import is_stronger, judge
from replay.engine.stage import Stage
from replay.model.event import (
    CasePlanned,
    ControlMeasured,
    Event,
    EvidenceReady,
    Found,
    NoiseLearned,
    Progress,
    RunEnded,
    RunStarted,
    Unjudged,
)
from replay.model.evidence import Evidence, Trace
from replay.model.finding import Finding, NotJudged
from replay.model.run import Fidelity, RunInfo, Summary
from replay.mutate.contract import Mutator
from replay.mutate.plan import Target, plan
from replay.oracle.contract import Oracle


@dataclass(slots=True)
class Run:
    """One run over one stage. `events()` may be consumed once."""

    info: RunInfo
    stage: Stage
    mutators: Sequence[Mutator]
    oracles: Sequence[Oracle]
    _found: dict[str, Finding] = field(default_factory=dict)
    _unjudged: list[NotJudged] = field(default_factory=list)
    _cases: int = 0
    _clean: int = 0
    _fidelity: Fidelity = Fidelity(0, 0, 0, 0)
    _began: float = 0.0

    async def events(self) -> AsyncIterator[Event]:
        self._began = self.stage.clock.now()
        recording = self.stage.recording
        yield RunStarted(self.info, len(recording.sessions), len(recording.exchanges))
        generated = await mark_probe(self.stage)
        clean: list[Trace] = []
        async for event in self._replay_clean(clean):
            yield event
        if not self.stage.stop.is_set:
            await require_rows(self.stage, clean)
            async for event in self._judge_clean(clean, generated):
                yield event
        if self.mutators and self._is_faithful() and not self.stage.stop.is_set:
            planted = [one for trace in clean for one in trace.planted]
            async for event in self._fuzz(Laboratory(self.stage, self.oracles, generated, planted)):
                yield event
        yield RunEnded(self._summary(), finished=not self.stage.stop.is_set)

    async def _replay_clean(self, clean: list[Trace]) -> AsyncIterator[Event]:
        for number in range(1, CLEAN_REPLAYS + 1):
            if self.stage.stop.is_set:
                return
            yield Progress("clean replays", number - 1, CLEAN_REPLAYS, self.stage.client.requests_sent)
            clean.append(await play_clean(self.stage))
        yield Progress("clean replays", CLEAN_REPLAYS, CLEAN_REPLAYS, self.stage.client.requests_sent)

    async def _judge_clean(
        self, clean: list[Trace], generated: tuple[tuple[str, tuple[str, ...]], ...]
    ) -> AsyncIterator[Event]:
        self._fidelity = fidelity_of(self.stage, tuple(clean))
        yield ControlMeasured(self._fidelity)
        evidence, noise = clean_evidence(self.stage, tuple(clean), generated)
        if evidence.differences and self._is_faithful():
            # What two replays agree about by luck (the length of a list that varies) seldom survives a third.
            yield Progress("confirming differences", 0, 1, self.stage.client.requests_sent)
            again = await play_clean(self.stage)
            if not self.stage.stop.is_set:
                clean.append(again)
                evidence, noise = clean_evidence(self.stage, tuple(clean), generated)
        yield NoiseLearned(noise, generated)
        yield EvidenceReady(evidence)
        if not self._is_faithful():
            floor = self.stage.settings.fidelity_floor
            detail = f"fidelity {self._fidelity.score:.2f} is below {floor:.2f}; {first_drift(tuple(clean))}"
            verdict = NotJudged("low-fidelity", detail, "", "none")
            self._unjudged.append(verdict)
            yield Unjudged(verdict, planned=True)
            return
        async for event in self._verdicts(evidence):
            yield event

    async def _fuzz(self, laboratory: Laboratory) -> AsyncIterator[Event]:
        settings = self.stage.settings
        targets = plan(self.stage.recording.sessions, self.mutators, seed=settings.seed, limit=settings.limit_cases)
        for done, target in enumerate(targets):
            yield Progress("cases", done, len(targets), self.stage.client.requests_sent)
            if self.stage.stop.is_set or self._is_over_budget():
                reason = "stopped" if self.stage.stop.is_set else "budget"
                verdict = NotJudged(reason, f"{len(targets) - done} of {len(targets)} cases were not played", "", "all")
                self._unjudged.append(verdict)
                yield Unjudged(verdict, planned=True)
                return
            async for event in self._one_case(laboratory, target):
                yield event
        yield Progress("cases", len(targets), len(targets), self.stage.client.requests_sent)

    async def _one_case(self, laboratory: Laboratory, target: Target) -> AsyncIterator[Event]:
        chosen = await laboratory.choose(target)
        if self.stage.stop.is_set:
            return
        if isinstance(chosen, NotJudged):
            self._unjudged.append(chosen)
            yield Unjudged(chosen, planned=True)
            return
        self._cases += 1
        yield CasePlanned(chosen)
        evidence = await laboratory.experiment(chosen, target.mutator)
        yield EvidenceReady(evidence)
        async for event in self._verdicts(evidence):
            yield event

    async def _verdicts(self, evidence: Evidence) -> AsyncIterator[Event]:
        judgement = judge(evidence, self.oracles)
        for verdict in judgement.not_judged:
            self._unjudged.append(verdict)
            yield Unjudged(verdict)
        for finding in judgement.findings:
            known = self._found.get(finding.fingerprint)
            if known is None or is_stronger(finding, known):
                self._found[finding.fingerprint] = finding
                yield Found(finding)
        if evidence.case and not judgement.findings and not judgement.not_judged:
            self._clean += 1

    def _is_faithful(self) -> bool:
        return self._fidelity.score >= self.stage.settings.fidelity_floor

    def _is_over_budget(self) -> bool:
        budget = self.stage.settings.budget_seconds
        return budget is not None and self.stage.clock.now() - self._began > budget

    def _summary(self) -> Summary:
        return Summary(
            sessions=len(self.stage.recording.sessions),
            exchanges=len(self.stage.recording.exchanges),
            requests_sent=self.stage.client.requests_sent,
            cases=self._cases,
            clean=self._clean,
            findings=len(self._found),
            not_judged=len(self._unjudged),
            seconds=self.stage.clock.now() - self._began,
            fidelity=self._fidelity.score,
        )
