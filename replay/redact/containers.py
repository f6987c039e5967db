"""Text that holds other values: opened, and closed again in the same writing."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from replay.model.codec import UndecodableError, dump_json, parse_json
from replay.model.tree import Tree

# RFC 7518 section 3.1, RFC 8037, and the types in use: any other word might name somebody.
_HEADER_WORD = re.compile(
    r"(?:HS|RS|ES|PS)(?:256|384|512)|ES256K|EdDSA|none|(?:(?:at|dpop|logout)\+)?jwt|JOSE", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, repr=False)
class JwtParts:
    header: dict[str, Tree]  # alg and typ only: kid, jku, x5c and the like name keys and people
    claims: dict[str, Tree]
    signature: str


def json_text(text: str) -> Tree:
    """The object or array that `text` spells; None when it spells none."""
    try:
        return json_bytes(text.encode())
    except UnicodeEncodeError:
        return None


def json_string(text: str) -> str:
    """The string that `text` spells as JSON; empty when it spells none."""
    try:
        tree = parse_json(text.encode())
    except (UndecodableError, UnicodeEncodeError):
        return ""
    return tree if isinstance(tree, str) else ""


def json_bytes(data: bytes | None) -> Tree:
    """As `json_text`; None of None."""
    try:
        tree = None if data is None else parse_json(data)
    except UndecodableError:
        return None
    return tree if isinstance(tree, (dict, list)) else None


def dumped(tree: Tree) -> str:
    return dump_json(tree).decode()


def base64_json(text: str) -> Tree:
    """The object or array in base64 (either alphabet, padded or not); None when there is none."""
    try:
        return json_text(from_base64(text).decode())
    except ValueError:
        return None


def to_base64(plain: str, like: str) -> str:
    """`plain` in base64 with the alphabet and padding habit of `like`."""
    return to_base64_bytes(plain.encode(), like)


def to_base64_bytes(plain: bytes, like: str) -> str:
    """A text of whole groups without marks of either alphabet tells no habit: it is padded."""
    is_url = "-" in like or "_" in like
    is_bare = len(like) % 4 != 0 or (is_url and "=" not in like)
    url_safe = is_url or ("=" not in like and "+" not in like and "/" not in like)
    encoded = (urlsafe_b64encode if url_safe else b64encode)(plain).decode()
    return encoded.rstrip("=") if is_bare else encoded


def jwt_parts(text: str) -> JwtParts | None:
    """None when header or claims are no JSON objects: the text is then an opaque token."""
    head, body, signature = text.split(".")
    header, claims = base64_json(head), base64_json(body)
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    words: dict[str, Tree] = {
        key: value
        for key, value in header.items()
        if key in ("alg", "typ") and isinstance(value, str) and _HEADER_WORD.fullmatch(value)
    }
    return JwtParts(words, claims, signature)


def jwt_signing_input(header: Tree, claims: Tree) -> str:
    return ".".join(urlsafe_b64encode(dump_json(part)).decode().rstrip("=") for part in (header, claims))


def basic_pair(credentials: str) -> tuple[str, str] | None:
    """(user, password) of RFC 7617."""
    try:
        user, mark, password = from_base64(credentials).decode().partition(":")
    except ValueError:
        return None
    return (user, password) if mark else None


def basic_text(user: str, password: str) -> str:
    return b64encode(f"{user}:{password}".encode()).decode()


def from_base64(text: str) -> bytes:
    """Raises ValueError when `text` is not base64."""
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    if "-" in text or "_" in text:
        return urlsafe_b64decode(padded)
    return b64decode(padded, validate=True)
