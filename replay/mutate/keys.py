"""A request with another idempotency key, or with none; everything else of it stays."""

from __future__ import annotations

import re
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from replay.model.codec import dump_json
from replay.model.exchange import Request
from replay.model.message import body_tree, with_values
from replay.model.once_key import OnceKey, once_key_of
from replay.mutate.rebody import with_body

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"[0-9a-f-]{8,}")


def sure_key(request: Request) -> OnceKey | None:
    """The key that surely is one: a tracing id is none to build a probe on."""
    key = once_key_of(request)
    return key if key is not None and not key.is_weak else None


def with_key(request: Request, value: str) -> Request:
    """The same request under another key; a request without one is left as it is."""
    key = once_key_of(request)
    if key is None:
        return request
    changed = with_values(request, {key.place: value})
    return changed if key.place[0] == "header" else with_body(changed, changed.body.data)


def without_key(request: Request) -> Request:
    key = once_key_of(request)
    if key is None:
        return request
    name = str(key.place[1])
    if key.place[0] == "header":
        fields = tuple(pair for pair in request.headers.fields if pair[0].lower() != name)
        return Request(
            request.method, request.target, type(request.headers)(fields), request.body, request.scheme, request.host
        )
    if key.place[0] == "form":
        pairs = parse_qsl(request.body.data.decode("utf-8", "replace"), keep_blank_values=True)
        return with_body(request, urlencode([pair for pair in pairs if pair[0] != name]).encode())
    tree = body_tree(request.body)
    kept = {one: value for one, value in tree.items() if one != name} if isinstance(tree, dict) else tree
    return with_body(request, dump_json(kept))


def another_key(key: str, rng: Random) -> str:
    """A key of the same shape: services that want a UUID get one."""
    if _UUID.fullmatch(key):
        made = str(UUID(int=rng.getrandbits(128), version=4))
        return made.upper() if key.isupper() else made
    low = "abcdef" if _HEX.fullmatch(key) else ascii_lowercase
    return "".join(
        rng.choice(next((kind for kind in (low, ascii_uppercase, digits) if mark in kind), mark)) for mark in key
    )
