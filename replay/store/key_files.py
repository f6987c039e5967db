"""Files of keys: made for their owner alone, read only when they are still that.

    redaction    32 bytes in hex
    signing      Ed25519, PEM (PKCS 8), and FILE.pub for whoever checks        openssl genpkey -algorithm ed25519
    encryption   X25519, PEM (PKCS 8), and FILE.pub for whoever records        openssl genpkey -algorithm x25519

Rule: messages name a file and what to do, never anything that stands in it.
"""

from __future__ import annotations

import os
import shlex
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from replay.model.errors import ConfigError
from replay.store.sealing import Unlock, is_public_key

KINDS = ("redaction", "signing", "encryption")
_KEY_BYTES = 32
_MOST_BYTES = 64 << 10
_OTHERS = 0o077


def read_private_file(path: Path) -> bytes:
    """Of a file that is ours, or given to us by root, and nobody else may read. Raises ConfigError and OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise ConfigError(f"{path} is not a regular file, so it is no key file.")
        if found.st_uid not in (os.geteuid(), 0):
            raise ConfigError(f"The key file {path} belongs to another user: make it yours, chown {os.geteuid()} it.")
        # systemd's credentials and Kubernetes' secrets are files of root, which a group or an ACL lets a service read.
        is_given = found.st_uid == 0 != os.geteuid()
        if found.st_mode & (_OTHERS & ~stat.S_IRGRP if is_given else _OTHERS):
            raise ConfigError(
                f"Others may read or write the key file {path}: chmod 0400 {shlex.quote(str(path))}, and if it was"
                " readable for long, make a new key."
            )
        return file.read(_MOST_BYTES)


def make_key_file(path: Path, kind: str) -> Path | None:
    """A new key in a new file, mode 0400; where it has a public half, that is in FILE.pub. Raises ConfigError."""
    if kind == "redaction":
        _write_new(path, os.urandom(_KEY_BYTES).hex().encode() + b"\n", 0o400)
        return None
    pair = Ed25519PrivateKey.generate() if kind == "signing" else X25519PrivateKey.generate()
    public = path.with_name(path.name + ".pub")
    if public.exists():
        raise ConfigError(f"{public} exists already: choose another name, a key is never overwritten.")
    _write_new(path, pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o400)
    _write_new(public, pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o444)
    return public


def destroy_key_file(path: Path) -> None:
    """Overwritten, then removed. A copy, a snapshot or a journal of the file system may still have it.

    Raises ConfigError, or OSError.
    """
    data = read_private_file(path)
    path.chmod(0o600)
    handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
    try:
        for filler in (os.urandom(len(data)), bytes(len(data))):
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, filler)
            os.fsync(handle)
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)
    path.unlink()


def read_recipient(path: Path) -> str:
    """The X25519 public key of a PEM file, hex. Raises ConfigError."""
    key = _public(path)
    if not isinstance(key, X25519PublicKey):
        raise ConfigError(f"{path} holds no X25519 public key: `replay redact key new --for encryption` makes a pair.")
    found = key.public_bytes_raw().hex()
    if not is_public_key(found):
        raise ConfigError(f"{path} holds a public key that nobody can have: make a new pair.")
    return found


def read_unlock(path: Path) -> Unlock:
    """The X25519 private key of a PEM file. Raises ConfigError."""
    key = _private(path)
    if not isinstance(key, X25519PrivateKey):
        raise ConfigError(f"{path} holds no X25519 private key: --unlock takes the recipient's.")
    return Unlock(key.private_bytes_raw())


def read_signing_key(path: Path) -> Ed25519PrivateKey:
    """Raises ConfigError."""
    key = _private(path)
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} holds no Ed25519 private key: `replay redact key new --for signing` makes a pair.")
    return key


def read_signer(path: Path) -> str:
    """The Ed25519 public key of a PEM file, hex. Raises ConfigError."""
    key = _public(path)
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{path} holds no Ed25519 public key: name the signer's FILE.pub.")
    return key.public_bytes_raw().hex()


def _private(path: Path) -> object:
    try:
        return load_pem_private_key(read_private_file(path), None)
    except OSError as error:
        raise ConfigError(f"The key file {path} cannot be read ({type(error).__name__}).") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it has a passphrase
        raise ConfigError(f"{path} holds no private key in PEM without a passphrase.") from None


def _public(path: Path) -> object:
    try:
        with path.open("rb") as file:
            return load_pem_public_key(file.read(_MOST_BYTES))
    except OSError as error:
        raise ConfigError(f"The key file {path} cannot be read ({type(error).__name__}).") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{path} holds no public key in PEM.") from None


def _write_new(path: Path, data: bytes, mode: int) -> None:
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(path, flags, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path} exists already: choose another name, a key is never overwritten.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {os.strerror(error.errno or 0)}.") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise ConfigError(f"{path} cannot be written: {os.strerror(error.errno or 0)}.") from None
