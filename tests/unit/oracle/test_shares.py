"""Shares: what its owner handed over is no leak; everything else of the owner's still is."""

from __future__ import annotations

from replay.model.case import Expectation
from replay.model.evidence import Attempt, Evidence, Part, Role, Trace
from replay.oracle.isolation_read import IsolationRead
from replay.oracle.list_leak import ListLeak
from unit.oracle.evidence_make import case, evidence, sent, trace

SHARED, KEPT = "qabcdefghi", "qzyxwvutsr"
RENAMED = (("acme", "acme-live"), ("bolt", "bolt-live"))


def world(number: int, *attempts: Attempt, role: Role = Role.CLEAN) -> Trace:
    return trace(role, number, *attempts, planted=((SHARED, "acme"), (KEPT, "acme")), renamed=RENAMED)


def wrote(marker: str, parcel: str) -> Attempt:
    return sent(f"w-{parcel}", "POST", "/parcels", 201, json={"text": f"a {marker}"}, answer={"id": parcel})


def share(status: int = 201, whom: str = "bolt-live") -> Attempt:
    return sent("share", "POST", "/parcels/par_0001/shares", status, json={"with": whom})


def bolt_reads(target: str, answer: object) -> Attempt:
    return sent("read", "GET", target, answer=answer, tenant="bolt")


def found(*attempts: Attempt) -> int:
    setup = (wrote(SHARED, "par_0001"), wrote(KEPT, "par_0002"))
    return len(list(ListLeak().judge(evidence(None, *(world(n, *setup, *attempts) for n in (1, 2))))))


PARCEL = {"id": "par_0001", "text": f"a {SHARED}"}
OTHER = {"id": "par_0002", "text": f"a {KEPT}"}


def test_what_was_shared_may_be_read_and_listed() -> None:
    """By its own address, and as an element of a list that holds its id."""
    assert found(share(), bolt_reads("/parcels/par_0001", PARCEL)) == 0
    assert found(share(), bolt_reads("/parcels", {"items": [PARCEL]})) == 0


def test_without_an_accepted_share_it_is_a_leak() -> None:
    """Each row lacks one thing that makes a share."""
    read = bolt_reads("/parcels/par_0001", PARCEL)
    for remark, attempts in (
        ("nothing was shared", (read,)),
        ("the share was refused", (share(403), read)),
        ("it was shared with somebody else", (share(whom="cone-live"), read)),
        ("another thing was shared", (share(), bolt_reads("/parcels/par_0002", OTHER))),
        ("the list holds more than the shared thing", (share(), bolt_reads("/parcels", {"items": [PARCEL, OTHER]}))),
    ):
        assert found(*attempts) == 1, remark


def swapped(*setup: Attempt) -> Evidence:
    def play(role: Role, number: int, by: str) -> Trace:
        judged = sent("g", "GET", "/parcels/par_0001", answer=PARCEL, by=by, part=Part.JUDGED)
        return world(number, wrote(SHARED, "par_0001"), *setup, judged, role=role)

    controls = [play(Role.CONTROL, number, "acme") for number in (1, 2)]
    about = case(Expectation.REJECTED, "GET /parcels/{id}", "swap-tenant")
    return evidence(about, *controls, play(Role.MUTATED, 3, "bolt"))


def test_a_swap_reads_what_was_shared_and_that_is_right() -> None:
    """The other tenant's own rights are no breach; without the share they are one."""
    assert list(IsolationRead().judge(swapped(share()))) == []
    assert len(list(IsolationRead().judge(swapped()))) == 1
