"""The canary's report as a signed document, for whoever did not see the run: who says so, when, with which version."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from replay import __version__
from replay.canary.matrix import Matrix
from replay.model.errors import FileFormatError
from replay.store.signed_text import opened, signed_text

_KIND = "canary"
FORMAT = 1


def signed_report(matrix: Matrix, key: Ed25519PrivateKey, at: float) -> bytes:
    """`at`: seconds, UTC."""
    statement = {"kind": _KIND, "format": FORMAT, "tool_version": __version__, "signed": at, "report": matrix.as_json()}
    return signed_text(statement, key)


def opened_report(data: bytes, name: str, signer: str = "") -> dict[str, Any]:
    """The statement of a report, whose signature holds. `name` stands for it in messages. Raises FileFormatError."""
    try:
        statement = opened(data, name, signer)
        if statement["kind"] == _KIND and statement["format"] == FORMAT and type(statement["report"]["clean"]) is bool:
            return statement
    except FileFormatError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError):
        pass
    raise FileFormatError(f"{name} is no signed report of the canary: `replay redact canary --sign KEY` prints one")
