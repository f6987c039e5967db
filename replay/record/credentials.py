"""Who an exchange says it is from: the credentials in a request, and those that a response issues.

Rule: reads redacted exchanges only, so everything in here is a stand-in; nothing is verified, and nothing needs to be.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from replay.model.codec import UndecodableError, parse_json
from replay.model.endpoint import TENANT_COLLECTIONS
from replay.model.exchange import Request, Response
from replay.model.headers import Headers
from replay.model.message import body_tree, cookies, path_segments, split_authorization
from replay.model.session import Actor
from replay.model.tree import Tree
from replay.redact.vocabulary import VERBS

TENANT_CLAIMS = ("tid", "tenant", "tenant_id", "tenantId", "org", "org_id", "orgId", "organization_id")
PRINCIPAL_CLAIMS = ("sub", "user_id", "userId", "uid", "email")
_TENANT_HEADERS = (
    "x-tenant-id", "x-tenant", "tenant-id", "x-org-id", "x-organization-id", "x-account-id", "x-workspace-id",
)  # fmt: skip
_KEY_HEADERS = ("x-api-key", "api-key", "apikey", "x-auth-token", "x-access-token", "x-session-token", "x-session-id")
_SESSION_COOKIE = re.compile(
    r"(__(host|secure)-)?(\w+[._-])?(sid|sess|session([._-]?id)?|\w*sessid|jsessionid|asp\.net_sessionid|connect\.sid"
    r"|auth|auth[._-]?token|access[._-]?token|id[._-]?token|token|jwt)",
    re.IGNORECASE,
)
_TOKEN_KEYS = frozenset(
    {
        "access_token", "accesstoken", "token", "id_token", "idtoken", "jwt", "auth_token", "authtoken",
        "refresh_token", "refreshtoken", "session", "session_id", "sessionid", "session_token", "sessiontoken",
        "api_key", "apikey",
    }
)  # fmt: skip
_MIN_TOKEN_LENGTH = 8  # shorter texts under such keys are words ("bearer"), not credentials


@dataclass(frozen=True, slots=True)
class Credentials:
    """`tokens` are the credentials as they travel; the actor's principal is the first token when nothing names it."""

    tokens: tuple[str, ...] = ()
    actor: Actor = Actor()


def credentials_of(request: Request) -> Credentials:
    """Authorization first, then key headers, then session cookies; the first one that names somebody wins."""
    tokens: list[str] = []
    actor = Actor(_first_header(request.headers, _TENANT_HEADERS))
    for token, claimed in _claimed(request):
        tokens.append(token)
        actor = Actor(actor.tenant or claimed.tenant, actor.principal or claimed.principal)
    if tokens and not actor.principal:
        actor = Actor(actor.tenant, tokens[0])
    return Credentials(tuple(dict.fromkeys(tokens)), actor)


def issued_by(response: Response) -> Credentials:
    """Tokens in the JSON answer or in Set-Cookie, and whom they name (an empty principal when they do not say)."""
    tokens: list[str] = []
    actor = Actor()
    for token in (*_json_tokens(response), *_set_cookies(response)):
        tokens.append(token)
        claimed = claims_of(token)
        actor = Actor(actor.tenant or claimed.tenant, actor.principal or claimed.principal)
    return Credentials(tuple(dict.fromkeys(tokens)), actor)


def claims_of(token: str) -> Actor:
    """What a JWT's payload (RFC 7519) says; empty for anything else."""
    parts = token.split(".")
    if len(parts) != 3:
        return Actor()
    try:
        payload = parse_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, UndecodableError, ValueError):
        return Actor()
    if not isinstance(payload, dict):
        return Actor()
    return Actor(_claim(payload, TENANT_CLAIMS), _claim(payload, PRINCIPAL_CLAIMS))


def tenant_in_path(request: Request) -> str:
    """`acme` of /o/acme/parcels: a collection of tenants, one of them, and something of its own; else empty."""
    segments = path_segments(request.path)
    for collection, name, below in zip(segments, segments[1:], segments[2:], strict=False):
        if collection.lower() in TENANT_COLLECTIONS:
            return name if below and name.lower() not in VERBS else ""
    return ""


def _claimed(request: Request) -> list[tuple[str, Actor]]:
    out: list[tuple[str, Actor]] = []
    scheme, credentials = split_authorization(request.headers.get("authorization"))
    if credentials:
        is_basic = scheme.lower() == "basic"
        out.append((credentials, Actor("", _basic_user(credentials)) if is_basic else claims_of(credentials)))
    for name in _KEY_HEADERS:
        value = request.headers.get(name)
        if value:
            out.append((value, claims_of(value)))
    crumbs = cookies(request.headers).items()
    return out + [(value, claims_of(value)) for name, value in crumbs if _is_session(name, value)]


def _basic_user(credentials: str) -> str:
    try:
        user = base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""
    return user


def _is_session(name: str, value: str) -> bool:
    return len(value) >= _MIN_TOKEN_LENGTH and _SESSION_COOKIE.fullmatch(name) is not None


def _json_tokens(response: Response) -> list[str]:
    """Token fields at the top of the answer and one level below (`data.access_token`)."""
    try:
        tree = body_tree(response.body)
    except UndecodableError:
        return []
    if not isinstance(tree, dict):
        return []
    below = [child for child in tree.values() if isinstance(child, dict)]
    return [value for node in (tree, *below) for key, value in node.items() if _is_token(key, value)]  # type: ignore[misc]


def _is_token(key: str, value: Tree) -> bool:
    return isinstance(value, str) and len(value) >= _MIN_TOKEN_LENGTH and key.lower().replace("-", "_") in _TOKEN_KEYS


def _set_cookies(response: Response) -> list[str]:
    out = []
    for field in response.headers.get_all("set-cookie"):
        name, _, rest = field.partition("=")
        value = rest.partition(";")[0].strip()
        if _is_session(name.strip(), value):
            out.append(value)
    return out


def _first_header(headers: Headers, names: tuple[str, ...]) -> str:
    return next((value for value in map(headers.get, names) if value), "")


def _claim(payload: dict[str, Tree], names: tuple[str, ...]) -> str:
    for name in names:
        value = payload.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""
