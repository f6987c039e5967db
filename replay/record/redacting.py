"""The policy and the head of a capture, as the settings want them: for recordings and imports alike."""

from __future__ import annotations

import os

from replay import __version__
from replay.model.capture import CaptureInfo
from replay.model.plugins import make_plugins
from replay.record.settings import RecordSettings
from replay.redact.builtin import BUILTIN
from replay.redact.policy import Keep, Policy
from replay.redact.pseudonyms import Pseudonym


def policy_of(key: bytes, settings: RecordSettings) -> Policy:
    """`key` has 32 bytes. Raises ConfigError on a redactor of somebody else that cannot be made."""
    # Framing comes last: it measures what all others wrote.
    redactors = (*BUILTIN[:-1], *make_plugins("replay.redactors"), BUILTIN[-1])
    return Policy(Pseudonym(key), redactors, [Keep(*keep) for keep in settings.keeps])


def head_of(policy: Policy, created: float) -> CaptureInfo:
    """The first line of a new capture; `created` in seconds since the epoch."""
    return CaptureInfo(
        id=os.urandom(8).hex(),
        format_version=0,  # the file's own is in its header
        created=created,
        key_id=policy.key_id,
        policy_digest=policy.digest,
        origins=(),
        tool_version=__version__,
    )
