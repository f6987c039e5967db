"""What could not be compared is told: never equal in silence."""

from __future__ import annotations

import pytest

from replay.diff.unread import CUT, not_compared
from replay.engine.not_compared import bodies_not_compared
from replay.model.body import Body
from replay.model.evidence import Trace
from replay.model.exchange import Response
from replay.model.finding import BODY_NOT_COMPARED
from unit.diff.traced import played, trace


def answered_with(data: bytes, content_type: str, world: int = 0, *, cut: bool = False, status: int = 200) -> Trace:
    return trace(played("e", outcome=Response(status, body=Body(data, content_type, cut))), world=world)


JSON, XML, PNG = "application/json", "text/xml", "image/png"


@pytest.mark.parametrize(
    ("remark", "recorded", "live", "why"),
    [
        ("a cut recording", answered_with(b"", JSON, cut=True), answered_with(b"{}", JSON, 1), CUT),
        ("a cut replay", answered_with(b"{}", JSON), answered_with(b"{", JSON, 1, cut=True), CUT),
        ("both broken", answered_with(b"<a>", XML), answered_with(b"<b>", XML, 1), "XML that is not well-formed"),
        ("the same bytes", answered_with(b"<a>", XML), answered_with(b"<a>", XML, 1), ""),
        ("one is readable: a difference", answered_with(b"<a/>", XML), answered_with(b"<b>", XML, 1), ""),
        ("another status", answered_with(b"", JSON, cut=True), answered_with(b"", JSON, 1, status=500), ""),
        ("a file, of which nobody keeps more", answered_with(b"", PNG, cut=True), answered_with(b"x", PNG, 1), ""),
        ("JSON", answered_with(b"{}", JSON), answered_with(b"[]", JSON, 1), ""),
    ],
)
def test_a_body_that_says_nothing_is_told_with_its_reason(remark: str, recorded: Trace, live: Trace, why: str) -> None:
    assert [reason for _, reason in not_compared(recorded, [live])] == ([why] if why else []), remark


def test_one_verdict_for_each_endpoint_and_reason() -> None:
    recorded, live = answered_with(b"", JSON, cut=True), answered_with(b"{}", JSON, 1)
    verdicts = bodies_not_compared(recorded, [live, live])
    assert [verdict.reason for verdict in verdicts] == [BODY_NOT_COMPARED]
    assert "GET /things/{id}: the body of 1 answer was not compared" in verdicts[0].detail
