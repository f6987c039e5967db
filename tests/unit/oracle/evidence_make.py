"""Builders of hand-made evidence: two tenants `acme` and `bolt`, attempts, rows and cases. Nothing here has a clock.

sent("e1", "POST", "/notes", 201, json={...}, answer={...}, tenant="acme")    acme's own request
sent("e1", "PATCH", "/notes/7", 403, by="bolt", part=Part.JUDGED)    acme's request, bolt's credentials
inserted("note", id=7, title="x")                                    primary key `id`
"""

from __future__ import annotations

from typing import Any

import make
from replay.model.case import Case, CaseId, Expectation, Injected, Mutation, Site
from replay.model.endpoint import endpoint_of
from replay.model.evidence import Attempt, Evidence, Part, Planted, Role, Trace
from replay.model.exchange import Fault, FaultKind, Outcome
from replay.model.reading import Operation, RowChange
from replay.model.session import Actor

NOBODY = "nobody"


def sent(
    exchange_id: str,
    method: str,
    target: str,
    status: int = 200,
    *,
    json: Any = None,
    answer: Any = None,
    headers: Any = (),
    answer_headers: Any = (),
    tenant: str = "acme",
    by: str = "",
    part: Part = Part.SETUP,
    copy: int = 0,
    fault: FaultKind | None = None,
    at: float = 0.0,
) -> Attempt:
    """`by` is the tenant whose credentials it carries: the session's own unless named; NOBODY for none."""
    carrier = by or tenant
    fields = list(dict(headers).items())
    if carrier != NOBODY:
        fields.append(("Authorization", f"Bearer live-token-of-{carrier}"))
    request = make.request(method, target, headers=fields, **({} if json is None else {"json": json}))
    outcome: Outcome = (
        Fault(fault)
        if fault
        else make.response(status, headers=answer_headers, **({} if answer is None else {"answer": answer}))
    )
    return Attempt(
        exchange_id,
        f"s-{tenant}",
        endpoint_of(method, target),
        Actor(tenant, f"p-{tenant}"),
        None if carrier == NOBODY else Actor(carrier, f"p-{carrier}"),
        part,
        request,
        outcome,
        at,
        at,
        at,
        at + 0.01,
        copy,
    )


def inserted(entity: str, **row: Any) -> RowChange:
    return RowChange(entity, Operation.INSERT, (("id", row.get("id")),), (), tuple(row.items()))


def updated(entity: str, before: dict[str, Any], after: dict[str, Any]) -> RowChange:
    key = (("id", after["id"]),)
    return RowChange(entity, Operation.UPDATE, key, tuple(before.items()), tuple(after.items()))


def deleted(entity: str, **row: Any) -> RowChange:
    return RowChange(entity, Operation.DELETE, (("id", row.get("id")),), tuple(row.items()), ())


def trace(
    role: Role,
    world: int,
    *attempts: Attempt,
    rows: tuple[RowChange, ...] | None = (),
    planted: tuple[tuple[str, str], ...] = (),
    renamed: tuple[tuple[str, str], ...] = (),
) -> Trace:
    """`planted` are (marker, tenant)."""
    marks = tuple(Planted(marker, tenant, f"plant-{tenant}", "body.text") for marker, tenant in planted)
    return Trace(role, world, attempts, rows, marks, renamed)


def case(
    expectation: Expectation,
    endpoint: str,
    mutator: str = "mutator",
    *,
    injected: tuple[Injected, ...] = (),
    case_id: str = "case-1",
    seed: int = 7,
) -> Case:
    return Case(CaseId(case_id), "s-acme", Mutation(mutator, Site("site", endpoint), expectation, seed, injected), ())


def evidence(about: Case | None, *traces: Trace, **more: Any) -> Evidence:
    return Evidence(about, traces, **more)
