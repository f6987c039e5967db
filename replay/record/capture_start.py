"""How a capture begins, new or gone on with: its id, the key of its stand-ins, its rules, and what its head says.

    root key -> (key_scope = "capture": with the capture's id) -> key of the stand-ins -> Policy

Rule: equal values keep equal stand-ins in one capture. Its own head says how its key was made, and that counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from replay import __version__
from replay.model.capture import CaptureInfo
from replay.model.errors import ConfigError, FileFormatError
from replay.record.redacting import policy_of
from replay.record.settings import RecordSettings
from replay.record.tenant_policies import TenantPolicies, require_early_tenants
from replay.redact.keys import PER_TENANT, scoped
from replay.redact.policy import Policy
from replay.store.capture_file import CaptureFile
from replay.store.files import Checks
from replay.store.key_files import read_recipient
from replay.store.manifest import manifest_path, read_manifest
from replay.store.segment_start import next_path

_HEAD_ONLY = Checks(cell_bytes=8 << 20, whole_below_bytes=0)
_CAPTURE, _PROJECT = "capture", "project"


@dataclass(frozen=True, slots=True)
class CaptureStart:
    """`key` made the policy's stand-ins; `tenants` only where each has a key of its own."""

    info: CaptureInfo
    policy: Policy
    key: bytes = field(repr=False)
    tenants: TenantPolicies | None = None


def begin_capture(
    path: Path, root: bytes, settings: RecordSettings, created: float, *, append: bool = False
) -> CaptureStart:
    """`created`: seconds, UTC. Raises ConfigError, FileFormatError."""
    before = _before(path) if append else None
    identity = before.id if before else os.urandom(8).hex()
    # A key that nobody named is of this capture alone, and says so.
    scope = settings.key_scope or ("" if settings.key or before else _CAPTURE)
    salt = _salt(path, scope, identity, before)
    key = scoped(root, salt)
    policy = policy_of(key, settings)
    info = CaptureInfo(
        id=identity,
        format_version=0,  # the file's own is in its header
        created=created,
        key_id=policy.key_id,
        policy_digest=policy.digest,
        origins=(),
        tool_version=__version__,
        key_salt=salt,
        lifetime=settings.lifetime,
        recipient=settings.encrypt_to,
    )
    tenants = None
    if settings.key_per_tenant:
        require_early_tenants(settings.tenant)
        tenants = TenantPolicies(key, policy, settings)
        info = replace(info, policy_digest=info.policy_digest + PER_TENANT)
    return CaptureStart(info, policy, key, tenants)


def with_recipient(settings: RecordSettings) -> RecordSettings:
    """`encrypt_to` as the key itself, read here: who starts a recording is told of a wrong file at once."""
    if settings.key_per_tenant:
        require_early_tenants(settings.tenant)
    if not settings.encrypt_to:
        return settings
    return replace(settings, encrypt_to=read_recipient(Path(settings.encrypt_to).expanduser()))


def require_known_scope(settings: RecordSettings) -> None:
    """A scope says how a key is used that somebody keeps. Raises ConfigError."""
    if settings.key_scope == _PROJECT and not settings.key:
        raise ConfigError('key_scope = "project" needs a key that several recordings share: say key = "file:PATH" too.')
    if settings.key_scope == _CAPTURE and not settings.key:
        raise ConfigError(
            'key_scope = "capture" says how a key of yours is used, and none is named: say key = "file:PATH" too, or'
            " leave key_scope out, and the key is a random one that nobody has afterwards."
        )


def _salt(path: Path, scope: str, identity: str, before: CaptureInfo | None) -> str:
    if before is None:
        return identity if scope == _CAPTURE else ""
    found = _CAPTURE if before.key_salt else _PROJECT
    if scope not in ("", found):
        raise FileFormatError(
            f'{path} was recorded with key_scope = "{found}": say that, or choose another name for this capture'
        )
    return before.key_salt


def _before(path: Path) -> CaptureInfo | None:
    """The head of the capture at this path, also while its active file is missing after a crash."""
    for file in _candidates(path):
        if file.exists():
            part = CaptureFile(file, _HEAD_ONLY)
            try:
                return part.info()
            finally:
                part.close()
    return None


def _candidates(path: Path) -> Iterator[Path]:
    yield path
    yield next_path(path)
    manifest = manifest_path(path)
    if manifest.exists():
        with suppress(FileFormatError):  # said by whoever opens the capture
            for one in reversed(read_manifest(manifest).segments):
                yield path.with_name(one.file)
