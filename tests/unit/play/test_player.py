"""The player, read as a script: what it wants sent, what arrives, what it wants then. No socket, no clock."""

from dataclasses import replace

import pytest

from make import exchange, response, session
from replay.correlate.fresh import find_fresh
from replay.correlate.learn import learn
from replay.correlate.rebinder import Rebinder
from replay.model.case import Step
from replay.model.evidence import Part
from replay.model.exchange import Fault, FaultKind
from replay.pace.plan import Plan
from replay.pace.recorded import Recorded
from replay.play.cue import Cue
from replay.play.order import cues_of_capture
from replay.play.player import Done, Player, Send, Wait


def rebinder_for(sessions):
    bindings = learn(sessions)
    recorded = {one.id: one for item in sessions for one in item.exchanges}
    return bindings, Rebinder(bindings, find_fresh(sessions, bindings, lambda *_: "").renew(0, 1), recorded)


def player_for(sessions, pacer=None, concurrency=16):
    bindings, rebinder = rebinder_for(sessions)
    return Player(cues_of_capture(sessions, bindings), Plan(pacer) if pacer else Plan(), rebinder, concurrency)


def ids(send):
    return [cue.step.exchange_id for cue in send.cues]


def test_a_session_keeps_its_order():
    """The second request waits for the first one's answer, whatever the pace."""
    player = player_for([session("s", exchange("a", "GET", "/a"), exchange("b", "GET", "/b"))])
    first = player.decide(0.0)
    assert isinstance(first, Send)
    assert ids(first) == ["a"]
    assert player.decide(0.0) == Wait(None), "nothing more until a is answered"
    player.arrived(first.cues[0], response(200), 0.0, 0.0)
    second = player.decide(0.1)
    assert ids(second) == ["b"]
    player.arrived(second.cues[0], response(200), 0.0, 0.0)
    assert player.decide(0.2) == Done()


def test_sessions_of_different_tenants_run_side_by_side():
    one = session("s1", exchange("a", "GET", "/a"), tenant="t1", principal="p")
    two = session("s2", exchange("b", "GET", "/b"), tenant="t2", principal="q", start=50.0)
    player = player_for([one, two])
    assert ids(player.decide(0.0)) == ["a"]
    assert ids(player.decide(0.0)) == ["b"], "b began later in the recording, but shares no tenant with a"


def test_inside_a_tenant_what_had_ended_before_comes_before():
    """The second student's 409 depends on the first one's enrolment, though no value flows between them."""
    one = session("s1", exchange("first", "POST", "/seats"), tenant="t", principal="p", start=1.0)
    two = session("s2", exchange("second", "POST", "/seats", 409), tenant="t", principal="q", start=5.0)
    player = player_for([two, one])
    send = player.decide(0.0)
    assert ids(send) == ["first"]
    assert player.decide(0.0) == Wait(None)
    player.arrived(send.cues[0], response(201), 0.0, 0.0)
    assert ids(player.decide(0.0)) == ["second"]


def test_recorded_concurrency_stays_concurrency():
    """Two requests of one tenant that overlapped in the recording are both sent at once."""
    overlapping = [
        session("s1", replace(exchange("a", "POST", "/x"), started=1.0, ended=3.0), tenant="t", principal="p"),
        session("s2", replace(exchange("b", "POST", "/x"), started=2.0, ended=4.0), tenant="t", principal="q"),
        session("s3", replace(exchange("c", "GET", "/x"), started=5.0, ended=6.0), tenant="t", principal="r"),
    ]
    player = player_for(overlapping)
    a, b = player.decide(0.0), player.decide(0.0)
    assert ids(a) + ids(b) == ["a", "b"]
    assert player.decide(0.0) == Wait(None)
    player.arrived(a.cues[0], response(201), 0.0, 0.0)
    assert player.decide(0.0) == Wait(None), "c had seen both end"
    player.arrived(b.cues[0], response(201), 0.0, 0.0)
    assert ids(player.decide(0.0)) == ["c"]


def test_a_value_from_another_tenants_session_is_waited_for():
    giver = session(
        "s1", exchange("make", "POST", "/shares", 201, answer={"id": "shr_81fa2c90"}), tenant="t1", principal="p"
    )
    taker = session("s2", exchange("use", "GET", "/shares/shr_81fa2c90"), tenant="t2", principal="q", start=9.0)
    player = player_for([giver, taker])
    made = player.decide(0.0)
    assert ids(made) == ["make"]
    assert player.decide(0.0) == Wait(None)
    player.arrived(made.cues[0], response(201, answer={"id": "shr_0000ffff"}), 0.0, 0.0)
    used = player.decide(0.0)
    assert used.rewritten[0].request.target == "/shares/shr_0000ffff", "rebound to what the target answered"


def test_concurrency_bounds_what_is_in_flight():
    sessions = [session(f"s{i}", exchange(f"e{i}", "GET", "/"), tenant=f"t{i}", principal="p") for i in range(5)]
    player = player_for(sessions, concurrency=2)
    first, second = player.decide(0.0), player.decide(0.0)
    assert player.decide(0.0) == Wait(None)
    player.arrived(first.cues[0], Fault(FaultKind.RESET), 0.0, 0.0)
    third = player.decide(0.0)
    assert isinstance(third, Send), "a fault frees its place like an answer"
    assert {*ids(first), *ids(second), *ids(third)} == {"e0", "e1", "e2"}


def test_the_recorded_pace_is_asked_for_every_request():
    one = session("s", exchange("a", "GET", "/a"), exchange("b", "GET", "/b"), gap=4.0)
    player = player_for([one], Recorded(2.0))
    first = player.decide(0.0)
    player.arrived(first.cues[0], response(200), 0.0, 0.0)
    assert player.decide(0.5) == Wait(pytest.approx(2.0)), "4 s at double speed, whatever has passed"
    assert ids(player.decide(2.1)) == ["b"]


def test_a_group_leaves_as_one():
    """Copies of a race are one decision: nothing comes between them."""
    one = session("s", exchange("a", "POST", "/a", 201), exchange("b", "GET", "/b"))
    _, rebinder = rebinder_for([one])
    make = one.exchanges[0].request
    cues = [
        Cue(i, Step("a", make, mutated=True, group=1, copy=i), "s", None, Part.JUDGED, unit=1) for i in range(3)
    ] + [Cue(3, Step("b", one.exchanges[1].request), "s", None, Part.AFTER, after=frozenset({0, 1, 2}))]
    player = Player(cues, Plan(), rebinder)
    send = player.decide(0.0)
    assert [cue.step.copy for cue in send.cues] == [0, 1, 2]
    for cue in send.cues[:2]:
        player.arrived(cue, response(201), 0.0, 0.0)
    assert player.decide(0.0) == Wait(None), "the read-back waits for every copy"
    player.arrived(send.cues[2], response(409), 0.0, 0.0)
    assert ids(player.decide(0.0)) == ["b"]


def test_stop_sends_nothing_more_and_waits_for_what_is_in_flight():
    player = player_for([session("s", exchange("a", "GET", "/a"), exchange("b", "GET", "/b"))])
    first = player.decide(0.0)
    player.stop()
    assert player.decide(0.0) == Wait(None)
    player.arrived(first.cues[0], response(200), 0.0, 0.0)
    assert player.decide(0.0) == Done()
