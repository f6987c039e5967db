"""The demo's way by hand, as docs/tutorial.md tells it: record (both ways), inspect, run, fuzz, judge, report."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from replay.demo.children import Child
from replay.demo.traffic import drive

REPLAY = [sys.executable, "-m", "replay"]
READY = r"ready (http://\S+)"


def replay(folder, *arguments, expect=0):
    done = subprocess.run(
        [*REPLAY, *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=170, check=False
    )
    assert done.returncode == expect, done.stderr + done.stdout[-2000:]
    assert "Traceback" not in done.stderr
    return done


def shop(folder, name, *, faults, build="old", offset=0):
    arguments = ["-m", "replay.demo.shop", "--port", "0", "--db", str(folder / name), "--faults", faults]
    return Child("shop", [*arguments, "--build", build, "--id-offset", str(offset), "--exit-with-stdin"], READY)


def mitmdump() -> str:
    return str(Path(sys.executable).with_name("mitmdump"))


@contextmanager
def recorder(folder, way, upstream, port):
    """`replay record`, or plain mitmdump with the addon: both write the same kind of capture."""
    if way == "replay":
        command = [*REPLAY, "record", "--upstream", upstream, "--capture", "capture.db"]
        command += ["--listen", f"127.0.0.1:{port}"]
    else:
        path = subprocess.run([*REPLAY, "record", "--print-addon-path"], capture_output=True, text=True, check=True)
        command = [mitmdump(), "-q", "-s", path.stdout.strip(), "--set", "replay_capture=capture.db"]
        command += ["--mode", f"reverse:{upstream}", "--listen-host", "127.0.0.1", "--listen-port", str(port)]
        command += ["--set", f"confdir={folder / 'conf'}", "--set", "keep_host_header=true"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
        assert "Traceback" not in said


async def until_open(port):
    for _ in range(400):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
    raise AssertionError("the recorder does not listen")


async def record(folder, way, port, *, faults="all"):
    async with shop(folder, "production.db", faults=faults, offset=1000) as production:
        with recorder(folder, way, production.url, port):
            await until_open(port)
            return await drive(f"http://127.0.0.1:{port}", seed=1)


@pytest.mark.parametrize("way", ["replay", "mitmdump"])
async def test_the_whole_way(tmp_path, free_port, way):
    """Both recorders give a capture that replays green on an empty QA whose ids differ, and finds what is planted."""
    sent = await record(tmp_path, way, free_port)
    facts = json.loads(replay(tmp_path, "inspect", "capture.db", "--json").stdout)
    assert "capture.db" in replay(tmp_path, "inspect", "capture.db").stdout
    async with shop(tmp_path, "qa.db", faults="all", build="new") as qa:
        run = ("run", "capture.db", "--target", qa.url, "--out", "clean.db")
        await asyncio.to_thread(replay, tmp_path, *run, expect=1)
        fuzz = ("fuzz", "capture.db", "--target", qa.url, "--db", f"sqlite:///{tmp_path / 'qa.db'}")
        limited = ("--mutate", "race,swap-tenant", "--quiet-seconds", "0.03")
        await asyncio.to_thread(replay, tmp_path, *fuzz, *limited, "--out", "run.db", expect=1)
    clean = json.loads(replay(tmp_path, "report", "clean.db", "--format", "json").stdout)
    run = json.loads(replay(tmp_path, "report", "run.db", "--format", "json").stdout)

    assert json.dumps(facts).count(str(sent.requests)), "every exchange is in the capture or counted"
    assert clean["fidelity"]["score"] == 1.0, "register, login, create, read by the new id: all green"
    assert {one["oracle"] for one in clean["findings"]} == {"divergence", "list-leak"}
    assert {one["oracle"] for one in run["findings"]} >= {"duplicate-rows", "isolation-read", "isolation-write"}
    assert run["fidelity"]["score"] == 1.0, "also on a QA that was used before, with the same seed"
    stale = {one["fingerprint"] for one in clean["findings"]} - {one["fingerprint"] for one in run["findings"]}
    assert not stale, "the same divergences again"


async def test_a_fixed_shop_is_clean_twice_and_judging_again_sends_nothing(tmp_path, free_port):
    """Exit status 0; a QA that was used before changes nothing; `judge` reaches the same verdicts without a target."""
    await record(tmp_path, "replay", free_port, faults="none")
    async with shop(tmp_path, "qa.db", faults="none") as qa:
        for name in ("first.db", "second.db"):
            await asyncio.to_thread(replay, tmp_path, "run", "capture.db", "--target", qa.url, "--out", name)
    before = json.loads(replay(tmp_path, "report", "second.db", "--format", "json").stdout)
    replay(tmp_path, "judge", "second.db")  # the shop is gone: nothing could be sent
    after = json.loads(replay(tmp_path, "report", "second.db", "--format", "json").stdout)
    assert before["findings"] == after["findings"] == []
    assert before["not_judged"] == after["not_judged"] == []


async def test_judge_makes_the_verdicts_from_stored_evidence(tmp_path, free_port):
    """Delete the verdicts: judging again brings back the same fingerprints, from the file alone."""
    await record(tmp_path, "replay", free_port)
    async with shop(tmp_path, "qa.db", faults="all", build="new") as qa:
        await asyncio.to_thread(
            replay, tmp_path, "fuzz", "capture.db", "--target", qa.url, "--db", f"sqlite:///{tmp_path / 'qa.db'}",
            "--cases", "24", "--quiet-seconds", "0.03", "--out", "run.db", expect=1,
        )  # fmt: skip
    first = json.loads(replay(tmp_path, "report", "run.db", "--format", "json").stdout)
    with sqlite3.connect(tmp_path / "run.db") as connection:
        connection.execute("DELETE FROM finding")
    connection.close()
    assert json.loads(replay(tmp_path, "report", "run.db", "--format", "json").stdout)["findings"] == []
    again = json.loads(replay(tmp_path, "judge", "run.db", "--json", expect=1).stdout)
    assert sorted(one["fingerprint"] for one in again["findings"]) == sorted(
        one["fingerprint"] for one in first["findings"]
    )
    assert [one["level"] for one in again["findings"]] == ["confirmed"] * len(again["findings"])
    race = next(one for one in first["findings"] if one["oracle"] == "duplicate-rows")
    script = replay(tmp_path, "repro", "run.db", race["fingerprint"]).stdout
    assert script.startswith("#!/bin/sh")
    assert script.count("<- the site") == 3, "the three copies of the race"
    assert "eyJ" not in script, "credentials are variables unless --reveal asks for them"
    junit = replay(tmp_path, "report", "run.db", "--format", "junit", "--out", "report.xml")
    assert "report.xml" in junit.stderr
    assert (tmp_path / "report.xml").read_text().count("<failure") >= len(first["findings"])


async def test_thresholds_decide_the_exit_status(tmp_path, free_port):
    """`--fail-on never` is 0 whatever was found; the findings are still in the file."""
    await record(tmp_path, "replay", free_port)
    async with shop(tmp_path, "qa.db", faults="none", build="new") as qa:
        arguments = ("run", "capture.db", "--target", qa.url, "--fail-on", "never", "--out", "r.db")
        await asyncio.to_thread(replay, tmp_path, *arguments)
    assert replay(tmp_path, "judge", "r.db", "--fail-on", "high", expect=1)
