"""What QA answers, redacted before anybody judges or stores it: attempts, rows of its database, bound values.

    Attempt (live) -> LivePolicy -> Attempt (stand-ins of this run) -> oracles, run file, reports

One key makes all stand-ins of a run, so what is equal in QA's answers, rows and requests is equal here as well: an
oracle sees the same duplicates, owners and renamings, and a stored run is judged as it was judged live.

Rule: fail closed. What the policy refuses loses its bodies, then everything but method, endpoint and status; that is
counted with a fixed reason. Known secrets (of identities) are looked for in the result once more, in every writing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter

from replay.model.body import Body
from replay.model.evidence import Attempt
from replay.model.exchange import Exchange, Outcome, Request, Response
from replay.model.reading import Cell, RowChange
from replay.redact.contract import Notes, Side
from replay.redact.guide import Guide
from replay.redact.known_secrets import KnownSecrets
from replay.redact.live_known import Known
from replay.redact.live_policy import LivePolicy
from replay.redact.live_pseudonym import LivePseudonym
from replay.redact.policy import Refused
from replay.redact.pseudonyms import CONSTANT, REFUSED_CONSTANT
from replay.redact.rewriter import Rewriter
from replay.redact.row_mapping import RowMapper, RowRefusedError

_MARK = re.compile(r"(?P<head>.*?)(?P<dots>\.\.\. )?<(?P<size>\d+) bytes, digest (?P<digest>[0-9a-f]+)>", re.DOTALL)
_HIDDEN = "<hidden>"
_PUBLIC = frozenset((CONSTANT, REFUSED_CONSTANT))  # the password of a QA whose seed was mapped

Cells = tuple[tuple[str, Cell], ...]

_NAMES = tuple(one.name for one in fields(Attempt))
_FIELDS = attrgetter(*_NAMES)  # `replace` of nineteen fields costs twice as much, for every attempt
_REQUEST, _OUTCOME = _NAMES.index("request"), _NAMES.index("outcome")


@dataclass(slots=True, repr=False)
class LiveRedaction:
    """Of one run. `withheld` counts what could not be redacted, by endpoint and reason."""

    policy: LivePolicy
    pseudonym: LivePseudonym
    known: Known
    secrets: KnownSecrets = field(default_factory=KnownSecrets)
    told: Callable[[], Iterable[str]] = tuple  # secrets known by now; a login may bring another
    withheld: Counter[tuple[str, str]] = field(default_factory=Counter)
    _asked: set[str] = field(default_factory=set)  # what was told before

    def attempt(self, attempt: Attempt) -> Attempt:
        """The same attempt without anything of QA's. Never raises on any answer."""
        self._learn_secrets()
        request, outcome = attempt.request, attempt.outcome
        exchange = self._redacted(request, outcome, attempt.endpoint)
        if exchange is None:
            request, outcome = self._without_bodies(request, outcome)
            exchange = self._redacted(request, outcome, "")
        if exchange is None:
            exchange = Exchange("", _bare(request, attempt.endpoint), _bare_outcome(outcome))
        shown = self._with_markers(attempt, exchange)
        told = list(_FIELDS(attempt))
        told[_REQUEST], told[_OUTCOME] = shown.request, shown.outcome
        return Attempt(*told)

    def change(self, change: RowChange) -> RowChange:
        """One row of QA's database with the stand-ins that its values have in answers."""
        key, before, after = (self._cells(change.entity, cells) for cells in (change.key, change.before, change.after))
        return RowChange(change.entity, change.operation, key, before, after)

    def renamed(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Recorded and live values, the live ones as they stand in answers."""
        desk = Rewriter(self.pseudonym, Notes(Guide(lexicon=self.policy.lexicon)), Side.RESPONSE)
        return tuple((recorded, self._safe(desk.stand_in(live))) for recorded, live in pairs)

    def allow_sent(self, requests: Iterable[Request]) -> None:
        """Requests as a mutation wants them, before anything of QA's is put in."""
        for request in requests:
            self.known.allow_request(request)

    def allow_texts(self, texts: Iterable[str]) -> None:
        """Values that replay makes: fresh ones, injected ones."""
        for text in texts:
            self.known.allow_text(text)

    def _learn_secrets(self) -> None:
        for secret in self.told():
            if secret in self._asked:
                continue
            self._asked.add(secret)
            if secret not in _PUBLIC and not self.known.has_text(secret):  # what the capture shows is no secret
                self.secrets.add(secret)

    def _redacted(self, request: Request, outcome: Outcome, endpoint: str) -> Exchange | None:
        """None when it is refused; counted when `endpoint` is given."""
        swift = self.policy.swiftly(request, outcome)
        if swift is not None:
            exchange = Exchange("", *swift)
            if not self.secrets.are_in(exchange):
                return exchange
        try:
            exchange = self.policy.redact(Exchange("", request, outcome)).exchange
            reason = "secret" if self.secrets.are_in(exchange) else ""
        except Refused as refused:
            reason = refused.reason
        if not reason:
            return exchange
        if endpoint:
            self.withheld[endpoint, reason] += 1
        return None

    def _without_bodies(self, request: Request, outcome: Outcome) -> tuple[Request, Outcome]:
        request = replace(request, body=_emptied(request.body))
        return request, replace(outcome, body=_emptied(outcome.body)) if isinstance(outcome, Response) else outcome

    def _with_markers(self, attempt: Attempt, exchange: Exchange) -> Exchange:
        """A body that was dropped still says which markers of ours it held: they tell whose data it was."""
        request, outcome = exchange.request, exchange.outcome
        sent = self._told(attempt.request.body, request.body)
        if sent is not request.body:
            exchange = replace(exchange, request=replace(request, body=sent))
        if isinstance(outcome, Response) and attempt.response is not None:
            got = self._told(attempt.response.body, outcome.body)
            if got is not outcome.body:
                exchange = replace(exchange, outcome=replace(outcome, body=got))
        return exchange

    def _told(self, before: Body, after: Body) -> Body:
        if after.data or not before.data:
            return after
        text = before.data.decode("utf-8", "replace")
        markers = dict.fromkeys(text[start:stop] for start, stop in self.known.markers_in(text))
        size = before.length_bytes
        return Body(" ".join(markers).encode()[:size], after.content_type, True, size) if markers else after

    def _cells(self, entity: str, cells: Cells) -> Cells:
        if not cells:
            return cells
        names = [name for name, _ in cells]
        heads = [_head_of(value) for _, value in cells]
        try:
            (fresh,) = RowMapper(self.policy, _apart(names)).mapped([heads])
        except RowRefusedError as refused:
            self.withheld[f"table {entity}", str(refused).partition(": ")[2]] += 1
            fresh = [self._plainly(head) for head in heads]
        out = zip(names, cells, fresh, strict=True)
        return tuple((name, self._whole(value, self._safe_cell(new))) for name, (_, value), new in out)

    def _whole(self, value: Cell, fresh: Cell) -> Cell:
        """A long value's mark around its new head; its digest is keyed, for anybody can make the plain one."""
        found = _MARK.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            return fresh
        digest = self.pseudonym.digest("cell", found["digest"]).hex()[:16]
        return f"{fresh or ''}{found['dots'] or ''}<{found['size']} bytes, digest {digest}>"

    def _plainly(self, value: Cell) -> Cell:
        """Of a row that the policy refuses."""
        if value is None or isinstance(value, bool):
            return value
        return self.pseudonym.text(value) if isinstance(value, str) else int(self.pseudonym.digits(str(int(value))))

    def _safe_cell(self, value: Cell) -> Cell:
        return self._safe(value) if isinstance(value, str) else value

    def _safe(self, text: str) -> str:
        return _HIDDEN if self.secrets.are_in_text(text) else text


def _head_of(value: Cell) -> Cell:
    found = _MARK.fullmatch(value) if isinstance(value, str) else None
    return found["head"] if found else value


def _apart(names: list[str]) -> list[str]:
    """Column names once each, as a document needs them."""
    return names if len(set(names)) == len(names) else [f"{name}_{n}" for n, name in enumerate(names)]


def _emptied(body: Body) -> Body:
    return Body(b"", body.content_type, True, body.length_bytes) if body.data else body


def _bare(request: Request, endpoint: str) -> Request:
    method, _, path = endpoint.partition(" ")
    return Request(method, path or "/", body=Body(truncated=True, size_bytes=request.body.length_bytes))


def _bare_outcome(outcome: Outcome) -> Outcome:
    if not isinstance(outcome, Response):
        return replace(outcome, detail="")
    return Response(outcome.status, body=Body(truncated=True, size_bytes=outcome.body.length_bytes))
