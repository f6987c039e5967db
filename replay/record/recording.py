"""A recording from the proxy's side: offer snapshots, and get an exact account at the end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replay.model.errors import RecordError
from replay.record.account import RecordSummary, Standing, summary_of
from replay.record.address import parse_address
from replay.record.balance import Account, account_of
from replay.record.capture_start import require_known_scope, with_recipient
from replay.record.front import Front
from replay.record.intake import Intake
from replay.record.key_source import fetch_key
from replay.record.ledger import UNFINISHED, Ledger
from replay.record.link import ChildLink, SocketLink
from replay.record.options import said
from replay.record.pump import Pump
from replay.record.settings import RecordSettings, load_settings, with_options
from replay.record.writer_process import WriterOrder, has_capture

if TYPE_CHECKING:
    from replay.record.health import HealthServer

__all__ = ["RecordPlan", "RecordSummary", "Recording", "Seat", "plan_recording"]

# An orchestrator kills after 30 s. Of these 10 go to requests in flight (see `proxy.drain`), and then:
QUEUE_SECONDS = 8.0  # to what is queued
QUEUE_PATIENCE_SECONDS = 4.0  # while the writer takes nothing of it
WRITER_SECONDS = 4.0  # to the writer, for what it has and for somebody's lock on the file; its last word follows
_PIPE_BYTES = 256 << 10  # what a pipe or socket may hold besides the queue
_RECONNECT_SECONDS = 0.5

logger = logging.getLogger("replay.recorder")


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """All that a recording needs to know. `created`: seconds, UTC."""

    capture: Path
    key: bytes = field(repr=False)
    created: float
    settings: RecordSettings = RecordSettings()
    append: bool = False


@dataclass(frozen=True, slots=True)
class Seat:
    """A worker's place beside others: where its counters are, and where the supervisor's writer accepts."""

    ledger: Ledger
    slot: int
    socket: str
    token: bytes = field(repr=False)


def plan_recording(values: Mapping[str, Any], created: float) -> RecordPlan:
    """Options by name without `replay_` -> a plan. What is not said stands in the configuration, or is the default."""
    spoken = said(values)
    config = str(spoken.pop("config", ""))
    settings = with_options(load_settings(Path(config)) if config else RecordSettings(), spoken)
    if not settings.capture:
        raise RecordError("no capture file is named: set replay_capture (or --capture) to the file to write")
    require_known_scope(settings)
    settings = with_recipient(settings)
    if settings.metrics:
        parse_address(settings.metrics)
    return RecordPlan(
        capture=Path(settings.capture).expanduser().absolute(),
        key=fetch_key(settings.key),
        created=created,
        settings=settings,
        append=settings.append,
    )


class Recording(Front):
    """Open from construction to `stop`. `saw`, `offer` and `count_error` are for one thread, the proxy's loop."""

    def __init__(self, plan: RecordPlan, seat: Seat | None = None) -> None:
        """Without a `seat`: starts the writer and waits until the capture is open. Raises ReplayError."""
        settings = plan.settings
        self.request_body_bytes = settings.request_body_bytes
        self.response_body_bytes = settings.response_body_bytes
        self.drain_seconds = settings.drain_seconds
        self.tee_budget_bytes = settings.queue_bytes // 4  # what bodies in flight may hold together
        self._ledger = seat.ledger if seat else Ledger.create(1)
        self._slot = seat.slot if seat else 0
        self._cells = self._ledger.slot(self._slot)
        self._child: ChildLink | None = None
        limit = max(settings.queue_bytes - _PIPE_BYTES, settings.queue_bytes // 2)
        self._intake = Intake(limit, self._cells, time.monotonic)
        if seat:
            link = SocketLink(seat.socket, seat.token, self._cells)
            self._pump = Pump(self._intake, link, self._cells, _RECONNECT_SECONDS)
        else:
            if settings.raw_hosts:
                _warn(raw_warning(settings.raw_hosts))
            self._child = ChildLink(_order(plan, self._ledger), self._cells, _warn)
            self._pump = Pump(self._intake, self._child, self._cells)
        self._health = serve_health(settings.metrics, self.account) if self._child and settings.metrics else None
        self._pump.start()
        self._summary: RecordSummary | None = None
        self._hurried = threading.Event()

    @property
    def writer_pid(self) -> int:
        """0 while there is none, and in a worker."""
        process = self._child.process if self._child else None
        return process.pid if process else 0

    def account(self) -> Account:
        """How it stands now, for metrics."""
        child = self._child
        process = child.process if child else None
        return account_of(
            self._ledger.read(),
            start=child.start if child else Standing(),
            known=process.latest if process else child.known if child else Standing(),
            opened=process.standing if process else None,
            state=process.state if process else None,
            now=time.monotonic(),
            writer_restarts=child.restarts if child else 0,
        )

    def hurry(self) -> None:
        """Cut short a `stop`, also one that is under way; what is queued then is counted as left. For any thread."""
        self._hurried.set()

    def stop(self, unfinished: int) -> RecordSummary:
        """Flush and close, at most 14 s. `unfinished` exchanges had begun and will not be offered."""
        if self._summary is None:
            self._cells[UNFINISHED] = max(unfinished, self._not_offered())
            if self._health:
                self._health.close()
            self._summary = self._finish(self._child) if self._child else self._leave()
        return self._summary

    def _finish(self, child: ChildLink) -> RecordSummary:
        self._pump.stop(QUEUE_SECONDS, QUEUE_PATIENCE_SECONDS, self._hurried.is_set)
        deadline, last = time.monotonic() + WRITER_SECONDS, None
        if not self._pump.is_stuck:  # else it is starting a writer, which two threads must not do at once
            for _ in range(2):  # it may be dead, or die at the very end: one more states the losses
                child.tend()
                if child.is_open or child.open():
                    last = child.finish(max(0.1, deadline - time.monotonic()))
                if last is not None or time.monotonic() >= deadline:
                    break
        summary = summary_of(self._ledger.read(), child.start, last, child.known)
        self._ledger.close()
        return summary

    def _leave(self) -> RecordSummary:
        """A worker's part: the capture's figures are known to the supervisor only."""
        self._pump.stop(QUEUE_SECONDS, QUEUE_PATIENCE_SECONDS, self._hurried.is_set)
        return summary_of(self._ledger.read(), Standing(), None, None)

    def _not_offered(self) -> int:
        counts = self._ledger.read()[self._slot]
        return max(0, counts.open - counts.queued)


def serve_health(address: str, view: Callable[[], Account]) -> HealthServer:
    from replay.record.health import HealthServer  # HTTP and metrics cost memory, and few ask for them here

    return HealthServer(parse_address(address), view)


def _order(plan: RecordPlan, ledger: Ledger) -> WriterOrder:
    append = plan.append and has_capture(plan.capture)
    return WriterOrder(plan.capture, plan.key, plan.settings.to_wire(), plan.created, append, ledger.fd)


def raw_warning(hosts: Sequence[str]) -> str:
    """What has to be said at the start of a recording that is not redacted."""
    return f"WARNING: what goes to {', '.join(hosts)} is recorded RAW, without any redaction, as was asked for."


def _warn(sentence: str) -> None:
    logger.warning("replay: %s", sentence)
