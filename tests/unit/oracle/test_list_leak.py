"""ListLeak: in clean replays, a tenant's own answers hold nobody else's markers."""

from __future__ import annotations

import pytest

from replay.model.case import Expectation
from replay.model.evidence import Part, Planted, Role
from replay.model.finding import Level
from replay.oracle.list_leak import ListLeak
from unit.oracle.evidence_make import NOBODY, case, evidence, sent, trace

MAIL = "u3f@d1.example"


def marks(world):
    return f"qaaaaaaa{'abcdefg'[world]}2", f"qbbbbbbb{'abcdefg'[world]}2"


def world(n, answer, *others, role=Role.CLEAN, part=Part.SETUP, renamed=()):
    """Acme and bolt each make a note; then bolt lists."""
    a, b = marks(n)
    return trace(
        role, n,
        sent("e1", "POST", "/notes", 201, json={"text": a}),
        sent("e2", "POST", "/notes", 201, json={"text": b}, tenant="bolt"),
        *others,
        sent("e3", "GET", "/notes", answer=answer(n), tenant="bolt", part=part),
        planted=((a, "acme"), (b, "bolt"), (MAIL, "acme")), renamed=renamed, rows=None,
    )  # fmt: skip


def mixed(n):
    return {"items": [{"text": mark} for mark in marks(n)]}


def own(n):
    return {"items": [{"text": marks(n)[1]}]}


def both(answer, *others):
    return evidence(None, world(1, answer, *others), world(2, answer, *others))


def test_a_mixed_list_is_found_once_per_endpoint():
    """Who reads, whose data, where: all in one confirmed finding, though two worlds showed it."""
    (finding,) = ListLeak().judge(both(mixed))
    assert (finding.level, finding.method, finding.endpoint) == (Level.CONFIRMED, "GET", "/notes")
    assert (finding.tenant, finding.mutator) == ("acme", "none")
    proofs = {proof.label: proof.data for proof in finding.proofs}
    assert proofs["whose data"] == [{"marker": marks(1)[0], "leaked from": "acme"}]
    assert proofs["places in the answer"] == ["body.items[*].text"]


def test_a_leak_in_the_recording_does_not_excuse_itself():
    """Provenance decides: bolt has seen the marker twice before, acme planted it."""
    seen = sent("e0", "GET", "/notes", answer=mixed(1), tenant="bolt")
    assert len(list(ListLeak().judge(both(mixed, seen)))) == 1


def test_one_marker_in_one_world_is_probable():
    (finding,) = ListLeak().judge(evidence(None, world(1, mixed), world(2, own)))
    assert finding.level is Level.PROBABLE


def invited(n):
    return {"members": [MAIL]}


SILENT = [
    (both(own), "the fixed twin: its own note only"),
    (both(mixed, sent("e9", "GET", "/", answer=mixed(1), tenant="bolt", by=NOBODY),
          sent("e9", "GET", "/", answer=mixed(2), tenant="bolt", by=NOBODY)), "anybody may read both"),
    (both(invited, sent("e8", "POST", "/invites", 201, json={"email": MAIL}, tenant="bolt")),
     "bolt named the address itself"),
    (evidence(None, world(1, mixed, role=Role.RECORDED)), "the recording has no markers of ours"),
]  # fmt: skip


@pytest.mark.parametrize(("quiet", "remark"), SILENT)
def test_what_is_right_raises_nothing(quiet, remark):
    assert list(ListLeak().judge(quiet)) == [], remark


def test_an_address_of_another_tenant_is_a_marker_too():
    assert len(list(ListLeak().judge(both(invited)))) == 1


def older(n):
    """What the twin of bolt made in the other world."""
    return {"items": [{"text": marks(3 - n)[1]}]}


def test_the_same_tenant_of_another_world_is_foreign_when_tenants_are_made_anew():
    """Each world has its own bolt: the other one's note is not its own."""
    fresh = [world(n, older, renamed=(("bolt", f"ten_{n}"),)) for n in (1, 2)]
    assert len(list(ListLeak().judge(evidence(None, *fresh)))) == 1


def test_the_same_tenant_of_another_world_is_itself_when_identities_are_fixed():
    """With one configured tenant for all worlds, older data is its own."""
    fixed = [world(n, older, renamed=(("bolt", "ten_0"),)) for n in (1, 2)]
    assert list(ListLeak().judge(evidence(None, *fixed))) == []


def test_a_sign_up_proves_that_the_tenant_is_new():
    """Its first request carries no credentials, plants something and succeeds."""

    def signed_up(n):
        """The sign-up plants bolt's address; `plant-bolt` is the exchange that the builder names."""
        up = sent("plant-bolt", "POST", "/register", 201, json={"email": "x@y.example"}, tenant="bolt", by=NOBODY)
        listed = sent("e3", "GET", "/notes", answer=older(n), tenant="bolt")
        return trace(Role.CLEAN, n, up, listed, planted=((marks(n)[1], "bolt"),), rows=None)

    assert len(list(ListLeak().judge(evidence(None, signed_up(1), signed_up(2))))) == 1


def test_markers_of_earlier_cases_count():
    """`elsewhere` names what the run planted outside this evidence."""
    far = Planted("qzzzzzzzz2", "acme", "e1", "body.text")
    leaks = both(lambda n: {"items": ["qzzzzzzzz2"]})
    assert list(ListLeak().judge(leaks)) == []
    (finding,) = ListLeak().judge(evidence(None, *leaks.traces, elsewhere=(far,)))
    assert finding.tenant == "acme"


@pytest.mark.parametrize(("part", "findings"), [(Part.AFTER, 1), (Part.SETUP, 0)])
def test_in_a_case_only_what_follows_the_site_is_looked_at(part, findings):
    """A case's setup is the clean replay once more; both give one fingerprint."""
    about = case(Expectation.REJECTED, "GET /x", "swap-tenant")
    found = list(ListLeak().judge(evidence(about, world(3, mixed, role=Role.MUTATED, part=part))))
    assert len(found) == findings
    (clean,) = ListLeak().judge(both(mixed))
    assert all(one.fingerprint == clean.fingerprint for one in found)


def test_a_request_that_names_what_the_other_tenant_was_given_is_no_clean_one():
    """The site's answer went to bolt; acme's next request takes the id from it, and asks for bolt's invoice."""
    about = case(Expectation.REJECTED, "POST /orders", "swap-tenant")
    site = sent("e1", "POST", "/orders", 201, answer={"invoice": 17}, by="bolt", part=Part.JUDGED)

    def after(target):
        """What acme reads next, and bolt's marker in the answer."""
        read = sent("e2", "GET", target, answer={"name": marks(3)[1]}, part=Part.AFTER)
        return evidence(about, trace(Role.MUTATED, 3, site, read, planted=((marks(3)[1], "bolt"),)))

    assert list(ListLeak().judge(after("/invoices/17"))) == []
    assert len(list(ListLeak().judge(after("/invoices/18")))) == 1


def test_a_shared_endpoint_may_be_named_in_the_configuration():
    assert list(ListLeak(shared_endpoints=("GET /notes",)).judge(both(mixed))) == []
