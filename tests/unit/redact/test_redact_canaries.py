"""Nothing that was planted can be read in what is kept, wherever and however it was written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from replay.model.exchange import Response
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from unit.redact.canary_cases import CANARIES, Canary, grep

POLICY = Policy(Pseudonym(bytes(range(32))))
NAMED = pytest.mark.parametrize("canary", CANARIES, ids=[canary.remark for canary in CANARIES])


def test_there_are_enough_cases_and_each_has_secrets_of_its_own():
    """A hit names its case."""
    planted = [secret for canary in CANARIES for secret in canary.secrets]
    assert len(CANARIES) >= 100
    assert len(planted) == len(set(planted))


@NAMED
def test_the_grep_sees_every_secret_before_redaction(canary: Canary):
    """A secret that the grep cannot see proves nothing."""
    assert grep(canary.secrets, canary.exchange) == list(canary.secrets)


@NAMED
def test_no_secret_is_left(canary: Canary):
    """Redaction hides every secret; neither the exchange nor the notes hold one."""
    redacted = POLICY.redact(canary.exchange)
    assert grep(canary.secrets, (redacted.exchange, redacted.fields)) == []


@NAMED
def test_bodies_are_kept_unless_nobody_can_read_them(canary: Canary):
    """Dropping everything is not redacting: only the bodies on the list are dropped, and say so with their length."""
    before, after = canary.exchange, POLICY.redact(canary.exchange).exchange
    for side, old, new in (
        ("request", before.request.body, after.request.body),
        ("response", getattr(before.response, "body", None), getattr(after.response, "body", None)),
    ):
        if old is None or not old.data:
            continue
        if canary.dropped == side:
            assert (new.data, new.truncated, new.length_bytes) == (b"", True, len(old.data))
        else:
            assert new.data
            assert not new.truncated


@NAMED
def test_a_cut_body_is_dropped_whatever_its_type(canary: Canary):
    """A secret may stand across the cut."""
    cut = canary.exchange.request.body.cut(max(0, len(canary.exchange.request.body.data) - 3))
    planted = replace(canary.exchange, request=replace(canary.exchange.request, body=cut))
    kept = POLICY.redact(planted).exchange.request.body
    assert kept.data == b""
    assert kept.length_bytes == cut.length_bytes


def test_the_key_is_nowhere():
    """Neither a repr nor a message nor the output holds the key."""
    key = bytes(range(100, 132))
    policy = Policy(Pseudonym(key))
    seen = [repr(Pseudonym(key)), policy.key_id, policy.digest]
    for canary in CANARIES[:40]:
        redacted = policy.redact(canary.exchange)
        seen.append(repr((redacted, redacted.exchange)))
        assert grep((key.hex(),), redacted.exchange) == []
    assert not any(key.hex() in text for text in seen)


def test_a_response_without_body_keeps_no_length():
    """Content-Length of a HEAD or 304 tells the size of what was not sent."""
    canary = CANARIES[0].exchange
    from replay.model.headers import Headers

    planted = replace(canary, outcome=Response(304, Headers.of([("Content-Length", "31337")])))
    kept = POLICY.redact(planted).exchange.response
    assert kept is not None
    assert "content-length" not in kept.headers
