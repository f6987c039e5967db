"""`replay redact learn`: from files of traffic to a vocabulary, with counters in memory and nothing else on disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from make import exchange
from replay.cli.redact_learn import learn_command
from replay.model.exchange import Exchange
from replay.model.message import body_tree
from replay.record.exports.jsonl import line_of
from replay.record.redacting import policy_of
from replay.record.settings import load_settings
from replay.redact.policy import Policy
from replay.redact.vocabulary_file import Where, read_learned

RARE = "Qvintrell"  # said by one session only
CONFIG = '[record]\ntenant = ["header:X-Tenant-Id"]\n'


def traffic(sessions: int = 12, tenants: int = 3) -> list[Exchange]:
    """Each session asks twice; every answer has an unknown name, an unknown enum word, and one session a rare word."""
    out = []
    for i in range(2 * sessions):
        who = i % sessions
        word = RARE if who == 0 else ("zorbing", "quaffed")[who % 2]
        answer = {"zibblewortState": word, "flumpets": [{"zorbleKind": "plover"}], "note": f"call {RARE} about {i}"}
        out.append(
            exchange(
                f"e{i}", "GET", f"/orders/{i}?page=1", answer=answer, at=1000.0 + i,
                headers={"Authorization": f"Bearer Zk3v9Qx7Lm2pT5wR8aY{who:02}", "X-Tenant-Id": f"ten{who % tenants}"},
            )
        )  # fmt: skip
    return out


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Traffic as JSON lines, and a configuration that says where tenants stand."""
    source, config = tmp_path / "traffic.jsonl", tmp_path / "replay.toml"
    source.write_bytes(b"".join(line_of("", None, one) for one in traffic()))
    config.write_text(CONFIG)
    return source, config


def run(source: Path, config: Path, out: Path, *words: str) -> Result:
    return CliRunner().invoke(
        learn_command, [str(source), "--config", str(config), "--out", str(out), "--quiet", *words]
    )


def test_words_of_enough_sessions_are_written(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Names and enum words that five sessions of two tenants showed; never the word of one session."""
    out = tmp_path / "vocabulary.json"
    done = run(*files, out)
    assert done.exit_code == 0, (done.output, done.exception)
    learned = read_learned(out.read_text())
    assert {"zibblewortState", "flumpets", "zorbleKind"} <= learned.names
    assert learned.values[Where("GET /orders/{id}", "response", "body.flumpets[*].zorbleKind")] == {"plover"}
    assert RARE not in out.read_text() + done.output
    assert out.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in tmp_path.iterdir()) == ["replay.toml", "traffic.jsonl", "vocabulary.json"]


def test_a_learned_vocabulary_is_the_same_for_the_same_traffic(files: tuple[Path, Path], tmp_path: Path) -> None:
    """The key of a run changes nothing in its result, so a review compares two files."""
    run(*files, tmp_path / "a.json")
    run(*files, tmp_path / "b.json")
    assert (tmp_path / "a.json").read_text() == (tmp_path / "b.json").read_text()


def test_without_tenants_nothing_passes_and_the_reason_is_told(files: tuple[Path, Path], tmp_path: Path) -> None:
    done = run(*files, tmp_path / "v.json", "--tenants", "9")
    assert read_learned((tmp_path / "v.json").read_text()).names == frozenset()
    assert "nothing can pass: it takes 5 sessions of 9 tenants" in done.output


def test_facts_as_json(files: tuple[Path, Path], tmp_path: Path) -> None:
    facts = json.loads(run(*files, tmp_path / "v.json", "--json").output)
    assert facts["files"] == {"read": 24, "heard": 24, "skipped": 0, "refused": 0, "refusals": [], "damage": []}
    assert (facts["exchanges"], facts["sessions"], facts["tenants"]) == (24, 12, 3)


def test_an_existing_vocabulary_is_not_overwritten(files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "v.json"
    out.write_text("mine")
    assert run(*files, out).exit_code != 0
    assert out.read_text() == "mine"


def test_a_damaged_file_is_told_and_what_came_before_counts(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Status 2, the vocabulary is there."""
    source, config = files
    har = tmp_path / "broken.har"
    har.write_bytes(b'{"log": {"version": "1.2", "entries": [{"startedDateTime": ')
    done = CliRunner().invoke(
        learn_command, [str(source), str(har), "--config", str(config), "--out", str(tmp_path / "v.json"), "--quiet"]
    )
    assert done.exit_code == 2
    assert read_learned((tmp_path / "v.json").read_text()).names


def test_a_kill_leaves_nothing(files: tuple[Path, Path], tmp_path: Path) -> None:
    """SIGKILL amid the work: no vocabulary, no part of one, no other file, here or in the temporary folder."""
    source, config = files
    source.write_bytes(source.read_bytes() * 4000)  # a minute of work
    folder = tmp_path / "tmp"
    folder.mkdir()
    words = ["redact", "learn", str(source), "--config", str(config), "--out", str(tmp_path / "v.json"), "--quiet"]
    env = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen([sys.executable, "-m", "replay", *words], env=env) as process:
        try:
            time.sleep(3.0)
            assert process.poll() is None
        finally:
            process.kill()
        assert process.wait(10) == -signal.SIGKILL
    assert sorted(one.name for one in tmp_path.iterdir()) == ["replay.toml", "tmp", "traffic.jsonl"]
    assert list(folder.iterdir()) == []


def test_what_was_learned_stays_in_captures_from_then_on(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Names everywhere, values at their own place only; words that did not pass are stand-ins as before."""
    config = files[1]
    assert run(*files, tmp_path / "vocabulary.json").exit_code == 0
    config.write_text(CONFIG + '[redact]\nlearned = "vocabulary.json"\n')
    policy = policy_of(b"k" * 32, load_settings(config))
    answer = {"zibblewortState": "quaffed", "zorbleKind": RARE, "flumpets": [{"zorbleKind": "plover"}], RARE: 1}
    found = body(policy, "/orders/4", answer)
    assert found["zibblewortState"] == "quaffed"
    assert found["flumpets"] == [{"zorbleKind": "plover"}]
    assert found["zorbleKind"] != RARE
    assert RARE not in found
    elsewhere = body(policy, "/invoices/4", answer)
    assert elsewhere["zibblewortState"] != "quaffed"


def body(policy: Policy, target: str, answer: dict[str, Any]) -> dict[str, Any]:
    redacted = policy.redact(exchange("e1", "GET", target, answer=answer)).exchange
    assert redacted.response is not None
    found: Any = body_tree(redacted.response.body)
    return dict(found)


def test_ctrl_c_writes_what_was_learned_until_then(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Status 130, as shells use it; the work of an hour is not lost."""
    source, config = files
    source.write_bytes(source.read_bytes() * 4000)
    out = tmp_path / "v.json"
    words = ["redact", "learn", str(source), "--config", str(config), "--out", str(out), "--quiet"]
    with subprocess.Popen([sys.executable, "-m", "replay", *words], stdout=subprocess.PIPE, text=True) as process:
        time.sleep(4.0)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "stopped before the end" in said
    assert "zibblewortState" in read_learned(out.read_text()).names
