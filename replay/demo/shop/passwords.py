"""Password hashes, and the count of failed logins.

Rule: the hash is deliberately cheap; this is a demonstration whose logins are replayed by the thousand.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets

from replay.demo.shop.clock import now

# A real shop uses hundreds of thousands of rounds or scrypt; 500 rounds take about 0.2 ms.
_ROUNDS = 500
_FAILURES_ALLOWED = 10
_WINDOW_SECONDS = 60.0
_EMAILS_REMEMBERED = 10_000


def stretch(secret: str, salt: str) -> str:
    """The salted hash of a secret, in hexadecimal."""
    return hashlib.pbkdf2_hmac("sha256", secret.encode(), salt.encode(), _ROUNDS).hex()


def hash_password(password: str) -> str:
    """What is stored for a password."""
    salt = secrets.token_hex(8)
    return f"pbkdf2${salt}${stretch(password, salt)}"


# Checked in place of an absent account's hash, so that the time taken does not tell who has an account.
_NOBODY = hash_password(secrets.token_hex(8))


def password_matches(password: str, stored: str | None) -> bool:
    """Whether the password is the one whose hash was stored."""
    _, salt, digest = (stored or _NOBODY).split("$")
    return hmac.compare_digest(stretch(password, salt), digest) and stored is not None


class FailedLogins:
    """When each e-mail's recent logins failed."""

    def __init__(self) -> None:
        self._failures: dict[str, list[float]] = {}

    def seconds_to_wait(self, email: str) -> int:
        """How long this e-mail's logins are refused, 0 when they are not."""
        moment = now().timestamp()
        recent = [failed for failed in self._failures.get(email, ()) if failed > moment - _WINDOW_SECONDS]
        if not recent:
            self._failures.pop(email, None)
            return 0
        self._failures[email] = recent
        if len(recent) < _FAILURES_ALLOWED:
            return 0
        return max(1, math.ceil(recent[-_FAILURES_ALLOWED] + _WINDOW_SECONDS - moment))

    def record(self, email: str) -> None:
        """Counts one failure."""
        if email not in self._failures and len(self._failures) >= _EMAILS_REMEMBERED:
            self._failures.pop(next(iter(self._failures)))  # the oldest; memory must not grow with guesses
        self._failures.setdefault(email, []).append(now().timestamp())
