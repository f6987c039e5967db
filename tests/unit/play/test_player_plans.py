"""The player under plans: open loop with its ways to catch up, closed loop with places and think times. No clock."""

from dataclasses import replace

import pytest

from make import exchange, response, session
from replay.correlate.rebinder import Rewritten
from replay.model.case import Step
from replay.model.evidence import Part
from replay.model.exchange import Fault, FaultKind
from replay.pace.closed import Closed
from replay.pace.constant import Constant
from replay.pace.plan import CatchUp, Plan
from replay.pace.recorded import Recorded
from replay.play.agenda import agenda_for
from replay.play.cue import Cue
from replay.play.player import Done, Player, Send, Wait


class Plain:
    """A rebinder that changes nothing."""

    def __init__(self, name=""):
        self.name = name
        self.absorbed = []

    def rewrite(self, step, cast=""):
        return Rewritten(replace(step.request, host=self.name) if self.name else step.request)

    def absorb(self, exchange_id, outcome):
        self.absorbed.append(exchange_id)


def cues_of(*sessions, gap=1.0, think=0.0):
    """Sessions as texts of one letter a step (`"ab"`), side by side; step n of each at n * gap."""
    out = []
    for number, steps in enumerate(sessions):
        for n, name in enumerate(steps):
            after = frozenset({len(out) - 1}) if n else frozenset()
            step = Step(name, exchange(name, "GET", f"/{name}").request)
            offset = n * gap + number * 0.1
            cue = Cue(len(out), step, f"s{number}", None, Part.JUDGED, after, offset=offset, think=think if n else 0.0)
            out.append(cue)
    return out


def name(sent):
    return "".join(cue.step.exchange_id for cue in sent.cues)


def answer(player, sent, now):
    for cue in sent.cues:
        player.arrived(cue, response(200), now, 0.01)


def test_lateness_of_one_request_does_not_move_the_next():
    """Burst: what is late goes at once with its own intended time, and what comes after is where it was."""
    player = Player(cues_of("abc"), Plan(Recorded()), Plain())
    first = player.decide(0.0)
    assert player.decide(0.0) == Wait(None)
    answer(player, first, 1.7)  # a slow answer: b was due at 1.0
    late = player.decide(1.7)
    assert (name(late), late.intended) == ("b", 1.0), "latency will count from 1.0"
    answer(player, late, 1.8)
    assert player.decide(1.8) == Wait(2.0), "c keeps its own time"


def test_stretching_moves_the_rest_of_the_plan():
    player = Player(cues_of("abc"), Plan(Recorded(), CatchUp.STRETCH), Plain())
    answer(player, player.decide(0.0), 1.7)
    late = player.decide(1.7)
    assert late.intended == 1.0, "the late one itself is told as late"
    answer(player, late, 1.8)
    assert player.decide(1.8) == Wait(pytest.approx(2.7)), "the recorded gap of 1 s is kept"


def test_a_timers_inaccuracy_does_not_stretch_a_plan():
    """Microseconds, a thousand times over, would be the drift that an absolute plan must not have."""
    player = Player(cues_of("abc"), Plan(Recorded(), CatchUp.STRETCH), Plain())
    answer(player, player.decide(0.0), 0.1)
    answer(player, player.decide(1.0001), 1.1)
    assert player.decide(1.2) == Wait(2.0)


def test_skipping_leaves_out_sessions_that_have_not_begun():
    """The session under way goes on late; the one that would begin too late is left out as a whole."""
    cues = cues_of("ab", "xy")
    cues[2] = replace(cues[2], offset=0.5)
    player = Player(cues, Plan(Recorded(), CatchUp.SKIP, 1.0), Plain(), concurrency=1)
    first = player.decide(0.0)
    answer(player, first, 5.0)
    late = player.decide(5.0)
    assert name(late) == "b"
    answer(player, late, 5.1)
    assert player.decide(5.1) == Done()
    assert [cue.step.exchange_id for cue in player.left_out] == ["x", "y"]


def test_what_needs_a_skipped_value_is_skipped_too_and_what_only_waited_is_not():
    cues = cues_of("a", "x", "n", "w")
    cues[1] = replace(cues[1], offset=0.1)
    cues[2] = replace(cues[2], offset=9.0, after=frozenset({1}), needs=frozenset({1}))
    cues[3] = replace(cues[3], offset=9.5, after=frozenset({1}))
    player = Player(cues, Plan(Recorded(), CatchUp.SKIP, 1.0), Plain(), concurrency=1)
    answer(player, player.decide(0.0), 5.0)
    assert player.decide(5.0) == Wait(9.0), "n is left out when its time comes"
    last = player.decide(9.5)
    assert (name(last), [cue.step.exchange_id for cue in player.left_out]) == ("w", ["x", "n"])


def test_a_rate_is_kept_whatever_the_recording_did():
    player = Player(cues_of("abc", "xyz"), Plan(Constant(10)), Plain())
    sent = []
    for tick in range(6):
        now = tick / 10
        assert tick == 0 or player.decide(now - 0.001) == Wait(pytest.approx(now)), "never early"
        order = player.decide(now)
        assert order.intended == pytest.approx(now)
        sent.append(name(order))
        answer(player, order, now + 0.01)
    assert sorted(sent) == list("abcxyz")
    assert player.decide(9.0) == Done()


def test_a_closed_loop_thinks_after_each_answer():
    player = Player(cues_of("ab", think=3.0), Plan(closed=Closed()), Plain())
    answer(player, player.decide(0.0), 10.0)
    assert player.decide(10.0) == Wait(13.0), "three seconds after the answer, however late that was"
    late = player.decide(13.2)
    assert (name(late), late.intended) == ("b", 13.0)


def test_a_closed_loop_has_so_many_sessions_at_a_time():
    player = Player(cues_of("ab", "cd", "ef"), Plan(closed=Closed(2, 0.0)), Plain())
    one, two = player.decide(0.0), player.decide(0.0)
    assert {name(one), name(two)} == {"a", "c"}
    assert player.decide(0.0) == Wait(None), "the third session has no place yet"
    answer(player, one, 1.0)
    three = player.decide(1.0)
    assert name(three) == "b", "the session that has a place keeps it"
    answer(player, three, 2.0)
    assert name(player.decide(2.0)) == "e", "it ended: the next session begins"


def test_a_session_that_waits_for_another_lends_its_place():
    """b of the first session waits for x of the second: with one place the second one must get in."""
    cues = cues_of("ab", "x")
    cues[1] = replace(cues[1], after=frozenset({0, 2}))
    player = Player(cues, Plan(closed=Closed(1, 0.0)), Plain())
    order = []
    for now in range(3):
        sent = player.decide(float(now))
        order.append(name(sent))
        answer(player, sent, now + 0.5)
    assert order == ["a", "x", "b"]
    assert player.decide(9.0) == Done()


def test_a_closed_loop_intends_nothing_while_it_has_no_place_for_it():
    """Waiting for --concurrency is no lateness of a closed loop: latency counts from when a place was free."""
    player = Player(cues_of("a", "b"), Plan(closed=Closed(None, 0.0)), Plain(), concurrency=1)
    first = player.decide(0.0)
    assert player.decide(0.0) == Wait(None)
    answer(player, first, 7.0)
    assert player.decide(7.1).intended == 7.0


def test_a_burst_of_many_sessions_needs_one_place():
    """Sessions that wait for each other at the burst lend their places; afterwards all of them are free again."""
    cues = cues_of("ab", "cd", "ef")
    barrier = frozenset({0, 2, 4})
    cues = [replace(cue, unit=1, after=barrier) if cue.number % 2 else cue for cue in cues]
    cues.append(replace(cues_of("z")[0], number=6, session_id="last", offset=9.0))
    player = Player(cues, Plan(closed=Closed(1, 0.0)), Plain())
    order = []
    for now in range(5):
        sent = player.decide(float(now))
        order.append(name(sent))
        answer(player, sent, now + 0.5)
    assert (sorted(order[:3]), order[3:], player.decide(9.0)) == (["a", "c", "e"], ["bdf", "z"], Done())


class Careful:
    """A governor that lets so many go, and writes down what it hears."""

    def __init__(self, requests=9, pause=0.0):
        self.left, self.pause, self.heard, self.reason = requests, pause, [], ""

    def wait(self, now, in_flight):
        self.heard.append(("wait", now, in_flight))
        return None if not self.left else self.pause

    def sent(self, now, request):
        self.left -= 1
        self.heard.append(("sent", now))

    def observed(self, now, latency_seconds, outcome):
        self.heard.append(("observed", now, latency_seconds))


def test_the_governor_is_asked_before_every_request_and_told_of_all():
    governor = Careful()
    player = Player(cues_of("ab"), Plan(), Plain(), governor=governor)
    player.begin(100.0)
    answer(player, player.decide(1.0), 1.2)
    assert governor.heard == [("wait", 101.0, 0), ("sent", 101.0), ("observed", 101.2, 0.01)]


def test_a_governor_holds_back_and_ends():
    governor = Careful(requests=1, pause=0.5)
    player = Player(cues_of("ab"), Plan(), Plain(), governor=governor)
    assert player.decide(1.0) == Wait(1.5)
    governor.pause = 0.0
    answer(player, player.decide(1.5), 1.6)
    assert player.decide(1.6) == Done(), "nothing more may go: b is never sent"


def test_every_world_has_its_own_rebinder():
    cues = [*cues_of("ab"), *[replace(cue, number=cue.number + 2, world=1) for cue in cues_of("ab")[:1]]]
    rebinders = [Plain("one"), Plain("two")]
    player = Player(cues, Plan(), rebinders)
    sent = [player.decide(0.0), player.decide(0.0)]
    assert {one.rewritten[0].request.host for one in sent} == {"one", "two"}
    for one in sent:
        answer(player, one, 0.1)
    assert (rebinders[0].absorbed, rebinders[1].absorbed) == (["a"], ["a"])


def test_one_agenda_serves_one_player_after_another():
    """Groups of a large capture are played one after another: the plan goes on, it does not begin again."""
    agenda = agenda_for(Plan(Constant(10)))
    first = Player(cues_of("a"), Plan(Constant(10)), Plain(), agenda=agenda)
    answer(first, first.decide(0.0), 0.01)
    second = Player(cues_of("b"), Plan(Constant(10)), Plain(), agenda=agenda)
    assert second.decide(0.02) == Wait(pytest.approx(0.1))


def test_a_fault_frees_a_place_like_an_answer():
    player = Player(cues_of("a", "b"), Plan(closed=Closed(1, 0.0)), Plain())
    first = player.decide(0.0)
    player.arrived(first.cues[0], Fault(FaultKind.RESET), 1.0, 1.0)
    assert isinstance(player.decide(1.0), Send)


def test_think_times_are_those_of_the_recording():
    """From an answer to the session's next request; none before the first, and none where they overlapped."""
    from replay.correlate.learn import learn
    from replay.play.order import cues_of_capture

    one = session("s", exchange("a", "GET", "/a"), exchange("b", "GET", "/b"), exchange("c", "GET", "/c"), gap=4.0)
    a, b, c = one.exchanges
    overlapping = replace(one, exchanges=(a, replace(b, ended=c.started + 1), c))
    thinks = [cue.think for cue in cues_of_capture([overlapping], learn([overlapping]))]
    assert thinks == [0.0, pytest.approx(b.started - a.ended), 0.0]
