"""The health server under a crowd of clients that say nothing."""

from __future__ import annotations

import select
import socket
from contextlib import ExitStack, closing, suppress
from urllib.request import urlopen

from integration.record.faults import until
from replay.record.health import HealthServer
from unit.record.test_record_metrics import ACCOUNT


async def test_silent_clients_cost_a_bounded_number_of_threads() -> None:
    """Who comes when all places are taken is closed on at once; when they are free again, answers come."""
    server = HealthServer(("127.0.0.1", 0), lambda: ACCOUNT)
    with closing(server):
        with ExitStack() as held:
            crowd = [held.enter_context(socket.create_connection(server.address)) for _ in range(40)]
            await until(lambda: len(_closed(crowd)) >= 24)
            assert len(_closed(crowd)) == 24
        await until(lambda: _answer(server.address[1]) == b"ok\n")


def _answer(port: int) -> bytes:
    with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
        return bytes(answer.read())
    return b""


def _closed(crowd: list[socket.socket]) -> list[socket.socket]:
    """Those that there is an end to read of; nobody was sent a word."""
    return select.select(crowd, [], [], 0)[0]
