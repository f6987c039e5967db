"""The key comes from the environment, a file or fresh chance; no message quotes one."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode

import pytest

from replay.model.errors import ConfigError
from replay.redact.keys import load_key

KEY = bytes(range(220, 252))
FILES = {"raw": KEY, "hex": KEY.hex().encode() + b"\n", "short": KEY[:8], "text": b"not a key at all, sorry"}
ENVIRON = {"HEX": KEY.hex(), "B64": b64encode(KEY).decode(), "URL": urlsafe_b64encode(KEY).decode(), "BAD": "swordfish"}


def read(path: str) -> bytes:
    if path not in FILES:
        raise FileNotFoundError(path)
    return FILES[path]


@pytest.mark.parametrize("source", ["env:HEX", "env:B64", "env:URL", "file:raw", "file:hex"])
def test_a_key_is_read(source):
    """All spellings mean the same 32 bytes."""
    assert load_key(source, ENVIRON, read, bytes) == KEY


def test_without_a_source_the_key_is_fresh():
    """Chance is an argument."""
    assert load_key(None, ENVIRON, read, lambda count: b"\x07" * count) == b"\x07" * 32


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("env:NONE", "NONE is empty"),
        ("env:BAD", "BAD holds no redaction key"),
        ("file:none", "none cannot be read"),
        ("file:short", "short holds no redaction key"),
        ("file:text", "text holds no redaction key"),
        ("file:", "env:NAME or file:PATH"),
        (KEY.hex(), "env:NAME or file:PATH"),
    ],
)
def test_a_bad_source_is_told_in_one_sentence_without_the_value(source, words):
    """What happened, to which named thing, what to do."""
    with pytest.raises(ConfigError, match=words) as error:
        load_key(source, ENVIRON, read, bytes)
    assert "swordfish" not in str(error.value)
    assert KEY.hex() not in str(error.value)
