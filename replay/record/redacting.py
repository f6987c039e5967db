"""The policy of a capture, as the settings want it: for recordings, imports, and what a run is answered."""

from __future__ import annotations

from typing import Any

from replay.model.plugins import make_plugins
from replay.record.settings import RecordSettings
from replay.record.settings_redact import compiled_rules
from replay.redact.builtin import BUILTIN
from replay.redact.contract import Redactor
from replay.redact.live_known import Known
from replay.redact.live_policy import LivePolicy
from replay.redact.live_pseudonym import LivePseudonym
from replay.redact.policy import Keep, Policy
from replay.redact.pseudonyms import Pseudonym


def policy_of(key: bytes, settings: RecordSettings) -> Policy:
    """`key` has 32 bytes. Raises ConfigError on a redactor of somebody else that cannot be made."""
    return Policy(Pseudonym(key), **_rules(settings), raw_hosts=settings.raw_hosts)


def live_policy_of(pseudonym: LivePseudonym, known: Known, settings: RecordSettings) -> LivePolicy:
    """The same rules for the answers of QA; there is no host there whose values are nobody's. Raises ConfigError."""
    return LivePolicy(pseudonym, known, **_rules(settings))


def _rules(settings: RecordSettings) -> dict[str, Any]:
    """What every policy is made of besides its key."""
    compiled = compiled_rules(settings.redact)
    return {
        "redactors": _redactors(),
        "keeps": [Keep(*keep) for keep in settings.keeps],
        "lexicon": compiled.lexicon,
        "rules": compiled.rules,
        "detectors": compiled.detectors,
        "classes": compiled.classes,
    }


def _redactors() -> tuple[Redactor, ...]:
    """Framing comes last: it measures what all others wrote."""
    return (*BUILTIN[:-1], *make_plugins("replay.redactors"), BUILTIN[-1])
