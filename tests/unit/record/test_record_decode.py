"""Content codings are undone under caps; whatever is odd becomes a reason, never a partial body."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard

from replay.record.decode import MAX_BYTES, BodyRefusedError, decoded

TEXT = b'{"name": "Ingrid"}' * 40
RAW_DEFLATE = zlib.compressobj(wbits=-15)
NAMED = b"\x1f\x8b\x08\x18" + bytes(6) + b"cv Ingrid.json\x00by Ingrid\x00" + gzip.compress(TEXT)[10:]
WIDE_WINDOW = b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"  # RFC 8878 section 3.1.1.1.2: a window of 2^31 bytes


@pytest.mark.parametrize(
    ("data", "codings"),
    [
        pytest.param(TEXT, "", id="no coding"),
        pytest.param(TEXT, "identity", id="identity is no coding"),
        pytest.param(gzip.compress(TEXT), "gzip", id="gzip"),
        pytest.param(gzip.compress(TEXT), "X-GZIP", id="old name, other case"),
        pytest.param(NAMED, "gzip", id="a file's name and a comment in the header are left behind"),
        pytest.param(zlib.compress(TEXT), "deflate", id="deflate is the zlib format"),
        pytest.param(RAW_DEFLATE.compress(TEXT) + RAW_DEFLATE.flush(), "deflate", id="raw deflate of some servers"),
        pytest.param(brotli.compress(TEXT), "br", id="brotli"),
        pytest.param(zstandard.compress(TEXT), "zstd", id="zstandard"),
        pytest.param(brotli.compress(gzip.compress(TEXT)), "gzip, br", id="two codings, last one outermost"),
    ],
)
def test_codings_are_undone(data: bytes, codings: str) -> None:
    assert decoded(data, codings) == TEXT


BIG = b"\x00" * (MAX_BYTES + 1)
BOMB = b"\x00" * (MAX_BYTES - 1)


@pytest.mark.parametrize(
    ("data", "codings", "reason"),
    [
        pytest.param(gzip.compress(TEXT)[:-5], "gzip", "broken content coding", id="gzip ends early"),
        pytest.param(gzip.compress(TEXT) + b"x", "gzip", "broken content coding", id="something behind the gzip"),
        pytest.param(gzip.compress(TEXT) * 2, "gzip", "broken content coding", id="a second gzip member"),
        pytest.param(TEXT, "gzip", "broken content coding", id="the header lies"),
        pytest.param(TEXT, "br", "broken content coding", id="not brotli"),
        pytest.param(brotli.compress(TEXT)[:-2], "br", "broken content coding", id="brotli ends early"),
        pytest.param(zstandard.compress(TEXT)[:-2], "zstd", "broken content coding", id="zstd ends early"),
        pytest.param(TEXT, "zstd", "broken content coding", id="not zstd"),
        pytest.param(zlib.compress(TEXT)[:-5], "deflate", "broken content coding", id="deflate ends early"),
        pytest.param(zlib.compress(TEXT) + b"x", "deflate", "broken content coding", id="something behind the deflate"),
        pytest.param(
            brotli.compress(TEXT) + b"x" * 40, "br", "broken content coding", id="something behind the brotli"
        ),
        pytest.param(zstandard.compress(TEXT) + b"x", "zstd", "broken content coding", id="something behind the zstd"),
        pytest.param(zstandard.compress(TEXT) * 2, "zstd", "broken content coding", id="a second zstd frame"),
        pytest.param(WIDE_WINDOW, "zstd", "broken content coding", id="a zstd window of two gigabytes"),
        pytest.param(
            gzip.compress(brotli.compress(TEXT)), "gzip, br", "broken content coding", id="codings in the wrong order"
        ),
        pytest.param(
            gzip.compress(TEXT) + b"Ingrid",
            "gzip, identity",
            "broken content coding",
            id="something behind, and identity",
        ),
        pytest.param(gzip.compress(BIG), "gzip", "compressed more than 200 times", id="gzip bomb"),
        pytest.param(zlib.compress(BOMB), "deflate", "compressed more than 200 times", id="bomb under the size cap"),
        pytest.param(brotli.compress(BIG), "br", "compressed more than 200 times", id="brotli bomb"),
        pytest.param(zstandard.compress(BIG), "zstd", "compressed more than 200 times", id="zstd bomb"),
        pytest.param(BIG, "", "longer than 4 MiB", id="too long as it is"),
        pytest.param(TEXT, "rot13", "unknown content coding", id="unknown coding"),
        pytest.param(TEXT, "gzip, gzip, gzip, gzip", "too many content codings", id="four codings"),
    ],
)
def test_odd_bodies_become_a_reason(data: bytes, codings: str, reason: str) -> None:
    with pytest.raises(BodyRefusedError, match=f"^{reason}$"):
        decoded(data, codings)


def test_small_bodies_may_compress_well() -> None:
    """A page of equal characters is no bomb: the ratio counts from 64 KiB on."""
    assert decoded(gzip.compress(b" " * 60_000), "gzip") == b" " * 60_000
