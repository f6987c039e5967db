"""Server-sent events over both lanes: listened to as long as the recording did, then closed without a fault."""

from __future__ import annotations

import time

import pytest

from integration.wire.scripted_target import CLOSE, HANG, PAUSE, scripted
from make import exchange
from replay.model.body import Body
from replay.model.exchange import Fault, Request
from replay.model.hint import NO_HINT, EventCount, Hint, hint_of
from replay.wire.client import Client
from replay.wire.event_stream import IDLE_SECONDS, Listening
from replay.wire.options import Lane, WireOptions

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"
EVENT = b"id: 1\ndata: x\n\n"
both_lanes = pytest.mark.parametrize("lane", [Lane.AUTO, Lane.GENERAL])


async def streamed(lane, hint, *script, timeout=5.0):
    """What came of a stream, and after how many seconds."""
    begun = time.monotonic()
    async with (
        scripted(x=(HEAD, *script), y=(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",)) as (target, talk),
        Client(target, time.monotonic, timeout=timeout, options=WireOptions(lane=lane)) as client,
    ):
        sent = await client.send(Request("GET", "/x"), hint=hint)
        assert (await client.send(Request("GET", "/y"))).outcome.body.data == b"ok"
    assert talk.connections == 2, "a stream's connection is not used again"
    return sent, time.monotonic() - begun


@both_lanes
async def test_as_many_events_as_were_recorded_are_enough(lane):
    """However long the server would go on."""
    parts = [part for _ in range(3) for part in (EVENT, PAUSE)]
    sent, took = await streamed(lane, Hint("", 3, 60.0), b": hello\n\n", *parts, HANG)
    assert not isinstance(sent.outcome, Fault)
    assert sent.outcome.body.data == b": hello\n\n" + 3 * EVENT
    assert not sent.outcome.body.truncated
    assert took < 5


@both_lanes
async def test_a_stream_that_says_less_is_left_after_its_time(lane):
    """Twice as long as it was recorded, a second at least; what was heard by then is the answer."""
    sent, took = await streamed(lane, Hint("", 3, 0.1), EVENT, HANG)
    assert sent.outcome.body.data == EVENT
    assert 1 <= took < 4


@both_lanes
async def test_a_stream_never_outlives_the_time_for_a_request(lane):
    """Nothing was recorded to go by: the timeout ends it, without a fault."""
    sent, _ = await streamed(lane, NO_HINT, EVENT, HANG, timeout=0.5)
    assert sent.outcome.body.data == EVENT


@both_lanes
async def test_a_stream_that_ends_by_itself_has_ended(lane):
    """As any other answer."""
    sent, _ = await streamed(lane, Hint("", 3, 60.0), EVENT, CLOSE)
    assert (sent.outcome.status, sent.outcome.body.data) == (200, EVENT)


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\ndata: b\n\n", 2),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", 3),
        (b": comment\n\ndata: a\n: more\n\n\n\n", 1),
        (b"data: a\n\ndata: not ended", 1),
        (b"event: ping\n\nretry: 5\n\n", 2),
        (b"", 0),
    ],
)
def test_events_are_counted_however_they_come(stream, events):
    """In one piece, or byte by byte; a line that has not ended is held in one byte."""
    whole, piecemeal = EventCount(), EventCount()
    whole.add(stream)
    for byte in stream:
        piecemeal.add(bytes([byte]))
    assert (whole.seen, piecemeal.seen) == (events, events)


def test_listening_ends_after_a_silence():
    """Ten seconds without a byte, comments included."""
    listening = Listening(Hint("", 9, 600.0), 100.0, 3000.0)
    assert listening.ends_at == 100.0 + IDLE_SECONDS
    assert not listening.is_enough(b":\n\n", 108.0)
    assert listening.ends_at == 108.0 + IDLE_SECONDS


def test_the_recording_gives_the_hint():
    """Its connection always; of an event stream also how many and how long."""
    plain = exchange("a", "GET", "/a", answer={"data": 1}, at=10.0)
    stream = exchange("b", "GET", "/b", answer_body=Body(2 * EVENT, "text/event-stream"), at=10.0, took=4.0)
    assert hint_of(plain) is NO_HINT
    assert hint_of(stream) == Hint("", 2, 4.0)
