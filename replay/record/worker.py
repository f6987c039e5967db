"""A proxy worker: the embedded proxy, recording into the supervisor's writer. `python -O -P -m replay.record.worker`.

    stdin    the order, one line of JSON; later `drain` and `now`; its end means drain, also when the supervisor is dead
    stdout   {"event": "listening" | "say" | "error" | "finished", ...}, one JSON object a line

SIGTERM drains as well, and a second one hurries.

Rule: stderr carries type names only; the memory never becomes a core file.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from replay.model.errors import ReplayError
from replay.record.ledger import Ledger
from replay.record.private_memory import keep_memory_private
from replay.record.proxy.embedded import run_proxy
from replay.record.recording import Recording, RecordPlan, Seat
from replay.record.worker_process import NOW, WorkerOrder

_STDIN = 0
_READ_BYTES = 4096


def main() -> int:
    keep_memory_private()
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.excepthook = lambda kind, _value, _trace: print(f"replay worker: {kind.__name__}", file=sys.stderr)
    voice = _Voice()
    line = sys.stdin.buffer.raw.readline() if hasattr(sys.stdin.buffer, "raw") else sys.stdin.buffer.readline()
    if not line:
        return 2
    try:
        asyncio.run(_work(WorkerOrder.from_line(line), voice))
    except ReplayError as error:
        voice.say("error", sentence=str(error))
        return 2
    voice.say("finished")
    return 0


async def _work(order: WorkerOrder, voice: _Voice) -> None:
    stop, hurry = asyncio.Event(), asyncio.Event()
    seat = Seat(Ledger.open(order.ledger), order.slot, order.socket, order.token)
    recordings: list[Recording] = []

    def attach() -> Recording:
        recordings.append(Recording(RecordPlan(order.capture, b"", order.created, order.settings), seat))
        return recordings[0]

    def hear(data: bytes) -> None:
        """On a thread of its own: the loop waits while the queue is handed over, and may be told to hurry then."""
        with suppress(RuntimeError):  # the loop has ended
            if NOW in data:
                for recording in recordings:
                    recording.hurry()
                loop.call_soon_threadsafe(hurry.set)
            loop.call_soon_threadsafe(stop.set)

    def end() -> None:
        (hurry if stop.is_set() else stop).set()

    loop = asyncio.get_running_loop()
    threading.Thread(target=_listen_to_parent, args=(hear,), name="replay-parent", daemon=True).start()
    loop.add_signal_handler(signal.SIGTERM, end)
    try:
        await run_proxy(
            order.proxy,
            attach,
            lambda sentence: voice.say("say", sentence=sentence),
            lambda host, port: voice.say("listening", host=host, port=port),
            stop,
            hurry,
            order.authority,
        )
    finally:
        for recording in recordings:
            recording.stop(0)  # does nothing when the addon has done it


def _listen_to_parent(hear: Callable[[bytes], None]) -> None:
    """Until it has nothing more to say, or is dead: the end of stdin is heard as no bytes."""
    while True:
        data = os.read(_STDIN, _READ_BYTES)
        hear(data)
        if not data:
            return


class _Voice:
    """Our own channel: whatever else prints to stdout lands on stderr, not between the lines."""

    def __init__(self) -> None:
        self._fd = os.dup(1)
        os.dup2(2, 1)

    def say(self, event: str, **fields: Any) -> None:
        with suppress(OSError):  # the supervisor may be gone; the traffic is what counts
            os.write(self._fd, json.dumps({"event": event, **fields}).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
