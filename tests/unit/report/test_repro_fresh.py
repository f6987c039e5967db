"""A script's client-made values are its own: a second play of a create is another create, not a collision."""

from __future__ import annotations

import json
from dataclasses import replace

from replay.model.evidence import Role, Trace
from replay.model.exchange import Response
from replay.report.repro import as_curl
from replay.report.repro_fresh import with_fresh_values
from unit.oracle.evidence_make import sent, trace

EMAIL = "qabcdefgh2@shop.example"
NOTE = "Call me back qbcdefgh23"
KEY = "x-93hd7-k2"
OLD = "ann@shop.example"


def signing_up() -> Trace:
    """Sign-up, login with the same e-mail, a note with a key, and a read of it by the id that the server gave."""
    made = trace(
        Role.MUTATED,
        1,
        sent("e1", "POST", "/users", 201, json={"email": EMAIL}, answer={"id": "u-70001", "email": EMAIL}),
        sent("e2", "POST", "/login", 200, json={"email": EMAIL, "ref": "u-70001"}, answer={"ok": True}),
        sent("e3", "POST", "/notes?key=x-93hd7-k2", 201, json={"text": NOTE}, answer={"id": 1}),
        sent("e4", "GET", "/people/qabcdefgh2%40shop.example", 200, answer={"email": EMAIL}),
        sent("e5", "POST", "/login", 200, json={"email": OLD}, answer={"ok": True}),
    )
    renamed = (
        ("bo@shop.example", EMAIL),
        ("u-10001", "u-70001"),
        ("Call me back Mrs. Olsen!"[:13] + "0123456789", NOTE),
        ("a-11aa1-a1", KEY),
        ("old@shop.example", OLD),
    )
    return replace(made, renamed=renamed)


def body(one: Trace, number: int) -> dict:
    return json.loads(one.attempts[number].request.body.data)


def test_what_requests_made_up_is_made_anew_wherever_it_stands():
    fresh, count = with_fresh_values(signing_up(), 7)
    email = body(fresh, 0)["email"]
    assert count == 3
    assert email != EMAIL
    assert email.endswith("@shop.example")
    assert body(fresh, 1)["email"] == email
    assert fresh.attempts[3].request.target == f"/people/{email.replace('@', '%40')}"
    answer = fresh.attempts[3].outcome
    assert isinstance(answer, Response)
    assert json.loads(answer.body.data) == {"email": email}
    assert body(fresh, 2)["text"].startswith("Call me back q")
    assert body(fresh, 2)["text"] != NOTE
    assert KEY not in fresh.attempts[2].request.target


def test_what_the_server_gave_and_what_was_there_before_stays():
    """An id comes from the script's own answers; an account that the first request signs in to exists already."""
    fresh, _ = with_fresh_values(signing_up(), 7)
    assert body(fresh, 1)["ref"] == "u-70001"
    assert body(fresh, 4) == {"email": OLD}


def test_a_service_that_takes_each_value_once_takes_both_scripts():
    """What collided before: the run's own values were sent, then those of two scripts."""
    taken: set[str] = set()

    def signs_up(one: Trace) -> bool:
        email = body(one, 0)["email"]
        return email not in taken and not taken.add(email)

    assert signs_up(signing_up())
    assert not signs_up(signing_up())
    assert signs_up(with_fresh_values(signing_up(), 1)[0])
    assert signs_up(with_fresh_values(signing_up(), 2)[0])


def test_the_seed_is_told_and_gives_the_same_script():
    target = "http://127.0.0.1:1"
    first, again = (as_curl(signing_up(), target, seed=11) for _ in range(2))
    assert first == again
    assert "# 3 values that clients make (e-mails, names, keys) made anew, from --seed 11: send it once." in first
    assert EMAIL not in first
    assert EMAIL in as_curl(signing_up(), target)
