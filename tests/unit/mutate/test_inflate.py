"""Too much of everything, built as bytes, with a marker in it."""

from __future__ import annotations

import json
from random import Random

import pytest

from make import exchange, session
from replay.model.body import Body
from replay.model.case import Injected, Site, Step
from replay.model.errors import ConfigError
from replay.model.exchange import Exchange
from replay.mutate.inflate import Inflate

NOTE = {"title": "Intro to bookkeeping", "visibility": "private", "course_id": 17}


def created(document: object, **more: object) -> Exchange:
    return exchange("c", "POST", "/notes", 201, json=document, answer={"id": 7}, **more)


def inflated(variant: str, document: object = None, unit: Inflate | None = None) -> tuple[Step, tuple[Injected, ...]]:
    """The changed step, and what it injected."""
    one = unit or Inflate()
    record = session("s", created(NOTE if document is None else document), tenant="acme")
    site = Site("c", "POST /notes", variant)
    (step,) = one.apply(record, site, Random(5))
    return step, one.injected(record, site, Random(5))


def depth_of(document: bytes) -> int:
    """Counted without a parser: no string of ours holds a bracket."""
    depth = deepest = 0
    for byte in document:
        depth += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, depth)
    assert depth == 0
    return deepest


SITES = [
    (created(NOTE), 5, "one per variant"),
    (created({}), 5, "an empty object grows, too"),
    (created([1, 2]), 0, "no object"),
    (exchange("c", "POST", "/notes", 422, json=NOTE), 0, "it never worked"),
    (exchange("c", "GET", "/notes", 200), 0, "safe"),
    (exchange("c", "POST", "/notes", 201, form={"a": "b"}), 0, "no JSON"),
    (exchange("c", "POST", "/notes", 201, body=Body(b'{"a":1', "application/json", True, 99)), 0, "cut"),
]


@pytest.mark.parametrize(("one", "count", "remark"), SITES)
def test_sites(one: Exchange, count: int, remark: str) -> None:
    """Every variant of a write that worked with a JSON object."""
    sites = list(Inflate().sites(session("s", one)))
    assert len(sites) == count, remark
    assert len({site.variant for site in sites}) == count, remark


def test_unknown_key_and_privilege() -> None:
    """A marker under a key that nobody has, and a privilege; everything else stays as it was, in its order."""
    step, (unknown, privilege) = inflated("unknown-key")
    document = json.loads(step.request.body.data)
    assert list(document) == [*NOTE, unknown.key, "is_admin"]
    assert (document[unknown.key], document["is_admin"]) == (unknown.value, True)
    assert unknown.place == f"body.{unknown.key}"
    assert unknown.key.startswith("x_replay_")
    assert len(unknown.key) == 17
    assert unknown.value.startswith("rpl")
    assert len(unknown.value) == 15
    assert privilege == Injected("body.is_admin", "is_admin", "true")


def test_a_privilege_that_is_there_is_left_alone() -> None:
    """Its client may rightly send it."""
    step, injected = inflated("unknown-key", {"is_admin": False})
    assert json.loads(step.request.body.data)["is_admin"] is False
    assert len(injected) == 1


def test_long_string_grows_what_a_person_wrote() -> None:
    """Not the id, not the enum word; the text is exactly as long as asked and begins with the marker."""
    step, (injected,) = inflated("long-string")
    document = json.loads(step.request.body.data)
    assert len(document["title"]) == 1_048_576
    assert document["title"].startswith(injected.value)
    assert (injected.place, injected.key) == ("body.title", "title")
    assert {key: document[key] for key in ("visibility", "course_id")} == {"visibility": "private", "course_id": 17}


def test_long_string_without_free_text_comes_under_an_unknown_key() -> None:
    step, (injected,) = inflated("long-string", {"kind": "private"}, Inflate(string_bytes=1000))
    assert len(json.loads(step.request.body.data)[injected.key]) == 1000


@pytest.mark.parametrize("depth", [100, 2_000, 20_000])
def test_deep_is_valid_json_of_that_depth(depth: int) -> None:
    """No recursion of ours limits it."""
    step, (injected,) = inflated("deep", None, Inflate(depth=depth))
    data = step.request.body.data
    assert depth_of(data) == depth + 1  # the object around it
    assert injected.value.encode() in data
    if depth == 100:
        assert json.loads(data)["title"] == NOTE["title"]


def test_long_array_uses_a_list_of_words_that_is_there() -> None:
    step, (injected,) = inflated("long-array", {"ids": ["a"], "tags": ["x", "y"], "n": [1]})
    document = json.loads(step.request.body.data)
    assert len(document["tags"]) == 10_000
    assert document["tags"][0] == injected.value
    assert (injected.place, injected.key) == ("body.tags[*]", "tags")
    assert (document["ids"], document["n"]) == (["a"], [1])


def test_long_array_and_many_keys_under_unknown_keys() -> None:
    """Exactly as many as asked, the first with the marker."""
    step, (array,) = inflated("long-array")
    assert len(json.loads(step.request.body.data)[array.key]) == 10_000
    step, (first,) = inflated("many-keys")
    document = json.loads(step.request.body.data)
    assert len(document) == len(NOTE) + 2_000
    assert document[first.key] == first.value


def test_content_length_tells_the_truth() -> None:
    """Corrected where it was recorded, never added."""
    record = session("s", created(NOTE, headers={"content-length": "70"}))
    (step,) = Inflate().apply(record, Site("c", "POST /notes", "many-keys"), Random(1))
    assert step.request.headers.get("Content-Length") == str(len(step.request.body.data))
    assert "content-length" not in inflated("deep")[0].request.headers


def test_bytes_of_the_recording_stay() -> None:
    """Duplicate keys, spaces and number spellings are the client's: nothing is encoded anew."""
    raw = b'{ "a": 1.0, "a": 12345678901234567890123 }\n'
    record = session("s", exchange("c", "POST", "/notes", 201, body=Body(raw, "application/json")))
    (step,) = Inflate().apply(record, Site("c", "POST /notes", "unknown-key"), Random(1))
    assert step.request.body.data.startswith(b'{ "a": 1.0, "a": 12345678901234567890123,"x_replay_')


def test_sizes_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="16 or more"):
        Inflate(depth=1)
