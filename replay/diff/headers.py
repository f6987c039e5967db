"""Response headers as a tree that can be walked: what belongs to the build, without what belongs to the moment.

Places: `header.NAME` holds all fields of a name joined (RFC 9110 section 5.3), `set-cookie.NAME.ATTRIBUTE` a cookie's
attributes; a cookie's value is not compared, it is a secret of the moment.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from replay.model.headers import Headers
from replay.model.tree import Tree

# Of the connection, or derived from the body, or compared by the gate (content-type).
_OF_THE_WIRE = {
    *("connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer", "upgrade"),
    *("content-length", "content-encoding", "content-type", "content-md5", "content-digest", "digest", "repr-digest"),
}
# Of the moment: they vary between any two answers.
_OF_THE_MOMENT = {
    *("date", "age", "etag", "expires", "last-modified", "retry-after"),
    *("server-timing", "x-runtime", "x-response-time", "x-process-time"),
    *("x-request-id", "request-id", "x-correlation-id", "correlation-id", "x-transaction-id", "x-ms-request-id"),
    *("traceparent", "tracestate", "traceresponse", "baggage", "b3", "sentry-trace", "uber-trace-id", "x-trace-id"),
    *("x-amzn-trace-id", "x-amzn-requestid", "x-amz-request-id", "x-amz-id-2", "x-cloud-trace-context"),
}
# Of the way there: gateways and caches add them, and QA has others than production.
_OF_THE_WAY = {
    *("server", "via", "x-powered-by", "x-served-by", "x-backend", "x-timer", "x-varnish"),
    *("x-cache", "x-cache-hits", "x-cache-status", "alt-svc", "nel", "report-to", "strict-transport-security"),
}
_VOLATILE = _OF_THE_WIRE | _OF_THE_MOMENT | _OF_THE_WAY
_VOLATILE_STEMS = ("ratelimit", "x-ratelimit-", "x-rate-limit-", "x-b3-", "x-datadog-", "cf-", "x-amz-cf-", "x-envoy-")
_SETS = frozenset({"vary", "allow", "cache-control", "access-control-allow-methods", "access-control-allow-headers"})
# Whole addresses, the environment's: only that they are there is compared (and "*", which is no address).
_ADDRESSES = frozenset({"link", "content-location", "refresh", "access-control-allow-origin"})
_COOKIE_ATTRIBUTES = frozenset({"httponly", "secure", "samesite", "path"})  # the rest varies with host and time
_COOKIE_MOMENTS = frozenset({"expires", "max-age"})


def is_volatile(name: str) -> bool:
    """True for headers that say nothing about the build. `name` in lower case."""
    return name in _VOLATILE or name.startswith(_VOLATILE_STEMS)


@lru_cache(maxsize=1024)  # servers send a few dozen names, in one case each
def _compared_name(raw: str) -> str:
    """The name in lower case; empty when its value is not compared."""
    name = raw.lower()
    return "" if is_volatile(name) else name


def compared_fields(headers: Headers) -> list[tuple[str, str]]:
    """The fields that `head_tree` is made from, as they were sent: where they are equal, so are the trees."""
    return [(name, field[1]) for field in headers.fields if (name := _compared_name(field[0]))]


def are_compared_alike(one: Headers, two: Headers) -> bool:
    """As `compared_fields(one) == compared_fields(two)`, faster where both name the same fields in one order."""
    if len(one.fields) != len(two.fields):
        return compared_fields(one) == compared_fields(two)
    for left, right in zip(one.fields, two.fields, strict=True):
        if left != right and (left[0] != right[0] or _compared_name(left[0])):
            return compared_fields(one) == compared_fields(two)
    return True


def head_tree(headers: Headers) -> dict[str, Tree]:
    """{"header": {name: text}, "set-cookie": {name: {attribute: text}}}, names in lower case."""
    plain: dict[str, Tree] = {}
    cookies: dict[str, Tree] = {}
    for name, value in compared_fields(headers):
        if name == "set-cookie":
            cookie, attributes = _cookie(value)
            cookies[cookie] = attributes
        else:
            before = plain.get(name)
            plain[name] = f"{before}, {value.strip()}" if isinstance(before, str) else value.strip()
    for name, text in plain.items():
        plain[name] = _normalised(name, text if isinstance(text, str) else "")
    return {"header": plain, "set-cookie": cookies}


def _normalised(name: str, value: str) -> str:
    if name in _SETS:
        return ", ".join(sorted({token.strip().lower() for token in value.split(",") if token.strip()}))
    if name == "location":  # its host is the environment's
        try:
            parts = urlsplit(value)
        except ValueError:
            return value
        names = sorted({piece.partition("=")[0] for piece in parts.query.split("&")})
        return f"{parts.path}?{'&'.join(names)}" if parts.query else parts.path
    return "" if name in _ADDRESSES and value != "*" else value


def _cookie(field: str) -> tuple[str, dict[str, Tree]]:
    """The cookie's name and attributes. A cookie that is being deleted says so: its lifetime is over."""
    crumbs = [crumb.strip().partition("=") for crumb in field.split(";")]
    attributes: dict[str, Tree] = {}
    for name, _, value in crumbs[1:]:
        key = name.strip().lower()
        if key in _COOKIE_ATTRIBUTES:
            attributes[key] = value.strip().lower() if key == "samesite" else value.strip()
        elif key in _COOKIE_MOMENTS:
            attributes["persistent"] = True
    return crumbs[0][0].strip(), attributes
