"""Bodies that would take long are left out by counting, before they are read, and usual ones of any size are not."""

from __future__ import annotations

import json
from base64 import b64encode
from random import Random

import pytest

from replay.redact.budget import MICROS, allowance, is_too_costly, weight
from replay.redact.policy import Policy, Refused
from replay.redact.pseudonyms import Pseudonym
from unit.redact.bank_traffic import Bank
from unit.redact.canary_cases import exchange, said, socket
from unit.redact.hostile_bodies import PASSED, REFUSED, SIZE, Body

MESSAGE = 9_000  # characters
HOSTILE = json.dumps([f"https://a{i}.test/x?q={i}" for i in range(4_000)])
MESSAGES = [said(HOSTILE[start : start + MESSAGE]) for start in range(0, len(HOSTILE), MESSAGE)]


@pytest.mark.parametrize(
    "planted",
    [
        exchange(f"/search?q={HOSTILE}"),
        exchange(headers=[("X-Data", HOSTILE[start : start + MESSAGE]) for start in range(0, len(HOSTILE), MESSAGE)]),
        exchange(answer="", trailers={"X-Data": HOSTILE}),
    ],
)
def test_what_takes_long_is_refused_unread(planted):
    """The reason is a fixed word; nothing of it is told. Many short fields count as one."""
    with pytest.raises(Refused) as refused:
        Policy(Pseudonym(bytes(32))).redact(planted)
    assert (refused.value.reason, refused.value.detail) == ("too-costly", "")


SMALL = {"note": "left at the door"}


@pytest.mark.parametrize(
    ("planted", "side", "place"),
    [
        (exchange(body=SMALL, answer=HOSTILE), "response", "body"),
        (exchange(body=HOSTILE, answer=SMALL), "request", "body"),
        (socket(*MESSAGES), "request", "message[*].body"),
    ],
)
def test_a_body_that_takes_long_is_left_out_and_the_exchange_stays(planted, side, place):
    """It is marked, counted and of its true length; the other body is redacted as ever. Many short messages are one."""
    done = Policy(Pseudonym(bytes(32))).redact(planted)
    request, response = done.exchange.request, done.exchange.response
    bodies = [message.body for message in done.exchange.messages] or [getattr(done.exchange, side).body]
    assert all((body.data, body.truncated) == (b"", True) for body in bodies)
    assert sum(body.length_bytes for body in bodies) == len(HOSTILE)
    told = [one for one in done.fields if one.value_class == "too-costly-body"]
    assert [(one.side, one.place, one.action, one.count) for one in told] == [(side, place, "drop", len(bodies))]
    if place == "body":
        other = request.body if side == "response" else response.body
        assert set(json.loads(other.data)) == {"note"}
        assert b"left at" not in other.data
    assert HOSTILE[:40] not in repr(done.exchange)


def test_two_bodies_that_are_too_much_together_cost_the_costlier_one():
    """What is left is within the budget."""
    half = json.dumps([f"https://a{i}.test/x?q={i}" for i in range(1_400)])
    done = Policy(Pseudonym(bytes(32))).redact(exchange(body=half[: len(half) // 2 - 3] + '"]', answer=half)).exchange
    assert done.response.body.data == b""
    assert done.request.body.data
    both = Policy(Pseudonym(bytes(32))).redact(exchange(body=HOSTILE, answer=HOSTILE)).exchange
    assert (both.request.body.data, both.response.body.data) == (b"", b"")


@pytest.mark.parametrize("body", REFUSED, ids=[body[0] for body in REFUSED])
def test_hostile_bodies_of_100_kb_weigh_more_than_50_ms(body: Body):
    """By count of work, on any machine: they never reach a redactor; nor do two of them that say the same."""
    _, media_type, data = body
    assert len(data) <= SIZE
    assert weight(data) > allowance(len(data)) == MICROS
    assert is_too_costly(exchange(answer=data, answer_type=media_type))
    echoed = exchange(body=data, content_type=media_type, answer=data, answer_type=media_type)
    done = Policy(Pseudonym(bytes(32))).redact(echoed).exchange
    assert (done.request.body.data, done.response.body.data) == (b"", b"")
    assert done.response.body.length_bytes == len(data)


@pytest.mark.parametrize("body", PASSED, ids=[body[0] for body in PASSED])
def test_dull_bodies_of_100_kb_weigh_less(body: Body):
    """Length alone refuses nothing, nor does repetition."""
    assert weight(body[2]) < MICROS


@pytest.mark.parametrize("size", [20_000, 99_000, 400_000, 2**20])
@pytest.mark.parametrize("share_fresh", [0.2, 1.0])
def test_usual_rows_of_any_size_are_allowed(size: int, share_fresh: float):
    """Also where no record was ever seen before: a tenth of the limit is left."""
    data = Bank("budget", share_fresh=share_fresh).body(size).data
    assert 0 < weight(data) < 0.9 * allowance(len(data))


def test_a_blank_before_a_number_makes_no_text_of_it():
    """Most writers of JSON put one there; a list of measurements must not be refused for that."""
    chance = Random("fractions")
    readings = {"readings": [chance.random() for _ in range(4_000)]}
    loose, tight = (json.dumps(readings, separators=(between, ":")).encode() for between in (", ", ","))
    assert weight(loose) < 1.05 * weight(tight)
    assert not is_too_costly(exchange(body=loose, answer=loose))


def test_no_short_body_outweighs_the_limit():
    """What is too short to be counted is not too costly, whatever it consists of."""
    for _, media_type, data in REFUSED:
        assert not is_too_costly(exchange(answer=data[:9_000], answer_type=media_type))


NOISE = Random("noise").randbytes(300_000)
UPLOAD = b'--B\r\nContent-Disposition: form-data; name="f"; filename="a.%s"\r\nContent-Type: %s\r\n\r\n%s\r\n--B--\r\n'
MULTIPART = "multipart/form-data; boundary=B"


@pytest.mark.parametrize("kind", ["image/jpeg", "application/pdf", "application/octet-stream", "application/grpc", ""])
def test_what_nobody_reads_costs_nothing(kind: str):
    """Else no download and no upload of a picture would be recorded."""
    assert not is_too_costly(exchange(answer=NOISE, answer_type=kind))
    assert not is_too_costly(exchange(body=NOISE, content_type=kind))


def test_an_upload_costs_what_is_read_of_it():
    """The picture in a form is not read; a table in one is, in base64 too, however it is called."""
    table = next(data for name, _, data in REFUSED if name == "cells")
    coded = b"Content-Transfer-Encoding: base64\r\n\r\n" + b64encode(table)
    assert not is_too_costly(exchange(body=UPLOAD % (b"jpg", b"image/jpeg", NOISE), content_type=MULTIPART))
    assert is_too_costly(exchange(body=UPLOAD % (b"jpg", b"text/csv", table * 2), content_type=MULTIPART))
    hidden = (UPLOAD % (b"jpg", b"text/csv", b"")).replace(b"\r\n\r\n\r\n--B--", b"\r\n" + coded + b"\r\n--B--")
    assert is_too_costly(exchange(body=hidden, content_type=MULTIPART))
