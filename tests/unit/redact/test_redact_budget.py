"""Bodies that would take seconds are refused by counting, and usual ones of any allowed size are not."""

from __future__ import annotations

import json

import pytest

from replay.redact.budget import MOST_WORK, weight
from replay.redact.policy import Policy, Refused
from replay.redact.pseudonyms import Pseudonym
from unit.redact.bank_traffic import Bank
from unit.redact.canary_cases import exchange, said, socket

MESSAGE = 90_000  # characters
HOSTILE = json.dumps([f"https://a{i}.test/x?q={i}" for i in range(40_000)])


MESSAGES = [said(HOSTILE[start : start + MESSAGE]) for start in range(0, len(HOSTILE), MESSAGE)]


@pytest.mark.parametrize("planted", [exchange(answer=HOSTILE), exchange(body=HOSTILE), socket(*MESSAGES)])
def test_a_body_that_takes_seconds_is_refused_unread(planted):
    """The reason is a fixed word; nothing of the body is told."""
    with pytest.raises(Refused) as refused:
        Policy(Pseudonym(bytes(32))).redact(planted)
    assert (refused.value.reason, refused.value.detail) == ("too-costly", "")


def test_a_megabyte_of_usual_rows_is_far_below_the_limit():
    """Weighed, not redacted: half the limit is left."""
    data = Bank("budget", share_fresh=1.0).body(2**20).data
    assert 0 < weight(data) < MOST_WORK / 2


def test_no_short_body_outweighs_the_limit():
    """What is too short to be counted could not be too costly, whatever marks it consists of."""
    for mark in ('"', ",", "&", "\\", "{", "://", '"eyJ', ".eyJ", "%7B", "%5B", "@"):
        length = MOST_WORK // 21
        assert weight((mark * length)[:length].encode()) <= MOST_WORK
