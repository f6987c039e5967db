"""One live trace against the recording: what is wrong at each place, before other clean replays are asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from replay.diff.alignment import Redaction, align
from replay.diff.census import Census, compare_censuses
from replay.diff.inner import opener
from replay.diff.layers import gate, walk_answers
from replay.diff.leaf import Moment, is_renamable, judge_leaf
from replay.diff.orders import matcher, steady_by_rules
from replay.diff.relations import gap_of, is_same_type, type_of
from replay.diff.renaming import Domain, Renaming, domain_of
from replay.diff.rules import Rules
from replay.diff.sorts import confirmed
from replay.diff.times import are_times, second_of
from replay.diff.walk import Lens, Memo, Pair, Raw
from replay.model.difference import Difference, DifferenceKind, Relation
from replay.model.evidence import Attempt, Trace
from replay.model.exchange import Response
from replay.model.tree import Scalar, Tree

Key = tuple[str, str, DifferenceKind]
_NO_MOMENT = Moment()
_ELEMENTS = 2  # on each side, before "all of these, none of those" says anything
_TIMES_THE_GAP = 5  # of the largest gap between clean replays
_ROUNDING = 1e-12  # share of a number
_WRONG_SHARE = 3  # where more than a third of a place contradicts itself, it never was a renaming


@dataclass(slots=True)
class _Elements:
    """All elements of one loose list over the whole trace, and the exchanges that answered with some."""

    recorded: Census = field(default_factory=Census)
    live: Census = field(default_factory=Census)
    exchanges: dict[str, None] = field(default_factory=dict)


class _Named(NamedTuple):
    """An aligned leaf whose renaming is judged when the whole trace has been seen."""

    attempt: Attempt
    place: str
    domain: Domain
    recorded: Scalar
    live: Scalar
    value_class: str


def judge_trace(
    recorded: Trace, live: Trace, rules: Rules, redaction: Redaction, exchanges: set[str]
) -> dict[Key, Difference]:
    """The first difference of each kind at each place of each of the `exchanges`."""
    judge = _Judge(rules, redaction)
    judge.renaming.bind(live.renamed)
    for one, two in align(recorded, live):
        if one.exchange_id in exchanges:
            judge.hear(one, two)
    judge.weigh_elements()
    judge.weigh_names()
    return judge.found


@dataclass(slots=True)
class _Judge:
    rules: Rules
    redaction: Redaction
    renaming: Renaming = field(default_factory=Renaming)
    found: dict[Key, Difference] = field(default_factory=dict)
    elements: dict[tuple[str, str], _Elements] = field(default_factory=dict)
    named: list[_Named] = field(default_factory=list)
    lenses: dict[str, Lens] = field(default_factory=dict)

    def hear(self, recorded: Attempt, live: Attempt) -> None:
        gap = gate(recorded.outcome, live.outcome)
        if gap is not None:
            if gap.kind is not DifferenceKind.STATUS or not self.rules.is_flaky(recorded.endpoint):
                self._report(recorded, gap)
            return
        if recorded.response is None or live.response is None:
            return
        for pair in walk_answers(recorded.response, live.response, self._lens(recorded.endpoint)):
            if pair.kind is None:
                left, right = _scalar(pair.left), _scalar(pair.right)
                has_times = are_times(left, right)  # nothing else asks for the moment, which is slow to read
                moment = self._moment(recorded.endpoint, recorded.response, live.response) if has_times else _NO_MOMENT
                self._hear_leaf(recorded, pair.place, left, right, moment)
            elif pair.kind is DifferenceKind.LENGTH:
                self._hear_lists(recorded, pair)
            elif self._is_judged(recorded.endpoint, pair.place, pair.kind):
                self._report(recorded, pair)

    def _moment(self, endpoint: str, recorded: Response, live: Response) -> Moment:
        """The Date of both answers; the recording's, unless redaction moved it."""
        is_moved = self.redaction.class_at(endpoint, "header.date")
        was = None if is_moved else second_of(recorded.headers.get("date"))
        return Moment(was, second_of(live.headers.get("date")))

    def _lens(self, endpoint: str) -> Lens:
        if endpoint not in self.lenses:
            is_loose = Memo(lambda place: self.rules.is_loose_list(endpoint, place))
            is_watched = Memo(lambda place: self._is_watched(endpoint, place))
            steady = steady_by_rules(self.rules, self.redaction, endpoint)
            lists = dict.fromkeys(self.rules.unordered_lists(endpoint), Memo(steady).__getitem__)
            self.lenses[endpoint] = Lens(
                is_loose.__getitem__,
                is_watched.__getitem__,
                is_watched_below=Memo(lambda place: self._is_watched_below(endpoint, place)).__getitem__,
                paired=matcher(lists) if lists else None,
                opened=opener(endpoint, self.redaction),
            )
        return self.lenses[endpoint]

    def _is_watched_below(self, endpoint: str, place: str) -> bool:
        return self.rules.is_loose_below(endpoint, place) or self.redaction.may_stand_below(endpoint, place)

    def _is_watched(self, endpoint: str, place: str) -> bool:
        """Equal leaves count as well where names are learned, and where types are only compared as a whole."""
        relation = self.rules.relation(endpoint, place)
        if relation is Relation.EQUAL:
            return bool(self.redaction.class_at(endpoint, place))
        return relation is Relation.RENAMED or relation is Relation.VARIABLE

    def _is_judged(self, endpoint: str, place: str, kind: DifferenceKind) -> bool:
        """Structure: not where presence varies; nothing new or retyped where redaction took the original away."""
        if self.rules.relation(endpoint, place) is Relation.VARIABLE:
            return False
        if kind is DifferenceKind.MEDIA_TYPE:
            return True
        if kind is not DifferenceKind.TYPE and self.redaction.has_named_keys(endpoint, place):
            return False
        return kind is DifferenceKind.MISSING or not self.redaction.class_at(endpoint, place)

    def _hear_leaf(self, attempt: Attempt, place: str, recorded: Scalar, live: Scalar, moment: Moment) -> None:
        endpoint = attempt.endpoint
        relation = self.rules.relation(endpoint, place)
        value_class = self.redaction.class_at(endpoint, place)
        if relation is Relation.VARIABLE:
            self._count_types(attempt, place, recorded, live)
            return
        if not self.renaming.is_bound(recorded, live) or not is_same_type(recorded, live):
            kind = judge_leaf(recorded, live, relation, value_class, moment)
            if relation is Relation.TOLERANCE and not value_class and kind is None:
                kind = self._apart(endpoint, place, recorded, live)
            if kind is not None:
                self._report(attempt, Pair(place, kind, recorded, live))
                return
        if is_renamable(recorded, live, relation, value_class):
            domain = domain_of(endpoint, place, value_class, recorded, live)
            self.renaming.see(domain, recorded, live, (attempt.exchange_id, endpoint, place))
            self.named.append(_Named(attempt, place, domain, recorded, live, value_class))

    def _apart(self, endpoint: str, place: str, recorded: Scalar, live: Scalar) -> DifferenceKind | None:
        """Farther apart than clean replays ever were, several times over."""
        gap = gap_of(recorded, live)
        is_near = gap is None or gap <= max(_TIMES_THE_GAP * self.rules.limit(endpoint, place), _ROUNDING)
        return None if is_near else DifferenceKind.DRIFT

    def _count_types(self, attempt: Attempt, place: str, recorded: Scalar, live: Scalar) -> None:
        elements = self.elements.setdefault((attempt.endpoint, place), _Elements())
        elements.recorded.types.setdefault(place, set()).add(type_of(recorded))
        elements.live.types.setdefault(place, set()).add(type_of(live))
        elements.exchanges[attempt.exchange_id] = None

    def _hear_lists(self, attempt: Attempt, pair: Pair) -> None:
        left, right = pair.left, pair.right
        if not isinstance(left, list) or not isinstance(right, list):
            return
        if self.rules.is_loose_list(attempt.endpoint, pair.place):
            elements = self.elements.setdefault((attempt.endpoint, pair.place), _Elements())
            elements.recorded.count(pair.place, left)
            elements.live.count(pair.place, right)
            if left:
                elements.exchanges[attempt.exchange_id] = None
        elif len(left) != len(right):
            self._report(attempt, Pair(pair.place, DifferenceKind.LENGTH, len(left), len(right)))
            elements = _Elements()
            elements.recorded.count(pair.place, left)
            elements.live.count(pair.place, right)
            elements.exchanges[attempt.exchange_id] = None
            self._weigh(attempt.endpoint, pair.place, elements)

    def weigh_elements(self) -> None:
        """Loose lists, once all their elements are known."""
        for (endpoint, place), elements in self.elements.items():
            self._weigh(endpoint, place, elements)

    def _weigh(self, endpoint: str, place: str, elements: _Elements) -> None:
        for raw in compare_censuses(elements.recorded, elements.live, _ELEMENTS):
            is_own = raw.place == place  # the variable leaf itself: its type is all that is judged
            if is_own or self._is_judged(endpoint, raw.place, raw.kind) or self._is_loose_only(endpoint, raw):
                for exchange_id in elements.exchanges:
                    self._add(exchange_id, endpoint, raw)

    def _is_loose_only(self, endpoint: str, raw: Raw) -> bool:
        """VARIABLE only because it stands in a list whose length varies: what all elements share is still judged."""
        if (endpoint, raw.place) in self.rules.by_place or self.redaction.has_named_keys(endpoint, raw.place):
            return False
        return "[*]" in raw.place and not (
            raw.kind is DifferenceKind.ADDED and self.redaction.class_at(endpoint, raw.place)
        )

    def weigh_names(self) -> None:
        """Renaming, once the whole trace is known. Places that name things of one sort speak for each other."""
        heads = confirmed(self.rules.domains, self.renaming, is_live=self.rules.is_live)
        if heads:
            self.named = [self._joined(named, heads) for named in self.named]
        joint = {*heads, *heads.values()}
        wrong = [(named, self._conflict(named)) for named in self.named]
        total = Counter((named.attempt.endpoint, named.place) for named, _ in wrong)
        bad = Counter((named.attempt.endpoint, named.place) for named, remark in wrong if remark)
        for named, remark in wrong:
            site = (named.attempt.endpoint, named.place)
            is_proven = len(named.domain) == 1 or (self.rules.is_live and site in joint)
            if remark and (is_proven or bad[site] * _WRONG_SHARE <= total[site]):
                raw = Raw(named.place, DifferenceKind.RENAMING, named.recorded, named.live)
                self._add(named.attempt.exchange_id, named.attempt.endpoint, raw, remark)

    def _joined(self, named: _Named, heads: dict[tuple[str, str], tuple[str, str]]) -> _Named:
        """The same leaf in its joint domain, which is told of it."""
        site = (named.attempt.endpoint, named.place)
        domain = heads.get(site, site)
        if named.domain != site or domain == site:
            return named
        self.renaming.see(domain, named.recorded, named.live, (named.attempt.exchange_id, *site))
        return named._replace(domain=domain)

    def _conflict(self, named: _Named) -> str:
        if self.renaming.is_bound(named.recorded, named.live):
            return ""
        return self.renaming.conflict(named.domain, named.recorded, named.live, named.value_class)

    def _report(self, attempt: Attempt, pair: Pair) -> None:
        if pair.kind is not None:
            self._add(attempt.exchange_id, attempt.endpoint, Raw(pair.place, pair.kind, pair.left, pair.right))

    def _add(self, exchange_id: str, endpoint: str, raw: Raw, remark: str = "") -> None:
        key = (exchange_id, raw.place, raw.kind)
        if key not in self.found:
            expected, observed = _scalar(raw.expected), _scalar(raw.observed)
            self.found[key] = Difference(exchange_id, endpoint, raw.place, raw.kind, expected, observed, remark)


def _scalar(value: Tree) -> Scalar:
    """A leaf as it is; of a list or an object only what it is."""
    return type_of(value) if isinstance(value, list | dict) else value
