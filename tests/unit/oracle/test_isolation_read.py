"""IsolationRead: only data whose owner is known is a breach; statuses and likeness are not."""

from __future__ import annotations

import pytest

from replay.model.case import Expectation
from replay.model.evidence import Part, Planted, Role
from replay.model.finding import Level
from replay.oracle.isolation_read import IsolationRead
from unit.oracle.evidence_make import NOBODY, case, evidence, sent, trace

A1, A2, B1 = "qaaaaaaaa2", "qaaaaaaaa3", "qbbbbbbbb2"
FAR = "qffffffff2"  # planted in another world
PLANTED = ((A1, "acme"), (A2, "acme"), (B1, "bolt"))
ENDPOINT = "GET /invoices/{id}"
ABOUT = case(Expectation.REJECTED, ENDPOINT, "swap-tenant")


def swapped(answer, status=200, world=3, method="GET", target="/invoices/17", json=None, role=Role.MUTATED, others=()):
    judged = sent("e1", method, target, status, json=json, answer=answer, by="bolt", part=Part.JUDGED)
    return trace(role, world, *others, judged, rows=None, planted=PLANTED)


def controls(answer=None):
    return [
        trace(Role.CONTROL, w, sent("e1", "GET", "/invoices/17", answer=answer, part=Part.JUDGED), rows=None)
        for w in (1, 2)
    ]


def judge(*traces, about=ABOUT, oracle=None, **more):
    return list((oracle or IsolationRead()).judge(evidence(about, *controls(), *traces, **more)))


LEAK = {"id": 17, "billed_name": f"Ann {A1}"}


def test_a_planted_marker_seen_twice_is_confirmed():
    """The victim, the reader and the place are named."""
    (finding,) = judge(swapped(LEAK), swapped(LEAK, world=4, role=Role.CONFIRM))
    assert (finding.level, finding.tenant, finding.method) == (Level.CONFIRMED, "acme", "GET")
    proofs = {proof.label: proof.data for proof in finding.proofs}
    assert proofs["whose data"] == [{"marker": A1, "owner": "acme"}]
    assert proofs["places in the answer"] == ["body.billed_name"]
    assert proofs["sent as"] == {"request of": "acme", "credentials of": "bolt"}


@pytest.mark.parametrize(
    ("answer", "status", "level", "remark"),
    [
        (LEAK, 200, Level.PROBABLE, "one marker, seen once"),
        ({"a": A1, "b": A2}, 200, Level.CONFIRMED, "two markers of one owner"),
        ({"error": f"you may not read {A1}"}, 404, Level.PROBABLE, "a refusal that quotes what it refuses"),
        ({"a": A1.upper()}, 200, Level.PROBABLE, "the service changed the case"),
        ({"slug": f"note-{A1}-x"}, 200, Level.PROBABLE, "inside another word"),
    ],
)
def test_levels(answer, status, level, remark):
    """One marker seen once is probable, two are confirmed; status and spelling do not matter."""
    (finding,) = judge(swapped(answer, status))
    assert finding.level is level, remark


def own_list():
    """Bolt's own clean list shows acme's marker already: that is list-leak's finding, or a shared catalogue."""
    return sent("e9", "GET", "/catalog", answer={"items": [A1]}, tenant="bolt")


def public_page():
    return sent("e8", "GET", "/catalog", answer={"items": [A1]}, tenant="bolt", by=NOBODY)


SILENT = [
    (swapped({"id": 17, "billed_name": B1}), "200 with the caller's own data"),
    (swapped({"id": 17, "total": 4900}), "200 with nothing that has an owner"),
    (swapped({"error": "not found"}, 404), "refused"),
    (swapped({"title": A1}, 201, method="POST", json={"title": A1}), "an echo of the bytes just sent"),
    (swapped({"q": A1}, 200, target=f"/invoices/17?search={A1}"), "an echo of the query"),
    (swapped(LEAK, others=(own_list(),)), "the tenant sees it in its own clean requests"),
    (swapped(LEAK, others=(public_page(),)), "anybody may read it"),
]


@pytest.mark.parametrize(("quiet", "remark"), SILENT)
def test_what_is_right_raises_nothing(quiet, remark):
    """Same status and a similar body are not a breach."""
    assert judge(quiet) == [], remark


def test_the_owner_itself_is_no_breach():
    """In a control the owner reads its own data."""
    own = trace(Role.MUTATED, 3, sent("e1", "GET", "/invoices/17", answer=LEAK, part=Part.JUDGED), planted=PLANTED)
    assert judge(own) == []


def test_an_answer_to_nobody_is_not_judged():
    """Without credentials nothing tells a public page from a broken one."""
    judged = sent("e1", "POST", "/invoices/17", answer=LEAK, by=NOBODY, part=Part.JUDGED)
    assert judge(trace(Role.MUTATED, 3, judged, planted=PLANTED)) == []


def test_an_anonymous_answer_to_a_login_does_not_make_data_public():
    """Only safe requests without credentials show what anybody may read."""
    login = sent("e7", "POST", "/login", answer={"name": A1}, json={"email": "a"}, by=NOBODY)
    assert len(judge(swapped(LEAK, others=(login,)))) == 1


def test_a_shared_endpoint_may_be_named_in_the_configuration():
    assert judge(swapped(LEAK), oracle=IsolationRead(shared_endpoints=(ENDPOINT,))) == []


@pytest.mark.parametrize(
    ("owner", "live", "level", "remark"),
    [
        ("acme", {}, Level.INFO, "another tenant's marker of another world; tenants may be fixed"),
        ("acme", {3: "ten_b3", 4: "ten_b4"}, Level.CONFIRMED, "the reader was made anew in each world"),
        ("bolt", {3: "ten_b3", 4: "ten_b4"}, Level.CONFIRMED, "so its twin of another world is somebody else"),
        ("bolt", {}, None, "its own older data, as far as anybody knows"),
    ],
)
def test_markers_of_other_worlds(owner, live, level, remark):
    """A marker of the same recorded tenant is foreign only when the tenant is another one in each world."""
    traces = [
        trace(role, w, sent("e1", "GET", "/invoices/17", answer={"x": FAR}, by="bolt", part=Part.JUDGED), rows=None,
              planted=PLANTED, renamed=(("bolt", live[w]),) if live else ())
        for role, w in ((Role.MUTATED, 3), (Role.CONFIRM, 4))
    ]  # fmt: skip
    found = judge(*traces, elsewhere=(Planted(FAR, owner, "e5", "body.x"),))
    assert [finding.level for finding in found] == ([level] if level else []), remark


def unplanted(answer, world=3, mine=None):
    """Nothing could be planted for acme: what it alone was answered tells."""
    mine = mine or {"id": f"inv_{world}ffe01", "owner": f"usr_{world}aa77b", "plan": "premium-plan",
                    "at": "2026-08-03T10:00:00Z", "day": "2026-08-03"}  # fmt: skip
    other = sent("e4", "GET", "/me", answer={"id": f"usr_{world}bb88c"}, tenant="bolt")
    judged = sent("e1", "GET", "/invoices/17", answer=answer, by="bolt", part=Part.JUDGED)
    setup = sent("e2", "POST", "/invoices", 201, answer=mine)
    return trace(Role.MUTATED, world, setup, other, judged, rows=None, planted=((B1, "bolt"),))


def judge_unplanted(answer, status_quo=None):
    """Another world's answers show which texts are constants."""
    elsewhere = sent("e2", "POST", "/invoices", 201, answer={"id": "inv_9ffe01", "owner": "usr_9aa77b",
                     "plan": "premium-plan", "at": "2026-08-01"})  # fmt: skip
    return judge(unplanted(answer), trace(Role.CONTROL, 9, elsewhere, rows=None))


@pytest.mark.parametrize(
    ("answer", "findings", "remark"),
    [
        ({"id": "inv_3ffe01", "owner": "usr_3aa77b"}, 1, "two ids that only the owner has"),
        ({"id": "inv_3ffe01"}, 0, "one may be chance"),
        ({"plan": "premium-plan", "id": "inv_3ffe01"}, 0, "a constant belongs to nobody"),
        ({"at": "2026-08-03T10:00:00Z", "day": "2026-08-03"}, 0, "times belong to nobody"),
        ({"id": "usr_3bb88c", "plan": "premium-plan"}, 0, "the caller's own"),
    ],
)
def test_without_markers_two_private_texts_are_probable(answer, findings, remark):
    found = judge_unplanted(answer)
    assert len(found) == findings, remark
    assert all(one.level is Level.PROBABLE for one in found)
