"""The same traffic through a recorder that runs already, and the same search in the folders that are named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from replay.canary.artefacts import Watch, copied, search
from replay.canary.campaign import Campaign, Tell
from replay.canary.case import Case, Plan
from replay.canary.driver import Driver, Sent
from replay.canary.matrix import EndingReport, Matrix
from replay.canary.records import losses, missing_records
from replay.canary.upstream import PlannedUpstream
from replay.canary.wire_forms import request_bytes
from replay.engine.clock import Clock
from replay.model.errors import ReplayError, UsageError
from replay.store.every_cell import is_sqlite

Sleep = Callable[[float], object]
_LOOK_SECONDS = 0.5
_PROBE = Plan(target="/canary/ready")


@dataclass(frozen=True, slots=True)
class AgainstPlan:
    """`url`: where the recorder listens, plain HTTP. `listen`: where our upstream must be reachable for it."""

    url: str
    listen: tuple[str, int]
    folders: tuple[Path, ...]
    cases: tuple[Case, ...]
    seed: int
    wait_seconds: float = 60.0


def run_against(plan: AgainstPlan, clock: Clock, tell: Tell, sleep: Sleep) -> Matrix:
    """Raises UsageError when nothing arrives at our upstream in time."""
    campaign = Campaign.of(plan.cases, plan.seed)
    host, port = _address(plan.url)
    with closing(PlannedUpstream(*plan.listen)) as upstream:
        tell(f"the recorder at {plan.url} must forward to {upstream.url} (plain HTTP/1.1): set that as its upstream")
        driver = Driver(port, upstream, clock.wall, host)
        _wait_for_passage(plan, driver, upstream, clock, sleep)
        tell(f"traffic comes through; {len(plan.cases)} cases are sent")
        sent = [driver.send(one) for one in campaign.planted if not one.plan.tls_name and not one.plan.http2]
        sleep(3.0)  # the writer commits twice a second
    return Matrix(plan.seed, plan.cases, campaign.secrets, campaign.blind(), _searched(plan, campaign, sent))


def _wait_for_passage(plan: AgainstPlan, driver: Driver, upstream: PlannedUpstream, clock: Clock, sleep: Sleep) -> None:
    deadline = clock.now() + plan.wait_seconds
    while clock.now() < deadline:
        upstream.expect(_PROBE)
        with suppress(OSError):
            with closing(driver.begin(request_bytes(_PROBE))):
                sleep(_LOOK_SECONDS)
            if any(_PROBE.target.encode() in request for request in upstream.received()):
                return
        sleep(_LOOK_SECONDS)
    raise UsageError(
        f"nothing came from {plan.url} to {upstream.url} within {plan.wait_seconds:.0f} s: set its upstream."
    )


def _searched(plan: AgainstPlan, campaign: Campaign, sent: list[Sent]) -> list[EndingReport]:
    reports = []
    with TemporaryDirectory(prefix="rc-") as scratch:
        for folder in plan.folders:
            found = search(folder, Watch("--artifacts"), campaign.detector, Path(scratch))
            reports.append(
                EndingReport(str(folder), len(sent), found.hits, files=found.files, watched_by="--artifacts")
            )
        captures = [path for folder in plan.folders for path in folder.rglob("*") if path.is_file() and is_sqlite(path)]
        missing, counted = _records(captures, sent, Path(scratch))
    changed = [(one.planted.case.id, one.problem) for one in sent if one.problem]
    records = EndingReport(
        "records", len(sent), missing=missing, changed=changed, losses=counted, watched_by="captures"
    )
    return [*reports, records]


def _records(captures: Sequence[Path], sent: list[Sent], scratch: Path) -> tuple[list[tuple[str, str]], dict[str, int]]:
    """What is missing in the capture that has most; everything when there is none."""
    best = [(one.planted.case.id, "the record") for one in sent]
    counted: dict[str, int] = {}
    for path in captures:
        with suppress(ReplayError):
            copy = copied(path, scratch)
            missing = missing_records(copy, sent)
            if len(missing) <= len(best):
                best, counted = missing, losses(copy)
    return best, counted


def _address(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        raise UsageError("--against must be http://HOST[:PORT]") from None
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/"):
        raise UsageError("--against must be http://HOST[:PORT]")
    return parts.hostname, port
