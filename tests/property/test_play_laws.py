"""Laws of playing: whatever the answers' order and the plan, order is kept, nothing is early, nothing is sent twice."""

import heapq

from hypothesis import given, settings
from hypothesis import strategies as st

from make import exchange, response
from replay.correlate.rebinder import Rewritten
from replay.model.case import Step
from replay.model.evidence import Part
from replay.model.histogram import Histogram, bucket_of, seconds_of
from replay.pace.closed import Closed
from replay.pace.constant import Constant
from replay.pace.immediate import Immediate
from replay.pace.plan import CatchUp, Plan
from replay.pace.ramp import Ramp
from replay.pace.recorded import Recorded
from replay.play.copies import apart, copies_of, until
from replay.play.cue import Cue
from replay.play.player import Done, Player, Send, Wait

REQUEST = exchange("e", "GET", "/e").request
PACERS = st.one_of(
    st.just(Immediate()),
    st.floats(0.1, 50).map(Recorded),
    st.floats(0.5, 500).map(Constant),
    st.builds(Ramp, st.floats(1, 100), st.floats(1, 100), st.integers(2, 5), st.floats(0.01, 2)),
)
PLANS = st.one_of(
    st.builds(Plan, PACERS, st.sampled_from(CatchUp), st.floats(0, 3)),
    st.builds(Closed, st.none() | st.integers(1, 4), st.none() | st.floats(0, 2)).map(lambda one: Plan(closed=one)),
)


class Plain:
    """A rebinder that changes nothing."""

    def rewrite(self, step, cast=""):
        return Rewritten(step.request)

    def absorb(self, exchange_id, outcome):
        return None


@st.composite
def scenes(draw):
    """Cues of a few sessions, each waiting for its predecessor and for some earlier ones of others."""
    cues, last = [], {}
    for number in range(draw(st.integers(1, 14))):
        session = f"s{draw(st.integers(0, 4))}"
        after = set(draw(st.sets(st.integers(0, number - 1), max_size=3))) if number else set()
        needs = frozenset(sorted(after)[:1])
        if session in last:
            after.add(last[session])
        last[session] = number
        cues.append(
            Cue(
                number, Step(f"e{number}", REQUEST), session, None, Part.JUDGED, frozenset(after),
                offset=number * draw(st.floats(0, 2)) if not cues else cues[-1].offset + draw(st.floats(0, 2)),
                needs=needs, think=draw(st.floats(0, 1)),
            )
        )  # fmt: skip
    return cues


def simulate(player, takes):
    """Drive the player on a clock of its own; `takes(number)`: seconds until a cue is answered.

    Gives (sent, intended) and the time of the answer, by number.
    """
    now, flying, sent, answered = 0.0, [], {}, {}
    for _ in range(10_000):
        decided = player.decide(now)
        if isinstance(decided, Send):
            for cue in decided.cues:
                assert cue.number not in sent, "sent twice"
                sent[cue.number] = (now, decided.intended)
                heapq.heappush(flying, (now + takes(cue.number), cue.number, cue))
            continue
        if isinstance(decided, Done):
            return sent, answered
        until_ = decided.until if isinstance(decided, Wait) and decided.until is not None else None
        assert until_ is None or until_ > now
        if flying and (until_ is None or flying[0][0] <= until_):
            now, number, cue = heapq.heappop(flying)
            answered[number] = now
            player.arrived(cue, response(200), now, 0.0)
        else:
            assert until_ is not None, "nothing is under way, and nothing will ever be due"
            now = until_
    raise AssertionError("it never ended")


@settings(deadline=None, max_examples=150)
@given(scenes(), PLANS, st.integers(1, 6), st.lists(st.floats(0, 5), min_size=14, max_size=14))
def test_any_interleaving_keeps_every_after(cues, plan, concurrency, takes):
    """Everything is sent once or was left out; each after all that it waits for; never before its intended time."""
    player = Player(cues, plan, Plain(), concurrency)
    sent, answered = simulate(player, lambda number: takes[number])
    gone = {cue.number for cue in player.left_out}
    assert set(sent) | gone == {cue.number for cue in cues}
    assert not set(sent) & gone
    for cue in cues:
        if cue.number in sent:
            assert not gone & cue.needs, "what a skipped session gives nobody can send"
            assert all(answered[other] <= sent[cue.number][0] for other in cue.after - gone)
            assert sent[cue.number][0] >= sent[cue.number][1], "never early"


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(0, 2), min_size=1, max_size=30), PACERS)
def test_an_open_loops_plan_is_exact(gaps, pacer):
    """Sessions of one request each, quick answers: everything goes when the plan says, to the last bit."""
    cues, offset = [], 0.0
    for number, gap in enumerate(gaps):
        offset += gap
        cues.append(Cue(number, Step(f"e{number}", REQUEST), f"s{number}", None, Part.JUDGED, offset=offset))
    sent, _ = simulate(Player(cues, Plan(pacer), Plain(), 10_000), lambda _: 0.0)
    for number, (now, intended) in sent.items():
        due = pacer.due(number, cues[number].offset)
        assert (now, intended) == (max(0.0, due), due if due >= 0 else 0.0)


@given(st.integers(1, 2000), st.integers(0, 3600))
def test_a_plan_does_not_drift_over_an_hour(rate, second):
    """The first request of any second of an hour at any rate is due on that second."""
    assert abs(Constant(rate).due(rate * second, 0.0) - second) < 1e-9


@given(st.floats(1, 1000), st.floats(1, 1000), st.integers(2, 10), st.floats(0.1, 60), st.integers(0, 100_000))
def test_a_ramp_never_goes_back(first, last, steps, hold, number):
    ramp = Ramp(first, last, steps, hold)
    assert ramp.due(number, 0.0) <= ramp.due(number + 1, 0.0)


@given(st.floats(0, 1e6))
def test_a_bucket_is_within_one_percent(seconds):
    """From 0 to 11 days; half a microsecond is the least that can be told."""
    assert abs(seconds_of(bucket_of(seconds)) - seconds) <= max(seconds * 0.01, 1e-6)


DURATIONS = st.lists(st.floats(0, 100), max_size=40)


@given(DURATIONS, DURATIONS, st.sampled_from([0.5, 0.9, 0.99, 0.999, 1.0]))
def test_histograms_add_up(one, two, share):
    """The sum of two workers' histograms is the histogram of all durations, and a quantile is within 1 %."""
    whole = Histogram.of_durations([*one, *two])
    assert Histogram.of_durations(one).plus(Histogram.of_durations(two)) == whole
    if one or two:
        ordered = sorted([*one, *two])
        exact = ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
        assert abs(whole.quantile(share) - exact) <= max(exact * 0.01, 1e-6)


@settings(deadline=None, max_examples=60)
@given(scenes(), st.integers(1, 3), st.booleans())
def test_copies_keep_the_order_of_the_original(cues, count, together):
    """Every copy waits for its own, never for another copy's."""
    beside = apart(copies_of(cues, count, together=together), len(cues))
    everybody = [*cues, *beside]
    assert len({cue.number for cue in everybody}) == len(everybody)
    for at, cue in enumerate(beside):
        original, shift = cues[at % len(cues)], cue.number - cues[at % len(cues)].number
        assert cue.world == at // len(cues) + 1
        assert cue.after == {number + shift for number in original.after}
    simulate(Player(everybody, Plan(), [Plain()] * (count + 1)), lambda _: 0.1)


@given(scenes(), st.data())
def test_what_leads_to_a_cue_is_complete(cues, data):
    """All that it needs, and the whole of each session before what is kept of it."""
    last = data.draw(st.sampled_from(cues))
    kept = {cue.number for cue in until(cues, last)}
    assert last.number in kept
    for cue in cues:
        if cue.number in kept:
            assert cue.needs <= kept
            assert {one.number for one in cues if one.session_id == cue.session_id and one.number < cue.number} <= kept
