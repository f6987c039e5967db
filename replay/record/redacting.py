"""The policy of a capture, as the settings want it: for recordings and imports alike."""

from __future__ import annotations

from replay.model.plugins import make_plugins
from replay.record.settings import RecordSettings
from replay.record.settings_redact import compiled_rules
from replay.redact.builtin import BUILTIN
from replay.redact.policy import Keep, Policy
from replay.redact.pseudonyms import Pseudonym


def policy_of(key: bytes, settings: RecordSettings) -> Policy:
    """`key` has 32 bytes. Raises ConfigError on a redactor of somebody else that cannot be made."""
    # Framing comes last: it measures what all others wrote.
    redactors = (*BUILTIN[:-1], *make_plugins("replay.redactors"), BUILTIN[-1])
    compiled = compiled_rules(settings.redact)
    return Policy(
        Pseudonym(key),
        redactors,
        [Keep(*keep) for keep in settings.keeps],
        compiled.lexicon,
        compiled.rules,
        compiled.detectors,
        compiled.classes,
        settings.raw_hosts,
    )
