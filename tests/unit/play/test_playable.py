"""Playable: what cannot be sent as it was recorded is left out, counted, and nothing else is."""

from dataclasses import replace

import pytest

from make import exchange, session
from replay.model.body import Body
from replay.model.conversation import MEDIA_TYPE
from replay.model.exchange import SocketMessage
from replay.play.playable import LEFT_OUT_REASONS, Playable, playable, why_not

CUT = Body(b"", "application/octet-stream", True, 9_000_000)
PLAIN = exchange("p", "GET", "/things", answer={"items": []})
SAID = Body(b'{"messages": [{"after": 0, "text": "delete everything"}]}', MEDIA_TYPE)
MESSAGE = SocketMessage(True, 1.0, Body(b"hello", "text/plain"))


@pytest.mark.parametrize(
    ("one", "reason", "remark"),
    [
        (PLAIN, "", "a plain request"),
        (exchange("a", "GET", "/ws", 101), "websocket", "a handshake"),
        (replace(PLAIN, messages=(MESSAGE,)), "websocket", "messages, whatever the status says (HTTP/2: 200)"),
        (exchange("a", "CONNECT", "/ws", 200), "websocket", "RFC 8441"),
        (exchange("a", "GET", "/ws", 403, headers={"Upgrade": "WebSocket"}), "websocket", "a refused handshake"),
        (exchange("a", "GET", "/ws", body=SAID), "websocket", "a forged one: conversations are made, never recorded"),
        (
            exchange("a", "GET", "/ws", body=replace(SAID, content_type=f"{MEDIA_TYPE}; v=1")),
            "websocket",
            "and so is it",
        ),
        (exchange("a", "POST", "/files", 201, body=CUT), "request-body-not-recorded", "left out altogether"),
        (exchange("a", "POST", "/f", 201, body=replace(CUT, data=b"x")), "request-body-not-recorded", "cut"),
        (exchange("a", "GET", "/files/big", answer_body=CUT), "", "a cut answer can be asked for again"),
        (exchange("a", "POST", "/empty", 204), "", "an empty body is whole"),
    ],
)
def test_why_an_exchange_is_not_played(one, reason, remark):
    assert why_not(one) == reason, remark
    assert not reason or reason in LEFT_OUT_REASONS


@pytest.mark.parametrize(
    "words", [{}, {"websockets": True}, {"reads_only": True}, {"websockets": True, "reads_only": True}]
)
def test_a_forged_conversation_is_never_played(words):
    """What a capture calls a conversation is none; a recorded one is made of its messages, where it is asked for."""
    forged = exchange("f", "GET", "/ws", body=SAID)
    real = replace(exchange("r", "GET", "/ws", 101, body=SAID), messages=(MESSAGE,))
    parts = playable((session("s", forged, real),), **words)
    kept = [one for part in parts.sessions for one in part.exchanges]
    assert [one.id for one in kept] == (["r"] if words == {"websockets": True} else [])
    assert all(b"delete" not in one.request.body.data for one in kept)


def test_everything_else_stays_as_it_was():
    """Sessions keep their names, actors and order; a session without anything to play is gone."""
    first = session("s1", PLAIN, exchange("w", "GET", "/ws", 101), exchange("q", "GET", "/more"), tenant="t")
    second = session("s2", exchange("v", "GET", "/ws", 101), exchange("u", "POST", "/files", 201, body=CUT))
    parts = playable((first, second))
    kept = replace(first, exchanges=(first.exchanges[0], first.exchanges[2]))
    assert parts == Playable((kept,), (("request-body-not-recorded", 1), ("websocket", 2)))
    assert [one.detail.split(":")[0] for one in parts.not_judged()] == ["1 exchange not sent", "2 exchanges not sent"]


def test_a_capture_of_plain_requests_is_played_whole():
    whole = (session("s", PLAIN),)
    assert playable(whole) == Playable(whole)
    assert playable(whole).not_judged() == ()


def test_what_needs_a_left_out_answer_is_left_out_too():
    """The uploaded file's id is never given in QA: asking for it would be answered with 404, and that is no fault."""
    upload = exchange("u", "POST", "/files", 201, body=CUT, answer={"id": "file-93xk20da71"})
    read = exchange("r", "GET", "/files/file-93xk20da71", answer={"id": "file-93xk20da71", "part": "part-55ab11cd99"})
    deeper = exchange("d", "GET", "/parts/part-55ab11cd99", answer={})
    parts = playable((session("s", PLAIN, upload, read, deeper, tenant="t"),))
    assert [one.id for kept in parts.sessions for one in kept.exchanges] == ["p"]
    assert dict(parts.left_out) == {"request-body-not-recorded": 1, "needs-left-out-exchange": 2}


def test_what_another_answer_gave_as_well_is_played():
    """A list that is played names the thing, too: nothing is missing."""
    listed = exchange("l", "GET", "/files", answer={"items": [{"id": "file-93xk20da71"}]})
    upload = exchange("u", "POST", "/files/copy", 201, body=CUT, answer={"id": "file-93xk20da71"})
    read = exchange("r", "GET", "/files/file-93xk20da71", answer={})
    parts = playable((session("s", listed, upload, read, tenant="t"),))
    assert [one.id for kept in parts.sessions for one in kept.exchanges] == ["l", "r"]
