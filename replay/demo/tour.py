"""The whole way in one go: production with a recorder, a capture, an empty QA, clean replays, cases, verdicts.

traffic -> recorder (mitmproxy, own process) -> course shop "production"  =>  capture.db
replay fuzz capture.db --target course shop "QA" --db QA's database       =>  run.db, report.json
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from replay.compose.config import Config
from replay.compose.material import read_capture
from replay.compose.runs import Listener, RunRequest, execute
from replay.compose.verdicts import read_view
from replay.demo.children import Child
from replay.demo.qa_database import qa_database
from replay.demo.recorder import recorder, settled
from replay.demo.traffic import TrafficReport, drive
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from replay.model.errors import ReplayError, StoppedError, UsageError
from replay.model.event import Progress
from replay.report.files import write_private
from replay.report.json_report import render
from replay.report.view import RunView

MUTATORS = ("duplicate", "race", "inflate", "swap-tenant")
READY = r"ready (http://\S+)"
SHOP_SETTLES_SECONDS = 0.02  # the shop has no background work: its database is at rest at once


@dataclass(frozen=True, slots=True)
class Tour:
    """`fixed`: the shop without any planted fault, as the twin that must stay silent."""

    out: Path
    fixed: bool = False
    database: str | None = None  # postgresql://… for QA; None: SQLite
    seed: int = 0

    @property
    def capture(self) -> Path:
        return self.out / "capture.db"

    @property
    def run_file(self) -> Path:
        return self.out / "run.db"

    @property
    def report(self) -> Path:
        return self.out / "report.json"


async def perform(tour: Tour, listeners: Sequence[Listener], stop: StopFlag) -> RunView:
    """Make capture.db, run.db and report.json in `tour.out`; nothing keeps running afterwards."""
    _prepare(tour)
    with tempfile.TemporaryDirectory(prefix="replay-demo-") as folder:
        async with qa_database(tour.database, Path(folder)) as database:  # said before anything is recorded
            try:
                await record(tour, Path(folder), listeners, stop)
            except StoppedError:
                tour.capture.unlink(missing_ok=True)
                raise
            await replay(tour, database, listeners, stop)
    view = read_view(tour.run_file)
    write_private(tour.report, render(view))
    return view


async def record(tour: Tour, folder: Path, listeners: Sequence[Listener], stop: StopFlag) -> TrafficReport:
    """Drive traffic through a real recorder in front of "production"."""

    def tell(done: int) -> None:
        if stop.is_set:
            raise StoppedError("stopped while traffic was recorded; there was nothing to keep yet.")
        for listener in listeners:
            listener.on_event(Progress("recording traffic", done, 0, done))

    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(_shop(tour, str(folder / "production.db"), build="old", offset=100))
        proxy = await stack.enter_async_context(recorder(shop.url, tour.capture))
        report = await drive(proxy.url, seed=tour.seed, on_progress=tell)
        await settled(proxy)
        return report


async def replay(tour: Tour, database: str, listeners: Sequence[Listener], stop: StopFlag) -> None:
    """Replay and fuzz against an empty "QA" that runs the new build."""
    async with _shop(tour, database, build="new", offset=0) as shop:
        request = RunRequest(
            command="demo",
            capture=tour.capture,
            target=shop.url,
            out=tour.run_file,
            settings=RunSettings(seed=tour.seed, quiet_seconds=SHOP_SETTLES_SECONDS),
            config=Config(),
            mutators=MUTATORS,
            database=database,
        )
        await execute(request, listeners, stop)


def _shop(tour: Tour, database: str, *, build: str, offset: int) -> Child:
    faults = "none" if tour.fixed else "all"
    arguments = ["-m", "replay.demo.shop", "--port", "0", "--db", database, "--faults", faults]
    arguments += ["--build", "old" if tour.fixed else build, "--id-offset", str(offset), "--exit-with-stdin"]
    return Child("course shop", arguments, READY)


def _prepare(tour: Tour) -> None:
    """The folder, without an earlier demo's files. Raises UsageError when it cannot be written, or holds others'."""
    try:
        tour.out.mkdir(parents=True, exist_ok=True, mode=0o700)
        (tour.out / ".writable").touch(mode=0o600)
        (tour.out / ".writable").unlink()
    except OSError:
        raise UsageError(f"{tour.out} cannot be written: name a writable folder with --out.") from None
    made = [path for path in (tour.capture, tour.run_file, tour.report) if path.exists()]
    if made and not _is_of_a_demo(tour):
        raise UsageError(f"{made[0]} was not made by a demo: name another folder with --out, nothing is overwritten.")
    for path in made:
        path.unlink()


def _is_of_a_demo(tour: Tour) -> bool:
    """A demo's run file says so; the capture beside it is the one that was played."""
    try:
        run = read_view(tour.run_file).run
        sessions, info, _ = read_capture(tour.capture)
    except ReplayError:
        return False
    return run.command == "demo" and run.capture_id == info.id and bool(sessions)
