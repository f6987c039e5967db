"""Fresh values: what clients make themselves and what must be unique, renewed per world.

Rule: a value that any response gave first is the server's. A value that the first request only *refers* to (a login
that succeeded, the path of a read, a tenant or secret) names something that existed before, and stays.
Rule: text that more than one tenant sends is vocabulary and stays. Who only sees it does not count: that may be the
recorded leak itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from replay.correlate.bindings import Bindings
from replay.correlate.credentials import is_credential, is_secret_key, is_static
from replay.correlate.inside import inside
from replay.correlate.nouns import snake
from replay.correlate.pieces import spoken
from replay.correlate.readings import Readings
from replay.correlate.renewal import MARKER_CHARACTERS, Fresh, FreshKind, Occurrences, Renewal, renew_all
from replay.correlate.shapes import EMAIL, UUID, Strength, strength
from replay.correlate.timeline import Moment
from replay.model.endpoint import endpoint_of, is_id_like
from replay.model.exchange import Exchange
from replay.model.message import path_segments
from replay.model.session import Session
from replay.model.tree import Place, pattern

TextClass = Callable[[str, str], str]
"""(endpoint, place pattern) -> the class of value that redaction saw there: text, name, email, ..."""

_SHORTEST = 6  # characters: below, equality of two values is chance
_SHORTEST_TEXT = MARKER_CHARACTERS + 2
_LONGEST = 8192  # characters
_NAME_KEYS = frozenset(
    {"username", "user_name", "login", "handle", "slug", "subdomain", "nickname", "external_id", "external_ref"}
    | {"reference", "reference_id", "client_reference", "client_ref", "dedup_key", "deduplication_id"}
)
_ONCE_KEY = re.compile(
    r"(x_)?(.*_)?(idempotency|idempotent)(_.*)?|(x_)?(client_)?(request|transaction|message)_id|client_token"
)
_ECHOED = frozenset({"state", "nonce"})  # RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1
_LOGIN = re.compile(r"(?i)log-?in|sign-?in|sessions?|tokens?|auth|authenticate|authorize")
_CONSTANT = re.compile(r"[A-Za-z0-9]+(_[A-Za-z0-9]+)+|[A-Z0-9-]+|https?://\S+|/\S*")  # enumeration words, URLs
_SEVERAL = "\0several"  # no tenant's name: control characters never get that far


@dataclass(frozen=True, slots=True, repr=False)
class FreshPlan:
    """What to renew. `occurrences` says where recorded requests hold it."""

    fresh: tuple[Fresh, ...] = ()
    occurrences: Occurrences = field(default_factory=dict)

    def also(self, values: Iterable[str]) -> FreshPlan:
        """The plan with values that no recorded request holds: keys that a mutation made up."""
        added = tuple(
            Fresh(one, FreshKind.UUID if UUID.fullmatch(one) else FreshKind.KEY, "", "", "made up") for one in values
        )
        return FreshPlan((*self.fresh, *added), self.occurrences) if added else self

    def renew(self, seed: int, world: int) -> Renewal:
        """The values of one world; worlds count from 1."""
        return renew_all(self.fresh, self.occurrences, seed, world)


def find_fresh(
    sessions: Sequence[Session], bindings: Bindings, text_class: TextClass, readings: Readings | None = None
) -> FreshPlan:
    """Every value of the capture that its clients made and that a new world must make anew.

    `readings`: of these sessions, where somebody has them already.
    """
    readings = readings or Readings.of(sessions)
    finder = _Finder(bindings, text_class, readings)
    for moment in readings.timeline:
        if moment.answered:
            finder.hear(moment)
        else:
            finder.ask(moment)
    fresh = finder.chosen()
    return FreshPlan(fresh, finder.occurrences({item.value for item in fresh}))


class _Finder:
    def __init__(self, bindings: Bindings, text_class: TextClass, readings: Readings) -> None:
        self._bindings = bindings
        self._readings = readings
        self._text_class = text_class
        self._settled: set[str] = set()  # given by a server, or names what existed before
        self._tenants: dict[str, str] = {}  # value -> the one tenant that sends it, or _SEVERAL
        self._sent: dict[str, str] = {}  # value -> tenant of the session that sent it first
        self._found: dict[str, Fresh] = {}
        self._makers: dict[str, set[str]] = {}  # value -> tenants that send it where it was first found
        self._said: dict[str, list[tuple[Place, str]]] = {}  # per exchange: every text that could be fresh

    def ask(self, moment: Moment) -> None:
        exchange, tenant = moment.exchange, moment.session.tenant
        bound = {binding.place for binding in self._bindings.of(exchange.id)}
        said = self._said.setdefault(exchange.id, [])
        todo = [one.piece for one in reversed(self._readings.said[moment.order])]
        while todo:
            piece = todo.pop()
            if not isinstance(piece.value, str) or is_static(piece.place):
                continue
            if _SHORTEST <= len(piece.value) <= _LONGEST:
                said.append((piece.place, piece.value))
                self._ask_for(piece.place, piece.value, exchange, tenant, piece.place in bound)
            if piece.place not in bound and piece.value not in self._found:
                todo.extend(reversed(inside(piece.value, piece.place)))

    def _ask_for(self, place: Place, value: str, exchange: Exchange, tenant: str, is_bound: bool) -> None:
        self._meet(value, tenant)
        if is_bound:
            self._settled.add(value)
        is_first = value not in self._sent
        self._sent.setdefault(value, tenant)
        if value in self._settled:
            return
        if is_first and _refers(place, value, exchange):
            self._settled.add(value)
        elif value not in self._found:
            self._consider(place, value, exchange)
        if tenant and value in self._found and pattern(place) == self._found[value].place:
            self._makers.setdefault(value, set()).add(tenant)

    def hear(self, moment: Moment) -> None:
        for value in self._readings.offers[moment.order].whole:  # nobody asks for what no request holds
            if value not in self._sent:
                self._settled.add(value)

    def chosen(self) -> tuple[Fresh, ...]:
        """What stays fresh once the whole capture is known, with the tenant that owns it."""
        out: list[Fresh] = []
        for value, item in self._found.items():
            user = self._tenants.get(value, "")
            is_shared = user == _SEVERAL
            if is_shared and self._is_vocabulary(value, item):
                continue
            tenant = self._sent[value] or ("" if is_shared else user)
            out.append(Fresh(value, item.kind, tenant, item.exchange_id, item.place, is_shared))
        return tuple(out)

    def occurrences(self, values: set[str]) -> Occurrences:
        """Where recorded requests hold those values; inside of one that is renewed as a whole nothing else is."""
        found: dict[str, tuple[tuple[Place, str], ...]] = {}
        for exchange_id, said in self._said.items():
            held: list[tuple[Place, str]] = []
            for place, text in said:
                if text in values and not any(place[: len(outside)] == outside for outside, _ in held):
                    held.append((place, text))
            found[exchange_id] = tuple(held)
        return found

    def _is_vocabulary(self, value: str, item: Fresh) -> bool:
        """A key that others send elsewhere only (a company's slug in a share) refers to the thing that it names."""
        if item.kind is FreshKind.KEY:
            return len(self._makers.get(value, ())) > 1 and not _is_once_key(item.place)
        return item.kind is FreshKind.TEXT

    def _meet(self, value: str, tenant: str) -> None:
        if tenant:
            known = self._tenants.setdefault(value, tenant)
            if known != tenant:
                self._tenants[value] = _SEVERAL

    def _consider(self, place: Place, value: str, exchange: Exchange) -> None:
        kind = self._kind(place, value, exchange)
        if kind is not None:
            self._found[value] = Fresh(value, kind, "", exchange.id, pattern(place))

    def _kind(self, place: Place, value: str, exchange: Exchange) -> FreshKind | None:
        key = _key_of(place)
        if is_credential(place) or (is_secret_key(key) and not _ONCE_KEY.fullmatch(key)):
            return None
        if EMAIL.fullmatch(value):
            return FreshKind.EMAIL
        if UUID.fullmatch(value):
            return FreshKind.UUID
        if key in _ECHOED and strength(value) is Strength.STRONG and place[0] in {"query", "form"}:
            return FreshKind.KEY
        if key in _NAME_KEYS or _ONCE_KEY.fullmatch(key):
            return FreshKind.KEY if sum(mark.isascii() and mark.isalnum() for mark in value) >= _SHORTEST else None
        return FreshKind.TEXT if self._is_free_text(place, value, exchange) else None

    def _is_free_text(self, place: Place, value: str, exchange: Exchange) -> bool:
        request = exchange.request
        if place[0] not in {"body", "form"} or request.method not in {"POST", "PUT", "PATCH"}:
            return False
        if len(value) < _SHORTEST_TEXT or _CONSTANT.fullmatch(value) or _is_dated(value):
            return False
        return self._text_class(endpoint_of(request.method, request.target), pattern(place)) in {"text", "name"}


def _key_of(place: Place) -> str:
    return snake(next((part for part in reversed(spoken(place)[1:]) if isinstance(part, str)), ""))


def _refers(place: Place, value: str, exchange: Exchange) -> bool:
    """True when the first request that holds the value can only mean something that was there before."""
    key = _key_of(place)
    if _ONCE_KEY.fullmatch(key):
        return False
    if is_credential(place) or is_secret_key(key):
        return True
    if place[0] == "path" and exchange.request.is_safe and is_id_like(value):
        return True
    words = [segment for segment in path_segments(exchange.request.path) if segment and not is_id_like(segment)]
    is_login = bool(words) and _LOGIN.fullmatch(words[-1]) is not None and exchange.request.method == "POST"
    return is_login and 200 <= exchange.status < 400


def _is_once_key(place: str) -> bool:
    return _ONCE_KEY.fullmatch(snake(place.replace("[*]", "").rpartition(".")[2])) is not None


def _is_dated(value: str) -> bool:
    """Dates, numbers, versions: no text of a person, though redaction may have taken them for some."""
    return strength(value) is Strength.NEVER and not any(mark.isspace() for mark in value)
