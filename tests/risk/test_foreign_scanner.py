"""Somebody else's secret scanner (detect-secrets) over what a strict capture holds: nothing that was planted.

What it does report there is listed, for a reviewer will see it, too: stand-ins that have to look like what they stand
for. A JWT parses, a digest is hexadecimal, a token is as long and as random as it was, and a password has a constant.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from detect_secrets import SecretsCollection
from detect_secrets.settings import default_settings

from replay.canary.campaign import Campaign
from replay.canary.case import Case
from replay.canary.in_process import exchange, run, written
from replay.canary.suite import CASES, chosen
from replay.redact.policy import Policy
from replay.redact.pseudonyms import CONSTANT, Pseudonym

LOOKALIKES = {"JSON Web Token", "Base64 High Entropy String", "Hex High Entropy String"}
VENDORS = {"AWS Access Key", "GitHub Token", "Slack Token", "Stripe Access Key", "Private Key"}

LONG = 20_000  # bytes: a few cases are long; they hold the same again and again


def planted_text(cases: tuple[Case, ...]) -> str:
    raw = b"\n".join(written(exchange(one)) for one in Campaign.of(cases, seed=0).planted)
    return raw.decode("utf-8", "replace")


def findings(path: Path, text: str) -> list[tuple[str, str]]:
    """Kind and text of each, by all of its detectors."""
    path.write_text("\n".join(dict.fromkeys(text.splitlines())))
    secrets = SecretsCollection()
    with default_settings():
        secrets.scan_file(str(path))
    return [(one.type, str(one.secret_value)) for _, one in secrets]


def test_the_scanner_sees_vendors_keys_in_raw_traffic(tmp_path: Path) -> None:
    """Else its silence would prove nothing."""
    raw = planted_text(chosen(("SHAPE", "C030", "C154", "C155", "X0*")))
    assert {kind for kind, _ in findings(tmp_path / "raw.txt", raw)} >= VENDORS


@pytest.mark.timeout(120)
def test_the_scanner_finds_stand_ins_only(tmp_path: Path) -> None:
    """Each finding is of a kind that stand-ins must have, and none of the texts was ever in the traffic."""
    policy = Policy(Pseudonym(bytes(range(32))))
    parts = [run(one, policy).written for one in Campaign.of(CASES, seed=0).planted]
    kept = b"\n".join(part for part in parts if len(part) < LONG).decode("utf-8", "replace")
    found = findings(tmp_path / "kept.txt", kept)
    raw = planted_text(CASES)
    true = [kind for kind, text in found if text in raw]
    assert true == []
    others = Counter(kind for kind, text in found if kind not in LOOKALIKES and text != CONSTANT)
    assert others == {}
    assert len(found) < 60, "reviewers read each of them"
