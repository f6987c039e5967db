"""A request as somebody whom QA does not know proves nothing: the gate, and what a person is told."""

import pytest

from replay.engine.fidelity import first_drift
from replay.engine.judge import gate
from replay.identity.contract import BOUND, CREDENTIALS
from replay.model.case import Case, CaseId, Expectation, Mutation, Site
from replay.model.evidence import Attempt, Evidence, Part, Role, Trace
from replay.model.exchange import Request, Response
from replay.model.session import Actor

OWN, OTHER = Actor("t1", "ann"), Actor("t2", "bob")
CASE = Case(CaseId("c"), "s", Mutation("swap-tenant", Site("e", "GET /a"), Expectation.REJECTED, 1), ())


def attempt(sent_as=OWN, status=200, unresolved=(), identity=""):
    return Attempt("e", "s", "GET /a", OWN, sent_as, Part.JUDGED, Request("GET", "/a"), Response(status),
                   recorded_status=200, unresolved=unresolved, identity=identity)  # fmt: skip


def reason(mutated):
    control = Trace(Role.CONTROL, 1, (attempt(),))
    closed = gate(Evidence(CASE, (control, Trace(Role.MUTATED, 2, (mutated,)))))
    return closed.reason if closed else ""


@pytest.mark.parametrize(
    ("mutated", "expected"),
    [
        (attempt(OTHER, 401, (CREDENTIALS,)), "no-identity"),
        (attempt(OTHER, 401), ""),
        (attempt(OTHER, 404), ""),
        (attempt(None, 401), ""),
        (attempt(OTHER, 404, ("path[*]",)), ""),
    ],
)
def test_a_refusal_counts_only_when_somebody_was_refused(mutated, expected):
    """The other tenant without an identity; with one; as nobody on purpose."""
    assert reason(mutated) == expected


@pytest.mark.parametrize(
    ("identity", "words"),
    [("", "no identity for actor t1/ann"), ("staff", "the target refused identity staff"), (BOUND, "now 401")],
)
def test_the_first_drift_names_who_was_not_known(identity, words):
    told = first_drift([Trace(Role.CLEAN, 1, (attempt(status=401, identity=identity),))])
    assert told.startswith("first: GET /a: recorded 200, now 401")
    assert told.endswith(words)
