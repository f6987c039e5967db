"""Event streams: events stay events, in order, with the stand-ins that their data has elsewhere."""

from __future__ import annotations

import pytest

from replay.redact.policy import Policy
from unit.redact.canary_cases import exchange, grep
from unit.redact.format_desk import PSEUDONYM, stand_in

POLICY = Policy(PSEUDONYM)
EMAIL = "ingrid.halvorsen@northwind.test"
NEW = stand_in(EMAIL)


def got(stream: str | bytes) -> str:
    body = POLICY.redact(exchange(answer=stream, answer_type="text/event-stream")).exchange.response.body
    return body.data.decode()


@pytest.mark.parametrize(
    ("stream", "wanted"),
    [
        pytest.param(
            f'event: note\ndata: {{"e": "{EMAIL}", "n": 3}}\n\n',
            f'event: note\ndata: {{"e":"{NEW}","n":3}}\n\n',
            id="JSON",
        ),
        pytest.param(f'data: {{"e":\ndata: "{EMAIL}"}}\n\n', f'data: {{"e":"{NEW}"}}\n\n', id="JSON over lines"),
        pytest.param(f"data:{EMAIL}\r\n\r\n", f"data: {NEW}\n\n", id="text"),
        pytest.param(f": {EMAIL}\ndata: 1\n\n", "data: 1\n\n", id="comment"),
        pytest.param(f"x-owner: {EMAIL}\ndata: 1\n\n", "data: 1\n\n", id="unknown field"),
        pytest.param(f"{EMAIL}\ndata: 1\n\n", "data: 1\n\n", id="no field"),
        pytest.param(f"retry: 3000\nretry: {EMAIL}\n\n", "retry: 3000\n\n", id="retry"),
        pytest.param(
            f"id: {EMAIL}\nevent: {EMAIL}\ndata: 1\n\n", f"id: {NEW}\nevent: {NEW}\ndata: 1\n\n", id="id and event"
        ),
        pytest.param("data: [DONE]\n\n", "data: [DONE]\n\n", id="the word for the end"),
        pytest.param(f"data: {EMAIL}", f"data: {NEW}", id="an event that was not finished"),
        pytest.param(f"\ufeffdata: {EMAIL}\n\ndata: 2\n\n", f"data: {NEW}\n\ndata: 2\n\n", id="a mark before it"),
    ],
)
def test_a_stream_is_rewritten_event_by_event(stream: str, wanted: str):
    """Comments and unknown fields go; nobody reads them."""
    assert got(stream) == wanted


def test_a_value_cannot_begin_a_field():
    """Line ends in a stand-in never make a new line's field of it."""
    fresh = got(f"data: dear\ndata: event: {EMAIL}\n\n")
    assert [line.partition(":")[0] for line in fresh.split("\n")] == ["data", "data", "", ""]
    assert grep((EMAIL,), fresh) == []


@pytest.mark.parametrize("stream", [b"data: \xff\n\n", "data: 1\n" * 60_000])
def test_what_is_no_stream_is_dropped(stream: str | bytes):
    """Not UTF-8, or more lines than anybody sends."""
    assert got(stream) == ""
