"""Method, target and host of the request."""

from __future__ import annotations

from dataclasses import dataclass, replace

from replay.model.exchange import Exchange
from replay.redact.contract import Action, Notes, Side, ValueClass
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.urls import redact_path, redact_query, redact_url
from replay.redact.vocabulary import METHODS

_FALLBACK_METHOD = "OTHER"


@dataclass(frozen=True, slots=True)
class RequestLine:
    """Routes stay, segments that name somebody do not; every host becomes a stand-in, the port stays."""

    name: str = "request-line"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        desk = Rewriter(pseudonym, notes, Side.REQUEST)
        request = exchange.request
        method = request.method
        if method not in METHODS:
            method = _FALLBACK_METHOD
            notes.did(Side.REQUEST, "method", ValueClass.FIELD, Action.MASK)
        target = _redact_target(desk, request.target)
        scheme = "https" if request.scheme.lower() == "https" else "http"
        host = desk.host(request.host, "host")
        return replace(exchange, request=replace(request, method=method, target=target, host=host, scheme=scheme))


def _redact_target(desk: Rewriter, target: str) -> str:
    """Origin-form, as a rule; absolute-form keeps its form, authority-form is a host."""
    bare = target.partition("#")[0]  # a fragment has no business here (RFC 9112 section 3.2)
    if bare.startswith("/"):
        path, mark, query = bare.partition("?")
        return redact_path(desk, path, "path[*]") + mark + redact_query(desk, query, "query")
    if "://" in bare.partition("?")[0]:
        return redact_url(desk, bare, "path")
    if bare in ("*", ""):
        return bare
    return desk.host(bare, "host")
