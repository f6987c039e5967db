"""`replay init`: the file is valid as it is written, and with every setting taken."""

import re
import tomllib

import pytest
from click.testing import CliRunner

from integration.compose.numbered_target import recording
from make import exchange
from make_capture import write_capture
from replay.cli import replay
from replay.compose.config import parse_config
from replay.record.settings import load_settings

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1LTEiLCJvcmciOiJ0ZW4tMSJ9.c2lnbmF0dXJlLW9mLW5vYm9keQ"


def strangers():
    """People whose logins nobody recorded: a JWT, an API key, a session cookie, Basic."""
    ways = [
        {"Authorization": f"Bearer {JWT}"},
        {"X-Api-Key": "k-77gq2m9x4zr8"},
        {"Cookie": "sid=s-93hf7q2lx0vb"},
        {"Authorization": "Basic cWEtY2xlcms6bm90LWEtc2VjcmV0"},
    ]
    return [
        exchange(f"e{i}", "POST", "/api/orders", 201, json={"n": i}, headers=headers, answer={"id": i}, at=1000.0 + i)
        for i, headers in enumerate(ways)
    ]


@pytest.fixture(params=["strangers", "logins"])
def written(request, tmp_path, monkeypatch):
    """The file's text, beside the capture it was made for."""
    monkeypatch.chdir(tmp_path)
    write_capture(tmp_path / "shop.db", strangers() if request.param == "strangers" else recording(3))
    done = CliRunner().invoke(replay, ["init", "shop.db", "--target", "http://qa.example:8000"])
    assert done.exit_code == 0, done.output
    text = (tmp_path / "replay.toml").read_text()
    return request.param, text


def taken(text):
    """The file with every setting taken."""
    return re.sub(r"^#(?=[a-z\[])", "", text, flags=re.MULTILINE)


def test_it_changes_nothing_until_somebody_edits_it(written, tmp_path):
    _, text = written
    assert not [table for table in tomllib.loads(text).values() if table]
    parse_config(text.encode(), tmp_path / "replay.toml")


def test_every_setting_in_it_is_one(written, tmp_path, monkeypatch):
    """Both readers of the file take all of it, once the secrets it names are there."""
    kind, text = written
    for name in re.findall(r'env = "(\w+)"', text):
        monkeypatch.setenv(name, "a-secret-of-sixteen")
    (tmp_path / "qa-signing-key.pem").write_text("not read before a run")
    config = parse_config(taken(text).encode(), tmp_path / "replay.toml")
    assert config.safety.allow_writes
    assert config.safety.budget.requests
    (tmp_path / "taken.toml").write_text(taken(text))
    assert load_settings(tmp_path / "taken.toml").routes
    assert {gate.metric for gate in config.gates} == {"p95", "error_rate", "rows"}
    assert (config.identity is not None) == (kind == "strangers")


def test_what_identities_are_needed_stands_in_it(written):
    kind, text = written
    found = set(re.findall(r'^#kind = "([\w-]+)"', text, flags=re.MULTILINE))
    assert found == ({"jwt", "api-key", "login", "basic"} if kind == "strangers" else set())
    assert "POST /api/orders" in text or kind == "logins"
    assert JWT not in text


def test_nothing_is_overwritten(written, tmp_path):
    again = CliRunner().invoke(replay, ["init", "shop.db"])
    assert again.exit_code != 0
    assert (tmp_path / "replay.toml").read_text() == written[1]
    shown = CliRunner().invoke(replay, ["init", "shop.db", "--out", "-"])
    assert shown.output.startswith("# For shop.db")
