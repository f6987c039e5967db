"""Verdicts of a stored run: made again from its evidence, or read for a report. Nothing is sent."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from replay.compose.config import Config
from replay.compose.units import all_oracles, printable
from replay.engine.control import judged_evidence
from replay.engine.judge import judge
from replay.engine.ledger import Ledger
from replay.model.difference import Coverage, Noise
from replay.model.errors import UsageError
from replay.model.evidence import Role, Trace
from replay.model.finding import Finding, Level, NotJudged, Severity
from replay.model.run import Summary
from replay.play.playable import IN_THE_RECORDING
from replay.report.view import RunView
from replay.store.run_reader import RunReader
from replay.store.run_writer import RunWriter


@dataclass(frozen=True, slots=True)
class Threshold:
    """What fails a build: confirmed findings of at least this severity; `probable` ones too when asked."""

    severity: Severity | None = Severity.LOW  # None: nothing fails
    probable: bool = False

    def is_met_by(self, finding: Finding) -> bool:
        if self.severity is None or finding.severity.rank < self.severity.rank:
            return False
        return finding.level is Level.CONFIRMED or (self.probable and finding.level is Level.PROBABLE)


def exit_status(view: RunView, threshold: Threshold) -> int:
    """0 clean, 1 findings, 3 something could not be judged (or the run was stopped early).

    What no run can send or compare (a WebSocket, a body that was cut) is told, but is no reason for 3: such a capture
    would never get another.
    """
    if any(threshold.is_met_by(finding) for finding in view.findings):
        return 1
    is_open = any(one.reason not in IN_THE_RECORDING for one in view.not_judged)
    return 3 if is_open or not view.run.finished else 0


def judge_again(path: Path, config: Config) -> None:
    """Replace the verdicts in the run file with those that today's oracles reach over its evidence."""
    oracles = all_oracles(config.oracles)
    reader = RunReader(path)
    try:
        without = frozenset(one.session_id for one in reader.unjudged_sessions())
        ledger = Ledger(noise=reader.noise())
        not_judged: list[NotJudged] = []
        clean = groups = 0
        for evidence in reader.evidences(skip=_unfaithful(reader)):
            groups += evidence.case is None
            judgement = judge(evidence if evidence.case else judged_evidence(evidence, without), oracles)
            not_judged.extend(judgement.not_judged)
            deque(ledger.note(judgement, evidence.differences), maxlen=0)
            clean += bool(evidence.case) and not judgement.findings and not judgement.not_judged
    finally:
        reader.close()
    if groups > 1:
        deque(ledger.settle(), maxlen=0)
    writer = RunWriter.reopen(path)
    try:
        writer.replace_verdicts(tuple(ledger.found.values()), tuple(not_judged), clean)
    finally:
        writer.close()


def _unfaithful(reader: RunReader) -> frozenset[str]:
    """Groups of sessions whose clean replays did not do what was recorded: nothing of them is judged."""
    settings = dict(reader.info().settings)
    if "fidelity_floor" in settings:
        floor = float(settings["fidelity_floor"])
        return frozenset(unit for unit, fidelity in reader.fidelities().items() if fidelity.score < floor)
    is_low = any(verdict.reason == "low-fidelity" for verdict in reader.not_judged(planned_only=True))
    return frozenset({""}) if is_low else frozenset()  # format version 1: one group without a name


def noise_of(path: Path) -> tuple[Noise, frozenset[str]]:
    """What clean replays of a run did to themselves, and the endpoints that were compared."""
    reader = RunReader(path)
    try:
        noise = reader.noise()
        return noise, frozenset(rule.endpoint for rule in noise.rules)
    finally:
        reader.close()


def coverage_in(path: Path) -> tuple[Coverage, ...]:
    """How closely a run compared each endpoint."""
    reader = RunReader(path)
    try:
        return reader.coverage()
    finally:
        reader.close()


def read_view(path: Path) -> RunView:
    """Everything that a report shows."""
    reader = RunReader(path)
    try:
        return view_of(reader)
    finally:
        reader.close()


def view_of(reader: RunReader) -> RunView:
    """The same of an open run file."""
    run, counts, fidelity = reader.info(), reader.counts(), reader.fidelity()
    findings, not_judged = reader.findings(), reader.not_judged()
    summary = Summary(
        sessions=counts["sessions"],
        exchanges=counts["exchanges"],
        requests_sent=counts["requests_sent"],
        cases=counts["cases"],
        clean=counts["clean"],
        findings=len(findings),
        not_judged=len(not_judged),
        seconds=max(0.0, run.ended - run.started),
        fidelity=fidelity.score,
    )
    return RunView(
        run,
        summary,
        fidelity,
        findings,
        not_judged,
        reader.noise().noisy(),
        reader.load(),
        reader.remains(),
        reader.coverage(),
    )


def trace_behind(path: Path, fingerprint: str) -> tuple[Trace, str]:
    """What was sent for a finding, and the target's URL. Raises UsageError when the run holds no such finding."""
    reader = RunReader(path)
    try:
        finding = next((one for one in reader.findings() if one.fingerprint == fingerprint), None)
        if finding is None:
            known = ", ".join(one.fingerprint for one in reader.findings()) or "none"
            raise UsageError(f"{path} holds no finding `{printable(fingerprint)}`. There are: {known}.")
        evidences = (one for one in reader.evidences() if (one.case.id if one.case else "") == finding.case_id)
        target = reader.info().target
        if finding.case_id:
            return next(evidences).mutated[-1], target
        asked = (_until(one.of(Role.CLEAN)[-1], f"{finding.method} {finding.endpoint}") for one in evidences)
        # Of many groups: one in which it was found, so that the way there is stored in full.
        first = next(asked)
        whole = (trace for trace in chain((first,), asked) if not any(one.as_recorded for one in trace.attempts))
        return next(whole, first), target
    finally:
        reader.close()


def _until(trace: Trace, endpoint: str) -> Trace:
    """Of a clean replay: the session that asked this endpoint first, up to there."""
    asked = next((i for i, one in enumerate(trace.attempts) if one.endpoint == endpoint), None)
    if asked is None:
        return trace
    session_id = trace.attempts[asked].session_id
    return replace(trace, attempts=tuple(one for one in trace.attempts[: asked + 1] if one.session_id == session_id))
