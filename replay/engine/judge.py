"""From stored evidence to verdicts: finding, clean, or not judged. Pure; `replay judge` runs it on yesterday's file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from replay.engine.cause_links import with_shared_causes
from replay.engine.set_aside import THROTTLED, mute_exchanges, reason_of, without
from replay.identity.contract import CREDENTIALS
from replay.model.case import Expectation
from replay.model.evidence import Attempt, Evidence, Part, Role, Trace
from replay.model.finding import Finding, Level, NotJudged
from replay.oracle.contract import Oracle


@dataclass(frozen=True, slots=True)
class Judgement:
    findings: tuple[Finding, ...]
    not_judged: tuple[NotJudged, ...]


def judge(evidence: Evidence, oracles: Sequence[Oracle]) -> Judgement:
    """Ask every oracle that can judge this evidence. A gate that fails makes the whole case not judged."""
    closed = gate(evidence)
    if closed:
        return Judgement((), (closed,))
    if evidence.case is None:
        mute = mute_exchanges(evidence.of(Role.CLEAN))  # a copy beside them that was throttled says nothing of them
        evidence = replace(evidence, traces=tuple(without(one, mute) for one in evidence.traces)) if mute else evidence
    findings: list[Finding] = []
    unjudged: list[NotJudged] = []
    for oracle in oracles:
        if not _applies(oracle, evidence):
            continue
        try:
            findings.extend(_with_level(oracle, evidence))
        except Exception as error:  # noqa: BLE001 - a faulty (third-party) oracle must not end the run
            unjudged.append(_unjudged(evidence, "oracle-failed", f"{oracle.name}: {type(error).__name__}"))
    if not findings and _lacks_proof(evidence):
        detail = "whether anything was stored shows in the database alone: name it with --db"
        unjudged.append(_unjudged(evidence, "no-database", detail))
    return Judgement(with_shared_causes(findings, evidence.differences), tuple(unjudged))


def gate(evidence: Evidence) -> NotJudged | None:
    """Why this evidence allows no verdict, or None. Controls must have done what the recording did."""
    if evidence.case is None:
        return None
    mute = _mute(evidence)
    if mute:
        return mute
    if not evidence.controls or not evidence.mutated:
        return _unjudged(evidence, "incomplete", "the run ended before the case was played")
    for trace in evidence.traces:
        if trace.role is Role.RECORDED:
            continue
        for attempt in trace.attempts:
            reason = _drift(trace, attempt)
            if reason:
                return _unjudged(evidence, reason, _what(trace, attempt))
    with_rows = [trace.changes is not None for trace in evidence.controls + evidence.mutated]
    if any(with_rows) and not all(with_rows):
        return _unjudged(evidence, "probe-failed", "the database could not be read, or did not come to rest")
    return None


def strongest(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding per fingerprint: the surest, then the most severe, then the first."""
    best: dict[str, Finding] = {}
    for finding in findings:
        known = best.get(finding.fingerprint)
        if known is None or is_stronger(finding, known):
            best[finding.fingerprint] = finding
    return tuple(best.values())


def is_stronger(one: Finding, other: Finding) -> bool:
    order = [Level.INFO, Level.PROBABLE, Level.CONFIRMED]
    return (order.index(one.level), one.severity.rank) > (order.index(other.level), other.severity.rank)


def _lacks_proof(evidence: Evidence) -> bool:
    """No finding proves nothing where the effect is on rows and no rows were read."""
    if evidence.case is None or evidence.has_rows:
        return False
    mutation = evidence.case.mutation
    is_read = mutation.site.endpoint.startswith(("GET ", "HEAD ", "OPTIONS "))
    return not (mutation.expectation is Expectation.REJECTED and is_read)


def _applies(oracle: Oracle, evidence: Evidence) -> bool:
    expectation = evidence.case.mutation.expectation if evidence.case else Expectation.SAME
    if expectation not in oracle.judges:
        return False
    has = {"rows": evidence.has_rows, "serial": bool(evidence.of(Role.SERIAL))}
    return all(has.get(need, False) for need in oracle.needs)


def _with_level(oracle: Oracle, evidence: Evidence) -> list[Finding]:
    """Reproduced in a fresh world: confirmed. Played again and not seen again: probable at most."""
    again = evidence.of(Role.CONFIRM)
    if not again:
        return list(oracle.judge(evidence))
    found = list(oracle.judge(_keeping(evidence, Role.MUTATED)))
    seen_again = {finding.fingerprint for finding in oracle.judge(_keeping(evidence, Role.CONFIRM))}
    return [replace(finding, level=_level(finding, reproduced=finding.fingerprint in seen_again)) for finding in found]


def _level(finding: Finding, *, reproduced: bool) -> Level:
    if finding.level is Level.INFO:
        return Level.INFO
    return Level.CONFIRMED if reproduced else Level.PROBABLE


def _keeping(evidence: Evidence, wanted: Role) -> Evidence:
    other = Role.CONFIRM if wanted is Role.MUTATED else Role.MUTATED
    return replace(evidence, traces=tuple(trace for trace in evidence.traces if trace.role is not other))


def _mute(evidence: Evidence) -> NotJudged | None:
    """An answer about load, or a request that was never sent, is no evidence; where a 429 is expected, it is."""
    expects_limit = evidence.case is not None and evidence.case.mutation.expectation is Expectation.LIMITED
    for trace in evidence.traces:
        for attempt in () if trace.role is Role.RECORDED else trace.attempts:
            reason = reason_of(attempt)
            if reason and not (expects_limit and reason == THROTTLED and attempt.part is Part.JUDGED):
                return _unjudged(evidence, reason, _what(trace, attempt))
    return None


def _drift(trace: Trace, attempt: Attempt) -> str:
    if attempt.part is Part.SETUP or (attempt.part is Part.JUDGED and trace.role is Role.CONTROL):
        if attempt.fault:
            return "fault-in-control"
        if attempt.status != attempt.recorded_status:
            return "control-drifted"
        if attempt.unresolved and attempt.part is Part.JUDGED:
            return "unresolved-binding"
    is_borrowed = attempt.sent_as is not None and attempt.sent_as != attempt.actor
    if attempt.part is Part.JUDGED and is_borrowed and CREDENTIALS in attempt.unresolved:
        return "no-identity"  # refused as nobody says nothing about what the other tenant may do
    return ""


def _what(trace: Trace, attempt: Attempt) -> str:
    outcome = attempt.fault.kind if attempt.fault else attempt.status
    places = f", unresolved: {', '.join(attempt.unresolved)}" if attempt.unresolved else ""
    where = f"{attempt.endpoint} ({attempt.part} of {trace.role})"
    return f"{where}: recorded {attempt.recorded_status}, now {outcome}{places}"


def _unjudged(evidence: Evidence, reason: str, detail: str) -> NotJudged:
    case = evidence.case
    if case is None:
        return NotJudged(reason, detail, "", "none")
    return NotJudged(reason, detail, case.mutation.site.endpoint, case.mutation.mutator, case.id)
