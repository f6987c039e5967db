"""What `--key` may be on the command line: the place of a key, never the key."""

from __future__ import annotations

from replay.model.errors import ConfigError, UsageError
from replay.redact.keys import FORMS, parse_source


def require_key_source(words: str) -> None:
    """Raises UsageError before anything else happens; empty words are none."""
    if not words:
        return
    try:
        parse_source(words)
    except ConfigError as error:
        if "stands after" in str(error):
            raise
        raise UsageError(f"--key takes {FORMS}, never the key itself") from None
