"""Whose data is it: markers that replay planted, values that one tenant alone has, and where they show up.

Ownership goes by provenance (who created a value), per tenant and world, and never by who has already seen it: a leak
that is in the recording would otherwise excuse itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from replay.model.body import Body
from replay.model.evidence import Attempt, Evidence, Part, Planted, Trace
from replay.model.exchange import Request, Response
from replay.model.message import request_leaves, response_leaves, text_of
from replay.model.tree import pattern

_MARKER = re.compile(r"q(?=([a-z2-7]{9}))")  # overlapping: a marker may stand right behind a letter
# An address is looked for from its `@`: begun at the local part, one long word costs the square of its length.
_DOMAIN = re.compile(r"@[a-z0-9-]++(?:\.[a-z0-9-]++)++")
_LOCAL = "abcdefghijklmnopqrstuvwxyz0123456789._%+-"
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?|[\d.:+-]+|[A-Z][a-z]{2}, \d\d .*")
_CREDENTIALS = ("authorization", "cookie", "x-api-key", "x-auth-token", "x-access-token", "proxy-authorization")
_SHORTEST_CHARS = 8  # shorter texts are words, codes and counters that two tenants may share by chance
_LONGEST_CHARS = 256
_SCANNED_CHARS = 1024  # of a local part; RFC 5321 section 4.5.3.1.1 allows 64


@dataclass(frozen=True, slots=True, repr=False)
class Ownership:
    """Who planted what: `here` in the trace's own world, `elsewhere` in any other world of the run."""

    here: Mapping[str, frozenset[str]]
    elsewhere: Mapping[str, frozenset[str]]

    def owners_of(self, marker: str) -> frozenset[str]:
        return self.here.get(marker) or self.elsewhere.get(marker, frozenset())

    def of_tenant(self, tenant: str, markers: Iterable[str]) -> frozenset[str]:
        """Those of this world that `tenant` alone planted."""
        return frozenset(marker for marker in markers if self.here.get(marker) == frozenset((tenant,)))

    def foreign_to(self, tenant: str, markers: Iterable[str], *, is_fresh: bool) -> frozenset[str]:
        """Those that belong to anybody but `tenant`.

        A marker of the same recorded tenant in another world is foreign only when the tenant itself was made anew in
        each world (`is_fresh`); else it is the tenant's own older data.
        """
        out = set()
        for marker in markers:
            if marker in self.here:
                if tenant not in self.here[marker]:
                    out.add(marker)
            elif marker in self.elsewhere and (is_fresh or tenant not in self.elsewhere[marker]):
                out.add(marker)
        return frozenset(out)


def ownership_of(evidence: Evidence, trace: Trace) -> Ownership:
    """The markers that count for `trace`: its own, and those of the evidence's other worlds and of the run's."""
    others = [p for other in evidence.traces if other.world != trace.world for p in other.planted]
    return Ownership(_by_marker(trace.planted), _by_marker((*evidence.elsewhere, *others)))


def markers_in(text: str) -> frozenset[str]:
    """Everything in the text that has the form of a marker: `q` and nine of a-z2-7, or an e-mail address.

    Rule: linear in the text, whatever it holds; bodies are what strangers sent.
    """
    lowered = text.lower()
    return frozenset("q" + found[1] for found in _MARKER.finditer(lowered)).union(_emails(lowered))


def _emails(lowered: str) -> Iterator[str]:
    """Addresses from left to right; none shares a character with the one before it."""
    end = 0
    for domain in _DOMAIN.finditer(lowered):
        head = lowered[max(end, domain.start() - _SCANNED_CHARS) : domain.start()]
        local = head[len(head.rstrip(_LOCAL)) :]
        if local:
            end = domain.end()
            yield local + domain[0]


def markers_sent(request: Request) -> frozenset[str]:
    headers = "\n".join(value for _, value in request.headers.fields)
    return markers_in(f"{request.target}\n{unquote(request.target)}\n{headers}\n{_text(request.body)}")


def markers_answered(response: Response | None) -> frozenset[str]:
    if response is None:
        return frozenset()
    headers = "\n".join(unquote(value) for _, value in response.headers.fields)
    text = _text(response.body)
    if "\\u" in text:  # JSON may escape any character
        text += "\n" + "\n".join(text_of(value) for _, value in response_leaves(response))
    return markers_in(f"{headers}\n{text}")


def places_of(response: Response, markers: frozenset[str]) -> tuple[str, ...]:
    """Patterns of the places where one of the markers stands; `body` when the answer is no JSON."""
    found = {pattern(place) for place, value in response_leaves(response) if markers_in(text_of(value)) & markers}
    return tuple(sorted(found)) or ("body",)


def carrier_of(attempt: Attempt) -> str:
    """The tenant whose credentials the attempt carried, or an empty string."""
    return attempt.sent_as.tenant if attempt.sent_as else ""


def is_own(attempt: Attempt) -> bool:
    """True when a tenant's own recorded request was sent with that tenant's credentials."""
    return attempt.actor is not None and attempt.sent_as is not None and attempt.actor.tenant == attempt.sent_as.tenant


def is_swapped(attempt: Attempt) -> bool:
    """True when one tenant's request was carried by another, known tenant."""
    actor, carrier = attempt.actor, carrier_of(attempt)
    return bool(carrier) and actor is not None and actor.tenant not in {"", carrier}


def has_credentials(request: Request) -> bool:
    return any(name in request.headers for name in _CREDENTIALS)


def sent_by(trace: Trace, tenant: str) -> frozenset[str]:
    """Markers that the tenant itself put on the wire in this trace, whoever planted them: it may see them again."""
    out: frozenset[str] = frozenset()
    for attempt in trace.attempts:
        actor = attempt.actor.tenant if attempt.actor else ""
        if carrier_of(attempt) == tenant or (not carrier_of(attempt) and actor == tenant):
            out |= markers_sent(attempt.request)
    return out


def public_in(trace: Trace) -> frozenset[str]:
    """Markers that anybody may read: they came in answers to safe requests without credentials."""
    out: frozenset[str] = frozenset()
    for attempt in trace.attempts:
        if attempt.request.is_safe and not has_credentials(attempt.request):
            out |= markers_answered(attempt.response)
    return out


def is_fresh(evidence: Evidence, trace: Trace, tenant: str) -> bool:
    """True when the tenant was made anew in this world.

    Either its id is another one in each world, or its first request of the trace is a successful sign-up: unsafe,
    without credentials, and it planted something.
    """
    lives = {dict(other.renamed).get(tenant, "") for other in evidence.traces} - {""}
    if len(lives) > 1:
        return True
    planting = {planted.exchange_id for planted in trace.planted if planted.tenant == tenant}
    first = next((attempt for attempt in trace.attempts if attempt.actor and attempt.actor.tenant == tenant), None)
    if first is None or first.request.is_safe or has_credentials(first.request):
        return False
    return first.exchange_id in planting and first.response is not None and first.response.is_success


def private_values(evidence: Evidence, trace: Trace, tenant: str) -> frozenset[str]:
    """Long texts that only this tenant's own traffic holds, in this world alone; times and numbers do not count."""
    mine: set[str] = set()
    others: set[str] = set()
    for attempt in trace.attempts:
        if is_swapped(attempt) or (attempt.part is Part.JUDGED and not carrier_of(attempt)):
            continue  # whose data its answer holds is the question
        if attempt.actor is not None and attempt.actor.tenant == tenant:
            mine |= _long_texts(attempt)
        else:
            others |= _long_texts(attempt)
    for other in evidence.traces:
        if other.world != trace.world:
            others |= {text for attempt in other.attempts for text in _long_texts(attempt)}
    live = dict(trace.renamed).get(tenant, "")
    if _is_long(live):
        mine.add(live)
    return frozenset(mine - others)


def _long_texts(attempt: Attempt) -> set[str]:
    """JSON and form texts of both directions: ids, names, free text; no headers, they hold dates and servers."""
    found = [leaf for leaf in request_leaves(attempt.request) if leaf[0][0] in {"body", "form"}]
    if attempt.response is not None:
        found += [leaf for leaf in response_leaves(attempt.response) if leaf[0][0] == "body"]
    return {value for _, value in found if isinstance(value, str) and _is_long(value)}


def _is_long(text: str) -> bool:
    return _SHORTEST_CHARS <= len(text) <= _LONGEST_CHARS and not _TIME.fullmatch(text)


def _by_marker(planted: Iterable[Planted]) -> dict[str, frozenset[str]]:
    out: dict[str, frozenset[str]] = {}
    for one in planted:
        if one.tenant:
            marker = one.marker.lower()
            out[marker] = out.get(marker, frozenset()) | {one.tenant}
    return out


def _text(body: Body) -> str:
    return body.data.decode("utf-8", "replace")
