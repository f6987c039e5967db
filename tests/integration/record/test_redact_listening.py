"""`replay redact learn` and `preview` in front of a live service: traffic passes, counts come out, no file appears."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession, web

from replay.redact.vocabulary_file import Where, read_learned
from upstreams import served

RARE = "Qvintrellson"


async def _answer(request: web.Request) -> web.Response:
    number = int(request.match_info["id"])
    return web.json_response({"zibbleState": "quaffed", "total": number, "note": f"of {RARE}"})


def _shop() -> web.Application:
    app = web.Application()
    app.router.add_get("/orders/{id}", _answer)
    return app


@asynccontextmanager
async def listening(folder: Path, upstream: str, *words: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """The command as a user runs it, and where clients reach it."""
    command = [sys.executable, "-m", "replay", "redact", *words, "--upstream", upstream, "--listen", "127.0.0.1:0"]
    config = folder / "replay.toml"
    config.write_text('[record]\ntenant = ["header:X-Tenant-Id"]\n')
    process = await asyncio.create_subprocess_exec(
        *command,
        "--config",
        str(config),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(folder), "HOME": str(folder)},
        cwd=folder,
    )
    try:
        assert process.stderr is not None
        line = b""
        while b"listening on" not in line:
            line = await asyncio.wait_for(process.stderr.readline(), 60)
            assert line, "it ended at its start"
        yield "http://" + line.decode().split("listening on ")[1].split()[0], process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def browse(url: str, sessions: int = 12) -> None:
    """Each session asks twice; there are three tenants."""
    async with ClientSession() as client:
        for i in range(2 * sessions):
            who = i % sessions
            headers = {"Authorization": f"Bearer Zk3v9Qx7Lm2pT5wR8aY{who:02}", "X-Tenant-Id": f"tenant{who % 3}"}
            async with client.get(f"{url}/orders/{i}", headers=headers) as answer:
                assert (await answer.json())["note"] == f"of {RARE}"


async def ended(process: asyncio.subprocess.Process) -> tuple[int, str]:
    process.send_signal(signal.SIGINT)
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode()


def files(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


async def test_learning_in_front_of_a_service(tmp_path: Path) -> None:
    """Clients get their answers; at Ctrl-C the vocabulary is written, and it is the only new file."""
    out = tmp_path / "vocabulary.json"
    async with served(_shop()) as upstream, listening(tmp_path, upstream, "learn", "--out", str(out)) as (url, process):
        await browse(url)
        assert not out.exists()
        status, said = await ended(process)
    assert status == 0, said
    learned = read_learned(out.read_text())
    assert "zibbleState" in learned.names
    assert learned.values[Where("GET /orders/{id}", "response", "body.zibbleState")] == {"quaffed"}
    assert RARE not in out.read_text() + said
    assert files(tmp_path) == ["replay.toml", "vocabulary.json"]


async def test_a_preview_in_front_of_a_service(tmp_path: Path) -> None:
    """All that passed is counted, nothing of it is written or printed."""
    async with served(_shop()) as upstream, listening(tmp_path, upstream, "preview", "--json") as (url, process):
        await browse(url)
        status, said = await ended(process)
    assert status == 0, said
    found = json.loads(said)
    assert found["endpoints"] == {"GET /orders/{id}": 24}
    assert found["files"]["heard"] == 24
    actions = {one["place"]: one["action"] for one in found["places"]}
    assert (actions["body.note"], actions["body.total"]) == ("pseudonymise", "keep")
    assert RARE not in said
    assert files(tmp_path) == ["replay.toml"]


async def test_a_kill_amid_listening_leaves_nothing(tmp_path: Path) -> None:
    """No part of a vocabulary, no queue, no temporary file."""
    out = tmp_path / "vocabulary.json"
    async with served(_shop()) as upstream, listening(tmp_path, upstream, "learn", "--out", str(out)) as (url, process):
        await browse(url)
        process.kill()
        await process.wait()
    assert files(tmp_path) == ["replay.toml"]


async def test_it_ends_by_itself_when_its_time_is_over(tmp_path: Path) -> None:
    words = ("preview", "--json", "--minutes", "0.02")
    async with served(_shop()) as upstream, listening(tmp_path, upstream, *words) as (_, process):
        out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    assert json.loads(out)["places"] == []
