"""The class of a value: what a person would call it without reading it (a uuid, an e-mail, a token, a sentence)."""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from urllib.parse import urlsplit

from replay.diff.times import time_format
from replay.model.codec import UndecodableError, parse_json
from replay.model.endpoint import template
from replay.model.tree import Scalar

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_HEX = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{8,}", re.IGNORECASE)
_HEX_WORD = re.compile(r"[0-9a-fA-F]{8,}")
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_PREFIXED = re.compile(r"([A-Za-z]{1,12}[_-])(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{4,}")
_TOKEN = re.compile(r"(?=.*\d|.*[a-z].*[A-Z]|.*[A-Z].*[a-z])[\w.~+/=:-]{12,}")
_MAP_KEY = re.compile(r"\d+|(?=.*\d)[0-9a-f]{16,}", re.IGNORECASE)
_WORD_WITH_DIGITS = re.compile(r"[^\s,;:()\"']*\d[^\s,;:()\"']*|[^@\s]+@[^@\s]+")
_ZERO_UUID = "00000000-0000-0000-0000-000000000000"
_LONG_TEXT = 200  # characters; longer texts are "text" without a template
_NAMING = frozenset({"uuid", "jwt", "email", "token"})
_OPAQUE = ("hex", "digits", "token", "id:")
_NAMING_DIGITS = 12  # an integer of so many digits names one thing in the whole system, a shorter one in its table


@lru_cache(maxsize=16384)
def _shape_of_text(text: str) -> str:
    if not text:
        return "empty"
    if _UUID.fullmatch(text):
        return "zero-uuid" if text == _ZERO_UUID else "uuid"
    return time_format(text) or _shape_of_word(text) or _shape_of_prose(text)


def _shape_of_word(text: str) -> str:
    """The shapes of text without blanks; empty when it is none of them."""
    if any(blank in text for blank in " \t\n"):
        return ""
    if _JWT.fullmatch(text):
        return "jwt" + _claims(text)
    if _EMAIL.fullmatch(text):
        return "email"
    if _NUMBER.fullmatch(text):
        return f"digits{len(text)}" if _DIGITS.fullmatch(text) and len(text) >= 8 else "number-text"
    if _HEX.fullmatch(text):
        return f"hex{len(text)}"
    if "://" in text or text.startswith("/"):
        return _shape_of_url(text)
    prefixed = _PREFIXED.fullmatch(text)
    if prefixed:
        return f"id:{prefixed[1]}"
    return "token" if _TOKEN.fullmatch(text) else ""


def _shape_of_url(text: str) -> str:
    """The path's template and the names in the query. The host is the environment's, not the build's."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return "url"
    names = sorted({piece.partition("=")[0] for piece in parts.query.split("&") if piece})
    return f"url:{template(parts.path)}?{'&'.join(names)}"


def _shape_of_prose(text: str) -> str:
    if text[0] in "{[" and text[-1] in "}]":
        try:
            tree = parse_json(text.encode())
        except UndecodableError:
            return "text"
        return "json:" + ",".join(sorted(tree)) if isinstance(tree, dict) else "json-list"
    return "text" if len(text) > _LONG_TEXT else "text:" + _WORD_WITH_DIGITS.sub("#", text)


def _claims(token: str) -> str:
    """The names of a JWT's claims: a token that lost one is another kind of token."""
    payload = token.split(".")[1]
    try:
        tree = parse_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (UndecodableError, binascii.Error, ValueError):
        return ""
    return ":" + ",".join(sorted(tree)) if isinstance(tree, dict) else ""


def shape(value: Scalar) -> str:
    """The class of `value`. Numbers are one class: 12 and 12.5 are both a latency."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    return _shape_of_text(value) if isinstance(value, str) else "number"


def is_same_shape(left: Scalar, right: Scalar) -> bool:
    """Same class. A hex word of digits only (one of 43 words of 8) is still that hex word."""
    return shape(left) == shape(right) or (0 < hex_length(left) == hex_length(right))


def hex_length(value: Scalar) -> int:
    """Characters of a word of hexadecimal digits, whatever else it looks like (12345678, 1234e567); 0 for others."""
    return len(value) if isinstance(value, str) and _HEX_WORD.fullmatch(value) else 0


def names_one_thing(value: Scalar) -> bool:
    """True when the value alone, wherever it stands, names one thing: long, random or unique by construction."""
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return False
    if isinstance(value, int):
        return len(str(abs(value))) >= _NAMING_DIGITS and not time_format(value)
    return _text_names_one_thing(value)


@lru_cache(maxsize=16384)
def _text_names_one_thing(text: str) -> bool:
    name = _shape_of_text(text).partition(":")[0]
    if name.startswith(("hex", "digits")):
        return len(text) >= 16
    return name in _NAMING or (name == "id" and len(text) >= _NAMING_DIGITS)


def is_opaque(value: Scalar) -> bool:
    """Tokens, digests and the like: nobody reads them, and all of one kind have one length."""
    return shape(value).startswith(_OPAQUE)


def is_jwt(text: str) -> bool:
    return _JWT.fullmatch(text) is not None


def is_map_key(key: str) -> bool:
    """True for keys that are data: numbers, uuids, long hex, e-mails, days."""
    return bool(_MAP_KEY.fullmatch(key) or _UUID.fullmatch(key) or "@" in key or time_format(key))
