"""A budget is exact: never one more than it allows, however requests come, and its parts add up to it."""

import pytest

from make import request, response
from replay.model.body import Body
from replay.model.errors import UsageError
from replay.pace.budget import Allowance, Budget, makes_account

GET, POST = request("GET", "/a"), request("POST", "/a", json={"a": 1})
REGISTER = request("POST", "/api/v1/register", json={})


def test_requests_are_taken_before_they_go_and_never_one_more():
    allowance = Allowance(Budget(requests=3))
    assert [allowance.take(0.0, GET) for _ in range(5)] == [True, True, True, False, False]
    assert allowance.requests == 3
    assert allowance.wait(0.0, 0) is None
    assert allowance.reason == "budget: requests (3)"


def test_promised_requests_count_when_somebody_asks():
    """The player asks, sends, asks again before the first has reached the wire."""
    allowance = Allowance(Budget(requests=2))
    assert allowance.wait(0.0, 0) == 0
    allowance.sent(0.0, GET)
    assert allowance.wait(0.0, 1) == 0
    allowance.sent(0.0, GET)
    assert allowance.wait(0.0, 2) is None


def test_what_was_promised_before_the_limit_was_reached_still_goes():
    """The player promises all it may, asks again and is told that it is over: its promises are kept."""
    allowance = Allowance(Budget(requests=2))
    allowance.sent(0.0, GET)
    allowance.sent(0.0, GET)
    assert allowance.wait(0.0, 2) is None
    assert [allowance.take(0.0, GET) for _ in range(3)] == [True, True, False]


def test_a_promise_that_is_given_up_frees_its_place():
    allowance = Allowance(Budget(requests=1))
    allowance.sent(0.0, GET)
    allowance.forgo()
    assert allowance.wait(0.0, 0) == 0


def test_writes_are_counted_apart_and_end_the_run_when_the_next_one_comes():
    allowance = Allowance(Budget(writes=1))
    assert allowance.take(0.0, POST)
    assert all(allowance.take(0.0, GET) for _ in range(10))
    assert allowance.wait(0.0, 0) == 0
    assert not allowance.take(0.0, POST)
    assert allowance.reason == "budget: writes (1)"
    assert allowance.wait(0.0, 0) is None


def test_bytes_count_both_ways_heads_included():
    allowance = Allowance(Budget(bytes=1000))
    assert allowance.take(0.0, POST)
    after_one = allowance.bytes
    assert after_one >= len(POST.body.data) + len("POST /a HTTP/1.1")
    allowance.answered(response(200, answer={"text": "x" * 1000}))
    assert allowance.bytes > after_one + 1000
    assert not allowance.take(0.0, GET)
    assert allowance.spent == "bytes (1000)"


def test_what_was_too_long_to_be_kept_costs_bytes_as_well():
    """A download of a gigabyte, of which 16 MiB are in memory."""
    allowance = Allowance(Budget(bytes=2**30))
    assert allowance.take(0.0, GET)
    allowance.answered(response(200, body=Body(b"x" * 100, "video/mp4", True, 2**30)))
    assert not allowance.take(0.0, GET)
    assert allowance.reason == f"budget: bytes ({2**30})"


def test_seconds_count_from_the_first_question():
    allowance = Allowance(Budget(seconds=10.0))
    assert allowance.wait(100.0, 0) == 0
    assert allowance.take(109.9, GET)
    assert not allowance.take(110.0, GET)
    assert allowance.reason == "budget: seconds (10)"


def test_rows_end_the_run_when_they_are_seen():
    allowance = Allowance(Budget(rows=5))
    allowance.rows_changed(4)
    assert allowance.take(0.0, GET)
    allowance.rows_changed(1)
    assert not allowance.take(0.0, GET)


def test_accounts_wait_until_the_minute_has_room():
    allowance = Allowance(Budget(accounts_per_minute=2))
    for at in (0.0, 10.0):
        assert allowance.delay(at, REGISTER) == 0
        allowance.take(at, REGISTER)
    assert allowance.delay(10.0, REGISTER) == pytest.approx(50)
    assert allowance.delay(10.0, POST) == 0
    assert allowance.delay(60.0, REGISTER) == 0
    allowance.take(60.0, REGISTER)
    assert allowance.delay(60.0, REGISTER) == pytest.approx(10)


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("POST", "/api/v2/users", True),
        ("POST", "/users/", True),
        ("POST", "/auth/Sign-Up?next=/", True),
        ("POST", "/register/v1", True),
        ("GET", "/users", False),
        ("POST", "/users/17/notes", False),
        ("POST", "/users/login", False),
        ("POST", "/", False),
        ("PUT", "/users/17", False),
    ],
)
def test_what_makes_an_account(method, target, expected):
    assert makes_account(request(method, target)) is expected


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_the_shares_of_a_budget_are_the_budget(parts):
    whole = Budget(
        requests=10, writes=9, bytes=2**20, rows=7, accounts_per_minute=15, requests_per_second=9.0, concurrency=8
    )
    shares = [whole.share(number, parts) for number in range(parts)]
    for name in ("requests", "writes", "bytes", "rows", "accounts_per_minute", "concurrency"):
        assert sum(getattr(one, name) for one in shares) == getattr(whole, name)
    assert sum(one.requests_per_second or 0 for one in shares) == pytest.approx(9.0)
    assert all(one.seconds is None for one in shares)


@pytest.mark.parametrize("name", ["requests", "writes", "rows", "accounts_per_minute", "concurrency"])
def test_a_limit_below_the_number_of_workers_is_refused(name):
    """A worker whose share is nothing would wait for ever, or end at once."""
    with pytest.raises(UsageError, match="cannot be shared by 3 workers"):
        Budget(**{name: 2}).share(0, 3)
