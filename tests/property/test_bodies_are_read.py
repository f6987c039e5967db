"""Laws of the readers of bodies: any bytes under any type become a tree of JSON, or are refused by their own error."""

from __future__ import annotations

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.diff.bodies.limits import UnreadableBodyError
from replay.diff.bodies.reading import read_body
from replay.diff.layers import walk_bodies
from replay.model.body import Body

TYPES = (
    *("text/xml", "text/html", "text/csv", "text/plain", "text/plain; charset=utf-16", "text/event-stream"),
    *("application/x-ndjson", "application/x-www-form-urlencoded", "multipart/mixed; boundary=B", "image/png"),
    *("application/msgpack", "application/cbor", "application/x-protobuf", "application/grpc", "application/json"),
)
PIECES = (
    *(b"<", b">", b"a", b"</a>", b"<a>", b"&lt;", b'"', b"=", b" ", b"\n", b"--B", b"\r\n", b"{", b"}", b":", b"data"),
    *(b"1", b",", b"\x08", b"\x00", b"<!--", b"<![CDATA[", b"\xff", b"\x81", b"%41", b"&"),
)
BYTES = st.one_of(st.binary(max_size=60), st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))


def refusal(body: Body) -> str:
    """Why it is not read; empty when it is, and then it can be written as JSON."""
    try:
        return "" if orjson.dumps(read_body(body)) else "no tree"
    except UnreadableBodyError as error:
        return error.reason


@settings(max_examples=200, deadline=None)
@given(BYTES, st.sampled_from(TYPES))
def test_a_body_is_read_to_its_end_or_refused(data: bytes, content_type: str) -> None:
    """No other error, and the reason is a phrase of ours: two broken bodies of one sort share it."""
    reason = refusal(Body(data, content_type))
    assert len(reason) < 60
    assert reason == refusal(Body(bytes(data), content_type))


@settings(max_examples=100, deadline=None)
@given(BYTES, BYTES, st.sampled_from(TYPES))
def test_which_side_is_the_recording_makes_no_difference_to_whether_they_differ(
    one: bytes, two: bytes, content_type: str
) -> None:
    left, right = Body(one, content_type), Body(two, content_type)
    assert bool(walk_bodies(left, right)) is bool(walk_bodies(right, left))
