"""A statement and a signature over it: what captures and reports of the canary are signed by.

    {"statement": a text of JSON, "signature": Ed25519 over that text, hex}

Rule: what is checked is the very text that was signed; nothing of a statement is believed before that.
"""

from __future__ import annotations

import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from replay.model.errors import FileFormatError
from replay.store import cells

MOST_BYTES = 16 << 20


def signer_of(key: Ed25519PrivateKey) -> str:
    """The public key, hex: what a statement says of its signer."""
    return key.public_key().public_bytes_raw().hex()


def signed_text(statement: dict[str, Any], key: Ed25519PrivateKey) -> bytes:
    """The document, with the signer in the statement; to be written or printed as it is."""
    text = json.dumps({**statement, "signer": signer_of(key)}, sort_keys=True)
    return json.dumps({"statement": text, "signature": key.sign(text.encode()).hex()}, indent=1).encode() + b"\n"


def opened(data: bytes, name: str, signer: str = "") -> dict[str, Any]:
    """The statement. `name` stands for the document in messages; `signer`: the key that must have signed.

    Raises FileFormatError; ValueError, TypeError or LookupError for what was never signed by replay.
    """
    document = json.loads(data)
    text = cells.text(document["statement"], MOST_BYTES)
    statement: dict[str, Any] = json.loads(text)
    said = cells.text(statement["signer"], 64)
    if signer and signer != said:
        raise FileFormatError(f"{name} is of another signer than the key that you named")
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(said))
        public.verify(bytes.fromhex(document["signature"]), text.encode())
    except InvalidSignature:
        raise FileFormatError(f"{name} was changed after it was signed") from None
    return statement
