"""Keys that an object names twice: what the parser drops is still compared."""

from __future__ import annotations

import pytest

from replay.diff.alignment import nothing_redacted
from replay.diff.compare import compare
from replay.diff.layers import walk_bodies
from replay.diff.noise import learn
from replay.model.body import Body
from unit.diff.traced import answers

BIG = b"123456789012345678901"


@pytest.mark.parametrize(
    ("left", "right", "is_equal", "remark"),
    [
        (b'{"a":1,"a":2}', b'{"a":9,"a":2}', False, "the value that is dropped differs"),
        (b'{"a":1,"a":2}', b'{"a":2}', False, "it is there on one side only"),
        (b'{"a":1,"a":2}', b'{ "a": 1, "a": 2 }', True, "both say it, in another spelling"),
        (b'{"a":{"b":1,"b":2},"c":[]}', b'{"c":[],"a":{"b":2}}', False, "deeper, and in another order"),
        (b'{"a":"x:y"}', b'{ "a" : "x:y" }', True, "a colon in a text is no key"),
        (b'{"a":"\\u003a"}', b'{"a":":"}', True, "nor is one that is escaped"),
        (b'{"a\\u003a":1,"a:":2}', b'{"a:":2}', False, "an escaped key is the same key"),
        (b'{"n":%s,"a":1,"a":2}' % BIG, b'{"n": %s,"a":2}' % BIG, False, "beside an integer beyond 64 bits"),
        (b'{"n":%s,"a":2}' % BIG, b'{"n": %s,"a":2}' % BIG, True, "which alone is no reason"),
        (b'{"a":true,"a":0}', b'{"a":1,"a":0}', False, "1 is not true, there either"),
    ],
)
def test_what_the_last_key_hides(left: bytes, right: bytes, is_equal: bool, remark: str) -> None:
    pairs = walk_bodies(Body(left, "application/json"), Body(right, "application/json"))
    assert (pairs == []) is is_equal, remark


def test_a_build_that_writes_a_key_twice_is_found() -> None:
    """Against a recording that did not, in both clean replays."""
    recorded, *clean = answers(b'{"a":2}'), answers(b'{"a":1,"a":2}', world=1), answers(b'{"a":1,"a":2}', world=2)
    (found,) = compare(recorded, clean, learn(*clean, nothing_redacted), nothing_redacted)
    assert (found.place, found.kind.value) == ("body", "value")
