"""Whole runs under every control: what the target gets, what is not judged and why, and what is left in the end."""

import json
import sqlite3
import sys
import time
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web

from make import exchange
from make_capture import write_capture
from replay.compose.config import Config, parse_config
from replay.compose.config_safety import Safety
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import Threshold, exit_status, read_view
from replay.compose.workers import execute_with_workers
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from replay.model.errors import ReplayError
from replay.report.json_report import render
from replay.report.text_report import render as as_text
from replay.store.run_writer import RunWriter
from upstreams import served

TOKEN = {"Authorization": "Bearer abcdefghijklmnop0123456789"}
MIXED = (
    exchange("e1", "GET", "/notes", answer={"items": []}, headers=TOKEN, at=1000.0),
    exchange("e2", "POST", "/notes", 201, json={"text": "one"}, answer={"id": 17}, headers=TOKEN, at=1001.0),
    exchange("e3", "GET", "/notes/17", answer={"id": 17, "text": "one"}, headers=TOKEN, at=1002.0),
    exchange("e4", "GET", "/about", answer={"name": "notes"}, headers=TOKEN, at=1003.0),
)


@dataclass
class Notes:
    """A small service. `old` is a row from before; `limit`: answers a second, beyond that 429."""

    limit: int = 0
    refuse_number: int = 0
    throttle_posts: bool = False
    rows: dict = field(default_factory=lambda: {7: "old"})
    asked: list = field(default_factory=list)
    credentials: list = field(default_factory=list)
    refused: list = field(default_factory=list)
    _taken: list = field(default_factory=list)

    async def answer(self, request):
        self.asked.append(f"{request.method} {request.path}")
        if self._is_too_much() or (self.throttle_posts and request.method == "POST"):
            self.refused.append(len(self.asked))
            return web.Response(status=429, headers={"Retry-After": "1" if self.limit else "0"})
        if request.path.startswith("/things"):
            return web.json_response({"ok": True})
        if request.path == "/about":
            return web.json_response({"name": "notes"})
        return await self._notes(request)

    async def _notes(self, request):
        if request.method == "POST":
            number = max(self.rows, default=0) + 1
            self.rows[number] = (await request.json())["text"]
            return web.json_response({"id": number}, status=201)
        number = int(request.path.rpartition("/")[2]) if request.path != "/notes" else 0
        if request.method == "DELETE":
            self.credentials.append(request.headers.get("Authorization"))
            return web.Response(status=204 if self.rows.pop(number, None) else 404)
        if not number:
            return web.json_response({"items": []})
        return web.json_response({"id": number, "text": self.rows[number]})

    def _is_too_much(self):
        now = time.monotonic()
        self._taken = [at for at in self._taken if at > now - 1]
        if len(self.asked) == self.refuse_number or (self.limit and len(self._taken) >= self.limit):
            return True
        self._taken.append(now)
        return False


@asynccontextmanager
async def running(notes):
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", notes.answer)
    async with served(app) as url:
        yield url


def asking(tmp_path, url, exchanges=MIXED, toml="", mutators=(), **chosen):
    """A request with `toml` as replay.toml and `chosen` as the command line's options."""
    capture = write_capture(tmp_path / "capture.db", exchanges)
    config = parse_config(toml.encode(), tmp_path / "replay.toml") if toml else Config()
    request = RunRequest("run", capture, url, tmp_path / "run.db", RunSettings(confirm=0), config, mutators=mutators)
    return replace(request, safety=config.safety.chosen(chosen))


async def play(tmp_path, url, *given, **chosen):
    """The view of the run's file."""
    await execute(asking(tmp_path, url, *given, **chosen), (), StopFlag())
    return read_view(tmp_path / "run.db")


def reasons(view):
    return [one.reason for one in view.not_judged]


async def test_outside_this_machine_only_reading_arrives(tmp_path):
    """0.0.0.0 leads to this machine, but is no loopback address: nothing that may change data is sent."""
    notes = Notes()
    async with running(notes) as url:
        view = await play(tmp_path, url.replace("127.0.0.1", "0.0.0.0"))
    assert set(notes.asked) == {"GET /notes", "GET /about"}
    assert reasons(view) == ["needs-left-out-exchange", "writes-not-allowed"]
    assert not view.findings
    assert exit_status(view, Threshold()) == 3
    assert "--allow-writes" in view.not_judged[1].detail


async def test_with_an_identity_what_reads_needs_no_recorded_sign_in(tmp_path, monkeypatch):
    """The recorded login is a write and stays away; the reading that used its token goes with QA's own."""
    monkeypatch.setenv("QA_TOKEN", "token-of-qa-0123456789")
    token = "tok-abcdefghijklmnopqrstuvwxyz0123456789"
    login = exchange("l", "POST", "/login", json={"user": "u"}, answer={"token": token}, at=999.0)
    read = exchange(
        "r", "GET", "/about", answer={"name": "notes"}, headers={"Authorization": f"Bearer {token}"}, at=1000.0
    )
    notes, seen = Notes(), []

    async def answer(request):
        seen.append(request.headers.get("Authorization"))
        return await Notes.answer(notes, request)

    notes.answer = answer
    toml = '[[identity]]\nall = true\nkind = "bearer"\ntoken = { env = "QA_TOKEN" }\n'
    async with running(notes) as url:
        view = await play(tmp_path, url.replace("127.0.0.1", "0.0.0.0"), (login, read), toml)
    assert set(notes.asked) == {"GET /about"}
    assert set(seen) == {"Bearer token-of-qa-0123456789"}
    assert reasons(view) == ["writes-not-allowed"]


async def test_a_capture_of_writes_alone_says_what_is_missing(tmp_path):
    notes = Notes()
    async with running(notes) as url:
        with pytest.raises(ReplayError, match="say --allow-writes"):
            await play(tmp_path, url.replace("127.0.0.1", "0.0.0.0"), MIXED[1:2])
    assert notes.asked == []


async def test_a_budget_that_suffices_ends_nothing(tmp_path):
    notes = Notes()
    async with running(notes) as url:
        view = await play(tmp_path, url, requests=8, writes=2, accounts_per_minute=1)
    assert not view.not_judged
    assert len(notes.asked) == 8


async def test_a_budget_of_rows_needs_a_database(tmp_path):
    notes = Notes()
    async with running(notes) as url:
        with pytest.raises(ReplayError, match="name the target's database with --db"):
            await play(tmp_path, url, rows=1)
    assert notes.asked == []


async def test_a_run_that_its_budget_ended_can_be_resumed(tmp_path):
    """What was not sent is sent then; what was answered is not sent again."""
    notes = Notes()
    async with running(notes) as url:
        request = asking(tmp_path, url, requests=6)
        await execute(request, (), StopFlag())
        assert len(notes.asked) == 6
        await execute(replace(request, safety=Safety(), resume=True), (), StopFlag())
    view = read_view(tmp_path / "run.db")
    assert len(notes.asked) == 8
    assert not view.not_judged
    assert view.run.finished


async def test_writes_arrive_when_somebody_says_so(tmp_path):
    notes = Notes()
    async with running(notes) as url:
        view = await play(tmp_path, url.replace("127.0.0.1", "0.0.0.0"), allow_writes=True)
    assert notes.asked.count("POST /notes") == 2
    assert exit_status(view, Threshold()) == 0


@pytest.mark.parametrize(
    ("limits", "arrived", "said"),
    [
        ({"requests": 5}, 5, "requests (5)"),
        ({"requests": 1}, 1, "requests (1)"),
        ({"writes": 1}, None, "writes (1)"),
        ({"seconds": 1e-9}, 0, "seconds (1e-09)"),
        ({"bytes": 200}, None, "bytes (200)"),
    ],
)
async def test_a_spent_budget_ends_the_run_and_says_which(tmp_path, limits, arrived, said):
    notes = Notes()
    async with running(notes) as url:
        view = await play(tmp_path, url, **limits)
    assert reasons(view) == ["budget"]
    assert said in view.not_judged[0].detail
    assert arrived is None or len(notes.asked) == arrived
    assert notes.asked.count("POST /notes") <= limits.get("writes", 9)
    assert exit_status(view, Threshold()) == 3


async def test_adaptive_load_finds_a_limit_of_fifty_a_second(tmp_path):
    """Real sockets, real time: 429 with Retry-After above 50/s. All is judged; hardly anything is refused later.

    The fortieth request is refused in any case: a busy machine may never come to fifty a second.
    """
    notes = Notes(limit=50, refuse_number=40)
    many = [exchange(f"e{n}", "GET", f"/things/a{n}b", answer={"ok": True}, at=1000 + n / 100) for n in range(50)]
    async with running(notes) as url:
        view = await play(tmp_path, url, many, "[adaptive]\nstart = 40\n", adaptive=True)
    assert not view.not_judged
    assert not view.findings
    assert view.fidelity.score == 1
    first = notes.refused[0]
    late = [number for number in notes.refused if number > first + 10]
    assert len(late) < 0.05 * (len(notes.asked) - first)


async def test_a_throttled_write_is_no_divergence(tmp_path):
    notes = Notes(throttle_posts=True)
    async with running(notes) as url:
        view = await play(tmp_path, url, (MIXED[0], MIXED[1], MIXED[3]))
    assert not view.findings
    assert reasons(view) == ["throttled"]
    assert "POST /notes: 1 exchange answered 429" in view.not_judged[0].detail


async def test_a_throttled_case_is_not_judged(tmp_path):
    """The clean replays pass; from then on every POST is refused."""
    notes = Notes()
    answer = notes.answer

    async def later(request):
        notes.throttle_posts = notes.asked.count("POST /notes") >= 2
        return await answer(request)

    notes.answer = later
    async with running(notes) as url:
        view = await play(tmp_path, url, mutators=("duplicate",))
    assert not view.findings
    assert "throttled" in reasons(view)


COMMAND = '[reset]\ncommand = ["{python}", "-c", "{code}"]\ntimeout_seconds = {seconds}\nbetween = {between}\n'


def reset_by(code, seconds=20, between="false"):
    return COMMAND.format(python=sys.executable, code=code, seconds=seconds, between=between)


@pytest.mark.parametrize(
    ("code", "seconds", "message"),
    [
        ("print('secret-4711'); raise SystemExit(3)", 20, "failed with exit status 3"),
        ("import time; time.sleep(30)", 0.3, "did not end within 0.3 seconds"),
    ],
)
async def test_a_reset_that_fails_ends_the_run_before_anything_is_sent(tmp_path, code, seconds, message, capfd):
    notes = Notes()
    async with running(notes) as url:
        with pytest.raises(ReplayError, match=message) as caught:
            await play(tmp_path, url, toml=reset_by(code, seconds))
    assert notes.asked == []
    assert "secret" not in str(caught.value) + "".join(capfd.readouterr())
    assert not (tmp_path / "run.db").exists()


async def test_a_reset_command_runs_first_and_between_clean_replays(tmp_path):
    """It is told the run and the target, and has no terminal."""
    log = tmp_path / "log"
    code = (
        f"import os; open('{log}', 'a').write(os.environ['REPLAY_TARGET'] + ' ' + os.environ['REPLAY_RUN'] + chr(10))"
    )
    notes = Notes()
    async with running(notes) as url:
        view = await play(tmp_path, url, toml=reset_by(code, between="true"))
    assert log.read_text().split("\n") == [f"{url} {view.run.id}"] * 2 + [""]


def counting(tmp_path):
    """A reset between clean replays that writes a line each time, and how often it was run."""
    log = tmp_path / "log"
    return reset_by(f"open('{log}', 'a').write('x')", between="true"), lambda: len(log.read_text())


async def test_a_resumed_run_keeps_the_world_that_it_had_begun(tmp_path):
    """Its budget ended in the second replay: what that one made is there when the rest of it is sent."""
    toml, resets = counting(tmp_path)
    notes = Notes()
    async with running(notes) as url:
        asked = asking(tmp_path, url, toml=toml, requests=6)
        await execute(asked, (), StopFlag())
        assert resets() == 2
        await execute(replace(asked, safety=replace(asked.safety, budget=Safety().budget), resume=True), (), StopFlag())
    assert read_view(tmp_path / "run.db").run.finished
    assert (resets(), len(notes.asked)) == (2, 8)


async def test_every_replay_of_every_group_but_the_first_of_all_is_reset_before(tmp_path):
    """Three sessions in three groups, played twice each."""
    toml, resets = counting(tmp_path)
    tokens = [{"Authorization": f"Bearer {n}bcdefghijklmnop0123456789"} for n in range(3)]
    about = {"name": "notes"}
    asking_for = [
        exchange(f"e{n}", "GET", "/about", answer=about, headers=token, at=1000.0 + n) for n, token in enumerate(tokens)
    ]
    async with running(Notes()) as url:
        asked = asking(tmp_path, url, asking_for, toml)
        await execute(replace(asked, settings=replace(asked.settings, group_exchanges=1)), (), StopFlag())
    assert resets() == 6


async def test_a_reset_script_runs_in_the_named_database(tmp_path):
    database = tmp_path / "qa.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executescript("CREATE TABLE note (id); INSERT INTO note VALUES (1);")
    (tmp_path / "reset.sql").write_text("DELETE FROM note; INSERT INTO note VALUES (5); INSERT INTO note VALUES (6);")
    toml = f'[reset]\nsql = "reset.sql"\ndatabase = "sqlite:///{database}"\n'
    async with running(Notes()) as url:
        await play(tmp_path, url, toml=toml)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT id FROM note").fetchall() == [(5,), (6,)]


async def test_a_reset_script_that_fails_is_told_without_its_words(tmp_path):
    database = tmp_path / "qa.db"
    sqlite3.connect(database).close()
    (tmp_path / "reset.sql").write_text("DELETE FROM secret_4711;")
    notes = Notes()
    async with running(notes) as url:
        with pytest.raises(ReplayError, match=r"failed in qa\.db: SQLITE_ERROR") as caught:
            await play(tmp_path, url, toml=f'[reset]\nsql = "reset.sql"\ndatabase = "sqlite:///{database}"\n')
    assert notes.asked == []
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize(
    ("database", "message"),
    [
        ("postgresql://u:secret@8.8.8.8/shop", "public address"),
        ("postgresql://u:secret@[2606:4700::1111]/shop", "public address"),
        ("postgresql:///shop", "must name one host"),
        ("postgresql://u:secret@10.0.0.1/shop?host=8.8.8.8", "must name one host"),
        ("mysql://u:secret@10.0.0.1/shop", "takes sqlite:///FILE or postgresql"),
        ("", "takes sqlite:///FILE or postgresql"),
    ],
)
async def test_a_reset_goes_to_no_database_of_others(tmp_path, database, message):
    (tmp_path / "reset.sql").write_text("DELETE FROM note;")
    notes = Notes()
    async with running(notes) as url:
        with pytest.raises(ReplayError, match=message) as caught:
            await play(tmp_path, url, toml=f'[reset]\nsql = "reset.sql"\ndatabase = "{database}"\n')
    assert "secret" not in str(caught.value)
    assert notes.asked == []


async def test_a_run_that_died_before_it_began_is_reset_when_it_is_begun_anew(tmp_path):
    """--resume finds a file without a run: what follows is the first play, and no second one."""
    log, notes = tmp_path / "log", Notes()
    RunWriter.create(tmp_path / "run.db").close()
    async with running(notes) as url:
        asked = asking(tmp_path, url, toml=reset_by(f"open('{log}', 'a').write('reset ')"))
        await execute(replace(asked, resume=True), (), StopFlag())
    assert log.read_text() == "reset "


async def test_workers_share_one_budget_and_one_reset(tmp_path):
    log = tmp_path / "log"
    code = f"open('{log}', 'a').write('reset ')"
    clients = [{"Authorization": f"Bearer token-of-{n}"} for n in range(12)]
    about = {"name": "notes"}
    many = [exchange(f"e{n}", "GET", "/about", answer=about, headers=one, at=n) for n, one in enumerate(clients)]
    notes = Notes()
    async with running(notes) as url:
        await execute_with_workers(asking(tmp_path, url, many, toml=reset_by(code), requests=9), 2, (), StopFlag())
    view = read_view(tmp_path / "run.db")
    assert log.read_text() == "reset "
    assert len(notes.asked) == 9
    assert set(reasons(view)) == {"budget"}


async def test_cleanup_deletes_what_the_run_made_and_tells_what_is_left(tmp_path):
    """With the credentials of who made it; the row from before stays."""
    notes = Notes()
    async with running(notes) as url:
        view = await play(tmp_path, url, cleanup=True)
    assert notes.rows == {7: "old"}
    assert len(notes.credentials) == 2
    assert all((one or "").startswith("Bearer ") for one in notes.credentials)
    (remains,) = view.remains
    assert (remains.place, remains.made, remains.deleted, remains.left) == ("POST /notes", 2, 2, 0)
    assert json.loads(render(view))["remains"][0]["left"] == 0
    assert "2 made, 2 deleted; nothing is left" in as_text(view)


async def test_nothing_is_deleted_before_the_run_has_ended(tmp_path):
    """A run that Ctrl-C ended goes on with --resume, and needs what it made; then that is deleted."""
    notes, stop = Notes(), StopFlag()

    class Stopper:
        def on_event(self, event):
            del event
            if len(notes.asked) >= 4:
                stop.set()

    async with running(notes) as url:
        asked = asking(tmp_path, url, cleanup=True)
        await execute(asked, (Stopper(),), stop)
        view = read_view(tmp_path / "run.db")
        made = set(notes.rows) - {7}
        assert (view.run.finished, view.remains, len(made)) == (False, (), 1)
        await execute(replace(asked, resume=True), (), StopFlag())
    view = read_view(tmp_path / "run.db")
    assert (view.run.finished, view.findings, reasons(view)) == (True, (), [])


async def test_a_run_that_its_budget_ends_is_cleaned_up_and_over(tmp_path):
    """Whoever sets a limit wants nothing left behind; what the run would need to go on is gone."""
    notes = Notes()
    async with running(notes) as url:
        asked = asking(tmp_path, url, cleanup=True, requests=6)
        await execute(asked, (), StopFlag())
        view = read_view(tmp_path / "run.db")
        assert (reasons(view), view.run.finished, notes.rows) == (["budget"], True, {7: "old"})
        (remains,) = view.remains
        assert (remains.made, remains.deleted, remains.left) == (2, 2, 0)
        with pytest.raises(ReplayError, match="finished"):
            await execute(replace(asked, resume=True), (), StopFlag())


@pytest.mark.parametrize("status", [405, 404, 401, 500])
async def test_what_cannot_be_deleted_is_told(tmp_path, status):
    """A 404, too, may come from a route that is not there."""
    notes = Notes()

    async def keeps(request):
        if request.method == "DELETE":
            return web.Response(status=status)
        return await Notes.answer(notes, request)

    notes.answer = keeps
    async with running(notes) as url:
        view = await play(tmp_path, url, cleanup=True)
    assert view.remains[0].left == 2
    assert "left: 2 of POST /notes" in as_text(view)


async def test_cleanup_by_the_runs_tag_is_one_request(tmp_path, monkeypatch):
    monkeypatch.setenv("QA_CLEANUP_KEY", "key-of-qa")
    notes, seen = Notes(), []

    async def with_purge(request):
        if request.path.startswith("/purge"):
            seen.append((request.method, request.path_qs, request.headers["X-Key"]))
            return web.Response(status=204)
        return await Notes.answer(notes, request)

    notes.answer = with_purge
    toml = (
        '[cleanup]\nrequest = { method = "POST", path = "/purge?run={run}",'
        ' headers = { X-Key = { env = "QA_CLEANUP_KEY" } } }\n'
    )
    async with running(notes) as url:
        view = await play(tmp_path, url, toml=toml)
    assert seen == [("POST", f"/purge?run={view.run.id}", "key-of-qa")]
    assert not any(one.startswith("DELETE") for one in notes.asked)
    assert view.remains[0].left == 0
    assert b"key-of-qa" not in Path(tmp_path / "run.db").read_bytes()


async def test_a_handshake_that_fails_ends_the_run_before_anything_else_is_sent(tmp_path, monkeypatch):
    monkeypatch.setenv("QA_TOKEN", "token-of-qa")
    notes = Notes()

    async def nobody(request):
        notes.asked.append(request.path)
        return web.Response(status=404)

    notes.answer = nobody
    toml = '[safety]\nhandshake = true\nhandshake_token = { env = "QA_TOKEN" }\n'
    async with running(notes) as url:
        with pytest.raises(ReplayError, match="with 404, not 200") as caught:
            await play(tmp_path, url, toml=toml)
    assert notes.asked == ["/.well-known/replay-ok"]
    assert "token-of-qa" not in str(caught.value)


async def test_a_target_that_is_not_on_the_list_gets_nothing(tmp_path):
    notes = Notes()
    async with running(notes) as url:
        with pytest.raises(ReplayError, match=r"not among \[safety\] targets"):
            await play(tmp_path, url, toml='[safety]\ntargets = ["qa.shop.test"]\n')
    assert notes.asked == []
