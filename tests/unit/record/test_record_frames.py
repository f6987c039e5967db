"""Frames survive every way in which a pipe can cut them."""

from __future__ import annotations

import pytest

from replay.record.frames import FrameBuffer, FrameKind, encode

EXCHANGES = [("c1", b"\x00\xff" * 50, (("a", b"b"),), 200, 1.5), ("c2", b"", (), 0, 2.5)]
STREAM = b"".join(
    (
        encode(FrameKind.HELLO, {"key": b"k" * 32, "keeps": [("body.x", "public", "")]}),
        encode(FrameKind.EXCHANGES, EXCHANGES),
        encode(FrameKind.EXCHANGES, (17, EXCHANGES)),
        encode(FrameKind.END, None),
    )
)


@pytest.mark.parametrize("step", [1, 2, 5, 64, len(STREAM)])
def test_frames_come_out_whole_however_the_pipe_cuts(step: int) -> None:
    buffer = FrameBuffer()
    out = [frame for i in range(0, len(STREAM), step) for frame in buffer.feed(STREAM[i : i + step])]
    assert [kind for kind, _ in out] == [FrameKind.HELLO, FrameKind.EXCHANGES, FrameKind.EXCHANGES, FrameKind.END]
    assert out[1][1] == EXCHANGES
    assert out[2][1] == (17, EXCHANGES)
    assert not buffer.is_torn


def test_a_torn_frame_is_left_out() -> None:
    """The proxy was killed in mid-write: what came before counts, the torn one is not guessed."""
    buffer = FrameBuffer()
    out = list(buffer.feed(STREAM[:-3]))
    assert len(out) == 3
    assert buffer.is_torn
