"""Fidelity of sessions: what went wrong by replay's own doing is not judged; what the target does otherwise is."""

from dataclasses import replace

import pytest

from make import bearer, exchange, session
from replay.correlate.learn import learn
from replay.engine.fidelity import fidelity_of, first_drift, sessions_of, unjudged_sessions
from replay.model.evidence import Attempt, Part, Role, Trace
from replay.model.exchange import Fault, FaultKind, Response

LOGIN = exchange("e1", "POST", "/login", 200, json={"n": 1}, answer={"token": "tok-0123456789abcdef"})
ME = exchange("e2", "GET", "/me", 200, headers=bearer("tok-0123456789abcdef"), answer={"ok": True})
LIST = exchange("e3", "GET", "/list", 200, headers=bearer("tok-0123456789abcdef"), answer={"items": []})
SESSION = session("s1", LOGIN, ME, LIST, tenant="t1", principal="p1")


def played(one, number, status=None, **changes):
    outcome = one.outcome if status is None else Response(status)
    made = Attempt(one.id, "s1", f"{one.request.method} {one.request.path}", SESSION.actor, SESSION.actor, Part.JUDGED,
                   one.request, outcome, number, number, number, number, 0, one.status)  # fmt: skip
    return replace(made, **changes)


def measured(*attempts, floor=0.6):
    traces = [Trace(Role.CLEAN, world, attempts) for world in (1, 2)]
    return sessions_of([SESSION], learn([SESSION]), traces, floor)


def test_a_session_that_did_what_was_recorded_is_whole():
    (one,) = measured(played(LOGIN, 1), played(ME, 2), played(LIST, 3))
    assert (one.score, one.first_wrong, one.judged) == (1.0, "", True)
    assert (one.bindings, one.identified, one.in_order, one.on_time) == (2, 3, 3, 3)


OURS = [
    (
        (played(LOGIN, 1), played(ME, 2, 401), played(LIST, 3, 401)),
        "step 2: GET /me: recorded 200, now 401, no identity for actor t1/p1",
    ),
    (
        (played(LOGIN, 1), played(ME, 2, 404, unresolved=("auth",)), played(LIST, 3, 404)),
        "step 2: GET /me: recorded 200, now 404, no live value for auth",
    ),
    ((played(LOGIN, 1),), "step 2: GET /me was not sent"),
    (
        (played(LOGIN, 1, outcome=Fault(FaultKind.WITHHELD, "budget")), played(ME, 2, 401), played(LIST, 3, 401)),
        "step 1: POST /login: recorded 200, now withheld (budget)",
    ),
]


@pytest.mark.parametrize(("attempts", "said"), OURS)
def test_what_went_wrong_first_is_named_and_not_judged(attempts, said):
    (one,) = measured(*attempts)
    assert (one.first_wrong, one.judged) == (said, False)
    (verdict,) = unjudged_sessions([one], 0.6)
    assert verdict.reason == "session-low-fidelity"
    assert verdict.detail == f"1 of 1 sessions are below fidelity 0.60; first: session s1, {said}"


def test_a_refusal_of_what_the_targets_own_login_gave_is_judged():
    """The live token was sent, and refused: that is the target's doing, with identities or without."""
    refused = [played(one, at, 401, bound=1) for at, one in ((2, ME), (3, LIST))]
    (one,) = measured(played(LOGIN, 1), *refused)
    assert (one.score < 0.6, one.judged, one.identified) == (True, True, 3)
    assert one.first_wrong == "step 2: GET /me: recorded 200, now 401"
    trace = Trace(Role.CLEAN, 1, (refused[0],))
    assert first_drift([trace], learn([SESSION])).endswith("now 401")


def test_credentials_that_nobody_gave_are_still_missed():
    """Another value of the request was bound; the key that went along is the recording's."""
    keyed = exchange(
        "e4", "GET", "/keyed", headers={"X-Api-Key": "abcdefghijklmnop0123", **bearer("tok-0123456789abcdef")}
    )
    both = session("s1", LOGIN, keyed, tenant="t1", principal="p1")
    trace = Trace(Role.CLEAN, 1, (played(LOGIN, 1), played(keyed, 2, 401, bound=1)))
    (one,) = sessions_of([both], learn([both]), [trace], 0.6)
    assert not one.judged


@pytest.mark.parametrize("status", [404, 500, 403])
def test_another_answer_of_the_target_is_judged_however_often(status):
    """A regression in most of a short session is a finding, not a reason to look away."""
    (one,) = measured(played(LOGIN, 1), played(ME, 2, status), played(LIST, 3, status))
    assert one.score < 0.6
    assert one.judged
    assert unjudged_sessions([one], 0.6) == ()


def test_a_fault_before_the_refusals_is_the_targets():
    """What went wrong first decides: a login that crashes is a finding, though 401s follow from it."""
    (one,) = measured(played(LOGIN, 1, 500), played(ME, 2, 401), played(LIST, 3, 401))
    assert one.judged


def test_the_worst_replay_counts_and_late_or_disordered_steps_show():
    good = (played(LOGIN, 1), played(ME, 2), played(LIST, 3))
    bad = (played(LOGIN, 9, intended=1), played(ME, 2), played(LIST, 3))
    traces = [Trace(Role.CLEAN, 1, good), Trace(Role.CLEAN, 2, bad)]
    (one,) = sessions_of([SESSION], learn([SESSION]), traces, 0.6)
    assert (one.in_order, one.on_time) == (1, 2)
    assert one.score == pytest.approx(1 / 3)
    total = fidelity_of(3, learn([SESSION]), traces)
    assert (total.statuses_reproduced, total.score) == (3, 1.0)
