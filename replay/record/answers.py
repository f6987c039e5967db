"""Whom an answer names: the tenant and the user in what a login or `/me` answers.

    {"token": ..., "user": {"id": 7, "tenant_id": 3}}      {"data": {"organization": {"id": "acme"}}}

Rule: only a login's answer and an account's own page speak of the caller; any other document may be about anybody.
"""

from __future__ import annotations

from collections.abc import Iterator

from replay.model.exchange import Exchange
from replay.model.message import path_segments
from replay.model.session import Actor
from replay.model.tree import Tree

_LOGIN = frozenset(
    {"login", "signin", "sign-in", "log-in", "session", "sessions", "authenticate", "auth", "token", "oauth"}
)
_OWN_PAGES = frozenset({"me", "whoami", "userinfo", "session"})
_TENANTS = ("tenant", "organization", "organisation", "org", "workspace", "company")
_LISTS = ("tenants", "organizations", "organisations", "orgs", "workspaces")
_USERS = ("user", "me", "member", "profile")
_WRAPPERS = ("data", "result", "session", "account")
_IDS = ("id", "uuid", "uid", "slug", "key")


def is_login(exchange: Exchange) -> bool:
    """An accepted POST whose path says so."""
    response = exchange.response
    if exchange.request.method != "POST" or response is None or not response.is_success:
        return False
    return _last_word(exchange) in _LOGIN


def is_own_page(exchange: Exchange) -> bool:
    """A read of `/me` and its like."""
    response = exchange.response
    return (
        exchange.request.method == "GET"
        and bool(response and response.is_success)
        and (_last_word(exchange) in _OWN_PAGES)
    )


def named_in(tree: Tree) -> Actor:
    """The actor of a login's answer or an own page; empty where it does not say, or names several tenants."""
    tenant = principal = ""
    for name, node in _nodes(tree):
        tenant = tenant or _tenant(node)
        principal = principal or _principal(name, node)
    return Actor(tenant, principal)


def _nodes(tree: Tree) -> Iterator[tuple[str, dict[str, Tree]]]:
    """The document, its wrappers, and the user in any of these, with their names."""
    if not isinstance(tree, dict):
        return
    outer = [("", tree)]
    outer += [(name, child) for name in _WRAPPERS if isinstance(child := tree.get(name), dict)]
    yield from outer
    for _, node in outer:
        for name in _USERS:
            child = node.get(name)
            if isinstance(child, dict):
                yield name, child


def _tenant(node: dict[str, Tree]) -> str:
    flat = {key.lower().replace("_", "").replace("-", ""): value for key, value in node.items()}
    for name in _TENANTS:
        for value in (flat.get(f"{name}id"), flat.get(name)):
            found = _id(value)
            if found:
                return found
    for name in _LISTS:
        several = flat.get(name)
        if isinstance(several, list) and len(several) == 1:
            return _id(several[0])
    return ""


def _principal(name: str, node: dict[str, Tree]) -> str:
    keys = ("user_id", "userId", "sub", *(("id", "uuid", "uid", "email") if name in _USERS else ()))
    return next((found for key in keys if (found := _scalar(node.get(key)))), "")


def _id(value: Tree) -> str:
    if isinstance(value, dict):
        return next((found for key in _IDS if (found := _scalar(value.get(key)))), "")
    return _scalar(value)


def _scalar(value: Tree) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _last_word(exchange: Exchange) -> str:
    segments = [segment for segment in path_segments(exchange.request.path) if segment]
    return segments[-1].lower() if segments else ""
