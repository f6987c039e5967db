"""Where the redaction key comes from: the environment, a file, or fresh chance.

Rule: a key never comes from a configuration file's own text, and no message quotes any part of one.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping

from replay.model.errors import ConfigError
from replay.redact.pseudonyms import KEY_BYTES


def load_key(
    source: str | None,
    environ: Mapping[str, str],
    read_file: Callable[[str], bytes],
    token_bytes: Callable[[int], bytes],
) -> bytes:
    """32 bytes from `env:NAME` (hex or base64), `file:PATH` (raw or hex), or, without a source, from `token_bytes`."""
    if source is None:
        return token_bytes(KEY_BYTES)
    kind, _, place = source.partition(":")
    if kind == "env" and place:
        return _from_environment(place, environ)
    if kind == "file" and place:
        return _from_file(place, read_file)
    raise ConfigError("A redaction key comes from env:NAME or file:PATH; write one of the two, never the key itself.")


def _from_environment(name: str, environ: Mapping[str, str]) -> bytes:
    text = environ.get(name, "").strip()
    if not text:
        raise ConfigError(f"The environment variable {name} is empty; put the redaction key there, 32 bytes in hex.")
    key = _from_hex(text) or _from_base64(text)
    if key is None:
        raise ConfigError(f"The environment variable {name} holds no redaction key: 32 bytes in hex or base64.")
    return key


def _from_file(path: str, read_file: Callable[[str], bytes]) -> bytes:
    try:
        data = read_file(path)
    except OSError as error:
        raise ConfigError(f"The redaction key file {path} cannot be read ({type(error).__name__}).") from None
    key = data if len(data) == KEY_BYTES else _from_hex(data.decode("latin-1").strip())
    if key is None:
        raise ConfigError(f"The file {path} holds no redaction key: it must be 32 raw bytes, or 32 bytes in hex.")
    return key


def _from_hex(text: str) -> bytes | None:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def _from_base64(text: str) -> bytes | None:
    try:
        key = b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (ValueError, binascii.Error):
        return None
    return key if len(key) == KEY_BYTES else None
