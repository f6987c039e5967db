"""All that one exchange says about its session and its actor: what the configuration states, then what is guessed.

    Exchange -> FactReader -> Facts -> Grouper (which session) and ActorBook (whose)

Rule: pure. Whether it is true (a guessed token that the server refused) is for those to decide who remember.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from replay.model.exchange import Exchange
from replay.record.answers import is_login, is_own_page, named_in
from replay.record.brief import brief
from replay.record.credentials import Credentials, answer_tree, credentials_of, issued_by, may_issue, tenant_in_path
from replay.record.identify import Sources, first_value
from replay.record.subdomains import NO_SITE, Site


class Standing(IntEnum):
    """How much a name is worth; the lowest counts."""

    STATED = 0  # by a source of the configuration
    CLAIM = 1  # in a token, or the user of Basic authentication
    HEADER = 2
    ANSWER = 3  # of the login, or of /me
    SUBDOMAIN = 4
    PATH = 5  # of accepted writes
    TOKEN = 6  # nothing names the principal but its credentials themselves


Name = tuple[Standing, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """`tenants` and `principals` come with the request and need proof; what the answer tells is its server's word."""

    session: str = ""  # as a stated source names it
    tokens: tuple[str, ...] = ()
    issued: tuple[str, ...] = ()
    tenants: tuple[Name, ...] = ()
    principals: tuple[Name, ...] = ()
    answered_tenants: tuple[Name, ...] = ()
    answered_principals: tuple[Name, ...] = ()
    host: str = ""  # the label that stands for the whole host, where it may name a tenant
    written_for: str = ""  # the tenant in the path of an accepted write

    @property
    def principal(self) -> str:
        """Who presents the credentials: a name, else the first token; empty without credentials."""
        return self.principals[0][1] if self.principals else ""

    @property
    def is_named(self) -> bool:
        """True when the principal has a name of its own, that outlives a token."""
        return bool(self.principals) and self.principals[0][0] is not Standing.TOKEN

    @property
    def issued_to(self) -> str:
        """Whom an issued token names itself; an answer's own words are not seen by whoever sees the token later."""
        return next((name for standing, name in self.answered_principals if standing is Standing.CLAIM), "")

    def unproven(self) -> Facts:
        """The same without what the request claims: the server refused it. A session is no claim."""
        return Facts(
            session=self.session,
            issued=self.issued,
            answered_tenants=self.answered_tenants,
            answered_principals=self.answered_principals,
        )


class FactReader:
    """`sources` are spelled as the exchanges show them. `silent`: roles whose stated sources have named nobody yet."""

    def __init__(self, sources: Sources = Sources()) -> None:  # noqa: B008 - frozen
        self._sources = sources
        self.silent = sources.roles()

    def read(self, exchange: Exchange, site: Site = NO_SITE) -> Facts:
        """`site` is what the host was before redaction."""
        sources = self._sources
        stated = {role: first_value(asked, exchange, site) for role, asked in sources.by_role()}
        if self.silent:
            self.silent = tuple(role for role in self.silent if not stated[role])
        presented = credentials_of(exchange.request)
        issued, said = _answered(exchange, has_token=bool(presented.tokens))
        principal = stated["principal"]
        principals = _names((Standing.STATED, principal), (Standing.CLAIM, presented.actor.principal))
        tokens = tuple(map(brief, presented.tokens)) or ((_as_token(principal),) if principal else ())
        given = tuple(map(brief, issued.tokens))
        if tokens and not principals:
            principals = ((Standing.TOKEN, tokens[0]),)
        told = ((Standing.CLAIM, issued.actor.principal), (Standing.ANSWER, said.actor.principal))
        tenants: tuple[Name, ...]
        if sources.tenant:  # then no guess has a say: it might be another name of the same tenant
            tenants = _names((Standing.STATED, stated["tenant"]))
            return Facts(
                session=stated["session"], tokens=tokens, issued=given,
                tenants=tenants, principals=principals, answered_principals=_names(*told),
            )  # fmt: skip
        return Facts(
            session=stated["session"],
            tokens=tokens,
            issued=given,
            tenants=_names((Standing.CLAIM, presented.actor.tenant), (Standing.HEADER, presented.tenant_header)),
            principals=principals,
            answered_tenants=_names((Standing.CLAIM, issued.actor.tenant), (Standing.ANSWER, said.actor.tenant)),
            answered_principals=_names(*told),
            host=exchange.request.host.partition(".")[0] if site.parent else "",
            written_for=_written_for(exchange) if tokens else "",
        )


def _answered(exchange: Exchange, *, has_token: bool) -> tuple[Credentials, Credentials]:
    """What the answer issues, and whom a login's answer or an own page names."""
    response = exchange.response
    if response is None:
        return Credentials(), Credentials()
    is_own = is_own_page(exchange) or is_login(exchange)
    tree = answer_tree(response) if is_own or may_issue(response) else None
    issued = issued_by(response, tree)
    # A token in the answer to somebody who has one already may be another's: an administrator makes an API key.
    speaks_of_caller = is_own or (issued.tokens and not has_token)
    return issued, Credentials(actor=named_in(tree)) if speaks_of_caller else Credentials()


def _written_for(exchange: Exchange) -> str:
    is_accepted_write = not exchange.request.is_safe and 200 <= exchange.status < 300
    return brief(tenant_in_path(exchange.request)) if is_accepted_write else ""


def _names(*names: Name) -> tuple[Name, ...]:
    return tuple((standing, brief(name)) for standing, name in names if name)


def _as_token(principal: str) -> str:
    """A stated principal without credentials (a gateway took them off) is its own key to its session."""
    return f"\0principal:{principal}"
