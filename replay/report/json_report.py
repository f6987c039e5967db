"""The run as one JSON object: the same words as the command line, in an order that does not change between runs."""

from __future__ import annotations

from replay.diff.explaining import enforced, explain
from replay.model.codec import dump_json
from replay.model.difference import Coverage, NoiseRule
from replay.model.finding import Finding
from replay.model.run import Fidelity, RunInfo, Summary
from replay.model.tree import Tree
from replay.play.playable import NOT_SENT_REASONS
from replay.report.load_figures import load_tree
from replay.report.remains_figures import remains_tree
from replay.report.view import Accepted, ReasonCount, RunView, count_reasons, names_of, worst_first

_DETAILS = 10  # distinct details shown per reason


def render(view: RunView) -> bytes:
    """UTF-8, one object, a line feed at the end."""
    document: Tree = {
        "run": _run(view.run),
        "summary": _summary(view.summary),
        "fidelity": _fidelity(view.fidelity),
        "coverage": _coverage(view),
        "load": load_tree(view.load),
        "remains": remains_tree(view.remains),
        "findings": [_finding(finding) for finding in worst_first(view.findings)],
        "not_judged": [_reason(reason) for reason in count_reasons(view.not_judged)],
        "accepted": [_accepted(one) for one in view.accepted],
        "noise": [_noise(rule) for rule in view.noise],
        "compared": [_compared(one) for one in view.compared],
    }
    return dump_json(document) + b"\n"


def _run(run: RunInfo) -> Tree:
    return {
        "id": run.id,
        "command": run.command,
        "capture": run.capture_id,
        "target": run.target,
        "seed": run.seed,
        "started": run.started,
        "ended": run.ended,
        "finished": run.finished,
        "mutators": list(run.mutators),
        "oracles": list(run.oracles),
        "database": run.database,
        "tool_version": run.tool_version,
    }


def _summary(summary: Summary | None) -> Tree:
    if summary is None:
        return None
    return {
        "sessions": summary.sessions,
        "exchanges": summary.exchanges,
        "requests_sent": summary.requests_sent,
        "cases": summary.cases,
        "clean": summary.clean,
        "findings": summary.findings,
        "not_judged": summary.not_judged,
        "seconds": summary.seconds,
        "fidelity": summary.fidelity,
    }


def _fidelity(fidelity: Fidelity | None) -> Tree:
    if fidelity is None:
        return None
    return {
        "score": round(fidelity.score, 4),
        "exchanges": fidelity.exchanges,
        "statuses_reproduced": fidelity.statuses_reproduced,
        "bindings": fidelity.bindings,
        "unresolved": fidelity.unresolved,
    }


def _coverage(view: RunView) -> Tree:
    """How much of what was planned got a verdict. Null when the run stopped before it was counted."""
    if view.summary is None:
        return None
    beside = sum(1 for one in view.not_judged if one.reason in NOT_SENT_REASONS)  # they belong to no case
    cases, lost = view.summary.cases, view.summary.not_judged - beside
    judged = max(0, cases - max(0, lost))
    return {"cases": cases, "judged": judged, "share": round(judged / cases, 4) if cases else None}


def _finding(finding: Finding) -> Tree:
    return {
        **names_of(finding),
        "expected": finding.expected,
        "observed": finding.observed,
        "tenant": finding.tenant,
        "evidence": [{"label": proof.label, "data": proof.data} for proof in finding.proofs],
    }


def _accepted(one: Accepted) -> Tree:
    return {"fingerprint": one.fingerprint, "reason": one.reason, "until": str(one.until), "state": one.state}


def _reason(reason: ReasonCount) -> Tree:
    return {
        "reason": reason.reason,
        "count": reason.count,
        "endpoints": list(reason.endpoints),
        "details": list(reason.details[:_DETAILS]),
    }


def _noise(rule: NoiseRule) -> Tree:
    """A place that is not compared exactly, and why: what still holds, seen in how many pairs of clean replays."""
    return {
        "endpoint": rule.endpoint,
        "place": rule.place,
        "relation": rule.relation.value,
        "pairs": rule.pairs,
        "differing": rule.differing,
        "reason": explain(rule),
        "enforced": list(enforced(rule)),
    }


def _compared(one: Coverage) -> Tree:
    """Of the values in some recorded answers of an endpoint: which must be equal, which keep a weaker relation."""
    return {
        "endpoint": one.endpoint,
        "answers": one.answers,
        "values": one.leaves,
        "equal": one.equal,
        "weaker": one.weaker,
        "unchecked": one.unchecked,
    }
