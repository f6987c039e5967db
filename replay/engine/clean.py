"""One group of sessions from clean replays to verdicts. A small capture is one group; a large one is a stream of them.

play twice -> measure -> compare (play a third time where something differs) -> judge -> store -> forget
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from replay.diff.alignment import Redaction
from replay.diff.coverage import coverage_of
from replay.diff.noise_merging import merged_noise
from replay.diff.rules import Rules
from replay.engine.control import (
    CLEAN_REPLAYS,
    clean_evidence,
    judged_evidence,
    play_clean,
    play_known_good,
    require_rows,
)
from replay.engine.fidelity import fidelity_of, first_drift, is_reproduced, sessions_of, unjudged_sessions
from replay.engine.judge import Judgement, judge
from replay.engine.lean import lean_evidence
from replay.engine.ledger import Ledger
from replay.engine.lesson import learn_from_replay, unlearn_from_replay
from replay.engine.not_compared import bodies_not_compared
from replay.engine.set_aside import heard_sessions, mute_exchanges, reason_of, verdicts, without
from replay.engine.stage import Stage
from replay.engine.torn import failed_of, told_of, torn_in
from replay.model.difference import Coverage, Noise
from replay.model.event import ControlMeasured, Event, EvidenceReady, NoiseLearned, Progress, Unjudged
from replay.model.evidence import Attempt, Evidence, Role, Trace
from replay.model.exchange import Response
from replay.model.finding import NotJudged
from replay.model.run import Fidelity, SessionFidelity
from replay.oracle.contract import Oracle

Generated = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(slots=True)
class CleanReplays:
    """`is_lean`: one of many groups; what was answered as recorded is stored as a reference."""

    stage: Stage
    oracles: Sequence[Oracle]
    generated: Generated
    ledger: Ledger
    is_lean: bool = False
    said: str = "clean replays"  # what progress calls it
    traces: list[Trace] = field(default_factory=list)
    baseline: list[Trace] = field(
        default_factory=list
    )  # of the known-good build, each beside the clean replay before it
    fidelity: Fidelity = Fidelity(0, 0, 0, 0)
    sessions: tuple[SessionFidelity, ...] = ()
    is_complete: bool = False  # everything was played and judged: not stopped before
    mute: dict[str, Attempt] = field(default_factory=dict)  # exchanges of which a replay says nothing

    @property
    def is_faithful(self) -> bool:
        return self.fidelity.score >= self.stage.settings.fidelity_floor

    async def events(self) -> AsyncIterator[Event]:
        """Ends early, without any verdict, when the run is stopped."""
        for number in range(CLEAN_REPLAYS):
            if self.stage.is_stopped():
                return
            yield Progress(self.said, number, CLEAN_REPLAYS, self.stage.client.requests_sent)
            heard: dict[str, Response] = {}
            self.traces.append(await play_clean(self.stage, None if number else heard))  # only the first one teaches
            if number == 0 and self._learns(heard):
                heard = {}
                self.traces[:] = [await play_clean(self.stage, heard)]
                if not self.stage.is_stopped() and unlearn_from_replay(self.stage, heard):
                    self.traces[:] = [await play_clean(self.stage)]
            await self._play_known_good()
        yield Progress(self.said, CLEAN_REPLAYS, CLEAN_REPLAYS, self.stage.client.requests_sent)
        if self.stage.is_stopped():
            return
        if not self.stage.answered_before():  # else the rows were there before the probe's mark
            await require_rows(self.stage, self.traces)
        self._measure()
        evidence, noise = self._evidence()
        if evidence.differences and self.is_faithful:
            # What two replays agree about by luck (the length of a list that varies) seldom survives a third.
            yield Progress("confirming differences", 0, 1, self.stage.client.requests_sent)
            again = await play_clean(self.stage)
            if self.stage.is_stopped():
                return
            self.traces.append(again)
            await self._play_known_good()
            evidence, noise = self._evidence()
        yield ControlMeasured(self.fidelity, self.sessions, self.stage.unit)
        self.ledger.measured(self.fidelity, noise)
        yield NoiseLearned(noise, self.generated, self._coverage(evidence, noise), self.stage.unit)
        for event in self._verdicts(evidence):
            yield event
        self.is_complete = True

    async def _play_known_good(self) -> None:
        """In turn with the target, so that what drifts with time drifts for both."""
        if self.stage.known_good is not None and not self.stage.is_stopped():
            self.baseline.append(await play_known_good(self.stage))

    def _learns(self, heard: dict[str, Response]) -> bool:
        """True when the first replay taught other bindings: it is played again. A resumed one teaches the same."""
        if self.stage.is_stopped():
            return False
        return learn_from_replay(self.stage, heard, self.is_lean)

    def _measure(self) -> None:
        recording, floor = self.stage.recording, self.stage.settings.fidelity_floor
        self.mute = self._mute()
        traces = [without(one, self.mute) for one in self.traces] if self.mute else self.traces
        sessions = heard_sessions(recording.sessions, self.mute)
        self.fidelity = fidelity_of(len(recording.exchanges) - len(self.mute), self.stage.bindings, traces)
        found = sessions_of(sessions, self.stage.bindings, traces, floor)
        self.sessions = tuple(replace(one, judged=False) if one.session_id in self._torn else one for one in found)

    def _mute(self) -> dict[str, Attempt]:
        """What says nothing about the target; also what failed for want of a value that another group was given."""
        crossed = {
            one.exchange_id: one
            for trace in self.traces
            for one in trace.attempts
            if one.exchange_id in self.stage.crossing and not is_reproduced(one)
        }
        return crossed | failed_of(self.traces, self._torn) | mute_exchanges([*self.traces, *self.baseline])

    @property
    def _torn(self) -> frozenset[str]:
        return torn_in(self.stage.recording.sessions)

    def _muted(self) -> tuple[NotJudged, ...]:
        mute = self._mute()
        torn = self._torn
        told = (*verdicts(one for one in mute.values() if reason_of(one)), *told_of(torn))
        crossed = sum(not reason_of(one) and one.session_id not in torn for one in mute.values())
        if not crossed:
            return told
        what = "exchange" if crossed == 1 else "exchanges"
        detail = f"{crossed} {what} failed that need what only another group of sessions was given: see group_exchanges"
        return (*told, NotJudged("cross-group", detail, "", "none"))

    def _evidence(self) -> tuple[Evidence, Noise]:
        known = merged_noise(self.stage.known, self.ledger.noise) if self.is_lean else self.stage.known
        mute, baseline = frozenset(self._mute()), tuple(self.baseline)
        return clean_evidence(self.stage, tuple(self.traces), self.generated, self._without(), known, mute, baseline)

    def _coverage(self, evidence: Evidence, noise: Noise) -> tuple[Coverage, ...]:
        return coverage_of(evidence.of(Role.RECORDED)[0], Rules.of(noise), Redaction(self.stage.redacted))

    def _without(self) -> frozenset[str]:
        return frozenset(one.session_id for one in self.sessions if not one.judged) if self.is_faithful else frozenset()

    def _verdicts(self, evidence: Evidence) -> list[Event]:
        floor = self.stage.settings.fidelity_floor
        if not self.is_faithful:
            drift = first_drift(tuple(self.traces), self.stage.bindings)
            detail = f"fidelity {self.fidelity.score:.2f} is below {floor:.2f}; {drift}"
            verdict = NotJudged("low-fidelity", detail, "", "none")
            muted = [self.ledger.lose(one) for one in self._muted()]
            kept = EvidenceReady(self._kept(evidence, Judgement((), ())), self.stage.unit)
            return [kept, *muted, self.ledger.lose(verdict)]
        judgement = judge(judged_evidence(evidence, self._without()), self.oracles)
        mute, torn = self._muted(), self._torn
        whole = tuple(one for one in self.sessions if one.session_id not in torn)
        unread = bodies_not_compared(evidence.of(Role.RECORDED)[0], [without(one, self.mute) for one in self.traces])
        silent = (*mute, *unread, *unjudged_sessions(whole, floor))
        lost: list[Unjudged] = [self.ledger.lose(one) for one in silent]
        found = self.ledger.note(judgement, evidence.differences)
        return [EvidenceReady(self._kept(evidence, judgement), self.stage.unit), *lost, *found]

    def _kept(self, evidence: Evidence, judgement: Judgement) -> Evidence:
        kept = lean_evidence(evidence, judgement.findings) if self.is_lean else evidence
        beside = tuple(self.stage.beside)
        self.stage.beside.clear()
        if not beside:
            return kept
        in_order = sorted((*kept.traces, *beside), key=lambda trace: trace.world)  # each copy behind what it ran beside
        return replace(kept, traces=tuple(in_order))
