"""Live traffic that is only listened to: the recorder's proxy, with a process behind it that counts and writes nothing.

    hooks -> Intake -> pump -> pipe -> `replay.record.listening` -> one JSON line at the end

To the addon this is a recording: bounded, never waiting, exact about what it dropped.

Rule: raw traffic crosses one pipe and is in no file. Nothing is started again: a listener that dies ends the listening.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from replay.model.errors import RecordError
from replay.record.account import RecordSummary
from replay.record.child import ChildProcess
from replay.record.frames import FrameKind, encode
from replay.record.front import Front
from replay.record.intake import Intake
from replay.record.ledger import ERRORS, FULL, GONE, LEFT, SILENT, Ledger
from replay.record.proxy.plan import ProxyPlan
from replay.record.pump import Pump
from replay.record.settings import RecordSettings

_READY_SECONDS = 20.0
_QUEUE_SECONDS, _QUEUE_PATIENCE_SECONDS = 8.0, 4.0  # as a recording's
_RESULT_SECONDS = 30.0


Attach = Callable[[], Any]


class _Pipe:
    """What a pump takes for the way to a writer; see `link.Link`."""

    def __init__(self, process: ChildProcess) -> None:
        self._process = process

    @property
    def is_open(self) -> bool:
        return self._process.is_alive

    def open(self) -> bool:
        return False

    def write(self, data: bytes, is_enough: Callable[[], bool]) -> bool:
        return self._process.write(data, is_enough)

    def tend(self) -> None:
        """It says nothing before the end."""


class LiveHearing(Front):
    """What the recorder's addon takes for a Recording. `order` is for `replay.record.listening`."""

    def __init__(self, order: dict[str, Any], settings: RecordSettings) -> None:
        """Raises RecordError."""
        self.request_body_bytes = settings.request_body_bytes
        self.response_body_bytes = settings.response_body_bytes
        self.tee_budget_bytes = settings.queue_bytes // 4
        self.result: dict[str, Any] | None = None
        self._ledger = Ledger.create(1)
        self._cells = self._ledger.slot(0)
        self._process = ChildProcess("replay.record.listening", [])
        self._process.write(encode(FrameKind.HELLO, order))
        answers = self._process.lines(_READY_SECONDS)
        if not answers or "error" in answers[0]:
            self._process.kill()
            raise RecordError(answers[0]["error"] if answers else "the listening process did not get ready")
        self._intake = Intake(settings.queue_bytes, self._cells, time.monotonic)
        self._pump = Pump(self._intake, _Pipe(self._process), self._cells)
        self._pump.start()
        self._summary: RecordSummary | None = None

    def hurry(self) -> None:
        """The end is bounded anyhow."""

    def stop(self, unfinished: int) -> RecordSummary:
        """Hand over what is queued, and get the result."""
        if self._summary is None:
            self._pump.stop(_QUEUE_SECONDS, _QUEUE_PATIENCE_SECONDS)
            self._process.write(encode(FrameKind.END, None))
            self._process.close_input()
            until = time.monotonic() + _RESULT_SECONDS
            while self.result is None and not self._process.has_fallen_silent and time.monotonic() < until:
                for answer in self._process.lines(until - time.monotonic()):
                    self.result = answer.get("result", self.result)
            self._process.wait(1.0)
            self._process.close()
            lost = sum(int(self._cells[cell]) for cell in (FULL, ERRORS, GONE, SILENT, LEFT)) + unfinished
            heard = int((self.result or {}).get("heard", {}).get("heard", 0))
            dropped = (("not looked at", lost),) if lost else ()
            self._summary = RecordSummary(self.seen, heard, 0, dropped, is_complete=self.result is not None)
        return self._summary


def hear_live(
    proxy: ProxyPlan,
    order: dict[str, Any],
    settings: RecordSettings,
    seconds: float,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Listen for so many seconds, or until Ctrl-C or SIGTERM: what was counted. Raises RecordError."""
    hearings: list[LiveHearing] = []

    def attach() -> Any:
        hearings.append(LiveHearing(order, settings))
        return hearings[0]

    asyncio.run(_listen(proxy, attach, seconds, say))
    result = hearings[0].result if hearings else None
    if result is None:
        raise RecordError("the listening process ended before it told what it had counted: nothing was learned")
    return result


async def _listen(proxy: ProxyPlan, attach: Attach, seconds: float, say: Callable[[str], None]) -> None:
    from replay.record.proxy.embedded import run_proxy  # mitmproxy is wanted here only

    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        (hurry if stop.is_set() else stop).set()

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end)

    def listening(host: str, port: int) -> None:
        say(f"listening on {host}:{port} for {seconds / 60:g} minutes, or until Ctrl-C")
        loop.call_later(seconds, stop.set)

    await run_proxy(proxy, attach, say, listening, stop, hurry)
