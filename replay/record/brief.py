"""Names and tokens of any length as short ones: what is remembered is bounded in bytes, not only in number."""

from __future__ import annotations

import hashlib

LONGEST = 256  # characters; a JWT of an ordinary service has 300 to 1500, and is remembered by its digest


def brief(text: str) -> str:
    """The text itself when it is short, else its beginning with a digest: equal for equal texts."""
    if len(text) <= LONGEST:
        return text
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{text[:32]}~{digest}"
