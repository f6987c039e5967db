"""The kinds of identities: what each needs from its table, and what requests then wear.

    bearer   api-key   basic   cookie   headers     values as they are
    login    oauth2                                 fetched over the wire
    jwt                                             signed here
    recording                                       nothing but the fields of the recording's own login

Rule: a wrong table is one sentence that names the key.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from replay.compose.identity_table import IdentityTable
from replay.compose.units import printable
from replay.identity.claims import ALGORITHMS, Minting
from replay.identity.extraction import Extraction, parse_extraction
from replay.identity.oauth import CLIENT_CREDENTIALS, GRANTS, PASSWORD, REFRESH_TOKEN, Grant
from replay.identity.outfit import Pattern
from replay.identity.spec import BASIC, Jwt, Login, OAuth2, Source, Step
from replay.identity.template import Template
from replay.model.message import text_of
from replay.model.tree import Tree

_AUTHORIZATION = "Authorization"
_STEP_KEYS = ("method", "path", "headers", "json", "form", "take", "status")


def login_source(form: IdentityTable) -> Login:
    steps = form.raw("steps")
    if not isinstance(steps, list) or not steps or not all(isinstance(one, dict) for one in steps):
        raise form.fail("steps", "is a list of requests: [[identity.steps]] with method, path, json or form, and take")
    made = tuple(_step(form, f"steps.{n}", one) for n, one in enumerate(steps, 1))
    lifetime = form.raw("expires_in", 0)
    if isinstance(lifetime, str):
        name = lifetime.strip("{}")
        if not any(name == taken for step in made for taken, _ in step.take):
            raise form.fail("expires_in", "takes seconds, or the {name} of a value that a step takes")
        return Login(made, lifetime_name=name)
    return Login(made, form.seconds("expires_in", 0) or math.inf)


def _step(form: IdentityTable, key: str, table: dict[str, Any]) -> Step:
    for name in table:
        if name not in _STEP_KEYS:
            raise form.fail(f"{key}.{printable(name)}", f"is unknown. There are: {', '.join(_STEP_KEYS)}")
    method, path = table.get("method", "POST"), table.get("path")
    if not isinstance(method, str) or not method.isalpha():
        raise form.fail(f"{key}.method", "takes a method such as POST")
    if not isinstance(path, str) or not path.startswith("/"):
        raise form.fail(f"{key}.path", "takes a path that begins with /")
    if "json" in table and "form" in table:
        raise form.fail(key, "has both json and form: a request has one body")
    tables = {name: table.get(name, {}) for name in ("headers", "form", "take")}
    if not all(isinstance(one, dict) for one in tables.values()):
        raise form.fail(key, "takes tables for headers, form and take")
    statuses = table.get("status", [])
    many = statuses if isinstance(statuses, list) else [statuses]
    if not all(type(one) is int and 100 <= one <= 599 for one in many):
        raise form.fail(f"{key}.status", "takes status codes")
    return Step(
        method=method.upper(),
        target=form.template(f"{key}.path", path),
        headers=form.templates_of(f"{key}.headers", tables["headers"]),
        document=form.document(f"{key}.json", table["json"]) if "json" in table else None,
        form=form.templates_of(f"{key}.form", tables["form"]),
        has_document="json" in table,
        take=tuple((name, _extraction(form, f"{key}.take.{name}", one)) for name, one in tables["take"].items()),
        statuses=frozenset(many),
    )


def _extraction(form: IdentityTable, key: str, text: Any) -> Extraction:
    try:
        return parse_extraction(text if isinstance(text, str) else "")
    except ValueError as error:
        raise form.fail(key, str(error)) from None


def oauth_source(form: IdentityTable) -> OAuth2:
    kind = form.choice("grant", GRANTS)
    path = form.text("token_path")
    if not path.startswith("/"):
        raise form.fail("token_path", "takes a path that begins with /; another host is named by `server`")
    grant = Grant(
        kind=kind,
        path=path,
        client_id=form.maybe("client_id"),
        client_secret=form.maybe("client_secret", is_secret=True),
        in_body=form.choice("client_auth", ("basic", "body"), "basic") == "body",
        scope=form.maybe("scope"),
        user=form.plain("user") if kind == PASSWORD else None,
        password=form.secret("password") if kind == PASSWORD else None,
        refresh_token=form.secret("refresh_token") if kind == REFRESH_TOKEN else None,
        extra=form.templates("extra"),
    )
    if kind == CLIENT_CREDENTIALS and (grant.client_id is None or grant.client_secret is None):
        raise form.fail("grant", "client_credentials needs client_id and client_secret")
    if grant.client_secret is not None and grant.client_id is None:
        raise form.fail("client_id", "is missing beside client_secret")
    return OAuth2(grant)


def jwt_source(form: IdentityTable) -> Jwt:
    mapping = form.table("map")
    for name, table in mapping.items():
        if not isinstance(table, dict) or any(isinstance(one, dict | list) for one in table.values()):
            raise form.fail(f"map.{printable(name)}", "takes a table from recorded stand-ins to QA's values")
    minting = Minting(
        algorithm=form.choice("algorithm", ALGORITHMS),
        key=form.secret("key"),
        kid=form.maybe("kid"),
        claims={name: form.document(f"claims.{name}", value) for name, value in form.table("claims").items()},
        drop=form.texts("drop"),
        replacements={name: _replacements(table) for name, table in mapping.items()},
        lifetime=form.seconds("lifetime", 0),
        keeps=form.flag("keep_claims", True),
    )
    return Jwt(minting)


def _replacements(table: Mapping[str, Any]) -> dict[str, Tree]:
    return {text_of(key): value for key, value in table.items()}


def _headers(name: str, text: str) -> Pattern:
    return Pattern(headers=((name, Template.parse(text)),))


def _bearer(form: IdentityTable) -> Pattern:
    token = form.secret("token")
    return Pattern(headers=((_AUTHORIZATION, Template(((False, "Bearer "), *token.parts))),))


def _api_key(form: IdentityTable) -> Pattern:
    key = form.secret("key")
    places = [place for place in ("header", "parameter", "cookie") if form.has(place)]
    if len(places) > 1:
        raise form.fail("header", "stands beside another place: name one of header, parameter and cookie")
    place = places[0] if places else "header"
    pair = ((form.text(place, "X-Api-Key" if place == "header" else None), key),)
    return {"header": Pattern(headers=pair), "parameter": Pattern(query=pair), "cookie": Pattern(cookies=pair)}[place]


def _basic(form: IdentityTable) -> Pattern:
    """`user` and `password` are the table's own, or columns of its accounts."""
    if not form.has("accounts") or form.has("user") or form.has("password"):
        for key, template in (("user", form.plain("user")), ("password", form.secret("password"))):
            if template.names == {key} and key in form.values:
                continue
            form.values[key], form.filled[key] = _filled(form, key, template), template
    return _headers(_AUTHORIZATION, f"Basic {{{BASIC}}}")


def _filled(form: IdentityTable, key: str, template: Template) -> str:
    try:
        return template.fill(form.values)
    except KeyError:
        raise form.fail(key, "takes a reference, or a name of [identity.values]") from None


def _nothing(_: IdentityTable) -> Pattern:
    return Pattern()


SOURCES: dict[str, Callable[[IdentityTable], Source]] = {
    "login": login_source,
    "oauth2": oauth_source,
    "jwt": jwt_source,
}
PATTERNS: dict[str, Callable[[IdentityTable], Pattern]] = {
    "bearer": _bearer,
    "api-key": _api_key,
    "basic": _basic,
    "cookie": _nothing,
    "headers": _nothing,
    "recording": _nothing,
    "login": _nothing,
    "oauth2": lambda _: _headers(_AUTHORIZATION, "{token_type} {access_token}"),
    "jwt": lambda _: _headers(_AUTHORIZATION, "Bearer {jwt}"),
}
