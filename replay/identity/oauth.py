"""OAuth 2.0 token requests and answers (RFC 6749): password, client credentials, refresh token."""

from __future__ import annotations

import math
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode

from replay.identity.template import Template, Values
from replay.model.body import Body
from replay.model.codec import UndecodableError
from replay.model.exchange import Request, Response
from replay.model.headers import Headers
from replay.model.message import body_tree

PASSWORD, CLIENT_CREDENTIALS, REFRESH_TOKEN = GRANTS = ("password", "client_credentials", "refresh_token")
_FORM = "application/x-www-form-urlencoded"
_ERRORS = frozenset(  # RFC 6749 section 5.2, RFC 8707 section 2; anything else may be text from the server's data
    {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"}
    | {"invalid_scope", "invalid_target"}
)
_SHORTEST_LIFETIME = 1.0  # seconds, RFC 6749's unit: what is over at once would be asked for with every request
_TYPES = {"bearer": "Bearer", "dpop": "DPoP", "mac": "MAC"}


@dataclass(frozen=True, slots=True, repr=False)
class Grant:
    """How tokens are asked for. `path` is on the identity's server; `extra` are further fields (audience, resource)."""

    kind: str
    path: str
    client_id: Template | None = None
    client_secret: Template | None = None
    in_body: bool = False  # client authentication by fields of the form instead of Basic (section 2.3.1)
    scope: Template | None = None
    user: Template | None = None
    password: Template | None = None
    refresh_token: Template | None = None
    extra: tuple[tuple[str, Template], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        own = (self.client_id, self.client_secret, self.scope, self.user, self.password, self.refresh_token)
        every = [one for one in own if one is not None] + [template for _, template in self.extra]
        return frozenset(name for template in every for name in template.names)


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """`lifetime` in seconds; infinity when the server does not say."""

    access: str
    scheme: str
    lifetime: float
    refresh: str = ""


def token_request(grant: Grant, values: Values, refresh: str = "") -> Request:
    """`refresh`: a token to refresh with (section 6); else the grant itself. Raises KeyError for a missing value."""
    form: list[tuple[str, str]] = []

    def put(name: str, template: Template | None) -> None:
        if template is not None:
            form.append((name, template.fill(values)))

    if refresh:
        form += [("grant_type", REFRESH_TOKEN), ("refresh_token", refresh)]
    else:
        form.append(("grant_type", grant.kind))
        if grant.kind == PASSWORD:
            put("username", grant.user)
            put("password", grant.password)
        elif grant.kind == REFRESH_TOKEN:
            put("refresh_token", grant.refresh_token)
        for name, template in grant.extra:
            put(name, template)
    put("scope", grant.scope)
    headers = [("Accept", "application/json"), ("Content-Type", _FORM)]
    if grant.client_id is not None and (grant.in_body or grant.client_secret is None):
        put("client_id", grant.client_id)
        put("client_secret", grant.client_secret)
    elif grant.client_id is not None and grant.client_secret is not None:
        headers.append(("Authorization", _basic(grant.client_id.fill(values), grant.client_secret.fill(values))))
    return Request("POST", grant.path, Headers.of(headers), Body(urlencode(form).encode(), _FORM))


def token_answer(response: Response) -> Tokens | str:
    """The tokens, or why there are none, in words that hold nothing of the answer."""
    try:
        tree = body_tree(response.body)
    except UndecodableError:
        return f"was answered {response.status} without a JSON document"
    if not isinstance(tree, dict):
        return f"was answered {response.status} without a JSON object"
    error = tree.get("error")
    if not response.is_success or error is not None:
        named = f" ({error})" if isinstance(error, str) and error in _ERRORS else ""
        return f"was answered {response.status}{named}"
    access, refresh, kind = tree.get("access_token"), tree.get("refresh_token"), tree.get("token_type")
    if not isinstance(access, str) or not access:
        return f"was answered {response.status} without an access_token"
    scheme = _TYPES.get(str(kind).lower(), "Bearer")  # the type compares without case (section 5.1)
    return Tokens(access, scheme, seconds_of(tree.get("expires_in")), refresh if isinstance(refresh, str) else "")


def seconds_of(value: object) -> float:
    """A lifetime; infinity for anything that is none. Some servers write the number as text."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.inf
    except (ValueError, OverflowError):
        return math.inf
    return max(_SHORTEST_LIFETIME, seconds) if seconds > 0 else math.inf


def _basic(client_id: str, secret: str) -> str:
    """Both parts form-encoded first (RFC 6749 section 2.3.1)."""
    return "Basic " + b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()
