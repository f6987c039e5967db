"""Method, target and host of the request."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.exchange import Exchange, Request
from replay.redact.contract import Action, Notes, Side, ValueClass
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.ruled_path import redact_ruled_path
from replay.redact.urls import redact_query, redact_url
from replay.redact.vocabulary import METHODS

_FALLBACK_METHOD = "OTHER"
_MOST_REMEMBERED = 4096  # characters


@dataclass(frozen=True, slots=True)
class RequestLine:
    """Routes stay, segments that name somebody do not; every host becomes a stand-in, the port stays."""

    name: str = "request-line"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        request = rewritten_line(exchange.request, pseudonym, notes)
        return Exchange(
            exchange.id,
            request,
            exchange.outcome,
            exchange.started,
            exchange.ended,
            exchange.connection,
            exchange.messages,
        )


def rewritten_line(one: Request, pseudonym: Pseudonym, notes: Notes) -> Request:
    """The request with its method, target, scheme and host redacted, and nothing else."""
    method = one.method
    if method not in METHODS:
        method = _FALLBACK_METHOD
        notes.did(Side.REQUEST, "method", ValueClass.FIELD, Action.MASK)
    target = _remembered(pseudonym, notes, "target", one.target)
    host = _remembered(pseudonym, notes, "host", one.host)
    scheme = "https" if one.scheme.lower() == "https" else "http"
    return Request(method, target, one.headers, one.body, scheme, host)


def _remembered(pseudonym: Pseudonym, notes: Notes, part: str, text: str) -> str:
    """The new target or host; remembered with its notes, for the same are asked for again and again."""
    case = (part, text, notes.guide)
    known: tuple[str, Notes] | None = pseudonym.memo.targets.find(case)
    if known is None:
        own = Notes(notes.guide)
        desk = Rewriter(pseudonym, own, Side.REQUEST)
        known = (_redact_target(desk, text) if part == "target" else desk.host(text, "host")), own
        if len(text) <= _MOST_REMEMBERED:
            pseudonym.memo.targets.keep(case, known)
    notes.add(known[1])
    return known[0]


def _redact_target(desk: Rewriter, target: str) -> str:
    """Origin-form, as a rule; absolute-form keeps its form, authority-form is a host."""
    bare = target.partition("#")[0]  # a fragment has no business here (RFC 9112 section 3.2)
    if bare.startswith("/"):
        path, mark, query = bare.partition("?")
        return redact_ruled_path(desk, path, "path[*]") + mark + redact_query(desk, query, "query")
    if "://" in bare.partition("?")[0]:
        return redact_url(desk, bare, "path")
    if bare in ("*", ""):
        return bare
    return desk.host(bare, "host")
