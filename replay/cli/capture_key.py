"""The redaction key of a capture at hand: for erasing by original, auditing, and mapping a database alike."""

from __future__ import annotations

from replay.model.capture import CaptureInfo
from replay.model.errors import UsageError
from replay.record.key_source import fetch_key
from replay.redact.keys import FORMS, key_for
from replay.redact.pseudonyms import Pseudonym

_TENANTS = "+tenants"  # at the end of a policy's digest: each tenant has a key of its own


def root_key(source: str) -> bytes:
    """The key itself, never a made-up one. Raises UsageError, ConfigError."""
    if not source:
        raise UsageError(f"name the redaction key with --key: {FORMS}")
    return fetch_key(source)


def key_of_capture(source: str, info: CaptureInfo) -> bytes:
    """What made the stand-ins of this capture. Raises UsageError, ConfigError when the key is another one."""
    key = key_for(root_key(source), info.key_id, info.key_salt)
    if info.policy_digest.endswith(_TENANTS):
        raise UsageError("each tenant of this capture has a key of its own: name stand-ins, not originals")
    return key


def pseudonym_of(source: str, info: CaptureInfo) -> Pseudonym:
    """The stand-ins of this capture. Raises as `key_of_capture`."""
    return Pseudonym(key_of_capture(source, info))
