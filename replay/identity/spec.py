"""An identity as the configuration states it, with its secrets already read.

match      whom it is for
source     where live credentials come from: values as they are, a login, a token endpoint, a key to sign with
pattern    what a request then wears
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from replay.identity.claims import Minting
from replay.identity.extraction import Extraction
from replay.identity.oauth import Grant
from replay.identity.outfit import Pattern, Templates
from replay.identity.template import Template, Templated, names_in
from replay.model.session import Actor


@dataclass(frozen=True, slots=True)
class Match:
    """Empty sets ask for nothing; `schemes` narrow it to credentials of that kind."""

    actors: frozenset[str] = frozenset()  # "TENANT/PRINCIPAL"
    principals: frozenset[str] = frozenset()
    tenants: frozenset[str] = frozenset()
    schemes: frozenset[str] = frozenset()

    @property
    def rank(self) -> int:
        """The more, the more specific."""
        who = 8 * bool(self.actors) + 4 * bool(self.principals) + 2 * bool(self.tenants)
        return who + bool(self.schemes)

    def fits(self, actor: Actor, scheme: str) -> bool:
        return self.fits_actor(actor) and (not self.schemes or scheme in self.schemes)

    def fits_actor(self, actor: Actor) -> bool:
        if self.actors and f"{actor.tenant}/{actor.principal}" not in self.actors:
            return False
        if self.principals and actor.principal not in self.principals:
            return False
        return not self.tenants or actor.tenant in self.tenants


@dataclass(frozen=True, slots=True)
class Static:
    """The values are the credentials."""


@dataclass(frozen=True, slots=True, repr=False)
class Step:
    """One request of a login. Cookies that it is given travel to the next step, as a browser has it."""

    method: str
    target: Template
    headers: Templates = ()
    document: Templated = None
    form: Templates = ()
    has_document: bool = False
    take: tuple[tuple[str, Extraction], ...] = ()
    statuses: frozenset[int] = frozenset()  # empty: any below 400

    @property
    def names(self) -> frozenset[str]:
        every = [self.target, *(template for _, template in (*self.headers, *self.form))]
        found = {name for template in every for name in template.names} | set(names_in(self.document))
        return frozenset(found)


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """`lifetime`: seconds, or the name of a taken value that holds them; infinity: until a 401."""

    steps: tuple[Step, ...]
    lifetime: float = math.inf
    lifetime_name: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class OAuth2:
    grant: Grant


@dataclass(frozen=True, slots=True, repr=False)
class Jwt:
    minting: Minting


BASIC = "basic"  # the name of the pair below, wherever an account has a user and a password


def basic_pair(user: str, password: str) -> str:
    """What follows `Basic` (RFC 7617 section 2)."""
    return b64encode(f"{user}:{password}".encode()).decode()


Source = Static | Login | OAuth2 | Jwt


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """One of a pool. `tenant` is QA's own name for a company; empty: the account is one by itself."""

    values: Mapping[str, str]
    tenant: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """`values` are its secrets and names by name; an account's values stand before them."""

    name: str
    kind: str
    match: Match
    source: Source
    pattern: Pattern
    values: Mapping[str, str] = field(default_factory=dict)
    secret_names: frozenset[str] = frozenset()  # of `values`: what must never be shown
    filled: Templates = ()  # of `values`: those that are made of others
    accounts: tuple[Account, ...] = ()
    may_share: bool = False  # two recorded tenants may share an account
    prefer: bool = False  # before what the recording's own login gave
    renew_on: frozenset[int] = frozenset({401})
    server: str = ""  # URL of another host for logins and tokens; empty: the target
    login_fields: Templates = ()  # put into a recorded login
    login_path: str = ""  # of that login; empty: whatever path speaks of signing in
    rereads: bool = False  # its values come from a file or a command, which may say something else after a 401

    def __repr__(self) -> str:
        return f"Identity({self.name}, {self.kind})"

    @property
    def names(self) -> frozenset[str]:
        """Names of values that somebody must give: the configuration, the account, or the actor."""
        found = set(self.pattern.names) | {name for _, one in self.login_fields for name in one.names}
        if isinstance(self.source, Login):
            taken: set[str] = set()
            asked: set[str] = set()
            for step in self.source.steps:
                asked |= step.names - taken
                taken |= {name for name, _ in step.take}
            return frozenset(asked | (found - taken))
        if isinstance(self.source, OAuth2):
            return frozenset(found - {"access_token", "token_type"}) | self.source.grant.names
        if isinstance(self.source, Jwt):
            return frozenset(found - {"jwt"}) | self.source.minting.names
        return frozenset(found)

    @property
    def dresses(self) -> bool:
        """False when it only fills the recording's own login."""
        return self.pattern != Pattern()

    @property
    def speaks_of_actor(self) -> bool:
        """True when its credentials differ from actor to actor."""
        return isinstance(self.source, Jwt) or any(name.startswith("actor.") for name in self.names)
