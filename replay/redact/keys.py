"""Where the redaction key comes from, what a key is, and which keys are made of it.

    env:NAME     a variable of the environment, hex or base64; taken out of it once it is read
    file:PATH    32 raw bytes, hex or base64; its owner's alone (0400 or 0600)
    fd:N         an inherited descriptor, read to its end
    cmd:WORDS    the standard output of a program, such as a KMS's decrypt; no shell
    (nothing)    fresh chance: a key of this one recording, that nobody has when it ends

    root key ── capture key: BLAKE2b(root, the capture's id)     key_scope = "capture"
             └─ itself                                           key_scope = "project"
    either   ── tenant key: BLAKE2b(it, PRF(tenant))             key_per_tenant = true

Rule: a key never comes from a configuration file's own text or from an argument, and no message quotes any part of one.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Protocol

from replay.model.errors import ConfigError
from replay.redact.pseudonyms import KEY_BYTES, Pseudonym

FORMS = "env:NAME or file:PATH (also fd:N, cmd:PROGRAM ARGS)"
SCOPES = ("capture", "project")
PER_TENANT = "+tenants"  # ends the policy digest of a capture in which each tenant has a key of its own
_KINDS = ("env", "file", "fd", "cmd")
_NEVER = f"A redaction key comes from {FORMS}; write one of them, never the key itself."
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LIKE_A_KEY = re.compile(r"[0-9A-Za-z+/_=-]{40,}")


class KeyPlaces(Protocol):
    """What the rim can fetch. Raises OSError, or ConfigError with a sentence of its own."""

    def read_descriptor(self, number: int) -> bytes: ...
    def run(self, command: str) -> bytes: ...


def load_key(
    source: str | None,
    environ: Mapping[str, str],
    read_file: Callable[[str], bytes],
    token_bytes: Callable[[int], bytes],
    places: KeyPlaces | None = None,
) -> bytes:
    """The 32 bytes that `source` means; without one, from `token_bytes`. Raises ConfigError."""
    if source is None:
        return token_bytes(KEY_BYTES)
    kind, place = parse_source(source)
    if kind == "env":
        return _from_environment(place, environ)
    if kind == "file":
        return _from_file(place, read_file)
    if places is None:
        raise ConfigError(f"A redaction key from {kind}: is not available here; use env:NAME or file:PATH.")
    if kind == "fd":
        return _from_descriptor(place, places)
    return key_of(places.run(place), "The key command's output")


def parse_source(source: str) -> tuple[str, str]:
    """(kind, place). Raises ConfigError for what is none, also for a key in the place of its name."""
    kind, _, place = source.partition(":")
    place = place.strip()
    if kind not in _KINDS or not place:
        raise ConfigError(_NEVER)
    if _holds_key(place):
        raise ConfigError(
            f"The key itself stands after {kind}: and everybody on this machine could read it: make a new one, "
            f"and name its place: {FORMS}."
        )
    if kind == "env" and not _NAME.fullmatch(place):
        raise ConfigError("env: takes the name of an environment variable, letters, digits and underscores.")
    return kind, place


def key_of(data: bytes, what: str) -> bytes:
    """32 raw bytes, or as hex or base64. Raises ConfigError, in which `what` stands for the data."""
    key = data if len(data) == KEY_BYTES else _from_text(data.decode("latin-1").strip())
    if key is None:
        raise ConfigError(f"{what} holds no redaction key: it must be 32 raw bytes, or 32 bytes in hex or base64.")
    return key


def scoped(root: bytes, salt: str) -> bytes:
    """The key that makes stand-ins: the root itself, or with a `salt` (a capture's id) one that nothing else has."""
    if not salt:
        return root
    return hashlib.blake2b(salt.encode(), key=root, person=b"replay-capture", digest_size=KEY_BYTES).digest()


def tenant_key(key: bytes, tenant: str) -> bytes:
    """Of one tenant under a capture's key; its name goes in as a keyed digest only."""
    name = Pseudonym(key).digest("tenant", tenant)
    return hashlib.blake2b(name, key=key, person=b"replay-tenant", digest_size=KEY_BYTES).digest()


def key_for(root: bytes, key_id: str, salt: str) -> bytes:
    """The key of a capture that states `key_id` and `key_salt`. Raises ConfigError when this is another key."""
    key = scoped(root, salt)
    if Pseudonym(key).key_id() != key_id:
        raise ConfigError("This is not the redaction key that the capture was recorded with: its key id is another.")
    return key


def _holds_key(place: str) -> bool:
    return any(_from_text(word) is not None for word in _LIKE_A_KEY.findall(place))


def _from_environment(name: str, environ: Mapping[str, str]) -> bytes:
    text = environ.get(name, "").strip()
    if not text:
        raise ConfigError(f"The environment variable {name} is empty; put the redaction key there, 32 bytes in hex.")
    key = _from_text(text)
    if key is None:
        raise ConfigError(f"The environment variable {name} holds no redaction key: 32 bytes in hex or base64.")
    return key


def _from_file(path: str, read_file: Callable[[str], bytes]) -> bytes:
    try:
        data = read_file(path)
    except OSError as error:
        raise ConfigError(f"The redaction key file {path} cannot be read ({type(error).__name__}).") from None
    return key_of(data, f"The file {path}")


def _from_descriptor(place: str, places: KeyPlaces) -> bytes:
    if not place.isdecimal() or len(place) > 4 or int(place) in (1, 2):
        raise ConfigError("fd: takes the number of an open descriptor, 0 or from 3 on.")
    try:
        data = places.read_descriptor(int(place))
    except OSError as error:
        raise ConfigError(f"Descriptor {int(place)} cannot be read for a key ({type(error).__name__}).") from None
    return key_of(data, f"Descriptor {int(place)}")


def _from_text(text: str) -> bytes | None:
    return _from_hex(text) or _from_base64(text)


def _from_hex(text: str) -> bytes | None:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def _from_base64(text: str) -> bytes | None:
    try:
        key = b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (ValueError, binascii.Error):
        return None
    return key if len(key) == KEY_BYTES else None
