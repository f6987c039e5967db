"""Where mutations make sense: rules about exchanges that several mutators share.

Rule: a site is offered only when the recording shows that the request works; changing what never worked proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from replay.model.case import Site
from replay.model.endpoint import endpoint_of, is_id_like
from replay.model.exchange import Exchange, Request
from replay.model.message import cookies, path_segments, request_leaves, text_of
from replay.model.session import Session
from replay.model.tree import Place, Scalar

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SIGN_IN_WORDS = frozenset({"login", "logout", "signin", "signout", "logon", "logoff", "oauth", "oauth2", "refresh"})
_SIGN_IN_PAIRS = frozenset({"sign in", "sign out", "sign off", "log in", "log out", "log on", "log off"})
_TOKEN_WORDS = frozenset({"session", "sessions", "token", "tokens"})
_TOKEN_COMPANY = _TOKEN_WORDS | {"access", "api", "auth", "bearer", "current", "id", "jwt", "me", "revoke", "user"}

_API_KEY_HEADER = re.compile(r"(x-)?(api|auth|access|session|user|app)[-_]?(key|token|secret|id)|x-auth", re.IGNORECASE)
_SESSION_COOKIE = re.compile(r"sid|sess|auth|token|jwt|login|identity|remember", re.IGNORECASE)
_OTHER_COOKIE = re.compile(r"csrf|xsrf|^_g|consent|locale|lang|theme|analytics", re.IGNORECASE)

_ID_KEY = re.compile(r"(?:.*[_\-.])?(?:id|ids|uuid|guid)|.*[a-z0-9](?:Id|Ids|ID|IDs|Uuid|UUID)")
_NOT_A_RESOURCE = re.compile(
    r"(idempotency|request|correlation|trace|span|session|device|client|message|analytics)[_\-.]?(id|uuid|guid)",
    re.IGNORECASE,
)
_TENANT_HEADER = re.compile(r"x-(tenant|org|organi[sz]ation|account|workspace|company)(-?id)?", re.IGNORECASE)


def site_of(exchange: Exchange, variant: str = "") -> Site:
    return Site(exchange.id, endpoint_of(exchange.request.method, exchange.request.target), variant)


def repeatable(session: Session) -> Iterator[Site]:
    """Where sending the same request again must not repeat its effect.

    Logins, logouts and token refreshes are left out: every call rightly makes a new session or voids an old one, and
    the rest of the session would lose its credentials.
    """
    for exchange in session.exchanges:
        request = exchange.request
        worked = 200 <= exchange.status < 400
        if worked and not request.is_safe and not request.body.truncated and not is_sign_in(request.path):
            yield site_of(exchange)


def is_sign_in(path: str) -> bool:
    """True when the path is about credentials: `/login`, `/oauth/token`, `/sessions/current`, `/auth/refresh-token`.

    `session` and `token` count only among their own kind: `/training-sessions` are courses, not credentials.
    """
    for segment in path_segments(path):
        words = words_of(segment)
        if _SIGN_IN_WORDS.intersection(words) or segment.lower() in _SIGN_IN_WORDS or " ".join(words) in _SIGN_IN_PAIRS:
            return True
        if _TOKEN_WORDS.intersection(words) and _TOKEN_COMPANY.issuperset(words):
            return True
    return False


def is_authenticated(request: Request) -> bool:
    """True when the request carries credentials: Authorization, an API key header, or a session cookie."""
    if request.headers.get("authorization"):
        return True
    if any(value and _API_KEY_HEADER.fullmatch(name) for name, value in request.headers.fields):
        return True
    return any(value and _is_session_cookie(name, value) for name, value in cookies(request.headers).items())


def names_resource(request: Request, tenant: str = "") -> bool:
    """True when the request says whose data it wants: an id in path, query or body, or a tenant."""
    return any(_is_reference(place, value, tenant) for place, value in request_leaves(request))


def is_id_key(name: str) -> bool:
    """`id`, `course_id`, `courseId`, `order.uuid`: the names of references, not of requests or devices."""
    return bool(_ID_KEY.fullmatch(name)) and not _NOT_A_RESOURCE.fullmatch(name)


def words_of(name: str) -> list[str]:
    """`accessToken`, `access-token` and `ACCESS_TOKEN` are all access, token."""
    return [word.lower() for word in _WORD.findall(name)]


def last_key(place: Place) -> str:
    """The field's own name: the last part of a place that is no index."""
    return next((part for part in reversed(place) if isinstance(part, str)), "")


def _is_session_cookie(name: str, value: str) -> bool:
    if _OTHER_COOKIE.search(name):
        return False
    return bool(_SESSION_COOKIE.search(name)) or (len(value) >= 16 and is_id_like(value))


def _is_reference(place: Place, value: Scalar, tenant: str) -> bool:
    text = text_of(value)
    kind = place[0]
    if value is None or not text:
        return False
    if kind == "path":
        return is_id_like(text) or text == tenant
    if kind == "header":
        return bool(_TENANT_HEADER.fullmatch(str(place[1])))
    return kind in {"query", "body", "form"} and (text == tenant or (is_id_key(last_key(place)) and len(place) > 1))
