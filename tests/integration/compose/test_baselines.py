"""Baselines from end to end: runs against a real target, saved, compared, gated and bisected on the command line."""

import asyncio
import json
import os
import stat

import pytest
from click.testing import CliRunner

from integration.compose.numbered_target import NumberedTarget, recording
from make_capture import write_capture
from replay.cli import replay
from replay.compose.baselines import load_baselines
from replay.compose.config import Config
from replay.compose.runs import RunRequest, execute
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from upstreams import served

SESSIONS = 20  # 100 requests, each played twice
QUICK, SLOW = 0.0, 0.06  # seconds; far above what a busy machine adds


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Run files of three releases: two quick ones, and one that takes its time."""
    folder = tmp_path_factory.mktemp("releases")
    capture = folder / "capture.db"
    write_capture(capture, recording(SESSIONS))

    async def play(name, slow):
        async with served(NumberedTarget(slow).app) as url:
            request = RunRequest("run", capture, url, folder / name, RunSettings(), Config())
            await execute(request, (), StopFlag())
        return folder / name

    return {name: asyncio.run(play(f"{name}.db", slow)) for name, slow in (("v1", QUICK), ("v2", QUICK), ("v3", SLOW))}


@pytest.fixture
def cli(tmp_path, monkeypatch):
    """`cli(words...)` in a folder of its own: exit status, output."""
    monkeypatch.chdir(tmp_path)
    from replay.cli import main

    def run(*words):
        runner = CliRunner()
        with runner.isolation() as (out, err, _), pytest.raises(SystemExit) as left:
            main(["baseline", *map(str, words)])
        return left.value.code, out.getvalue().decode() + err.getvalue().decode()

    return run


def test_a_saved_release_holds_what_its_run_cost(runs, cli, tmp_path):
    assert cli("save", "v1", runs["v1"])[0] == 0
    file = tmp_path / "replay-baselines.json"
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    (release,) = load_baselines(file).releases
    (run,) = release.runs
    assert {one.endpoint: one.requests for one in run.endpoints} == {
        "POST /sessions": SESSIONS * 2,
        "POST /sessions/{id}/steps": SESSIONS * 4,
        "GET /steps/{id}": SESSIONS * 4,
    }
    assert all(one.latency.quantile(0.5) > 0 and one.answered.mean > 10 and not one.errors for one in run.endpoints)
    assert "tok-live" not in file.read_text()
    status, listed = cli("list", "--json")
    assert status == 0
    assert json.loads(listed)["baselines"][0]["requests"] == SESSIONS * 10


def test_a_slow_release_is_worse_and_the_same_run_is_not(runs, cli):
    cli("save", "v1", runs["v1"])
    status, said = cli("compare", "v1", runs["v1"], "--json")
    assert (status, {one["verdict"] for one in json.loads(said)["deltas"]} - {"too-few"}) == (0, {"same"})
    status, said = cli("compare", "v1", runs["v3"])
    assert status == 1
    assert "GET /steps/{id}" in said
    assert "worse" in said


def test_releases_of_two_captures_are_compared_with_a_warning(runs, cli, tmp_path):
    """Another capture asks other things; the same one is no reason to say so."""
    cli("save", "v1", runs["v1"])
    file = tmp_path / "replay-baselines.json"
    saved = json.loads(file.read_text())
    assert "different captures" not in cli("compare", "v1", runs["v2"])[1]
    saved["releases"][0]["runs"][0]["capture"] = "another"
    file.write_text(json.dumps(saved))
    assert "different captures" in cli("compare", "v1", runs["v2"])[1]


def test_gates_alone_decide_when_there_are_any(runs, cli, tmp_path):
    cli("save", "v1", runs["v1"])
    cli("save", "v3", runs["v3"])
    config = tmp_path / "replay.toml"
    config.write_text('[gates]\np50 = "within 10%"\n')
    status, said = cli("compare", "v1", "--with", "v3")
    assert (status, "broken" in said) == (1, True)
    config.write_text('[gates]\np50 = "< 20s"\nerror_rate = "< 20%"\n')
    assert cli("compare", "v1", "--with", "v3")[0] == 0
    config.write_text('[gates]\np99 = "< 20s"\n')  # of 40 requests nobody can tell
    status, said = cli("compare", "v1", "--with", "v3")
    assert (status, "open" in said) == (3, True)
    config.write_text('[[gates.endpoint]]\nendpoint = "GET /gone"\np50 = "< 20s"\n')
    status, said = cli("compare", "v1", "--with", "v3")
    assert (status, "not asked" in said) == (3, True)


def test_bisect_names_the_first_slow_release(runs, cli):
    for name, run in runs.items():
        cli("save", name, run)
    status, said = cli("bisect", "v1", "v3", "--metric", "p50", "--json")
    assert status == 1
    assert {(one["last_good"], one["release"]) for one in json.loads(said)["first_bad"]} == {("v1", "v3")}
    assert cli("bisect", "v1", "v1", "--json")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compare", "v9", "{v1}"), "no baseline `v9`"),
        (("compare", "v1"), "takes run files"),
        (("compare", "v1", "{v1}", "--with", "v1"), "takes run files"),
        (("save", "v1", "{v1}"), "--replace"),
        (("save", "v2", "{v1}", "{v1}"), "name each run once"),
        (("save", "v2", "missing.db"), "missing.db"),
        (("bisect",), "two baselines"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(runs, cli, words, said):
    cli("save", "v1", runs["v1"])
    status, output = cli(*(word.format(v1=runs["v1"]) for word in words))
    assert status == 2
    assert said in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"format": 1}',
        b'{"format": 2, "releases": []}',
        b'{"format": 1, "releases": [{"name": "v1", "saved": 0, "runs": [{"run": 1}]}]}',
        b"\xff\xfe",
        b'{"format": 1, "releases": ' + b"[" * 5000,
    ],
)
def test_a_file_that_is_not_ours_is_refused(cli, tmp_path, content):
    (tmp_path / "replay-baselines.json").write_bytes(content)
    status, output = cli("list")
    assert status == 2
    assert "replay-baselines.json" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    "table",
    ['p95 = "10%"', 'p42 = "< 1s"', "p95 = 5", 'endpoint = "x"', '[[gates.endpoint]]\np95 = "< 1s"'],
)
def test_words_that_no_gate_has_name_the_choices(runs, cli, tmp_path, table):
    cli("save", "v1", runs["v1"])
    (tmp_path / "replay.toml").write_text(f"[gates]\n{table}\n")
    status, output = cli("compare", "v1", runs["v1"])
    assert status == 2
    assert "replay.toml" in output


def test_the_group_is_reached_from_the_root():
    assert "baseline" in replay.list_commands(None)
