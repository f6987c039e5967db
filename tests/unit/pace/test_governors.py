"""Governors against simulated servers: they find the capacity, give way, come back, and never send too much."""

import math
from dataclasses import dataclass, field

import pytest

from make import request, response
from replay.model.exchange import Fault, FaultKind
from replay.pace.governor import Together, Unlimited
from replay.pace.governor_adaptive import Adaptive, Load
from replay.pace.governor_breaker import Breaker
from replay.pace.governor_rate import Rate
from replay.pace.overload import LONGEST_WAIT_SECONDS, is_error, is_failing, is_throttled, retry_after

GET = request("GET", "/a")
GOOD, REFUSED, GONE = response(200), response(429), Fault(FaultKind.CONNECT)
DATE = "Sat, 21 Nov 2026 20:00:00 GMT"


@dataclass
class Server:
    """Answers `capacity` requests in any second and refuses the rest; each answer takes `latency` seconds."""

    capacity: float
    latency: float = 0.05
    retry: str = ""
    asked: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)

    def ask(self, now):
        self.asked.append(now)
        self.taken = [at for at in self.taken if at > now - 1]
        if len(self.taken) >= self.capacity:
            self.refused.append(now)
            return response(429, headers={"Retry-After": self.retry} if self.retry else {})
        self.taken.append(now)
        return GOOD

    def rate(self, since, until):
        return sum(1 for at in self.asked if since <= at < until) / (until - since)


def simulate(governor, server, seconds, start=0.0):
    """Closed loop without a clock: send whenever the governor allows it, tell it each answer when it is due."""
    now, under_way, waits = start, [], []
    while now < start + seconds:
        while under_way and under_way[0][0] <= now:
            at, outcome = under_way.pop(0)
            governor.observed(at, server.latency, outcome)
        wait = governor.wait(now, len(under_way))
        if wait is None:
            break
        if wait > 0:
            due = under_way[0][0] if under_way else math.inf
            waits.append(wait)
            now = max(now + 1e-6, min(now + wait, due))
            continue
        governor.sent(now, GET)
        under_way.append((now + server.latency, server.ask(now)))
        now += 1e-4
    return now


@pytest.mark.parametrize("capacity", [20, 50, 200])
@pytest.mark.parametrize("retry", ["", "1"])
def test_adaptive_load_finds_the_capacity_and_is_hardly_refused(capacity, retry):
    """After warm-up: at least 60 % of what the server can do, less than 5 % refused."""
    server = Server(capacity, retry=retry)
    simulate(Adaptive(), server, 90)
    late = [at for at in server.refused if at > 15]
    asked = sum(1 for at in server.asked if at > 15)
    assert 0.6 * capacity <= server.rate(15, 90) <= 1.02 * capacity
    assert len(late) < 0.05 * asked


def test_adaptive_load_starts_low_and_never_exceeds_its_ceiling():
    server = Server(10_000)
    simulate(Adaptive(Load(start=5, ceiling=40)), server, 20)
    assert server.rate(0, 1) <= 12
    windows = [server.rate(at, at + 1) for at in range(5, 19)]
    assert max(windows) <= 41
    assert min(windows) >= 38


def test_a_refusal_halves_and_a_burst_of_refusals_halves_once():
    governor = Adaptive(Load(start=40))
    for number in range(10):
        governor.observed(1.0 + number / 1000, 0.5, REFUSED)  # all sent before the first answer came
    assert governor.rate == 20
    assert governor.cuts == 1
    governor.observed(3.0, 0.5, REFUSED)  # sent after the cut
    assert governor.rate == 10


def test_adaptive_load_recovers_when_the_server_does():
    server = Server(100)
    governor = Adaptive()
    now = simulate(governor, server, 30)
    server.capacity = 10
    now = simulate(governor, server, 30, now)
    assert server.rate(now - 10, now) <= 12
    server.capacity = 100
    end = simulate(governor, server, 90, now)
    assert server.rate(end - 15, end) >= 55


def test_slow_answers_and_errors_are_complaints_too():
    slow = Adaptive(Load(start=40, p95_seconds=0.2))
    failing = Adaptive(Load(start=40, error_share=0.1))
    for number in range(30):
        slow.observed(1 + number / 10, 0.3, GOOD)
        failing.observed(1 + number / 10, 0.01, response(500) if number % 4 == 0 else GOOD)
    assert slow.rate < 40 > failing.rate
    assert slow.cuts
    assert failing.cuts


def test_an_idle_rate_does_not_grow():
    """Answers to one request a second say nothing about ten thousand."""
    governor = Adaptive()
    for second in range(1000):
        governor.sent(float(second), GET)
        governor.observed(second + 0.1, 0.1, GOOD)
    assert governor.rate < 20


def test_what_is_asked_for_holds_for_everything():
    governor = Adaptive()
    governor.observed(10.0, 0.1, response(503, headers={"Retry-After": "7"}))
    assert governor.wait(10.0, 0) == pytest.approx(7)
    assert governor.wait(17.5, 0) == 0


@pytest.mark.parametrize(
    ("status", "fields", "seconds"),
    [
        (429, {"Retry-After": "3"}, 3.0),
        (503, {"Retry-After": "0"}, 0.0),
        (503, {"Retry-After": " 12 "}, 12.0),
        (429, {"Retry-After": "99999999999999"}, LONGEST_WAIT_SECONDS),
        (429, {"Retry-After": "Sat, 21 Nov 2026 20:00:20 GMT", "Date": DATE}, 20.0),
        (429, {"Retry-After": "Saturday, 21-Nov-26 20:00:20 GMT", "Date": DATE}, 20.0),
        (429, {"Retry-After": "Sat, 21 Nov 2026 19:00:00 GMT", "Date": DATE}, 0.0),
        (429, {"Retry-After": "Sat, 21 Nov 2027 20:00:00 GMT", "Date": DATE}, LONGEST_WAIT_SECONDS),
        (429, {"Retry-After": "Sat, 21 Nov 2026 20:00:20 GMT"}, None),
        (429, {"Retry-After": "soon"}, None),
        (429, {"Retry-After": "-1"}, None),
        (429, {"Retry-After": "1.5"}, None),
        (429, {"Retry-After": "²"}, None),
        (429, {}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_against_the_answers_own_clock(status, fields, seconds):
    assert retry_after(response(status, headers=fields)) == seconds


def test_what_an_answer_says_about_load():
    assert is_throttled(REFUSED)
    assert is_throttled(response(503, headers={"Retry-After": "1"}))
    assert not is_throttled(response(503))
    assert is_failing(response(503))
    assert is_failing(GONE)
    assert not is_failing(response(500))
    assert is_error(response(500))
    assert not is_failing(Fault(FaultKind.WITHHELD, "budget"))
    assert not is_error(Fault(FaultKind.WITHHELD, "budget"))


@pytest.mark.parametrize("per_second", [0.5, 7, 300])
def test_a_rate_is_kept_in_every_span(per_second):
    server = Server(math.inf)
    simulate(Rate(per_second), server, 20)
    for first, at in enumerate(server.asked):
        inside = sum(1 for other in server.asked[first:] if other < at + 3)
        assert inside <= 3 * per_second + 1.001
    assert server.rate(0, 20) >= 0.95 * per_second


def test_a_breaker_opens_tries_once_and_closes():
    breaker = Breaker(failures=3, cooldown_seconds=2)
    for at in (1.0, 1.1, 1.2):
        assert breaker.wait(at, 0) == 0
        breaker.sent(at, GET)
        breaker.observed(at, 0.01, GONE)
    assert breaker.is_open
    assert breaker.wait(1.2, 0) == pytest.approx(2)
    assert breaker.wait(3.3, 0) == 0
    breaker.sent(3.3, GET)
    assert breaker.wait(3.3, 1) > 0  # one request tries, the others wait for it
    breaker.observed(3.4, 0.1, GOOD)
    assert not breaker.is_open
    assert breaker.wait(3.4, 0) == 0


def test_a_breaker_that_stays_open_ends_the_run_with_a_reason():
    breaker, now, sent = Breaker(failures=3, cooldown_seconds=1, most_openings=4), 0.0, 0
    while (wait := breaker.wait(now, 0)) is not None:
        now += wait
        if wait == 0:
            sent += 1
            breaker.sent(now, GET)
            breaker.observed(now, 0.01, GONE)
    assert breaker.reason.startswith("target-failing: ")
    assert sent == 3 + 3  # three to open it, one for each of the three trials
    assert now == pytest.approx(1 + 2 + 4)


def test_a_success_between_failures_keeps_the_breaker_closed():
    breaker = Breaker(failures=3)
    for number in range(100):
        breaker.sent(float(number), GET)
        breaker.observed(float(number), 0.01, GOOD if number % 3 == 2 else GONE)
    assert not breaker.is_open


def test_together_the_most_careful_one_decides():
    slow, fast = Rate(1), Rate(100)
    both = Together((Unlimited(), fast, slow))
    both.sent(0.0, GET)
    assert both.promised == 1
    assert both.wait(0.0, 0) == pytest.approx(1)
    ended = Breaker(reason="target-failing: for a test")
    assert Together((fast, ended)).wait(0.0, 0) is None
    assert Together((fast, ended)).reason == "target-failing: for a test"


def test_what_was_never_sent_says_nothing_to_anybody():
    breaker = Breaker(failures=1)
    breaker.observed(0.0, 0.1, GONE)
    Together((breaker,)).observed(1.0, 0.1, Fault(FaultKind.WITHHELD, "budget"))
    assert breaker.is_open
