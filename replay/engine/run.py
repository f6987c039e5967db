"""The run as a stream of events: clean replays, noise, fidelity, cases, verdicts, summary.

    groups of sessions -> clean replays of each -> cases (when there is one group, and mutators) -> summary

The engine only emits. Whoever consumes an event has finished with it when the engine goes on, so evidence is on
disk before anybody goes on from it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field

from replay.engine.clean import CleanReplays, Generated
from replay.engine.control import mark_probe, play_clean
from replay.engine.earlier import Earlier
from replay.engine.experiment import Laboratory
from replay.engine.judge import judge
from replay.engine.ledger import Ledger
from replay.engine.lesson import learn_from_replay
from replay.engine.stage import Stage
from replay.model.event import CasePlanned, Event, EvidenceReady, Progress, RunEnded, RunStarted, UnitDone
from replay.model.evidence import Planted
from replay.model.exchange import Response
from replay.model.finding import NotJudged
from replay.model.run import RunInfo, Summary
from replay.mutate.contract import Mutator
from replay.mutate.plan import Target, plan
from replay.oracle.contract import Oracle


@dataclass(frozen=True, slots=True)
class Extent:
    """What the run is about, known before the first group is read."""

    sessions: int
    exchanges: int
    groups: int = 1


@dataclass(slots=True)
class Run:
    """One run over a stage for each group of sessions. `events()` may be consumed once.

    `stages` gives those groups that `earlier` has not done, each when the one before it is done with. Mutators need the
    whole recording: there is one group then, and `stage` is its own. Of many groups `stage` is what they share, without
    sessions.
    """

    info: RunInfo
    extent: Extent
    stage: Stage
    stages: Iterable[Stage]
    mutators: Sequence[Mutator]
    oracles: Sequence[Oracle]
    earlier: Earlier = Earlier()
    _ledger: Ledger = field(default_factory=Ledger)
    _began: float = 0.0

    async def events(self) -> AsyncIterator[Event]:
        self._began = self.stage.clock.now()
        self._ledger = self.earlier.ledger()
        if not self.earlier.has_begun:
            yield RunStarted(self.info, self.extent.sessions, self.extent.exchanges)
        generated = await mark_probe(self.stage)
        planted = list(self.earlier.planted)
        async for event in self._replay_clean(generated, planted):
            yield event
        if self.mutators and self._is_faithful() and not self.stage.is_stopped():
            async for event in self._fuzz(Laboratory(self.stage, self.oracles, generated, planted)):
                yield event
        yield RunEnded(self._summary(), finished=not self.stage.is_stopped())

    async def _replay_clean(self, generated: Generated, planted: list[Planted]) -> AsyncIterator[Event]:
        for number, stage in enumerate(self.stages, self.extent.groups - self._left()):
            if stage.is_stopped():
                return
            if not stage.recording.exchanges:  # nothing of the group can be sent
                yield UnitDone(stage.unit, stage.worlds, 0)
                continue
            stage.worlds = max(stage.worlds, stage.journal.lost.get(stage.unit, 0))
            before = stage.client.requests_sent
            many = self.extent.groups > 1
            said = f"clean replays of group {number + 1}/{self.extent.groups}" if many else "clean replays"
            replays = CleanReplays(stage, self.oracles, generated, self._ledger, is_lean=many, said=said)
            async for event in replays.events():
                yield event
            if not replays.is_complete:
                return
            if self.mutators:
                planted.extend(one for trace in replays.traces for one in trace.planted)
            sent = stage.client.requests_sent - before + len(stage.answered_before())
            yield UnitDone(stage.unit, stage.worlds, sent)
        for event in self._ledger.settle() if self.extent.groups > 1 else ():
            yield event

    def _left(self) -> int:
        return self.extent.groups - sum(unit.startswith("clean/") for unit in self.earlier.done)

    async def _fuzz(self, laboratory: Laboratory) -> AsyncIterator[Event]:
        stage, settings = self.stage, self.stage.settings
        if self.earlier.done:
            await self._learn_again(laboratory)
        targets = plan(stage.recording.sessions, self.mutators, seed=settings.seed, limit=settings.limit_cases)
        for done, target in enumerate(targets):
            yield Progress("cases", done, len(targets), stage.client.requests_sent)
            stage.unit = f"target/{done}"
            if stage.unit in self.earlier.done:
                continue
            if stage.is_stopped() or self._is_over_budget():
                reason = "stopped" if stage.is_stopped() else "budget"
                detail = f"{len(targets) - done} of {len(targets)} cases were not played"
                yield self._ledger.lose(NotJudged(reason, detail, "", "all"))
                return
            async for event in self._one_case(laboratory, target):
                yield event
        yield Progress("cases", len(targets), len(targets), stage.client.requests_sent)

    async def _learn_again(self, laboratory: Laboratory) -> None:
        """What the first clean replay had taught about bindings was in memory alone: one more teaches it."""
        stage = self.stage
        stage.worlds, stage.unit = max(stage.worlds, self.earlier.worlds), "lesson"
        heard: dict[str, Response] = {}
        trace = await play_clean(stage, heard)
        laboratory.planted.extend(trace.planted)
        if not stage.is_stopped():
            learn_from_replay(stage, heard, is_lean=False)

    async def _one_case(self, laboratory: Laboratory, target: Target) -> AsyncIterator[Event]:
        before, clean = self.stage.client.requests_sent, self._ledger.clean
        chosen = await laboratory.choose(target)
        if self.stage.is_stopped():
            return
        if isinstance(chosen, NotJudged):
            yield self._ledger.lose(chosen)
        else:
            self._ledger.cases += 1
            yield CasePlanned(chosen)
            evidence = await laboratory.experiment(chosen, target.mutator)
            if self.stage.is_stopped():
                site = chosen.mutation.site
                lost = NotJudged("incomplete", "stopped", site.endpoint, chosen.mutation.mutator, chosen.id)
                yield self._ledger.lose(lost)
                return
            yield EvidenceReady(evidence, self.stage.unit)
            judgement = judge(evidence, self.oracles)
            for event in self._ledger.note(judgement):
                yield event
            self._ledger.clean += not judgement.findings and not judgement.not_judged
        sent = self.stage.client.requests_sent - before
        yield UnitDone(self.stage.unit, self.stage.worlds, sent, self._ledger.clean - clean)

    def _is_faithful(self) -> bool:
        return self._ledger.fidelity.score >= self.stage.settings.fidelity_floor

    def _is_over_budget(self) -> bool:
        budget = self.stage.settings.budget_seconds
        return budget is not None and self.stage.clock.now() - self._began > budget

    def _summary(self) -> Summary:
        ledger = self._ledger
        return Summary(
            sessions=self.extent.sessions,
            exchanges=self.extent.exchanges,
            requests_sent=self.earlier.requests_sent + self.stage.client.requests_sent,
            cases=ledger.cases,
            clean=ledger.clean,
            findings=len(ledger.found),
            not_judged=ledger.unjudged,
            seconds=self.earlier.seconds + self.stage.clock.now() - self._began,
            fidelity=ledger.fidelity.score,
        )
