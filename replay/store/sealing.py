"""Content of a capture that only the holder of a private key can read: the recorder writes it and cannot read it back.

    data key   32 random bytes, new each time that a file is opened for writing, in memory only
    wrapped    X25519 with a key pair of its own -> HKDF-SHA-256 -> AES-256-GCM of the data key     (table seal)
    cell       nonce | AES-256-GCM of the packed bytes | tag, bound to the capture and to its place in it

A nonce is the seal's number (4 bytes) and a count (8 bytes): none comes twice under one data key, rollbacks included.
Digests of bodies are keyed, so that nobody can try what a body may have been.

Rule: what is not sealed to us raises SealError, which says nothing of keys or content.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES
_NUMBER_BYTES = 4
_PURPOSE = b"replay capture 3 data key"
MOST_SEALS = 100_000  # one for each start of a recorder


class SealError(ValueError):
    """It was sealed for somebody else, or changed since."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """One row of table seal."""

    number: int
    sender: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Unlock:
    """The private key of a recipient."""

    private: bytes = field(repr=False)  # 32 raw bytes

    @property
    def recipient(self) -> str:
        """The public key that belongs to it, hex: who it can open for."""
        return X25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw().hex()


class Sealer:
    """Seals cells of one open file; it holds the data key, never the private one."""

    def __init__(self, capture_id: str, recipient: str, number: int) -> None:
        """`recipient`: an X25519 public key, hex. Raises ValueError when it is none."""
        data_key = os.urandom(32)
        self._context = capture_id.encode()
        self._cipher = AESGCM(data_key)
        self._digest_key = _digest_key(data_key)
        self._number = number.to_bytes(_NUMBER_BYTES, "big")
        self._count = 0
        self.row = _wrap(data_key, capture_id, recipient, number)

    def seal(self, data: bytes, kind: str, place: bytes) -> bytes:
        """`place` (a number, a digest) is authenticated with it: a cell that is moved elsewhere does not open."""
        self._count += 1
        nonce = self._number + self._count.to_bytes(NONCE_BYTES - _NUMBER_BYTES, "big")
        return nonce + self._cipher.encrypt(nonce, data, _bound(self._context, kind, place))

    def digest(self, data: bytes) -> bytes:
        """Keyed, 16 bytes."""
        return hashlib.blake2b(data, key=self._digest_key, digest_size=16).digest()


class Opener:
    """Opens cells of one file with a private key. Raises SealError."""

    def __init__(self, capture_id: str, seals: Mapping[int, Wrapped], unlock: Unlock) -> None:
        self._capture_id = capture_id
        self._context = capture_id.encode()
        self._seals = seals
        self._private = X25519PrivateKey.from_private_bytes(unlock.private)
        self._ciphers: dict[int, tuple[AESGCM, bytes]] = {}

    def open(self, cell: bytes, kind: str, place: bytes) -> bytes:
        if len(cell) < OVERHEAD_BYTES:
            raise SealError
        nonce = cell[:NONCE_BYTES]
        cipher, _ = self._of(cell)
        try:
            return cipher.decrypt(nonce, cell[NONCE_BYTES:], _bound(self._context, kind, place))
        except InvalidTag:
            raise SealError from None

    def digest(self, cell: bytes, data: bytes) -> bytes:
        """Of data that stood in this cell, as `Sealer.digest` made it."""
        return hashlib.blake2b(data, key=self._of(cell)[1], digest_size=16).digest()

    def _of(self, cell: bytes) -> tuple[AESGCM, bytes]:
        number = int.from_bytes(cell[:_NUMBER_BYTES], "big")
        known = self._ciphers.get(number)
        if known is None:
            row = self._seals.get(number)
            if row is None:
                raise SealError
            data_key = _unwrap(row, self._capture_id, self._private)
            known = self._ciphers[number] = (AESGCM(data_key), _digest_key(data_key))
        return known


def is_public_key(text: str) -> bool:
    """32 bytes in hex that are a point X25519 takes."""
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(bytes.fromhex(text)))
    except ValueError:  # not hex, not 32 bytes, or a point of small order
        return False
    return True


def _wrap(data_key: bytes, capture_id: str, recipient: str, number: int) -> Wrapped:
    own = X25519PrivateKey.generate()
    public = X25519PublicKey.from_public_bytes(bytes.fromhex(recipient))
    sender = own.public_key().public_bytes_raw()
    wrapping = _wrapping_key(own.exchange(public), sender, public.public_bytes_raw())
    # The wrapping key is used once, so its nonce may be a constant.
    wrapped = AESGCM(wrapping).encrypt(bytes(NONCE_BYTES), data_key, _about(capture_id, number))
    return Wrapped(number, sender, wrapped)


def _unwrap(row: Wrapped, capture_id: str, private: X25519PrivateKey) -> bytes:
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(row.sender))
        wrapping = _wrapping_key(shared, row.sender, private.public_key().public_bytes_raw())
        return AESGCM(wrapping).decrypt(bytes(NONCE_BYTES), row.wrapped, _about(capture_id, row.number))
    except (ValueError, InvalidTag):
        raise SealError from None


def _wrapping_key(shared: bytes, sender: bytes, recipient: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=sender + recipient, info=_PURPOSE).derive(shared)


def _digest_key(data_key: bytes) -> bytes:
    return hashlib.blake2b(key=data_key, person=b"replay-digest", digest_size=32).digest()


def _about(capture_id: str, number: int) -> bytes:
    return f"{capture_id}:seal:{number}".encode()


def _bound(context: bytes, kind: str, place: bytes) -> bytes:
    return b":".join((context, kind.encode(), place))
