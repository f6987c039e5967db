"""Ctrl-C and SIGTERM against a real process: once drains, twice ends now, and the run file is whole after both."""

import asyncio
import signal
import sqlite3
import sys
from contextlib import asynccontextmanager

from aiohttp import web

from make import exchange
from make_capture import write_capture

REPLAY = [sys.executable, "-m", "replay"]
SLOW_SECONDS = 1.0  # longer than anybody needs to send a signal


@asynccontextmanager
async def target():
    """Answers `/quick` at once and `/slow` late; tells what it was asked, and when somebody asks for something slow."""
    asked, waits = [], asyncio.Event()

    async def answer(request):
        asked.append(request.path)
        if request.path.startswith("/slow"):
            waits.set()
            await asyncio.sleep(SLOW_SECONDS)
        return web.json_response({"ok": True})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked, waits
    finally:
        await runner.cleanup()


def rows(path):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
        return sound, *connection.execute("SELECT finished, requests_sent FROM run").fetchone()
    finally:
        connection.close()


async def run_until(folder, url, waits, *signals, options=()):
    """Start `replay run`, send the signals once the slow request is there; the exit status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *REPLAY, "run", "capture.db", "--target", url, "--out", "run.db", *options,
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(30):
        await waits.wait()
        for number in signals:
            process.send_signal(number)
            await asyncio.sleep(0.2)  # two signals in one instant may arrive as one
        _, said = await process.communicate()
    return process.returncode, said.decode()


def recorded(folder):
    steps = [exchange(f"e{n}", "GET", path, answer={"ok": True}, at=1000.0 + n) for n, path in enumerate(
        ("/quick/1", "/slow/2", "/quick/3"))]  # fmt: skip
    write_capture(folder / "capture.db", steps)


async def test_one_signal_drains(tmp_path):
    """The request under way is answered and kept, nothing further is sent, and the report says that it was stopped."""
    recorded(tmp_path)
    async with target() as (url, asked, waits):
        status, said = await run_until(tmp_path, url, waits, signal.SIGTERM, options=("--concurrency", "1"))
    assert status == 3, said
    assert asked == ["/quick/1", "/slow/2"], "nothing after the signal"
    assert rows(tmp_path / "run.db") == ("ok", 0, 2)
    assert (tmp_path / "run.db.pending").stat().st_size > 0, "what was answered waits for --resume"


async def test_two_signals_end_now(tmp_path):
    """Nobody waits for the answer, no traceback is shown, and the run file is whole."""
    recorded(tmp_path)
    async with target() as (url, asked, waits):
        status, said = await run_until(
            tmp_path, url, waits, signal.SIGINT, signal.SIGTERM, options=("--concurrency", "1")
        )
    assert status == 130, said
    assert "stopped at once" in said
    assert "Traceback" not in said
    assert asked == ["/quick/1", "/slow/2"]
    assert rows(tmp_path / "run.db")[:2] == ("ok", 0)


async def test_a_signal_ends_a_wait_for_a_plan(tmp_path):
    """The next request is due in a quarter of an hour: Ctrl-C does not wait for it."""
    steps = [exchange(f"e{n}", "GET", f"/quick/{n}", answer={"ok": True}, at=1000.0 + 900 * n) for n in range(2)]
    write_capture(tmp_path / "capture.db", steps)
    first = asyncio.Event()
    async with target() as (url, asked, _):

        async def watch():
            while not asked:
                await asyncio.sleep(0.02)
            first.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(watch())
            status, said = await run_until(tmp_path, url, first, signal.SIGINT, options=("--speed", "1x"))
    assert status == 3, said
    assert asked == ["/quick/0"]
    assert rows(tmp_path / "run.db") == ("ok", 0, 1)
