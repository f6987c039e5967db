"""A writer that was killed between two commits tears sessions: they say so, and nobody holds it against a target."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner

from make import exchange
from make_capture import write_capture
from replay.cli.inspect import inspect_command
from replay.compose.config import Config
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import judge_again, read_view
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from replay.model.capture import CaptureInfo
from replay.model.session import TORN
from replay.record.scribe import Scribe
from replay.record.snapshot import Snapshot
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.store.capture_reader import CaptureReader
from replay.store.capture_schema import FORMAT_VERSION
from replay.store.capture_writer import CaptureWriter
from upstreams import served

POLICY = Policy(Pseudonym(b"k" * 32))
INFO = CaptureInfo("torn", FORMAT_VERSION, 1.0, POLICY.key_id, POLICY.digest, (), "0.1.0")
LOST_CREATE = (
    exchange("e1", "GET", "/cart", answer={"items": 0}, headers={"Authorization": "Bearer " + "a" * 24}, at=1000.0),
    exchange("e2", "GET", "/cart", answer={"items": 1}, headers={"Authorization": "Bearer " + "a" * 24}, at=1002.0),
    exchange("e3", "GET", "/orders/9", answer={"id": 9}, headers={"Authorization": "Bearer " + "a" * 24}, at=1003.0),
    exchange("e4", "GET", "/about", answer={"name": "x"}, headers={"Authorization": "Bearer " + "b" * 24}, at=1000.0),
)


def snapshot(connection: str, path: bytes, started: float) -> tuple[object, ...]:
    one = Snapshot(
        connection, "10.0.0.5", 8080, "http", b"", b"GET", path, ((b"Host", b"shop.example"),), b"", 0,
        200, ((b"Content-Type", b"application/json"),), b"{}", 2, "", started, started + 0.1,
    )  # fmt: skip
    return tuple(one)


def test_what_went_on_around_the_death_of_a_writer_is_torn(tmp_path: Path) -> None:
    """One that ended long before and one that begins long after are whole."""
    path = tmp_path / "c.db"
    first = CaptureWriter.create(path, INFO)
    before = Scribe(first, POLICY)
    for connection, started in (("old", 100.0), ("cut", 195.0), ("cut", 199.0)):
        before.take(snapshot(connection, b"/a", started))
    before.flush()
    first.close()
    second = CaptureWriter.open_append(path, INFO)
    after = Scribe(second, POLICY)
    after.tear(200.0)
    after.take(snapshot("cut", b"/b", 200.5))
    after.take(snapshot("new", b"/c", 300.0))
    after.flush()
    second.close()
    with CaptureReader.open(path) as reader:
        found = {session.exchanges[0].started: session.is_torn for session in reader.sessions()}
        assert found == {100.0: False, 195.0: True, 200.5: True, 300.0: False}
        assert set(reader.gaps().values()) == {(TORN,)}


def test_a_recording_that_went_well_has_no_torn_session(tmp_path: Path) -> None:
    writer = CaptureWriter.create(tmp_path / "c.db", INFO)
    scribe = Scribe(writer, POLICY)
    scribe.take(snapshot("one", b"/a", 1.0))
    scribe.flush()
    writer.close()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        assert not reader.torn


@asynccontextmanager
async def shop():
    """A cart stays empty and there is no order: what made them was lost with the recorder's writer."""

    async def answer(request):
        if request.path.startswith("/orders"):
            return web.json_response({"error": "no such order"}, status=404)
        return web.json_response({"items": 0} if request.path == "/cart" else {"name": "x"})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    async with served(app) as url:
        yield url


def torn_capture(path: Path, *, is_marked: bool) -> Path:
    write_capture(path, LOST_CREATE)
    if is_marked:
        with CaptureReader.open(path) as reader:
            info = reader.info()
            name = next(one.id for one in reader.sessions() if len(one.exchanges) == 3)
        writer = CaptureWriter.open_append(path, info)
        writer.mark_partial(name, TORN)
        writer.close()
    return path


async def played(tmp_path: Path, *, is_marked: bool):
    capture, out = torn_capture(tmp_path / "c.db", is_marked=is_marked), tmp_path / "run.db"
    async with shop() as url:
        await execute(RunRequest("run", capture, url, out, RunSettings(confirm=0), Config()), (), StopFlag())
    return out


@pytest.mark.parametrize("is_marked", [True, False])
def test_a_torn_session_is_played_and_not_judged(tmp_path: Path, is_marked: bool) -> None:
    """Its failure is none of the run's fidelity, also when the stored run is judged again; unmarked, it is found."""
    out = asyncio.run(played(tmp_path, is_marked=is_marked))
    for _ in range(2):
        view = read_view(out)
        assert bool(view.findings) is not is_marked
        if is_marked:
            assert [one.reason for one in view.not_judged] == ["torn-session"]
            assert "1 session is torn: the recorder's writer was killed" in view.not_judged[0].detail
            assert (view.fidelity.score, view.run.finished) == (1.0, True)
        judge_again(out, Config())


def test_inspect_says_how_many_are_torn(tmp_path: Path) -> None:
    path = torn_capture(tmp_path / "c.db", is_marked=True)
    said = CliRunner().invoke(inspect_command, [str(path)], catch_exceptions=False).output
    assert "1 session is torn: a writer was killed while they went on" in said.replace("\n", " ")
    counts = json.loads(CliRunner().invoke(inspect_command, [str(path), "--json"]).output)["counts"]
    assert counts["torn_sessions"] == 1
