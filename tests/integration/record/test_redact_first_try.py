"""What somebody meets who tries the tools of redaction for the first time: typical mistakes, each one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from make import exchange
from make_capture import write_capture
from replay.cli import main

ORIGINAL = "ingrid@fjord-bank.example.org"
RULES = """
[[redact.rule]]
where = 'query page'
action = "keep"
reason = "paging"

[[redact.rule]]
where = 'body $..notes'
action = "mask"
"""

Told = tuple[int, str, str]  # exit status, standard output, standard error


class Shell:
    """The command line, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str | Path) -> Told:
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        out, err = self._capsys.readouterr()
        return int(left.value.code or 0), out, err


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def har(tmp_path: Path, shell: Shell) -> Path:
    answer = {"id": 7, "notes": "call me", "status": "active"}
    exchanges = [exchange(f"e{i}", "GET", "/orders?page=2", answer=answer, at=1000.0 + i) for i in range(3)]
    capture = write_capture(tmp_path / "source.db", exchanges)
    assert shell("capture", "export", capture, "--format", "har", "--out", tmp_path / "x.har")[0] == 0
    return tmp_path / "x.har"


@pytest.fixture
def recorded(tmp_path: Path, shell: Shell, har: Path) -> Path:
    """A capture that was made with RULES."""
    (tmp_path / "replay.toml").write_text(RULES)
    made = shell("capture", "import", har, "--capture", tmp_path / "c.db", "--config", tmp_path / "replay.toml")
    assert made[0] == 0, made
    return tmp_path / "c.db"


def reasons(out: str) -> dict[tuple[str, str], str]:
    fields: list[dict[str, Any]] = json.loads(out)["fields"]
    return {(one["side"], one["place"]): f"{one['why']}: {one['reason']}" for one in fields}


def test_an_original_on_the_command_line_is_refused_without_repeating_it(shell: Shell, recorded: Path) -> None:
    """Logs of jobs keep what a command prints."""
    for words in (("--original", ORIGINAL), (f"--original={ORIGINAL}",)):
        status, out, err = shell("redact", "erase", recorded, *words, "--key", "file:key")
        assert status == 2
        assert "standard input" in err
        assert "ingrid" not in out + err


def test_an_audit_with_the_policy_of_the_recording_names_the_rules(shell: Shell, recorded: Path) -> None:
    """`[[redact.rule]] 1` let stay, `[[redact.rule]] 2` masked; and nothing is complained about."""
    config = recorded.with_name("replay.toml")
    status, out, err = shell("redact", "audit", recorded, "--config", config, "--json", "--quiet")
    assert (status, err) == (0, "")
    assert reasons(out)["request", "query.page[*]"] == f"rule: {config}: [[redact.rule]] 1"
    assert reasons(out)["response", "body.notes"] == f"rule: {config}: [[redact.rule]] 2"
    assert reasons(out)["response", "body.status"].startswith("built-in")


def test_an_audit_without_a_policy_names_no_rule_for_what_stayed(shell: Shell, recorded: Path) -> None:
    status, out, _ = shell("redact", "audit", recorded, "--json", "--quiet")
    assert status == 0
    assert "[[redact.rule]]" not in out


def test_an_audit_with_another_policy_says_so(shell: Shell, recorded: Path) -> None:
    other = recorded.with_name("other.toml")
    other.write_text(RULES.replace("page", "sort"))
    _, out, err = shell("redact", "audit", recorded, "--config", other, "--json", "--quiet")
    assert "was recorded with other rules" in err
    assert err.count("\n") == 1
    assert "built-in" in reasons(out)["request", "query.page[*]"]


def test_small_groups_name_each_exchange_once(tmp_path: Path, shell: Shell) -> None:
    """Three words of one path are one exchange to look at."""
    capture = write_capture(tmp_path / "one.db", [exchange("e1", "GET", "/orders/open/shipping", answer={"id": 7})])
    _, out, _ = shell("redact", "audit", capture, "--json", "--quiet")
    path = next(one for one in json.loads(out)["fields"] if one["place"] == "path[*]")
    assert path["below_k"] == 3
    assert path["references"] == ["exchange 1"]


def test_a_vocabulary_that_is_not_there_yet_is_explained(tmp_path: Path, shell: Shell, har: Path) -> None:
    """Who names the vocabulary before learning it is told what to do, and no file is made."""
    config, out = tmp_path / "replay.toml", tmp_path / "words.json"
    config.write_text('[redact]\nlearned = "words.json"\n')
    status, _, err = shell("redact", "learn", har, "--config", config, "--out", out)
    assert status == 2
    assert f"{out}, which does not exist" in err
    assert "replay redact learn" in err
    assert not out.exists()


def test_a_file_that_is_no_vocabulary_is_named(tmp_path: Path, shell: Shell, har: Path) -> None:
    config = tmp_path / "replay.toml"
    config.write_text('[redact]\nlearned = "x.har"\n')
    status, _, err = shell("redact", "preview", har, "--config", config)
    assert status == 2
    assert err.startswith(f"replay: {har}: The vocabulary must have")


@pytest.mark.parametrize("level", ["strict", "balanced"])
def test_the_canary_takes_the_levels_as_a_policy_writes_them(shell: Shell, level: str) -> None:
    """It gets as far as the cases: there is no such one."""
    status, _, err = shell("redact", "canary", "--level", level, "--cases", "NO-SUCH")
    assert status == 2
    assert "no case matches" in err


def test_a_vocabulary_without_a_folder_is_refused_before_traffic_is_read(tmp_path: Path, shell: Shell) -> None:
    """An hour of listening must not end with nothing: the port that is asked for here is never opened."""
    words = ("--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--minutes", "0.001")
    status, _, err = shell("redact", "learn", *words, "--out", tmp_path / "nowhere" / "words.json")
    assert status == 2
    assert f"there is no folder {tmp_path / 'nowhere'}" in err
    assert "listening" not in err


def test_folders_to_search_must_be_there(tmp_path: Path, shell: Shell) -> None:
    """Told at once: a misspelt folder would be searched, and be clean."""
    words = ("--against", "http://127.0.0.1:9", "--artifacts", tmp_path / "nowhere", "--cases", "C001")
    status, _, err = shell("redact", "canary", *words)
    assert status == 2
    assert "does not exist" in err


def test_artefacts_of_the_canary_may_be_kept_in_a_relative_folder(
    tmp_path: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With strace on the machine, whose own folder is another one, and without."""
    monkeypatch.chdir(tmp_path)
    words = ("--cases", "WS", "--endings", "normal", "--keep-artifacts", "kept", "--quiet")
    status, out, err = shell("redact", "canary", *words)
    assert (status, err) == (0, ""), (out, err)
    assert list((tmp_path / "kept" / "normal").iterdir())


def test_an_argument_too_many_is_not_repeated(tmp_path: Path, shell: Shell, recorded: Path) -> None:
    """The original in place of --original: its text is somebody's, and terminals and CI logs keep it."""
    status, out, err = shell("redact", "erase", recorded, ORIGINAL)
    assert status == 2
    assert ORIGINAL not in out + err
    assert (
        err == "replay: too many arguments (they are not repeated here): replay redact erase --help shows its usage.\n"
    )
