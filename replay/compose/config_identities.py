"""`[[identity]]` of replay.toml: which QA credentials the recorded actors get.

Rule: everything is checked, and every secret is read, before anything is sent. The file itself holds no secret; what
stands there and may be one after all is treated as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from replay.compose.identity_accounts import read_accounts
from replay.compose.identity_sources import PATTERNS, SOURCES
from replay.compose.identity_table import IdentityTable
from replay.compose.identity_values import Reference, SecretReader
from replay.compose.units import printable
from replay.identity.outfit import Pattern
from replay.identity.places import credentials_in
from replay.identity.secrets import Secret
from replay.identity.spec import BASIC, Identity, Jwt, Login, Match, OAuth2, Static, basic_pair
from replay.model.errors import ConfigError
from replay.model.exchange import Request
from replay.model.headers import Headers

KINDS = tuple(PATTERNS)
_WHOM = ("actor", "principal", "tenant", "all")
_KEYS = (
    *("name", "kind", *_WHOM, "scheme", "prefer", "renew_on", "server", "values", "headers", "query", "cookies"),
    *("fields", "accounts", "share", "login_fields", "login_path"),
)
_GIVEN = frozenset({"actor.tenant", "actor.principal"})
_NO_SECRETS = frozenset({"user", "username", "email", "client_id", "tenant"})


@dataclass(frozen=True, slots=True, repr=False)
class Configured:
    """`references` per identity: where its values were read, so that they can be read again."""

    identities: tuple[Identity, ...] = ()
    references: Mapping[str, Mapping[str, Reference]] = field(default_factory=dict)
    reader: SecretReader | None = None
    servers: tuple[str, ...] = ()  # the only other servers that identities may name; empty: those of the target's list

    def secrets(self) -> Iterable[Secret]:
        """What the configuration knows of live secrets; logins and tokens come later."""
        for identity in self.identities:
            yield from secrets_of(identity)


def read_identities(path: Path, tables: Any, environ: Mapping[str, str]) -> Configured:
    """`tables` as TOML has them. Raises ConfigError."""
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise ConfigError(f"{path}: identities are written as [[identity]], one table for each.")
    reader = SecretReader(environ, path.parent)
    identities: list[Identity] = []
    references: dict[str, Mapping[str, Reference]] = {}
    for number, table in enumerate(tables, 1):
        name = table.get("name", f"identity-{number}")
        if not isinstance(name, str) or not name or name != printable(name):
            raise ConfigError(f"{path}: [[identity]] {number}: name takes a short text.")
        if name in references:
            raise ConfigError(f"{path}: two identities are called `{name}`: names are unique.")
        form = IdentityTable(f"{path}: identity `{name}`", table, reader)
        identities.append(_identity(name, form))
        references[name] = form.references
    _require_different(path, identities)
    return Configured(tuple(identities), references, reader)


def read_servers(path: Path, table: Mapping[str, Any]) -> tuple[str, ...]:
    """`[identities] servers`. Raises ConfigError."""
    for key in table:
        if key != "servers":
            raise ConfigError(f"{path}: [identities] {printable(key)} is unknown. There is: servers.")
    servers = table.get("servers", [])
    if not isinstance(servers, list) or not all(isinstance(one, str) and one.strip() for one in servers):
        raise ConfigError(f"{path}: [identities] servers takes a list of hosts, host:port or URLs without a path.")
    return tuple(servers)


def secrets_of(identity: Identity) -> Iterable[Secret]:
    """Of the configuration and of every account of its pool."""
    yield from _secrets(identity, "", identity.values, identity.secret_names)
    for text in _in_clear(identity.pattern):
        yield Secret(text, f"identity {identity.name}: credential of the file")
    for number, account in enumerate(identity.accounts, 1):
        names = frozenset(account.values) - _NO_SECRETS
        yield from _secrets(identity, f" of account {number}", account.values, names)


def _secrets(identity: Identity, whose: str, values: Mapping[str, str], names: frozenset[str]) -> Iterable[Secret]:
    for name in values:
        if name in names:
            yield Secret(values[name], f"identity {identity.name}: {name}{whose}")
    if "user" in values and "password" in values:
        pair = basic_pair(values["user"], values["password"])
        yield Secret(pair, f"identity {identity.name}: {BASIC}{whose}", is_basic=True)


def _in_clear(pattern: Pattern) -> Iterable[str]:
    """Texts of the file that stand where requests carry credentials."""
    headers, query, crumbs = (
        [(name, one.fill({})) for name, one in templates if not one.names]
        for templates in (pattern.headers, pattern.query, pattern.cookies)
    )
    worn = [*headers, ("Cookie", "; ".join(f"{name}={text}" for name, text in crumbs))]
    return (one.value for one in credentials_in(Request("GET", f"/?{urlencode(query)}", Headers.of(worn))))


def _identity(name: str, form: IdentityTable) -> Identity:
    kind = form.choice("kind", KINDS)
    form.raw("name")
    form.read_values()
    match = _match(form)
    source = SOURCES.get(kind, _static)(form)
    pattern = _pattern(form, PATTERNS[kind](form))
    accounts = (
        read_accounts(f"{form.where}: `accounts`", form.raw("accounts"), form.reader) if form.has("accounts") else ()
    )
    identity = Identity(
        name=name,
        kind=kind,
        match=match,
        source=source,
        pattern=pattern,
        values=form.values,
        secret_names=frozenset(form.values) - _NO_SECRETS,
        filled=tuple(form.filled.items()),
        accounts=accounts,
        may_share=form.flag("share"),
        prefer=form.choice("prefer", ("recording", "identity"), "recording") == "identity",
        renew_on=form.statuses("renew_on", (401,)),
        server=form.text("server", ""),
        login_fields=form.templates("login_fields"),
        login_path=form.text("login_path", ""),
        rereads=any(one.may_change for one in form.references.values()),
    )
    form.finish(_KEYS)
    _require_names(form, identity)
    return identity


def _static(_: IdentityTable) -> Static:
    return Static()


def _match(form: IdentityTable) -> Match:
    match = Match(form.texts("actor"), form.texts("principal"), form.texts("tenant"), form.texts("scheme"))
    is_all = form.flag("all")
    says_whom = bool(match.actors or match.principals or match.tenants)
    if says_whom and is_all:
        raise form.fail("all", "contradicts actor, principal and tenant: leave one of them out")
    if not says_whom and not is_all and not match.schemes:
        raise ConfigError(f"{form.where}: say whom it is for: {', '.join(_WHOM)} = true, or a scheme.")
    return Match(match.actors, match.principals, match.tenants, frozenset(one.lower() for one in match.schemes))


def _pattern(form: IdentityTable, own: Pattern) -> Pattern:
    """What the kind sets, and beside it what the table adds."""
    more = Pattern(*(form.templates(key) for key in ("headers", "query", "cookies", "fields")))
    named = {name.lower() for name, _ in more.headers}
    if "authorization" in named:
        literal = {name.lower(): one for name, one in more.headers}["authorization"]
        if not literal.names:
            raise form.fail(
                "headers.Authorization", 'stands there in clear: write "Bearer {token}" and name it in values'
            )
    kept = tuple(pair for pair in own.headers if pair[0].lower() not in named)
    pattern = Pattern((*kept, *more.headers), (*own.query, *more.query), (*own.cookies, *more.cookies), more.fields)
    if pattern == Pattern() and not form.has("login_fields"):
        raise ConfigError(f"{form.where}: it sets nothing: add headers, query, cookies or fields.")
    return pattern


def _require_names(form: IdentityTable, identity: Identity) -> None:
    """Every name in a template has a giver."""
    given = set(identity.values) | _GIVEN | (set(identity.accounts[0].values) if identity.accounts else set())
    if {"user", "password"} <= given:
        given.add(BASIC)
    missing = sorted(identity.names - given)
    if missing:
        own = {OAuth2: "access_token, token_type", Jwt: "jwt", Login: "what its steps take"}.get(type(identity.source))
        names = ", ".join([*sorted(given), *([own] if own else [])])
        raise ConfigError(f"{form.where}: nobody gives `{printable(missing[0])}`. There are: {names}.")


def _require_different(path: Path, identities: Sequence[Identity]) -> None:
    """Two that say the same of whom they are for can never be told apart."""
    for i, one in enumerate(identities):
        for other in identities[:i]:
            if one.match == other.match:
                raise ConfigError(
                    f"{path}: identities `{other.name}` and `{one.name}` are for the same actors: change one."
                )
