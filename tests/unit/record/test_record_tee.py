"""Tees and the lengths that headers declare: what passes is what came, what is kept is bounded."""

from __future__ import annotations

import pytest

from replay.record.tee import UNKNOWN, Budget, Tee, declared_bytes


def test_a_tee_hands_on_what_it_gets_and_keeps_the_beginning() -> None:
    tee = Tee(5, Budget(100))
    assert [tee(data) for data in (b"abc", b"def", b"ghi")] == [b"abc", b"def", b"ghi"]
    assert (tee.size_bytes, tee.take()) == (9, b"abcde")


def test_an_empty_chunk_is_not_handed_on() -> None:
    """mitmproxy writes it as `0 CRLF CRLF`, which would end a chunked body before its time."""
    assert list(Tee(5, Budget(100))(b"")) == []


def test_large_and_tiny_chunks_are_kept_in_order() -> None:
    tee = Tee(1 << 20, Budget(1 << 20))
    chunks = [b"a" * 3, b"b" * 5000, b"c", b"d" * 9, b"e" * 4096, b"f"]
    for chunk in chunks:
        tee(chunk)
    assert tee.take() == b"".join(chunks)


def test_a_tee_never_raises() -> None:
    """An exception there would hang the client: mitmproxy does not guard stream callbacks."""
    tee = Tee(5, None)
    assert tee(b"abc") == b"abc"
    assert tee(b"def") == b"def"


def test_all_tees_together_stay_within_the_budget() -> None:
    """Beyond it nothing more is kept, and what is kept of each has no gap."""
    budget = Budget(10)
    first, second = Tee(8, budget), Tee(8, budget)
    for tee in (first, second):
        tee(b"12345678")
    assert budget.held_bytes == 10
    assert first.take() == b"12345678"
    second(b"9")  # there is room again, but this one has lost bytes already
    assert (second.size_bytes, second.take()) == (9, b"12")
    assert budget.held_bytes == 0


def test_dropping_twice_gives_back_once() -> None:
    budget = Budget(10)
    tee = Tee(8, budget)
    tee(b"1234")
    tee.drop()
    tee.drop()
    assert budget.held_bytes == 0


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        pytest.param([], None, id="nothing said"),
        pytest.param([(b"content-LENGTH", b"12")], 12, id="any case"),
        pytest.param([(b"Content-Length", b"12"), (b"Content-Length", b"12")], 12, id="twice the same"),
        pytest.param([(b"Content-Length", b"12"), (b"Content-Length", b"13")], UNKNOWN, id="twice, not the same"),
        pytest.param([(b"Content-Length", b"2, 2")], UNKNOWN, id="a list"),
        pytest.param([(b"Content-Length", b"-1")], UNKNOWN, id="negative"),
        pytest.param([(b"Content-Length", b"\xb2")], UNKNOWN, id="a digit that is none"),
        pytest.param([(b"Content-Length", b"")], UNKNOWN, id="empty"),
        pytest.param([(b"Content-Length", b"9" * 5000)], UNKNOWN, id="more digits than int() takes"),
        pytest.param([(b"Transfer-Encoding", b"chunked")], UNKNOWN, id="chunked"),
        pytest.param([(b"Content-Length", b"1"), (b"Transfer-Encoding", b"chunked")], UNKNOWN, id="both: chunked wins"),
        pytest.param([(b"Content-Lengthy", b"1"), (b"xontent-length", b"1")], None, id="other names"),
    ],
)
def test_what_headers_declare(fields: list[tuple[bytes, bytes]], length: int | None) -> None:
    assert declared_bytes(tuple(fields)) == length
