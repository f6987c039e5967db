"""Stated sources: where the configuration says that the tenant, the principal or the session of a request stands.

    header:X-Tenant-Id    cookie:tenant    query:org       a field of the request, or one query parameter
    claim:org_id          basic                            a claim of any JWT in it; the user of Basic authentication
    path:/o/{tenant}/**   subdomain                        a segment of the path; the first label of the host
    body:user.tenant.id                                    a place in the request's JSON or form, else in a 2xx answer

The first source that has a value counts. Names are written as in the traffic: where redaction changes a name
(`https://acme.example/tenant` as a claim), `spelled` gives its stand-in, because redacted exchanges are read.

Rule: pure, and total on any exchange; a wrong source raises ValueError with the second half of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeGuard
from urllib.parse import parse_qsl

from replay.model.codec import UndecodableError
from replay.model.exchange import Exchange
from replay.model.message import body_tree, cookies, path_segments, readable, text_of
from replay.model.tree import Tree
from replay.record.credentials import basic_user, claims_in, presented
from replay.record.subdomains import NO_SITE, Site

_NAMED = frozenset({"header", "cookie", "claim", "query", "path", "body"})
_BARE = frozenset({"subdomain", "basic"})
_FORMS = "header:NAME, cookie:NAME, claim:NAME, query:NAME, path:/o/{tenant}/**, body:PLACE, subdomain, basic"
_PLACEHOLDER = re.compile(r"\{[a-z_]{1,30}\}")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6}|\*)\]")
_LONGEST = 1024  # characters; no name is longer

Spelled = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Source:
    """`name` is empty for the bare kinds; `steps` are a place's keys and indices, or a path's segments."""

    kind: str
    name: str = ""
    steps: tuple[str | int, ...] = ()
    is_open: bool = False  # the path may go on

    def spelled(self, change: Spelled) -> Source:
        """The same source as redacted exchanges show it."""
        if self.kind == "body":
            steps = tuple(change(step) if isinstance(step, str) else step for step in self.steps)
            return Source(self.kind, self.name, steps)
        if self.kind in ("cookie", "claim", "query"):
            return Source(self.kind, change(self.name))
        return self

    def value(self, exchange: Exchange, site: Site = NO_SITE) -> str:
        """What stands there; empty when nothing does."""
        return _READERS[self.kind](self, exchange, site)[:_LONGEST]


@dataclass(frozen=True, slots=True)
class Sources:
    """For each role in the order in which they are asked."""

    tenant: tuple[Source, ...] = ()
    principal: tuple[Source, ...] = ()
    session: tuple[Source, ...] = ()

    @classmethod
    def parse(cls, tenant: Iterable[str], principal: Iterable[str], session: Iterable[str]) -> Sources:
        return cls(
            parse_sources("tenant", tenant), parse_sources("principal", principal), parse_sources("session", session)
        )

    def by_role(self) -> tuple[tuple[str, tuple[Source, ...]], ...]:
        return ("tenant", self.tenant), ("principal", self.principal), ("session", self.session)

    def roles(self) -> tuple[str, ...]:
        """Those for which something is stated."""
        return tuple(role for role, sources in self.by_role() if sources)

    def names(self) -> tuple[str, ...]:
        """Every name that redaction might change."""
        out: list[str] = []
        for source in (*self.tenant, *self.principal, *self.session):
            if source.kind == "body":
                out += [step for step in source.steps if isinstance(step, str)]
            elif source.kind in ("cookie", "claim", "query"):
                out.append(source.name)
        return tuple(dict.fromkeys(out))

    def spelled(self, change: Spelled) -> Sources:
        roles = (self.tenant, self.principal, self.session)
        tenant, principal, session = (tuple(source.spelled(change) for source in role) for role in roles)
        return Sources(tenant, principal, session)


def first_value(sources: Iterable[Source], exchange: Exchange, site: Site = NO_SITE) -> str:
    """The first source's value that is not empty."""
    return next((value for value in (source.value(exchange, site) for source in sources) if value), "")


def parse_sources(role: str, texts: Iterable[str]) -> tuple[Source, ...]:
    """`role` is tenant, principal or session; only a tenant can be named by a subdomain."""
    out = []
    for i, text in enumerate(texts, 1):
        source = _parsed(text.strip(), i)
        if source.kind == "subdomain" and role != "tenant":
            raise ValueError(f"must not have subdomain (entry {i}): a subdomain names tenants only")
        out.append(source)
    return tuple(out)


def _parsed(text: str, entry: int) -> Source:
    if text in _BARE:
        return Source(text)
    kind, _, name = text.partition(":")
    name = name.strip()
    if kind not in _NAMED or not name:
        raise ValueError(f"must be a list of sources, each one of {_FORMS}; entry {entry} is none of them")
    if kind == "path":
        return _path_source(name, entry)
    if kind == "body":
        steps = tuple(word or (0 if index == "*" else int(index)) for word, index in _STEP.findall(name))
        if "".join(_written(step) for step in steps).lstrip(".") != name.replace("[*]", "[0]"):
            raise ValueError(f"must have places such as body:user.tenant.id or body:items[0].id (entry {entry})")
        return Source(kind, name, steps)
    return Source(kind, name.lower() if kind == "header" else name)


def _written(step: str | int) -> str:
    return f".{step}" if isinstance(step, str) else f"[{step}]"


def _path_source(pattern: str, entry: int) -> Source:
    is_open = pattern.endswith("/**")
    steps = pattern.removesuffix("/**").split("/")
    places = [step for step in steps if _PLACEHOLDER.fullmatch(step)]
    wrong = [step for step in steps if step != "*" and step not in places and ("*" in step or "{" in step)]
    if not pattern.startswith("/") or len(places) != 1 or wrong:
        raise ValueError(
            f"must have paths with one name in braces, ** at the end only, as in path:/o/{{tenant}}/** (entry {entry})"
        )
    return Source("path", places[0], tuple(steps), is_open)


def _header(source: Source, exchange: Exchange, _: Site) -> str:
    return exchange.request.headers.get(source.name).strip()


def _cookie(source: Source, exchange: Exchange, _: Site) -> str:
    return cookies(exchange.request.headers).get(source.name, "").strip('"')


def _query(source: Source, exchange: Exchange, _: Site) -> str:
    pairs = parse_qsl(readable(exchange.request.query), keep_blank_values=False)
    return next((value for name, value in pairs if name == source.name), "")


def _claim(source: Source, exchange: Exchange, _: Site) -> str:
    for token in presented(exchange):
        claims = claims_in(token)
        found = claims.get(source.name)
        value = found if found is not None else _at(claims, tuple(source.name.split(".")))
        if _is_name(value):
            return text_of(value)
    return ""


def _basic(_: Source, exchange: Exchange, __: Site) -> str:
    return basic_user(exchange.request.headers.get("authorization"))


def _subdomain(_: Source, exchange: Exchange, site: Site) -> str:
    """The stand-in of the whole host, which is as distinct and as stable as the label."""
    return exchange.request.host.partition(".")[0] if site.parent else ""


def _path(source: Source, exchange: Exchange, _: Site) -> str:
    segments = path_segments(exchange.request.path)
    steps = source.steps
    if len(segments) < len(steps) or (len(segments) > len(steps) and not source.is_open):
        return ""
    found = ""
    for step, segment in zip(steps, segments, strict=False):
        if step == source.name:
            found = segment
        elif step not in ("*", segment):
            return ""
    return found


def _body(source: Source, exchange: Exchange, _: Site) -> str:
    request, response = exchange.request, exchange.response
    if request.body.is_form and not request.body.truncated:
        pairs = parse_qsl(readable(request.body.data.decode("utf-8", "replace")))
        return next((value for name, value in pairs if name == source.name), "")
    bodies = [request.body, *([response.body] if response and response.is_success else [])]
    for body in bodies:
        try:
            value = _at(body_tree(body), source.steps)
        except UndecodableError:
            continue
        if _is_name(value):
            return text_of(value)
    return ""


def _at(node: Tree, steps: tuple[str | int, ...]) -> Tree:
    for step in steps:
        if isinstance(node, dict) and isinstance(step, str):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            return None
    return node


def _is_name(value: Tree) -> TypeGuard[str | int]:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


_READERS: dict[str, Callable[[Source, Exchange, Site], str]] = {
    "header": _header,
    "cookie": _cookie,
    "claim": _claim,
    "query": _query,
    "path": _path,
    "subdomain": _subdomain,
    "body": _body,
    "basic": _basic,
}
