"""Connections that break where they are told to, against a server that keeps what reached it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from make import exchange
from replay.model.exchange import Fault, FaultKind, Outcome
from replay.model.hint import Cut, CutPoint, Hint
from replay.wire.client import Client
from replay.wire.target import Target

PAY = exchange("p", "POST", "/payments", json={"text": "Two seats in the front row"}).request


@dataclass
class Watcher:
    """Reads until the client is gone; `answer` is written as soon as the whole request is there."""

    answer: bytes = b""
    heard: bytes = b""
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            self.heard += piece
            if self.answer and self.heard.endswith(PAY.body.data):
                writer.write(self.answer)
                if self.answer.endswith(b"<close>"):
                    break
        writer.close()
        self.gone.set()


@pytest.fixture
async def watcher() -> AsyncIterator[tuple[Watcher, Target]]:
    made = Watcher()
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield made, Target("http", "127.0.0.1", port, "127.0.0.1")


async def sent(target: Target, cut: Cut) -> Outcome:
    async with Client(target, time.perf_counter, timeout=5.0) as client:
        return (await client.send(PAY, hint=Hint(cut=cut))).outcome


CUTS = [
    (CutPoint.HEADERS, "CutAfterHead", 0),
    (CutPoint.MID_BODY, "CutInBody", len(PAY.body.data) // 2),
    (CutPoint.WAITING, "GaveUpWaiting", len(PAY.body.data)),
]


@pytest.mark.parametrize(("point", "word", "body_bytes"), CUTS)
async def test_so_much_reaches_the_server(
    watcher: tuple[Watcher, Target], point: CutPoint, word: str, body_bytes: int
) -> None:
    """The head whole, with the true length; then as much of the body as was meant, and the end."""
    server, target = watcher
    assert await sent(target, Cut(point, seconds=0.01)) == Fault(FaultKind.CLIENT_GONE, word)
    await asyncio.wait_for(server.gone.wait(), 5)
    head, _, body = server.heard.partition(b"\r\n\r\n")
    assert f"content-length: {len(PAY.body.data)}".encode() in head.lower()
    assert body == PAY.body.data[:body_bytes]


async def test_an_answer_that_is_lost_was_given(watcher: tuple[Watcher, Target]) -> None:
    """It is waited for, interim answers aside; nobody is told what it said."""
    server, target = watcher
    server.answer = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
    assert await sent(target, Cut(CutPoint.ANSWERED)) == Fault(FaultKind.CLIENT_GONE, "AnswerLost")
    await asyncio.wait_for(server.gone.wait(), 5)


async def test_where_no_answer_came_none_is_lost(watcher: tuple[Watcher, Target]) -> None:
    """A server that hangs up says so, as over any other lane."""
    server, target = watcher
    server.answer = b"<close>"
    outcome = await sent(target, Cut(CutPoint.ANSWERED))
    assert isinstance(outcome, Fault)
    assert outcome.kind is FaultKind.RESET


async def test_nobody_there_is_no_break_of_ours() -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    outcome = await sent(Target("http", "127.0.0.1", port, "127.0.0.1"), Cut(CutPoint.WAITING))
    assert isinstance(outcome, Fault)
    assert outcome.kind is FaultKind.CONNECT
