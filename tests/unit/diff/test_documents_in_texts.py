"""Texts that hold documents: opened where both sides hold one of the same sort, and left alone otherwise."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from replay.diff.alignment import nothing_redacted
from replay.diff.compare import compare
from replay.diff.inner import opened
from replay.diff.noise import learn_from
from unit.diff.traced import answers, classes


def coded(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def token(**claims: Any) -> str:
    return f"{coded({'alg': 'none'})}.{coded(claims)}.{'s' * 20}"


@pytest.mark.parametrize(
    ("left", "right", "place"),
    [
        ('{"a": 1}', '{"a": 2}', "body.f.(json)"),
        ("[1]", "[2]", "body.f.(json)"),
        (coded({"after": 1}), coded({"after": 2}), "body.f.(base64).(json)"),
        (token(sub="u1"), token(sub="u2"), "body.f.(jwt)"),
        ("https://a.test/v1/x?sig=1", "https://b.test/v1/x?sig=2", "body.f.(url)"),
    ],
)
def test_documents_are_opened(left: str, right: str, place: str) -> None:
    twins = opened("body.f", left, right)
    assert twins is not None
    assert [where for where, _, _ in twins] == [place]


@pytest.mark.parametrize(
    ("left", "right"),
    [("plain", "text"), ("{broken}", "{broken}"), ("12", "13"), ("eyJhbGc", "eyJhbGd"), ("", "x")],
)
def test_other_texts_are_one_value(left: str, right: str) -> None:
    assert opened("body.f", left, right) is None


def told(before: str, *after: str, **redacted: str) -> list[str]:
    known = classes(**redacted) if redacted else nothing_redacted
    clean = [answers({"f": text}, world=i) for i, text in enumerate(after, 1)]
    return [one.place for one in compare(answers({"f": before}), clean, learn_from(clean, known), known)]


def test_noise_in_one_field_hides_no_other() -> None:
    """The job's key is noise; the kind is not."""
    texts = [json.dumps({"job": f"{i}" * 20, "kind": "mail"}) for i in range(4)]
    assert told(*texts) == []
    texts[0] = json.dumps({"job": "9" * 20, "kind": "sms"})
    assert told(*texts) == ["body.f.(json).kind"]


def test_a_host_is_the_environments_and_a_route_is_not() -> None:
    assert told("https://prod.test/v1/x", "https://qa.test/v1/x", "https://qa.test/v1/x") == []
    assert told("https://prod.test/v1/x", *["https://qa.test/v2/x"] * 2) == ["body.f.(url).path.part1"]


def test_a_text_that_redaction_wrote_is_not_opened() -> None:
    """What stands inside is made up: only the class of the whole is known."""
    assert told('{"a": "qwe"}', '{"a": "abc"}', '{"a": "abc"}', f="json") == []
