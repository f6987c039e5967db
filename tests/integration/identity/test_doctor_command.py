"""`replay doctor` as a user types it: text, JSON, exit status, and nothing of a stranger's file on the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from aiohttp import web

from integration.identity.identity_capture import by_jwt, notes_of
from make import bearer, exchange
from make_capture import write_capture
from replay.cli.doctor import doctor_command
from replay.compose.checkup import CheckupOrder, check_up
from replay.compose.config import parse_config
from upstreams import served

TOML = '[[identity]]\nall = true\nname = "staff"\nkind = "bearer"\ntoken = { env = "QA_TOKEN" }\n'


def doctor(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Its status, and what it said."""
    try:
        status = doctor_command.main(list(words), standalone_mode=False)
    except click.exceptions.Exit as left:
        status = left.exit_code
    return int(status or 0), capsys.readouterr().out


@pytest.fixture
def capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QA_TOKEN", "a-live-token-of-qa")
    return str(write_capture(tmp_path / "c.db", notes_of("jwt", by_jwt)))


def test_actors_without_an_identity_are_shown_with_what_would_help(capture, capsys):
    """One table for each tenant, ready to be pasted; exit status 3."""
    status, text = doctor(capsys, capture)
    assert status == 3
    assert "2 actors have no identity: QA would answer 401" in text
    assert text.count("[[identity]]") == 2
    assert text.count('kind = "jwt"') == 2


def test_everybody_covered_is_status_zero(capture, capsys):
    """And the table names the identity."""
    Path("replay.toml").write_text(TOML)
    status, text = doctor(capsys, capture)
    assert (status, text.count("staff")) == (0, 2)
    assert "Ready: every actor has an identity." in text
    assert "a-live-token-of-qa" not in text


@pytest.mark.parametrize(
    ("toml", "words", "problem"),
    [
        (TOML.replace("QA_TOKEN", "QA_NOTHING"), [], "the environment has no QA_NOTHING"),
        (
            TOML + 'scheme = "bearer"\n' + TOML.replace("staff", "b") + 'scheme = ["bearer", "basic"]',
            [],
            "equally specific",
        ),
        (TOML, ["--target", "http://127.0.0.1:9"], "Nothing answers at http://127.0.0.1:9"),
        (TOML, ["--target", "nonsense://x"], "--target takes a URL"),
    ],
)
def test_problems_are_told_all_at_once(capture, capsys, toml, words, problem):
    """In text and in JSON, with exit status 2; what is no problem is none."""
    Path("replay.toml").write_text(toml)
    status, text = doctor(capsys, capture, *words)
    _, document = doctor(capsys, capture, *words, "--json")
    problems = json.loads(document)["problems"]
    assert (status == 2) is bool(problem)
    assert [problem in one for one in problems] == [True] * bool(problem)
    assert problem in text


@pytest.mark.parametrize("is_target", [False, True])
async def test_logins_go_only_to_a_target_that_shakes_hands(tmp_path, is_target):
    """As in a run: first the token that was agreed on, then passwords; and every request says whose it is."""
    asked = []

    async def answer(request):
        asked.append((request.path, "X-Replay-Run" in request.headers))
        if request.path == "/login":
            return web.json_response({"t": "live-token-1"})
        return web.Response(text="agreed-upon", status=200 if is_target else 404)

    toml = """[safety]
handshake = true
handshake_token = { env = "REPLAY_OK" }
[[identity]]
all = true
kind = "login"
headers = { Authorization = "Bearer {t}" }
[[identity.steps]]
path = "/login"
take = { t = "json:$.t" }
"""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    environ = {"REPLAY_OK": "agreed-upon"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPLAY_OK", "agreed-upon")
        config = parse_config(toml.encode(), tmp_path / "replay.toml")
        capture = write_capture(tmp_path / "c.db", notes_of("jwt", by_jwt))
        async with served(app) as url:
            seen = await check_up(CheckupOrder(capture, config, environ, url, sign_in=True))
    first = ("/.well-known/replay-ok", True)
    assert asked == ([first, ("/login", True)] if is_target else [first])
    assert seen.signed_in is is_target
    assert ["not 200; nothing else was sent" in one for one in seen.problems] == [True] * (not is_target)


def test_a_recorded_login_covers_its_session(tmp_path, capsys, monkeypatch):
    """Nobody else is needed, but QA must know the account."""
    monkeypatch.chdir(tmp_path)
    token = "f3a9c1d27b5e4860f3a9c1d27b5e4860"
    login = exchange("a", "POST", "/session", json={"user": "ann"}, answer={"access_token": token}, at=1.0)
    read = exchange("b", "GET", "/things", answer={}, headers=bearer(token), at=2.0)
    status, text = doctor(capsys, str(write_capture(tmp_path / "c.db", (login, read))))
    assert status == 0
    assert "its own login in the recording" in text
    assert 'kind = "recording"' in text


def test_what_a_capture_holds_is_not_executed_by_a_terminal(tmp_path, capsys, monkeypatch):
    """A key header with an escape sequence in its value; nothing but its name is shown."""
    monkeypatch.chdir(tmp_path)
    read = exchange("b", "GET", "/things", answer={}, headers={"X-Api-Key": "k\x1b[31m-9f8e7d6c5b"}, at=2.0)
    status, text = doctor(capsys, str(write_capture(tmp_path / "c.db", (read,))))
    assert status == 3
    assert "\x1b" not in text
    assert 'header = "x-api-key"' in text
