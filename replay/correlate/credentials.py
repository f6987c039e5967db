"""Which places say who is calling, which keys hold secrets, and which headers nobody correlates."""

from __future__ import annotations

import re
from functools import lru_cache

from replay.model.tree import Place

_CREDENTIAL_HEADER = re.compile(
    r"(proxy-)?authorization|cookie|(x-)?(api|app|subscription)-?(key|token)|ocp-apim-subscription-key"
    r"|(x-)?(auth|access|session|user|id|refresh)-?(token|key|id)|x-(auth|session|user)|(x-)?(csrf|xsrf)(-.*)?"
    r"|(x-)?(tenant|org|organi[sz]ation|workspace|company|account|customer|client|realm)(-?(id|key|name|slug|code))?"
)
_CREDENTIAL_PARAMETER = re.compile(r"(x-)?(api-?key|access-?token|auth-?token|session-?token)")
_SECRET_KEY = re.compile(
    r".*(passw|passphrase|secret|token|api-?key|credential|signature).*|pin|otp|pwd|client-?id|(.*-)?tenant(-?id)?"
)
_STATIC_REQUEST = re.compile(
    r"accept(-.*)?|content-.*|user-agent|host|connection|keep-alive|cache-control|pragma|referer|origin|sec-.*|te|dnt"
    r"|date|upgrade.*|x-forwarded-.*|forwarded|via|x-real-ip|if-(un)?modified-since|range|traceparent|tracestate"
    r"|baggage|priority|x-requested-with|transfer-encoding|expect|max-forwards|save-data|x-b3-.*|b3|sentry-trace"
)
_STATIC_RESPONSE = re.compile(
    r"accept-.*|access-control-.*|age|allow|alt-svc|cache-control|connection|content-.*|cross-origin-.*|date|expires"
    r"|keep-alive|last-modified|nel|p3p|permissions-policy|pragma|referrer-policy|report-to|retry-after|server"
    r"|server-timing|strict-transport-security|timing-.*|trace.*|trailer|transfer-encoding|upgrade|vary|via|warning"
    r"|www-authenticate|x-(content|frame|powered|runtime|xss|dns|cache|served|timer|amz-cf)(-.*)?|(x-)?rate-?limit(-.*)?"
)


@lru_cache(maxsize=4096)
def is_static_request_header(name: str) -> bool:
    """True for headers of the client's software, not of what it does. `name` is lower case."""
    return _STATIC_REQUEST.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def is_static_response_header(name: str) -> bool:
    return _STATIC_RESPONSE.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def is_credential_header(name: str) -> bool:
    """True for what identifies the caller: authorization, cookies, API keys, tenant headers. `name` is lower case."""
    return _CREDENTIAL_HEADER.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def is_credential_parameter(name: str) -> bool:
    return _CREDENTIAL_PARAMETER.fullmatch(_dashed(name)) is not None


@lru_cache(maxsize=4096)
def is_secret_key(name: str) -> bool:
    """True for keys whose values are somebody's secret or membership: never ours to renew."""
    return _SECRET_KEY.fullmatch(_dashed(name)) is not None


def is_credential(place: Place) -> bool:
    """True when the request place says who is calling."""
    kind, name = place[0], place[1] if len(place) > 1 else ""
    if kind in {"auth", "cookie"}:
        return True
    if not isinstance(name, str):
        return False
    return (kind == "header" and is_credential_header(name)) or (kind == "query" and is_credential_parameter(name))


def is_static(place: Place) -> bool:
    """True for request headers that nobody correlates."""
    return place[0] == "header" and isinstance(place[1], str) and is_static_request_header(place[1])


def _dashed(name: str) -> str:
    return name.lower().replace("_", "-")
