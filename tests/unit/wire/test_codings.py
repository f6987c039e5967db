"""Content codings: undone within bounds, done as they were, and asked for only where they can be undone."""

from __future__ import annotations

import gzip
import random
import time
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from replay.wire.codings import acceptable, decoded, encoded, is_decodable
from replay.wire.faults import BrokenCodingError

CODINGS = ["gzip", "x-gzip", "deflate", "br", "zstd", "identity", "GZIP", "gzip, br", "zstd ,deflate"]
coding = st.sampled_from(CODINGS)


@given(st.binary(max_size=5000), coding)
def test_what_was_done_is_undone(data, name):
    """For every coding and any bytes."""
    assert decoded(encoded(data, name), name, 10_000) == (data, False)


@given(st.binary(max_size=300), coding, st.integers(0, 200))
def test_nothing_yields_more_than_it_may(seed, name, limit):
    """The beginning is kept, and whoever asked is told of the cut."""
    data = seed * 40
    kept, is_cut = (
        decoded(encoded(data, name), name, limit) if name != "identity" else (data[:limit], len(data) > limit)
    )
    assert len(kept) <= limit
    if "," not in name:  # inside two codings the inner bytes are cut first, and may end before a beginning comes out
        assert (kept, is_cut) == (data[:limit], len(data) > limit)


@given(st.binary(max_size=200), coding)
def test_any_bytes_are_read_or_refused(data, name):
    """Never another error, whatever a server sends."""
    try:
        decoded(data, name, 1000)
    except BrokenCodingError:
        pass


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_a_beginning_is_read_only_where_it_is_known_to_be_one(name):
    """Half a body is an error; half of one that was cut by us is its beginning."""
    data = bytes(range(256)) * 50
    half = encoded(data, name)[:-5]
    with pytest.raises(BrokenCodingError):
        decoded(half, name, 10**6)
    kept, is_cut = decoded(half, name, 10**6, is_part=True)
    assert is_cut
    assert data.startswith(kept)


@pytest.mark.parametrize(
    ("name", "bomb"),
    [
        ("gzip", gzip.compress(bytes(30_000_000))),
        ("deflate", zlib.compress(bytes(30_000_000))),
        ("br", brotli.compress(bytes(30_000_000), quality=1)),
        ("zstd", zstandard.compress(bytes(30_000_000))),
        ("gzip, gzip", gzip.compress(gzip.compress(bytes(30_000_000)))),
    ],
)
def test_a_bomb_is_cut(name, bomb):
    """Whatever it unfolds to."""
    assert decoded(bomb, name, 1000) == (bytes(1000), True)


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_crowd_of_members_is_refused(name, pack):
    """A few bytes each: a million of them would hold everybody up for minutes."""
    one = pack(b"")
    assert decoded(one * 1000, name, 9999) == (b"", False)
    began = time.perf_counter()
    for many in (one * 1001, one * (2**22 // len(one))):
        with pytest.raises(BrokenCodingError):
            decoded(many, name, 9999)
    assert time.perf_counter() - began < 2.0


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_long_members_are_one_body(name, pack):
    """Wherever one ends, the next begins there."""
    parts = [bytes(random.Random(seed).randbytes(size)) for seed, size in enumerate((200_000, 0, 1, 70_000, 1024))]
    assert decoded(b"".join(map(pack, parts)), name, 10**6) == (b"".join(parts), False)
    assert decoded(b"".join(map(pack, parts)), name, 250_000) == (b"".join(parts)[:250_000], True)


def test_a_window_that_no_client_must_hold_is_refused():
    """A zstd frame may ask for gigabytes of memory (RFC 9659 allows 8 MiB)."""
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    frame = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(BrokenCodingError):
        decoded(
            frame.compress(b"x" * 1000) + frame.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) + frame.flush(), "zstd", 9999
        )


@pytest.mark.parametrize(
    ("codings", "is_known"),
    [("gzip", True), ("br, gzip", True), ("", True), ("compress", False), ("gzip, dcz", False), ("br,br,br,br", False)],
)
def test_unknown_codings_and_too_many_are_left_alone(codings, is_known):
    """Three at most."""
    assert is_decodable(codings) is is_known


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        ("gzip,deflate,br", "gzip,deflate,br"),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", "br;q=1.0, gzip;q=0.8"),
        ("*;q=0.000, gzip", "*;q=0.000, gzip"),
        ("exi, sdch", "identity"),
    ],
)
def test_a_wish_keeps_its_weights(recorded, asked):
    """Untouched where every coding can be read."""
    assert acceptable(recorded) == asked
