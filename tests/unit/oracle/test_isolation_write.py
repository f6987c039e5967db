"""IsolationWrite: whose row changed decides; the status does not."""

from __future__ import annotations

import pytest

from replay.model.case import Expectation, Injected
from replay.model.evidence import Part, Role
from replay.model.finding import Level
from replay.oracle.isolation_write import IsolationWrite
from unit.oracle.evidence_make import case, deleted, evidence, inserted, sent, trace, updated

A, B = "qaaaaaaaa2", "qbbbbbbbb2"
FRESH = "rpl0123456789abtext"
PATCH = "PATCH /notes/{id}"
RENAMED = (("acme", "ten_acme_3"), ("bolt", "ten_bolt_3"))


def note(key, text, tenant="ten_acme_3", **more):
    return {"id": key, "tenant_id": tenant, "account_id": 5, "text": text, **more}


def setup():
    return (
        sent("e1", "POST", "/notes", 201, json={"text": A}, answer={"id": 42, "tenant": "ten_acme_3", "text": A}),
        sent("e2", "GET", "/me", answer={"email": "bob@bolt.example", "tenant": "ten_bolt_3"}, tenant="bolt"),
    )


def mutated(*rows, status=403, method="PATCH", target="/notes/42", json=None, after=(), copies=1, read=True):
    json = {"text": FRESH} if json is None else json
    judged = [sent("e3", method, target, status, json=json, by="bolt", part=Part.JUDGED) for _ in range(copies)]
    return trace(Role.MUTATED, 3, *setup(), *judged, *after, rows=rows if read else None,
                 planted=((A, "acme"), (B, "bolt")), renamed=RENAMED)  # fmt: skip


def controls(method="PATCH", read=True):
    out = []
    for w in (1, 2):
        before, after = note(w * 40, "old", f"ten_acme_{w}"), note(w * 40, "new", f"ten_acme_{w}")
        rows = {
            "PATCH": updated("note", before, after),
            "DELETE": deleted("note", **before),
            "POST": inserted("note", **after),
        }[method]
        judged = sent("e3", method, f"/notes/{w * 40}", json={"text": "new"}, part=Part.JUDGED)
        out.append(trace(Role.CONTROL, w, judged, rows=(rows,) if read else None))
    return out


def judge(change, method="PATCH", read=True):
    injected = (Injected("body.text", "text", FRESH),)
    about = case(Expectation.REJECTED, f"{method} /notes/{{id}}", "swap-tenant", injected=injected)
    return list(IsolationWrite().judge(evidence(about, *controls(method, read), change)))


WRITTEN = updated("note", note(42, A), note(42, FRESH))


def test_a_write_is_found_although_it_was_answered_403():
    """The row before and after, its owner and the answer are in the proof."""
    (finding,) = judge(mutated(WRITTEN))
    assert (finding.level, finding.tenant, finding.method) == (Level.CONFIRMED, "acme", "PATCH")
    assert "although answered 403" in finding.observed
    (row,) = finding.proofs[0].data
    assert (row["entity"], row["operation"], row["text"]) == ("note", "update", f"{A} → {FRESH}")


FOUND = [
    (mutated(updated("note", note(42, "plain"), note(42, FRESH))), "PATCH", "owned by its tenant's id, no marker"),
    (mutated(deleted("note", **note(42, A)), method="DELETE"), "DELETE", "deleted"),
    (mutated(deleted("note", id=42), method="DELETE"), "DELETE", "only the key is logged; acme's answer gave it"),
    (mutated(inserted("note", **note(50, FRESH)), method="POST", status=201), "POST", "a row in the other's tenant"),
    (mutated(inserted("note", **note(50, FRESH)), method="POST", status=201,
             json={"text": FRESH, "tenant_id": "ten_acme_3"}), "POST", "the tenant's id in the body was obeyed"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "method", "remark"), FOUND)
def test_a_row_of_the_victim_is_found(change, method, remark):
    (finding,) = judge(change, method)
    assert finding.level is Level.CONFIRMED, remark


DENIED = {"denied": 0, "updated_at": "t0"}


@pytest.mark.parametrize(
    ("row", "status", "level", "remark"),
    [
        (updated("note", note(42, A), note(42, FRESH)), 403, Level.CONFIRMED, "what an allowed request does"),
        (updated("counter", note(1, A), note(1, "x")), 200, Level.PROBABLE, "another table"),
        (updated("note", note(42, A, **DENIED), note(42, A, denied=1, updated_at="t1")), 403, Level.INFO,
         "a counter of refusals on the owner's row"),
        (updated("note", {"id": 42}, {"id": 42, "text": FRESH}), 403, Level.CONFIRMED, "only the key is logged before"),
    ],
)  # fmt: skip
def test_levels(row, status, level, remark):
    """Only the effect of an allowed request is proof of a write."""
    (finding,) = judge(mutated(row, status=status))
    assert finding.level is level, remark


OWN = note(9, B, "ten_bolt_3")

SILENT = [
    (mutated(), "PATCH", "refused, nothing written"),
    (mutated(updated("note", OWN, {**OWN, "text": FRESH}), status=204), "PATCH", "204, the caller's own row changed"),
    (mutated(inserted("note", **note(50, A, "ten_bolt_3")), method="POST", status=201, json={"text": A}), "POST",
     "the caller's own copy of the text that it sent"),
    (mutated(inserted("note", id=50, text=A), method="POST", status=201, json={"text": A}), "POST",
     "what was just sent says nothing about the owner"),
    (mutated(inserted("audit_log", id=1, tenant_id="ten_acme_3", action="denied")), "PATCH", "the refusal is noted"),
    (mutated(inserted("grant", id=1, a="ten_acme_3", b="ten_bolt_3"), method="POST"), "POST", "a row of both"),
    (mutated(updated("note", note(42, FRESH, "?"), note(42, FRESH, "?")), target="/notes/77"), "PATCH", "nobody's row"),
]  # fmt: skip


@pytest.mark.parametrize(("quiet", "method", "remark"), SILENT)
def test_what_is_right_raises_nothing(quiet, method, remark):
    assert judge(quiet, method) == [], remark


def test_a_second_copy_overwrites_what_the_first_one_wrote():
    """With two copies, `before` may hold what the first one sent into the caller's own row."""
    text = {"text": A}
    own = {"id": 9, "text": A}
    assert judge(mutated(updated("note", own, own), json=text, copies=2, status=200, target="/notes/9")) == []


@pytest.mark.parametrize(
    ("seen", "findings", "remark"),
    [(FRESH, 1, "the owner reads what the other sent"), ("untouched", 0, "the owner reads its own text")],
)
def test_without_rows_the_owners_read_back_tells(seen, findings, remark):
    """One kind of evidence: probable."""
    after = (sent("e4", "GET", "/notes/42", answer={"text": seen}, part=Part.AFTER),)
    found = judge(mutated(after=after, read=False), read=False)
    assert len(found) == findings, remark
    assert all(one.level is Level.PROBABLE for one in found)
