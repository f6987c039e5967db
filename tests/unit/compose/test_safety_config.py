"""[safety], [budget], [adaptive], [reset] and [cleanup] of replay.toml: what is taken, what is refused, and how."""

from pathlib import Path

import pytest

from replay.compose.config import parse_config
from replay.compose.config_safety import Safety
from replay.model.errors import ConfigError
from replay.pace.budget import Budget

FILE = Path("replay.toml")


def parsed(text: str) -> Safety:
    return parse_config(text.encode(), FILE).safety


def test_everything_that_can_be_said_is_understood():
    safety = parsed("""
[safety]
targets = ["qa.shop.test:8080"]
allow_public_target = true
allow_writes = true
handshake = true
handshake_token = { env = "QA_TOKEN" }
run_header = "X-QA-Run"
traceparent = false
user_agent_suffix = "(replay; qa@shop.test)"
breaker_failures = 0
[budget]
requests = 1000
writes = 100
bytes = 1_000_000
seconds = 60
rows = 500
accounts_per_minute = 5
requests_per_second = 20.5
concurrency = 4
[adaptive]
enabled = true
start = 2
ceiling = 50
p95_seconds = 0.5
error_share = 0.1
[reset]
command = ["./reset-qa", "--all"]
timeout_seconds = 5
between = true
[cleanup]
request = { method = "post", path = "/purge?run={run}", headers = { X-Key = { env = "QA_KEY" } } }
""")
    assert safety.targets == ("qa.shop.test:8080",)
    assert (safety.allow_public_target, safety.allow_writes, safety.handshake) == (True, True, True)
    assert (safety.run_header, safety.traceparent, safety.breaker()) == ("X-QA-Run", False, None)
    assert safety.budget == Budget(1000, 100, 1_000_000, 60, 500, 5, 20.5, 4)
    governor = safety.governed()
    assert governor is not None
    assert governor.load.ceiling == 20.5  # the budget's rate is lower
    assert safety.reset.command == ("./reset-qa", "--all")
    assert safety.reset.between
    assert safety.cleanup.is_wanted
    assert safety.cleanup.method == "POST"


def test_without_a_word_nothing_outside_this_machine_is_written():
    safety = parsed("")
    assert safety == Safety()
    assert not safety.allow_writes
    assert not safety.allow_public_target
    assert safety.governed() is None
    assert safety.breaker() is not None


def test_the_command_line_goes_before_the_file_and_takes_nothing_back():
    safety = parsed("[budget]\nrequests = 10\nwrites = 5\n[safety]\nallow_writes = true\n")
    chosen = safety.chosen({"requests": 3, "writes": None, "adaptive": True, "allow_writes": False, "cleanup": True})
    assert chosen.budget == Budget(requests=3, writes=5)
    assert chosen.allow_writes
    assert chosen.governed() is not None
    assert chosen.cleanup.is_wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[safety]\ntarget = 'a'\n", r"\[safety\] target is unknown. There are: allow_public_target"),
        ("[safety]\ntargets = 'a'\n", "targets takes a list of texts"),
        ("[safety]\nallow_writes = 1\n", "allow_writes takes true or false"),
        ("[safety]\nrun_header = 'X Run'\n", "run_header holds a character"),
        ('[safety]\nuser_agent_suffix = "a\\r\\nX: y"\n', "user_agent_suffix holds a character"),
        ("[safety]\nhandshake_token = 'secret-4711'\n", "handshake_token takes a table"),
        ("[safety]\nhandshake_token = { value = 'secret-4711' }\n", r"takes \{ env"),
        ("[budget]\nrequests = 0\n", "requests takes a whole number above 0"),
        ("[budget]\nrequests = true\n", "requests takes a whole number above 0"),
        ("[budget]\nseconds = inf\n", "seconds takes a number above 0"),
        ("[budget]\nseconds = nan\n", "seconds takes a number above 0"),
        ("[adaptive]\nerror_share = 2\n", "error_share takes a number above 0, 1 at most"),
        ("[reset]\ncommand = ['a']\nsql = 'b'\n", r"\[reset\] takes one way"),
        ("[reset]\nmode = 'sql'\n", r"\[reset\] takes one way"),
        ("[reset]\nmode = 'fresh'\ncommand = ['a']\n", r"\[reset\] takes one way"),
        ("[reset]\nmode = 'drop'\n", r"\[reset\] takes one way"),
        ("[cleanup]\nrequest = { path = 'purge' }\n", r"\[cleanup\] request takes method"),
        ("[cleanup]\nrequest = { path = '/p', body = 'x' }\n", r"\[cleanup\] request takes method"),
        ("[cleanup]\nrequest = { path = '/p', headers = { 'a b' = 'x' } }\n", "cannot be sent as a header"),
        ("[cleanup]\nrequest = { path = '/p', headers = { a = 5 } }\n", r"takes \{ env"),
    ],
)
def test_what_is_off_is_one_sentence_that_quotes_no_value(text, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parsed(text)
    assert "4711" not in str(caught.value)


def test_a_secret_is_read_when_a_run_begins_and_not_before(monkeypatch):
    """`replay judge` reads the same file and needs no secret."""
    safety = parsed("[safety]\nhandshake = true\nhandshake_token = { env = 'QA_TOKEN_OF_TESTS' }\n")
    with pytest.raises(ConfigError, match="the variable QA_TOKEN_OF_TESTS, which is not set"):
        safety.resolved()
    monkeypatch.setenv("QA_TOKEN_OF_TESTS", "token-4711")
    assert safety.resolved().handshake_token == "token-4711"
    assert "4711" not in repr(safety.resolved())


def test_a_handshake_without_a_token_is_refused():
    with pytest.raises(ConfigError, match="handshake needs handshake_token"):
        parsed("[safety]\nhandshake = true\n").resolved()


def test_the_shares_of_workers_are_the_whole():
    safety = parsed(
        "[budget]\nrequests = 10\n[adaptive]\nenabled = true\nstart = 6\nceiling = 90\n[reset]\ncommand=['a']\n"
    )
    shares = [safety.share(number, 3) for number in range(3)]
    assert sum(one.budget.requests or 0 for one in shares) == 10
    assert sum(one.load.ceiling for one in shares) == pytest.approx(90)
    assert not any(one.reset.is_needed for one in shares)
