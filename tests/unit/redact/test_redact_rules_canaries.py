"""Rules, detectors and remembered decisions over all canaries: nothing but a keep ever uncovers anything."""

from __future__ import annotations

import pytest

from replay.redact.detector_net import make_detector
from replay.redact.policy import Policy, Refused
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rules import make_rule
from unit.redact.bank_traffic import Bank
from unit.redact.canary_cases import CANARIES, grep

KEY = bytes(range(32))
EVERYWHERE = "body or ws or header or cookie or query or form or trailer"


def policy(*rules: tuple[str, str], detects: bool = False) -> Policy:
    made = [
        make_rule(f"rule {i}", where, action, reason="reviewed" if action == "keep" else "")
        for i, (where, action) in enumerate(rules, 1)
    ]
    net = [make_detector("detector", "d", r"\b[a-f0-9]{7}\b", "token", ["1a2b3c4"], [])] if detects else []
    return Policy(Pseudonym(KEY), rules=made, detectors=net)


POLICIES = {
    **{action: policy((EVERYWHERE, action)) for action in ("drop", "mask", "hash", "pseudonymise", "generalise")},
    "leaves of bodies": policy(("body $..* or ws $..*", "pseudonymise")),
    "a detector": policy(detects=True),
    "names": policy(("name /e/", "pseudonymise")),
}


@pytest.mark.parametrize("name", POLICIES)
def test_no_canary_survives_a_policy_that_hides(name):
    """Each case is written without its secrets, or refused."""
    leaks, refused = [], 0
    for canary in CANARIES:
        try:
            done = POLICIES[name].redact(canary.exchange)
        except Refused:
            refused += 1
            continue
        leaks += [f"{canary.remark}: {name}" for _ in grep(canary.secrets, (done.exchange, done.fields))]
    assert leaks == []
    assert refused <= len(CANARIES) // 20  # dropping everything is not redacting


def test_what_anybody_knows_for_a_secret_is_hidden_though_everything_is_kept():
    """A keep for every place: no e-mail, card or long token is shown."""
    ruled = policy(("body $..* or ws $..* or header or cookie or query or form or trailer", "keep"))
    for canary in CANARIES:
        told = [one for one in canary.secrets if "@" in one or (len(one) == 28 and one.isalnum())]
        try:
            done = ruled.redact(canary.exchange)
        except Refused:
            continue
        assert grep(tuple(told), done.exchange) == [], canary.remark


RULED = (
    ("body $..status or query page", "keep"),
    ("body $..email", "hash"),
    ("body $..customer", "mask"),
    ("body $..total", "generalise"),
    ("response body $..notes", "drop"),
    ('"GET /**" header x-request-id', "keep"),
)


@pytest.mark.parametrize("detects", [False, True])
def test_what_is_remembered_changes_no_output(detects):
    """Traffic through one policy, the same again, and through one that forgets after each exchange: all alike."""
    remembers, forgets = policy(*RULED, detects=detects), policy(*RULED, detects=detects)
    bank = Bank(clients=4, known=20)
    seen = [bank.exchange(600, 3000) for _ in range(40)]
    for one in [*seen, *seen]:
        left = remembers.redact(one)
        right = forgets.redact(one)
        forgets._pseudonym.memo.clear()
        assert (left.exchange, left.fields) == (right.exchange, right.fields)
