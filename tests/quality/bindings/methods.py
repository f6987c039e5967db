"""Methods side by side: ours, equality of whole values, and the comparison of two recordings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

from quality.bindings.tape import Client
from replay.correlate.bindings import Bindings
from replay.correlate.fresh import find_fresh
from replay.correlate.learn import learn
from replay.correlate.rebinder import Rebinder
from replay.correlate.refine import refined
from replay.model.case import Step
from replay.model.exchange import Exchange, Request, Response
from replay.model.message import request_leaves, response_leaves, text_of, with_values
from replay.model.session import Session
from replay.model.tree import Place, Scalar
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym

KEY = b"quality of bindings, 32 bytes..."
_EDGE = 12  # characters of context left of a value: what load testers' correlation rules keep


def ours(sessions: list[Session], live: Client) -> dict[str, Request]:
    """Learned from the one recording, fed with the live answers in their order."""
    return _played(sessions, live, learn(sessions))


def ours_refined(sessions: list[Session], first: Client, live: Client) -> dict[str, Request]:
    """The same after a first clean replay has taught what it can."""
    heard = {item.id: item.response for log in first.kept.values() for item in log if item.response is not None}
    return _played(sessions, live, refined(learn(sessions), sessions, heard).bindings)


def _played(sessions: list[Session], live: Client, bindings: Bindings) -> dict[str, Request]:
    plan = find_fresh(sessions, bindings, lambda _endpoint, _place: "other")
    recorded = {item.id: item for one in sessions for item in one.exchanges}
    rebinder = Rebinder(bindings, plan.renew(7, 1), recorded)
    out: dict[str, Request] = {}
    for item, answer in in_order(sessions, live):
        out[item.id] = rebinder.rewrite(Step(item.id, item.request)).request
        rebinder.absorb(item.id, answer)
    return out


def redacted(sessions: list[Session]) -> list[Session]:
    """What the capture would hold: stand-ins."""
    policy = Policy(Pseudonym(KEY))
    return [replace(one, exchanges=tuple(policy.redact(item).exchange for item in one.exchanges)) for one in sessions]


def exact_match(sessions: list[Session], live: Client) -> dict[str, Request]:
    """A request value that an earlier response held somewhere as a whole is taken from there."""
    known: dict[str, tuple[str, Place]] = {}
    answers: dict[str, dict[Place, Scalar]] = {}
    out: dict[str, Request] = {}
    for item, answer in in_order(sessions, live):
        values = {}
        for place, value in request_leaves(item.request):
            source = known.get(text_of(value))
            found = answers[source[0]].get(source[1]) if source else None
            if found is not None:
                values[place] = _typed(value, found)
        out[item.id] = with_values(item.request, values)
        answers[item.id] = dict(response_leaves(answer))
        assert item.response is not None
        for place, value in response_leaves(item.response):
            known.setdefault(text_of(value), (item.id, place))
    return out


def record_replay_compare(sessions: list[Session], other: Client, live: Client) -> dict[str, Request]:
    """What differs between two recordings is dynamic; it is found in an earlier answer by its place or by the text
    around it, in both recordings."""
    twins = {item.id: item for log in other.kept.values() for item in log}
    earlier: list[tuple[Exchange, Exchange, Response]] = []
    out: dict[str, Request] = {}
    for item, answer in in_order(sessions, live):
        twin = twins[item.id]
        second = dict(request_leaves(twin.request))
        values = {}
        for place, value in request_leaves(item.request):
            if place in second and second[place] != value:
                found = _look_up(earlier, text_of(value), text_of(second[place]))
                if found is not None:
                    values[place] = _typed(value, found)
        out[item.id] = with_values(item.request, values)
        earlier.append((item, twin, answer))
    return out


@dataclass(frozen=True)
class _Edges:
    left: str
    right: str

    def cut(self, text: str) -> str | None:
        _, mark, rest = text.partition(self.left)
        return rest.partition(self.right)[0] if mark and self.right in rest else None


def _look_up(earlier: list[tuple[Exchange, Exchange, Response]], value: str, twin_value: str) -> Scalar:
    for item, twin, answer in earlier:
        assert item.response is not None
        assert twin.response is not None
        theirs, live = dict(response_leaves(twin.response)), dict(response_leaves(answer))
        for place, given in response_leaves(item.response):
            if text_of(given) == value and text_of(theirs.get(place)) == twin_value and live.get(place) is not None:
                return live[place]
        raw = _raw(item.response)
        at = raw.find(value)
        if at >= 0 and len(value) >= 4:
            edges = _Edges(raw[max(0, at - _EDGE) : at], raw[at + len(value) : at + len(value) + 1])
            if edges.left and edges.right and edges.cut(_raw(twin.response)) == twin_value:
                return edges.cut(_raw(answer))
    return None


def _raw(answer: Response) -> str:
    lines = chain((f"{name}: {value}" for name, value in answer.headers.fields), [answer.body.data.decode("latin-1")])
    return "\n".join(lines)


def _typed(model: Scalar, live: Scalar) -> Scalar:
    if isinstance(model, str):
        return text_of(live)
    return int(live) if isinstance(live, str) and live.isdigit() else live


def in_order(sessions: list[Session], live: Client) -> list[tuple[Exchange, Response]]:
    """Recorded exchanges in the order in which they started, each with the live answer."""
    answers = {item.id: item.response for log in live.kept.values() for item in log}
    items = sorted((item for one in sessions for item in one.exchanges), key=lambda item: item.started)
    pairs = []
    for item in items:
        answer = answers[item.id]
        assert answer is not None
        pairs.append((item, answer))
    return pairs
