"""Who an exchange says it is from, by guess: the credentials in a request, and those that a response issues.

Rule: nothing is verified, and nothing needs to be. Read from redacted exchanges everything in here is a stand-in; of
raw ones (sampling decides before redaction) the caller keeps hashes only.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from replay.model.codec import UndecodableError, parse_json
from replay.model.endpoint import TENANT_COLLECTIONS
from replay.model.exchange import Exchange, Request, Response
from replay.model.headers import Headers
from replay.model.message import body_tree, cookies, path_segments, readable, split_authorization
from replay.model.session import Actor
from replay.model.tree import Tree
from replay.redact.vocabulary import VERBS

TENANT_CLAIMS = ("tid", "tenant", "tenant_id", "tenantId", "org", "org_id", "orgId", "organization_id")
PRINCIPAL_CLAIMS = ("sub", "user_id", "userId", "uid", "email")
_TENANT_HEADERS = (
    "x-tenant-id", "x-tenant", "tenant-id", "x-org-id", "x-organization-id", "x-account-id", "x-workspace-id",
)  # fmt: skip
_KEY_HEADERS = ("x-api-key", "api-key", "apikey", "x-auth-token", "x-access-token", "x-session-token", "x-session-id")
_KEY_PARAMETERS = frozenset({"api_key", "apikey", "api-key", "access_token", "auth_token"})
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
_TOKEN_WORDS = (b"token", b"jwt", b"session", b"api")  # one of them is in each of the keys above
_MIN_TOKEN_LENGTH = 8  # shorter texts under such keys are words ("bearer"), not credentials


@dataclass(frozen=True, slots=True)
class Credentials:
    """`tokens` are the credentials as they travel; the actor is whom they name, empty where they do not say.

    `tenant_header` is what a header of the request says; a client may send it beside any credentials.
    """

    tokens: tuple[str, ...] = ()
    actor: Actor = Actor()
    tenant_header: str = ""


def credentials_of(request: Request) -> Credentials:
    """Authorization first, then key headers, session cookies, key parameters; the first that names somebody wins."""
    fields = _first_fields(request.headers)
    tokens: list[str] = []
    actor = Actor()
    for token, claimed in _claimed(request, fields):
        tokens.append(token)
        actor = Actor(actor.tenant or claimed.tenant, actor.principal or claimed.principal)
    tenant = next((fields[name] for name in _TENANT_HEADERS if fields.get(name)), "")
    return Credentials(tuple(dict.fromkeys(tokens)), actor, tenant)


def issued_by(response: Response, tree: Tree = None) -> Credentials:
    """Tokens in the JSON answer (`tree`) or in Set-Cookie, and whom they name. An error's text issues nothing."""
    tokens: list[str] = []
    actor = Actor()
    for token in (*_json_tokens(tree), *_set_cookies(response)):
        tokens.append(token)
        claimed = claims_of(token)
        actor = Actor(actor.tenant or claimed.tenant, actor.principal or claimed.principal)
    return Credentials(tuple(dict.fromkeys(tokens)), actor)


def answer_tree(response: Response) -> Tree:
    """The JSON document of an answer that is no error; None when there is none."""
    if response.status >= 400 or not response.body.is_json:
        return None
    try:
        return body_tree(response.body)
    except UndecodableError:
        return None


def may_issue(response: Response) -> bool:
    """False when the body, unparsed, holds no word that every token key contains: saves parsing most answers."""
    data = response.body.data.lower()
    return any(word in data for word in _TOKEN_WORDS)


def presented(exchange: Exchange) -> Iterator[str]:
    """Credentials in the request, then those that the answer issues: both may be JWTs that name somebody."""
    for token, _ in _claimed(exchange.request, _first_fields(exchange.request.headers)):
        yield token
    response = exchange.response
    if response:
        tree = answer_tree(response) if may_issue(response) else None
        yield from _json_tokens(tree)
        yield from _set_cookies(response)


def claims_of(token: str) -> Actor:
    """Whom a JWT names; empty for anything else."""
    claims = claims_in(token)
    return Actor(_claim(claims, TENANT_CLAIMS), _claim(claims, PRINCIPAL_CLAIMS)) if claims else Actor()


def claims_in(token: str) -> dict[str, Tree]:
    """A JWT's payload (RFC 7519); empty for anything else."""
    if token.count(".") != 2:
        return {}
    middle = token.split(".")[1]
    try:
        payload = parse_json(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (binascii.Error, UndecodableError, ValueError):
        return {}
    return payload if isinstance(payload, dict) else {}


def basic_user(authorization: str) -> str:
    """The user in a Basic Authorization field; empty for other schemes."""
    scheme, credentials = split_authorization(authorization)
    return _basic_user(credentials) if scheme.lower() == "basic" else ""


def tenant_in_path(request: Request) -> str:
    """`acme` of /o/acme/parcels: a collection of tenants, one of them, and something of its own; else empty."""
    segments = path_segments(request.path)
    for collection, name, below in zip(segments, segments[1:], segments[2:], strict=False):
        if collection.lower() in TENANT_COLLECTIONS:
            return name if below and name.lower() not in VERBS else ""
    return ""


def _first_fields(headers: Headers) -> dict[str, str]:
    """The first value of each field by lower-case name: one pass instead of a search for each of twenty names."""
    out: dict[str, str] = {}
    for name, value in headers.fields:
        out.setdefault(name.lower(), value)
    return out


def _claimed(request: Request, fields: dict[str, str]) -> list[tuple[str, Actor]]:
    out: list[tuple[str, Actor]] = []
    scheme, credentials = split_authorization(fields.get("authorization", ""))
    if credentials:
        is_basic = scheme.lower() == "basic"
        out.append((credentials, Actor("", _basic_user(credentials)) if is_basic else claims_of(credentials)))
    for name in _KEY_HEADERS:
        value = fields.get(name)
        if value:
            out.append((value, claims_of(value)))
    crumbs = cookies(request.headers).items() if "cookie" in fields else ()
    out += [(value, claims_of(value)) for name, value in crumbs if _is_session(name, value)]
    return out + [(value, claims_of(value)) for value in _key_parameters(request)]


def _key_parameters(request: Request) -> list[str]:
    query = request.query
    if not query or not any(name in query.lower() for name in _KEY_PARAMETERS):
        return []
    pairs = parse_qsl(readable(query))
    return [value for name, value in pairs if name.lower() in _KEY_PARAMETERS and len(value) >= _MIN_TOKEN_LENGTH]


def _basic_user(credentials: str) -> str:
    try:
        user = base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""
    return user


def _is_session(name: str, value: str) -> bool:
    return len(value) >= _MIN_TOKEN_LENGTH and _SESSION_COOKIE.fullmatch(name) is not None


def _json_tokens(tree: Tree) -> list[str]:
    """Token fields at the top of the answer and one level below (`data.access_token`)."""
    if not isinstance(tree, dict):
        return []
    below = [child for child in tree.values() if isinstance(child, dict)]
    found = [value for node in (tree, *below) for key, value in node.items() if _is_token_key(key)]
    return [value for value in found if isinstance(value, str) and len(value) >= _MIN_TOKEN_LENGTH]


def _is_token_key(key: str) -> bool:
    return key.lower().replace("-", "_") in _TOKEN_KEYS


def _set_cookies(response: Response) -> list[str]:
    out = []
    for field in response.headers.get_all("set-cookie"):
        name, _, rest = field.partition("=")
        value = rest.partition(";")[0].strip()
        if _is_session(name.strip(), value):
            out.append(value)
    return out


def _claim(payload: dict[str, Tree], names: tuple[str, ...]) -> str:
    for name in names:
        value = payload.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""
