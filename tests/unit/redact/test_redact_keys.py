"""Where a key comes from, and which keys are made of it; no message quotes one."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode

import pytest

from replay.model.errors import ConfigError
from replay.redact.keys import key_for, load_key, parse_source, scoped, tenant_key
from replay.redact.pseudonyms import Pseudonym

KEY = bytes(range(220, 252))
FILES = {
    "raw": KEY,
    "hex": KEY.hex().encode() + b"\n",
    "b64": b64encode(KEY) + b"\n",
    "short": KEY[:8],
    "text": b"not a key at all, sorry",
}
ENVIRON = {"HEX": KEY.hex(), "B64": b64encode(KEY).decode(), "URL": urlsafe_b64encode(KEY).decode(), "BAD": "swordfish"}


class Places:
    """A descriptor 7 and two commands."""

    def read_descriptor(self, number: int) -> bytes:
        if number != 7:
            raise OSError(9, "Bad file descriptor")
        return KEY.hex().encode()

    def run(self, command: str) -> bytes:
        return KEY if command == "kms decrypt" else b"swordfish"


def read(path: str) -> bytes:
    if path not in FILES:
        raise FileNotFoundError(path)
    return FILES[path]


@pytest.mark.parametrize(
    "source", ["env:HEX", "env:B64", "env:URL", "file:raw", "file:hex", "file:b64", "fd:7", "cmd:kms decrypt"]
)
def test_a_key_is_read(source: str) -> None:
    """All places and spellings mean the same 32 bytes."""
    assert load_key(source, ENVIRON, read, bytes, Places()) == KEY


def test_without_a_source_the_key_is_fresh() -> None:
    """Chance is an argument."""
    assert load_key(None, ENVIRON, read, lambda count: b"\x07" * count) == b"\x07" * 32


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("env:NONE", "NONE is empty"),
        ("env:BAD", "BAD holds no redaction key"),
        ("env:NOT A NAME", "takes the name of an environment variable"),
        ("file:none", "none cannot be read"),
        ("file:short", "short holds no redaction key"),
        ("file:text", "text holds no redaction key"),
        ("file:", "env:NAME or file:PATH"),
        ("fd:9", "Descriptor 9 cannot be read"),
        ("fd:1", "takes the number of an open descriptor"),
        ("fd:x", "takes the number of an open descriptor"),
        ("cmd:kms encrypt", "output holds no redaction key"),
        ("kms:alias", "env:NAME or file:PATH"),
        (KEY.hex(), "env:NAME or file:PATH"),
        (b64encode(KEY).decode(), "env:NAME or file:PATH"),
        ("env:" + KEY.hex(), "The key itself stands after env:"),
        ("file:" + b64encode(KEY).decode(), "The key itself stands after file:"),
        ("fd:" + KEY.hex(), "The key itself stands after fd:"),
        ("cmd:echo " + KEY.hex(), "The key itself stands after cmd:"),
        ("cmd:sh -c 'echo " + urlsafe_b64encode(KEY).decode() + "'", "The key itself stands after cmd:"),
    ],
)
def test_a_bad_source_is_told_in_one_sentence_without_the_value(source: str, words: str) -> None:
    """What happened, to which named thing, what to do."""
    with pytest.raises(ConfigError, match=words) as error:
        load_key(source, ENVIRON, read, bytes, Places())
    told = str(error.value)
    assert "swordfish" not in told
    for spelling in (KEY.hex(), b64encode(KEY).decode(), urlsafe_b64encode(KEY).decode()):
        assert spelling not in told
        assert spelling[:12] not in told


@pytest.mark.parametrize(
    "source", ["file:/run/secrets/replay.key", "cmd:aws kms decrypt --key-id alias/replay-redaction"]
)
def test_names_of_places_are_not_taken_for_keys(source: str) -> None:
    assert parse_source(source) == tuple(source.split(":", 1))


def test_a_salt_makes_keys_that_have_nothing_in_common() -> None:
    """Two captures under one root: no stand-in of the one is one of the other (K13)."""
    keys = [scoped(KEY, ""), scoped(KEY, "capture-a"), scoped(KEY, "capture-b"), tenant_key(KEY, "acme")]
    assert keys[0] == KEY
    assert len(set(keys)) == 4
    values = [f"person{number}@acme.test" for number in range(2000)]
    stand_ins = [{Pseudonym(key).email(value) for value in values} for key in keys]
    assert all(len(one) == len(values) for one in stand_ins)
    for i, one in enumerate(stand_ins):
        assert not any(one & other for other in stand_ins[:i])


def test_the_key_of_a_capture_is_known_by_its_id() -> None:
    capture = Pseudonym(scoped(KEY, "capture-a")).key_id()
    assert key_for(KEY, capture, "capture-a") == scoped(KEY, "capture-a")
    for root, salt in ((bytes(32), "capture-a"), (KEY, "capture-b"), (KEY, "")):
        with pytest.raises(ConfigError, match="not the redaction key that the capture was recorded with"):
            key_for(root, capture, salt)
