"""What the run file keeps of a group of a large capture: in full what changed, a reference for the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from replay.engine.fidelity import is_reproduced
from replay.model.body import Body
from replay.model.evidence import Attempt, Evidence, Role, Trace
from replay.model.exchange import Request, Response
from replay.model.finding import Finding
from replay.model.headers import Headers

_NONE = Headers()


def lean_evidence(evidence: Evidence, findings: Iterable[Finding]) -> Evidence:
    """The same evidence; exchanges that were answered as recorded, at endpoints without a finding, are lean.

    Where anything was found the markers and renamed values stay, which a judgement of another day needs; and, for every
    endpoint with a finding, the first session that asked it stays in full: `replay repro` shows how to get there.
    """
    named = {f"{one.method} {one.endpoint}" for one in findings}
    differing = {one.exchange_id for one in evidence.differences}
    leading = _leading_sessions(evidence, named)
    traces = []
    for trace in evidence.traces:
        kept = []
        for one in trace.attempts:
            is_plain = one.exchange_id not in differing and one.endpoint not in named and is_reproduced(one)
            if not is_plain or one.session_id in leading:
                kept.append(one)
            elif trace.role is not Role.RECORDED:
                kept.append(lean(one))
        slim = Trace(trace.role, trace.world, tuple(kept), trace.changes)
        traces.append(replace(slim, planted=trace.planted, renamed=trace.renamed) if named else slim)
    return replace(evidence, traces=tuple(traces))


def _leading_sessions(evidence: Evidence, named: Collection[str]) -> frozenset[str]:
    """For each of the endpoints: the session that asked it first in each trace."""
    found: dict[tuple[int, str], str] = {}
    for number, trace in enumerate(evidence.traces):
        for one in trace.attempts:
            if one.endpoint in named:
                found.setdefault((number, one.endpoint), one.session_id)
    return frozenset(found.values())


def lean(attempt: Attempt) -> Attempt:
    """Which request, which status, when. Sizes stay, and are told as cut: nobody takes it for an empty answer."""
    one, sent, outcome = attempt, attempt.request, attempt.outcome
    request = Request(sent.method, sent.target, _NONE, _referred(sent.body), sent.scheme, sent.host)
    if isinstance(outcome, Response):
        outcome = Response(outcome.status, _NONE, _referred(outcome.body), _NONE)
    return Attempt(  # by name it costs twice as much; most of a large capture comes by here
        one.exchange_id, one.session_id, one.endpoint, one.actor, one.sent_as, one.part, request, outcome,
        one.intended, one.sent, one.first_byte, one.ended, one.copy, one.recorded_status, one.unresolved, one.bound,
        True, one.identity,
    )  # fmt: skip


def _referred(body: Body) -> Body:
    size = body.length_bytes
    return Body(b"", body.content_type, True, size) if size else body
