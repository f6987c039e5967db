"""The `[[identity]]` table that an actor without one would need, guessed from how the recording authenticated.

Rule: names only. A value is always a reference that the user fills in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from replay.identity.claims import ALGORITHMS, parts_of
from replay.identity.places import API_KEY, BARE, COOKIE, Credential
from replay.model.session import Actor

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_KNOWN = {"bearer", "basic", API_KEY, COOKIE, BARE}


@dataclass(frozen=True, slots=True)
class Need:
    """How an actor authenticates: the scheme, the name of the place, and the algorithm if it is a JWT's."""

    scheme: str
    name: str = ""
    place: str = "header"  # "header", "cookie" or "query"
    algorithm: str = ""


def need_of(credential: Credential) -> Need:
    kind, name = str(credential.place[0]), str(credential.place[1])
    parts = parts_of(credential.value)
    algorithm = str(parts[0].get("alg", "HS256")) if parts else ""
    if algorithm and algorithm not in ALGORITHMS:
        algorithm = "RS256"
    place = {"auth": "header", "header": "header", "cookie": "cookie"}.get(kind, "query")
    return Need(credential.scheme, "Authorization" if kind == "auth" else name, place, algorithm)


def snippet(actor: Actor, need: Need) -> str:
    """TOML, ready to be pasted into replay.toml."""
    lines = ["[[identity]]", *_whom(actor), f"scheme = {quoted(need.scheme)}"]
    if need.algorithm:
        lines += ['kind = "jwt"', f"algorithm = {quoted(need.algorithm)}", 'key = { file = "qa-signing-key.pem" }']
        if need.algorithm.startswith("HS"):
            lines[-1] = 'key = { env = "QA_JWT_SECRET" }'
    elif need.scheme == "basic":
        lines += ['kind = "basic"', 'user = { env = "QA_USER" }', 'password = { env = "QA_PASSWORD" }']
    elif need.scheme == API_KEY:
        word = {"header": "header", "cookie": "cookie", "query": "parameter"}[need.place]
        lines += ['kind = "api-key"', f"{word} = {quoted(need.name)}", 'key = { env = "QA_API_KEY" }']
    elif need.scheme == COOKIE:
        lines += ['kind = "login"', f'cookies = {{ {_bare(need.name)} = "{{session}}" }}', "", "[[identity.steps]]"]
        lines += ['path = "/login"', 'json = { user = { env = "QA_USER" }, password = { env = "QA_PASSWORD" } }']
        lines += [f"take = {{ session = {quoted('cookie:' + need.name)} }}"]
    elif need.scheme == "bearer":
        lines += ['kind = "bearer"', 'token = { env = "QA_TOKEN" }']
    else:
        lines += ['kind = "headers"', f'headers = {{ {_bare(need.name)} = {{ env = "QA_AUTHORIZATION" }} }}']
    return "\n".join(lines) + "\n"


def _whom(actor: Actor) -> list[str]:
    """The tenant where one is known: its people usually share a way to log in; else the actor alone."""
    if actor.tenant:
        return [f"tenant = {quoted(actor.tenant)}"]
    return [f"principal = {quoted(actor.principal)}"]


def quoted(text: str) -> str:
    """A TOML basic string (TOML 1.0, "String")."""
    out = ['"']
    for mark in text:
        if mark in '"\\':
            out.append("\\" + mark)
        elif mark.isprintable():
            out.append(mark)
        else:
            code = ord(mark)
            out.append(f"\\u{code:04x}" if code < 0x10000 and not 0xD800 <= code < 0xE000 else "\\ufffd")
    return "".join([*out, '"'])


def _bare(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else quoted(name)
