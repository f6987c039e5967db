"""A small service whose inner values come from a salt, and a client whose own values come from another one.

Played twice with different salts, the same script gives two recordings that agree in everything but what is dynamic:
so the truth about every place of every request is known without asking the code under test.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from make import request, response
from replay.model.body import Body
from replay.model.codec import parse_json
from replay.model.exchange import Exchange, Request, Response
from replay.model.session import Actor, Session


@dataclass
class Salted:
    """Values that depend on a salt and on names, and on nothing else."""

    salt: str
    made: int = 0

    def digest(self, *names: object) -> str:
        return sha256("|".join(map(str, (self.salt, *names))).encode()).hexdigest()

    def secret(self, *names: object, length: int = 24) -> str:
        return self.digest(*names)[:length]

    def uuid(self, *names: object) -> str:
        return str(UUID(bytes=bytes.fromhex(self.digest(*names)[:32]), version=4))

    def number(self, *names: object, low: int = 20, high: int = 900) -> int:
        return low + int(self.digest(*names)[:12], 16) % (high - low)

    def next_id(self) -> int:
        """The recorded ones are 10, 11, 12 …: they look like page sizes and counts. Other salts begin elsewhere."""
        self.made += 1
        return 9 + self.made if self.salt == "recorded" else self.number("first", low=500, high=900) + 7 * self.made


Serve = Callable[[Request], Response]


@dataclass
class Client:
    """Sends requests and keeps the exchanges. `fresh` marks what the client makes itself."""

    serve: Serve
    own: Salted
    made: set[str] = field(default_factory=set)
    kept: dict[str, list[Exchange]] = field(default_factory=dict)
    at: float = 1_700_000_000.0

    def fresh(self, text: str) -> str:
        self.made.add(text)
        return text

    def send(self, method: str, target: str, *, who: str = "a-one", **parts: Any) -> Response:
        self.at += 1.0
        sent = request(method, target, **parts)
        got = self.serve(sent)
        log = self.kept.setdefault(who, [])
        log.append(Exchange(f"{who}.{len(log)}", sent, got, self.at, self.at + 0.25))
        return got

    def sessions(self) -> list[Session]:
        return [Session(who, Actor(who[:1], who), tuple(log)) for who, log in self.kept.items()]


@dataclass(frozen=True)
class Style:
    """One way to build an API: a service made from salted values, and a script that talks to it."""

    name: str
    service: Callable[[Salted], Serve]
    script: Callable[[Client], None]


def record(style: Style, salt: str) -> Client:
    """The style's script played against a service with this salt."""
    client = Client(style.service(Salted(salt)), Salted(f"client of {salt}"))
    style.script(client)
    return client


def document(got: Response) -> Any:
    return parse_json(got.body.data)


def page(text: str, status: int = 200, headers: Any = (), media: str = "text/html; charset=utf-8") -> Response:
    return response(status, body=Body(text.encode(), media), headers=headers)


def found(pattern: str, text: str) -> str:
    """What the pattern's one group caught: how a browser's user finds a field on a page."""
    hit = re.search(pattern, text)
    assert hit is not None, pattern
    return hit.group(1)
