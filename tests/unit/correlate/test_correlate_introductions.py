"""Introductions: a value that a client made and that another session sends later ties the two together."""

from __future__ import annotations

from collections.abc import Sequence

from make import bearer, exchange, session
from replay.correlate.closure import closure
from replay.correlate.fresh import FreshPlan, find_fresh
from replay.correlate.learn import learn
from replay.model.session import Session
from replay.play.order import cues_of_capture

ANN = "ann.quint@acme.test"
CREDENTIALS = {"email": ANN, "password": "Redacted-1!"}


def capture(*, status: int = 201, invitation: str = "POST", starts: float = 10.0) -> tuple[Session, ...]:
    """An administrator invites Ann, who logs in on a connection of her own; their tenants are unknown."""
    invite = exchange(
        "invite", invitation, "/members", status, json=CREDENTIALS | {"name": "Ann Quint"}, headers=bearer("boss-1234")
    )
    login = exchange("login", "POST", "/session", form=CREDENTIALS, answer={"token": "t-ann-000001"})
    read = exchange("read", "GET", "/me", headers=bearer("t-ann-000001"))
    return session("boss", invite, principal="boss"), session("ann", login, read, principal="ann", start=starts)


def of(sessions: Sequence[Session], exchange_id: str) -> tuple[str, ...]:
    return learn(sessions).dependencies(exchange_id)


def test_who_logs_in_with_an_address_needs_the_request_that_made_it_known() -> None:
    """No answer gave the e-mail; still, without the invitation the login cannot succeed in a fresh world."""
    sessions = capture()
    assert of(sessions, "login") == ("invite",)
    assert closure("read", sessions, learn(sessions)) == ("invite", "login")


def test_the_order_of_the_clean_replay_keeps_introductions_without_a_known_tenant() -> None:
    """The causal order inside a tenant cannot help where nobody knows the tenant."""
    sessions = capture()
    cues = {cue.step.exchange_id: cue for cue in cues_of_capture(sessions, learn(sessions))}
    assert cues["invite"].number in cues["login"].after


def test_what_was_refused_only_read_or_still_under_way_introduced_nothing() -> None:
    """Each row would make a scenario depend on a request that did not create the account."""
    for remark, sessions in (
        ("the invitation was refused", capture(status=422)),
        ("it was a search", capture(status=200, invitation="GET")),
        ("it had not been answered when the login started", capture(starts=1.01)),
    ):
        assert of(sessions, "login") == (), remark


def test_free_text_introduces_nothing() -> None:
    """Two people who write the same street do not need each other."""
    body = {"street": "12 Harbour Steps, second floor"}
    one = session("a", exchange("first", "POST", "/parcels", 201, json=body), principal="a")
    two = session("b", exchange("second", "POST", "/parcels", 201, json=body), principal="b", start=9)
    assert of((one, two), "second") == ()


def fresh_of(*sessions: Session) -> FreshPlan:
    return find_fresh(sessions, learn(sessions), lambda *_: "")


def test_a_slug_that_another_tenant_only_refers_to_is_still_renewed() -> None:
    """Acme shares with `copper-kettle`: that names the company; a second sign-up with it would be refused."""
    signup = exchange("signup", "POST", "/signup", 201, json={"org": {"slug": "copper-kettle"}})
    share = exchange("share", "POST", "/o/acme/shares", 201, json={"with_org": "copper-kettle"})
    plan = fresh_of(session("k", signup, tenant="copper-kettle"), session("a", share, tenant="acme", start=9))
    assert [(item.value, item.exchange_id) for item in plan.fresh] == [("copper-kettle", "signup")]
    assert [text for _, text in plan.occurrences["share"]] == ["copper-kettle"]


def test_a_key_that_several_tenants_choose_for_themselves_is_vocabulary() -> None:
    """Both write `reference: STANDARD`: a word of the trade, not a name."""
    bodies = [exchange(f"e{n}", "POST", "/orders", 201, json={"reference": "STANDARD"}) for n in (1, 2)]
    plan = fresh_of(session("a", bodies[0], tenant="acme"), session("b", bodies[1], tenant="bolt", start=9))
    assert plan.fresh == ()
