"""Between the model's values and rows of the run file, both ways, so that writer and reader cannot drift apart."""

from __future__ import annotations

import hashlib
from typing import Any

from replay.model.body import Body
from replay.model.case import Case, CaseId, Expectation, Injected, Mutation, SentAs, Site
from replay.model.codec import dump_json, parse_json
from replay.model.difference import Difference, DifferenceKind
from replay.model.evidence import Attempt, Part
from replay.model.exchange import Fault, FaultKind, Request, Response
from replay.model.finding import Finding, Level, NotJudged, Proof, Severity
from replay.model.headers import Headers
from replay.model.reading import Operation, RowChange
from replay.model.run import RunInfo
from replay.model.session import Actor

Row = dict[str, Any]


def body_id(body: Body) -> str | None:
    return hashlib.blake2b(body.data, digest_size=16).hexdigest() if body.data else None


def run_row(run: RunInfo) -> dict[str, str | int | float]:
    """A run's columns as it begins."""
    return {
        "id": run.id,
        "command": run.command,
        "capture_id": run.capture_id,
        "target": run.target,
        "seed": run.seed,
        "started": run.started,
        "mutators": text(run.mutators),
        "oracles": text(run.oracles),
        "database": run.database,
        "tool_version": run.tool_version,
        "settings": text(run.settings),
        "shard": run.shard,
        "parts": run.parts,
    }


def text(value: Any) -> str:
    return dump_json(value).decode("utf-8", "surrogatepass")


def value(column: str) -> Any:
    return parse_json(column.encode("utf-8", "surrogatepass"))


def case_row(case: Case) -> Row:
    mutation = case.mutation
    return {
        "id": case.id,
        "mutator": mutation.mutator,
        "variant": mutation.site.variant,
        "expectation": str(mutation.expectation),
        "session_id": case.session_id,
        "exchange_id": mutation.site.exchange_id,
        "endpoint": mutation.site.endpoint,
        "seed": mutation.seed,
        "injected": text([[one.place, one.key, one.value] for one in mutation.injected]),
        "casting": text([[str(role), exchange_id] for role, exchange_id in case.cast]),
    }


def case_of(row: Row) -> Case:
    """The case as judged: its steps are not needed any more, the traces hold what was sent."""
    mutation = Mutation(
        mutator=row["mutator"],
        site=Site(row["exchange_id"], row["endpoint"], row["variant"]),
        expectation=Expectation(row["expectation"]),
        seed=row["seed"],
        injected=tuple(Injected(*one) for one in value(row["injected"])),
    )
    cast = tuple((SentAs(role), exchange_id) for role, exchange_id in value(row["casting"]))
    return Case(CaseId(row["id"]), row["session_id"], mutation, (), (), cast)


def attempt_row(attempt: Attempt, trace_id: int) -> Row:
    request, response, fault = attempt.request, attempt.response, attempt.fault
    return {
        "trace_id": trace_id,
        "exchange_id": attempt.exchange_id,
        "session_id": attempt.session_id,
        "endpoint": attempt.endpoint,
        "tenant": attempt.actor.tenant if attempt.actor else None,
        "principal": attempt.actor.principal if attempt.actor else None,
        "sent_as_tenant": attempt.sent_as.tenant if attempt.sent_as else None,
        "sent_as_principal": attempt.sent_as.principal if attempt.sent_as else None,
        "part": str(attempt.part),
        "copy": attempt.copy,
        "recorded_status": attempt.recorded_status,
        "method": request.method,
        "scheme": request.scheme,
        "host": request.host,
        "request_target": request.target,
        "request_headers": text(request.headers.fields),
        "request_body_id": body_id(request.body),
        "request_type": request.body.content_type,
        "request_bytes": request.body.length_bytes,
        "status": response.status if response else None,
        "fault": str(fault.kind) if fault else None,
        "fault_detail": fault.detail if fault else None,
        "response_headers": text(response.headers.fields) if response else None,
        "response_body_id": body_id(response.body) if response else None,
        "response_type": response.body.content_type if response else None,
        "response_bytes": response.body.length_bytes if response else None,
        "intended": attempt.intended,
        "sent": attempt.sent,
        "first_byte": attempt.first_byte,
        "ended": attempt.ended,
        "unresolved": text(attempt.unresolved),
        "bound": attempt.bound,
        "as_recorded": int(attempt.as_recorded),
        "identity": attempt.identity,
    }


def attempt_of(row: Row, bodies: dict[str, bytes]) -> Attempt:
    request = Request(
        row["method"],
        row["request_target"],
        _headers(row["request_headers"]),
        _body(row["request_body_id"], row["request_type"], row["request_bytes"], bodies),
        row["scheme"],
        row["host"],
    )
    outcome: Response | Fault
    if row["status"] is None:
        outcome = Fault(FaultKind(row["fault"]), row["fault_detail"] or "")
    else:
        body = _body(row["response_body_id"], row["response_type"], row["response_bytes"], bodies)
        outcome = Response(row["status"], _headers(row["response_headers"]), body)
    return Attempt(
        exchange_id=row["exchange_id"],
        session_id=row["session_id"],
        endpoint=row["endpoint"],
        actor=_actor(row["tenant"], row["principal"]),
        sent_as=_actor(row["sent_as_tenant"], row["sent_as_principal"]),
        part=Part(row["part"]),
        request=request,
        outcome=outcome,
        intended=row["intended"],
        sent=row["sent"],
        first_byte=row["first_byte"],
        ended=row["ended"],
        copy=row["copy"],
        recorded_status=row["recorded_status"],
        unresolved=tuple(value(row["unresolved"])),
        bound=row.get("bound", 0),  # since version 2
        as_recorded=bool(row.get("as_recorded", 0)),
        identity=row.get("identity", ""),
    )


def change_row(change: RowChange, trace_id: int) -> Row:
    return {
        "trace_id": trace_id,
        "entity": change.entity,
        "operation": str(change.operation),
        "row_key": text(change.key),
        "before": text(change.before),
        "after": text(change.after),
    }


def change_of(row: Row) -> RowChange:
    key, before, after = (_cells(row[name]) for name in ("row_key", "before", "after"))
    return RowChange(row["entity"], Operation(row["operation"]), key, before, after)


def difference_row(difference: Difference) -> Row:
    return {
        "exchange_id": difference.exchange_id,
        "endpoint": difference.endpoint,
        "place": difference.place,
        "kind": str(difference.kind),
        "expected": text(difference.expected),
        "observed": text(difference.observed),
        "remark": difference.remark,
    }


def difference_of(row: Row) -> Difference:
    return Difference(
        row["exchange_id"],
        row["endpoint"],
        row["place"],
        DifferenceKind(row["kind"]),
        value(row["expected"]),
        value(row["observed"]),
        row["remark"],
    )


def finding_row(finding: Finding) -> Row:
    return {
        "fingerprint": finding.fingerprint,
        "oracle": finding.oracle,
        "mutator": finding.mutator,
        "severity": str(finding.severity),
        "level": str(finding.level),
        "endpoint": finding.endpoint,
        "method": finding.method,
        "title": finding.title,
        "expected": finding.expected,
        "observed": finding.observed,
        "tenant": finding.tenant,
        "case_id": finding.case_id,
        "proofs": text([[proof.label, proof.data] for proof in finding.proofs]),
    }


def finding_of(row: Row) -> Finding:
    return Finding(
        row["fingerprint"],
        row["oracle"],
        row["mutator"],
        Severity(row["severity"]),
        Level(row["level"]),
        row["endpoint"],
        row["method"],
        row["title"],
        row["expected"],
        row["observed"],
        row["tenant"],
        tuple(Proof(label, data) for label, data in value(row["proofs"])),
        row["case_id"],
    )


def not_judged_of(row: Row) -> NotJudged:
    return NotJudged(row["reason"], row["detail"], row["endpoint"], row["mutator"], row["case_id"])


def _headers(column: str) -> Headers:
    return Headers.of((name, content) for name, content in value(column))


def _body(digest: str | None, content_type: str, size: int, bodies: dict[str, bytes]) -> Body:
    data = bodies.get(digest, b"") if digest else b""
    return Body(data, content_type, truncated=len(data) < size, size_bytes=size if len(data) < size else -1)


def _actor(tenant: str | None, principal: str | None) -> Actor | None:
    return None if tenant is None and principal is None else Actor(tenant or "", principal or "")


def _cells(column: str) -> tuple[tuple[str, Any], ...]:
    return tuple((name, content) for name, content in value(column))
