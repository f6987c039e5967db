"""JWTs signed for QA with PyJWT: the only place that speaks it (docs/decisions/0004).

Rule: a key that does not fit its algorithm is an error before anything is sent, and is never quoted.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping

import jwt
from jwt.exceptions import InvalidKeyError, PyJWTError
from jwt.warnings import InsecureKeyLengthWarning

from replay.model.errors import ConfigError
from replay.model.tree import Tree

_NEEDS = {"H": "a secret text", "R": "an RSA private key (PEM)", "E": "an EC private key on P-256 (PEM)"}


def signed(claims: Mapping[str, Tree], key: str, algorithm: str, kid: str = "") -> str:
    """A compact JWT. Raises ConfigError when the key does not fit."""
    headers = {"kid": kid} if kid else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InsecureKeyLengthWarning)  # QA's secret is QA's choice
            return jwt.PyJWS().encode(_written(claims), key, algorithm, headers)
    except (PyJWTError, InvalidKeyError, ValueError, TypeError, AttributeError):
        raise ConfigError(f"the key for {algorithm} is not {_NEEDS[algorithm[0]]}: name the right one.") from None


def _written(claims: Mapping[str, Tree]) -> bytes:
    """As PyJWT writes them. It refuses an `iss` that is no text; a recorded one may be anything."""
    return json.dumps(dict(claims), separators=(",", ":")).encode()
