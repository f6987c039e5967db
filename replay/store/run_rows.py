"""Between the model's values and rows of the run file, both ways, so that writer and reader cannot drift apart."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
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
BodyId = Callable[[Body], str | None]


def digest(data: bytes) -> str:
    """What a body is known by."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


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


ATTEMPT_COLUMNS = (
    "trace_id", "exchange_id", "session_id", "endpoint", "tenant", "principal", "sent_as_tenant", "sent_as_principal",
    "part", "copy", "recorded_status", "method", "scheme", "host", "request_target", "request_headers",
    "request_body_id", "request_type", "request_bytes", "status", "fault", "fault_detail", "response_headers",
    "response_body_id", "response_type", "response_bytes", "intended", "sent", "first_byte", "ended", "unresolved",
    "bound", "as_recorded", "identity",
)  # fmt: skip


def attempt_cells(attempt: Attempt, trace_id: int, body_id: BodyId) -> tuple[Any, ...]:
    """In the order of ATTEMPT_COLUMNS: one tuple for each of very many rows."""
    request, outcome, actor, sent_as = attempt.request, attempt.outcome, attempt.actor, attempt.sent_as
    sent = request.body
    status: int | None = None
    fault: str | None = None
    detail: str | None = None
    answer: tuple[str | None, str | None, str | None, int | None] = (None, None, None, None)
    if isinstance(outcome, Response):
        body = outcome.body
        status = outcome.status
        answer = text_of_fields(outcome.headers), body_id(body), body.content_type, body.length_bytes
    else:
        fault, detail = outcome.kind.value, outcome.detail
    return (
        trace_id,
        attempt.exchange_id,
        attempt.session_id,
        attempt.endpoint,
        actor.tenant if actor else None,
        actor.principal if actor else None,
        sent_as.tenant if sent_as else None,
        sent_as.principal if sent_as else None,
        attempt.part.value,
        attempt.copy,
        attempt.recorded_status,
        request.method,
        request.scheme,
        request.host,
        request.target,
        text_of_fields(request.headers),
        body_id(sent),
        sent.content_type,
        sent.length_bytes,
        status,
        fault,
        detail,
        *answer,
        attempt.intended,
        attempt.sent,
        attempt.first_byte,
        attempt.ended,
        text(attempt.unresolved) if attempt.unresolved else "[]",
        attempt.bound,
        int(attempt.as_recorded),
        attempt.identity,
    )


def text_of_fields(headers: Headers) -> str:
    return text(headers.fields) if headers.fields else "[]"


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
