"""Bodies that would take long are refused by counting, before they are read, and usual ones of any size are not."""

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
        exchange(answer=HOSTILE),
        exchange(body=HOSTILE),
        socket(*MESSAGES),
        exchange(f"/search?q={HOSTILE}"),
        exchange(headers=[("X-Data", HOSTILE[start : start + MESSAGE]) for start in range(0, len(HOSTILE), MESSAGE)]),
        exchange(answer="", trailers={"X-Data": HOSTILE}),
    ],
)
def test_what_takes_long_is_refused_unread(planted):
    """The reason is a fixed word; nothing of it is told. Many short messages or fields count as one."""
    with pytest.raises(Refused) as refused:
        Policy(Pseudonym(bytes(32))).redact(planted)
    assert (refused.value.reason, refused.value.detail) == ("too-costly", "")


@pytest.mark.parametrize("body", REFUSED, ids=[body[0] for body in REFUSED])
def test_hostile_bodies_of_100_kb_weigh_more_than_50_ms(body: Body):
    """By count of work, on any machine: they never reach a redactor."""
    _, media_type, data = body
    assert len(data) <= SIZE
    assert weight(data) > allowance(len(data)) == MICROS
    assert is_too_costly(exchange(answer=data, answer_type=media_type))


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
