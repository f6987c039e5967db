"""`replay redact preview`: every place with what would happen there and why, no original, nothing on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from make import exchange
from replay.cli.redact_preview import preview_command
from replay.record.exports.jsonl import line_of

CONFIG = """
[[redact.rule]]
where = 'response body $..notes'
action = "mask"

[[redact.rule]]
where = 'response body $..never'
class = "email"
"""
ORIGINALS = ("ingrid@fjord-bank.no", "hunter2secret", "Kowalskiwicz", "zibblewort")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    out = []
    for i in range(6):
        login = {"email": ORIGINALS[0], "password": ORIGINALS[1]}
        out.append(exchange(f"e{i}", "POST", "/login", json=login, answer={ORIGINALS[3]: {"id": 7}}, at=1000.0 + i))
        answer = {"status": "ACTIVE", "notes": f"call {ORIGINALS[2]}", "title": f"of {ORIGINALS[2]}"}
        out.append(exchange(f"f{i}", "GET", f"/orders/{48213 + i}", answer=answer, at=1000.5 + i))
    source, config = tmp_path / "traffic.jsonl", tmp_path / "replay.toml"
    source.write_bytes(b"".join(line_of("", None, one) for one in out))
    config.write_text(CONFIG)
    return source, config


def run(source: Path, config: Path, *words: str) -> Result:
    return CliRunner().invoke(preview_command, [str(source), "--config", str(config), "--quiet", *words])


def facts(files: tuple[Path, Path]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*files, "--json").output)
    return found


def at(found: dict[str, Any], endpoint: str, place: str) -> dict[str, Any]:
    (line,) = [one for one in found["places"] if (one["endpoint"], one["place"]) == (endpoint, place)]
    return dict(line)


@pytest.mark.parametrize(
    ("endpoint", "place", "action", "why", "count", "of"),
    [
        ("POST /login", "body.email", "pseudonymise", "built-in", 6, 6),
        ("POST /login", "body.password", "mask", "built-in", 6, 6),
        ("GET /orders/{id}", "body.status", "keep", "built-in", 6, 6),
        ("GET /orders/{id}", "body.title", "pseudonymise", "default", 6, 6),
        ("GET /orders/{id}", "body.notes", "mask", "rule", 6, 6),
    ],
)
def test_each_place_says_what_happens_and_why(
    files: tuple[Path, Path], endpoint: str, place: str, action: str, why: str, count: int, of: int
) -> None:
    line = at(facts(files), endpoint, place)
    assert (line["action"], line["why"], line["count"], line["of"]) == (action, why, count, of)


def test_a_rule_is_named_and_a_dead_one_is_told(files: tuple[Path, Path]) -> None:
    found = facts(files)
    assert at(found, "GET /orders/{id}", "body.notes")["reason"].endswith("[[redact.rule]] 1")
    assert [one.rpartition(" ")[2] for one in found["dead_rules"]] == ["2"]


def test_unknown_names_are_hinted_at_and_not_told(files: tuple[Path, Path]) -> None:
    """The place with the name is there, the name itself is not."""
    line = at(facts(files), "POST /login", "body")
    assert "unknown name" in line["hint"]
    assert ORIGINALS[3] not in run(*files).output


def test_no_original_is_printed_and_nothing_is_written(files: tuple[Path, Path]) -> None:
    """Neither as text nor as JSON; the folder is as it was."""
    before = sorted(files[0].parent.iterdir())
    printed = run(*files).output + run(*files, "--json").output
    assert "coverage: " in printed
    assert not [one for one in ORIGINALS if one in printed]
    assert sorted(files[0].parent.iterdir()) == before


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_originals_are_for_terminals_only(files: tuple[Path, Path], words: tuple[str, ...]) -> None:
    """Here standard output is no terminal."""
    done = run(*files, "--show-values", *words)
    assert "on a terminal only" in str(done.exception)
    assert not [one for one in ORIGINALS if one in done.output]


def test_originals_are_shown_when_asked_for(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The switch does something: its guard is not there for nothing."""
    import replay.cli.redact_preview as module

    class Terminal:
        def __getattr__(self, name: str) -> Any:
            return (lambda: True) if name == "isatty" else getattr(sys.__stdout__, name)

    import sys

    monkeypatch.setattr(module, "sys", type("S", (), {"stdout": Terminal(), "stderr": sys.stderr}))
    assert ORIGINALS[0] in run(*files, "--show-values").output


def test_coverage_adds_up(files: tuple[Path, Path]) -> None:
    found = facts(files)["coverage"]
    assert found["places"] == sum(found[one] for one in ("keep", "pseudonymise", "mask", "drop"))
    assert 0 < found["default"] < found["places"]


def test_a_rule_that_holds_inside_of_values_alone_is_not_dead(tmp_path: Path) -> None:
    """JSON in a text, and the claims of a token: their places are those of the outer values."""
    source, config = tmp_path / "traffic.jsonl", tmp_path / "replay.toml"
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0ODIxMyIsIm5hbWUiOiJJIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
    planted = exchange("e1", "POST", "/orders", json={"payload": '{"note": "left", "token": "x"}'}, at=1.0)
    bearer = exchange("e2", "GET", "/orders", headers={"Authorization": f"Bearer {token}"}, answer={"a": 1}, at=2.0)
    source.write_bytes(b"".join(line_of("", None, one) for one in (planted, bearer)))
    wheres = ("body $.payload.note", "jwt $.name", "body $.payload.never", "jwt $.never", "graphql $..never")
    config.write_text("".join(f"[[redact.rule]]\nwhere = '{where}'\naction = 'mask'\n" for where in wheres))
    assert [one.rpartition(" ")[2] for one in facts((source, config))["dead_rules"]] == ["3", "4", "5"]
