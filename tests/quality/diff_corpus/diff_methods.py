"""The methods of the table: each says which exchanges differ at which place of an endpoint."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from quality.diff_corpus.redaction import Hidden
from quality.diff_corpus.sessions import OLD_BUILD, Session
from replay.diff.alignment import align, nothing_redacted
from replay.diff.builds import against
from replay.diff.compare import compare
from replay.diff.layers import gate, walk_answers
from replay.diff.noise import learn_from
from replay.diff.relations import is_equal
from replay.model.difference import Difference
from replay.model.evidence import Attempt, Trace
from replay.model.message import body_tree

Place = tuple[str, str]  # endpoint, pattern
Report = dict[Place, set[str]]  # exchanges
_RECORDED, _FIRST, _SECOND, _THIRD = range(4)
_APART = 3  # worlds of the known-good build are others


@dataclass(frozen=True, slots=True)
class Method:
    name: str
    report: Callable[[Session], Report]


def ours(session: Session) -> Report:
    """As `engine.clean` and `engine.control` do it: two clean replays, and a third where something differs."""
    return _report(differences(session))


def differences(session: Session) -> Sequence[Difference]:
    recorded = session.play(_RECORDED, new_build=False)
    clean = [session.play(_FIRST), session.play(_SECOND)]
    found = compare(recorded, clean, learn_from(clean, nothing_redacted), nothing_redacted)
    if found:
        clean.append(session.play(_THIRD))
        found = compare(recorded, clean, learn_from(clean, nothing_redacted), nothing_redacted)
    return found


def ours_redacted(session: Session) -> Report:
    """The same on what a capture holds: stand-ins, in the recording and in the replays."""
    hidden = Hidden(session)
    clean = [hidden.live(_FIRST), hidden.live(_SECOND)]
    found = compare(hidden.recorded, clean, learn_from(clean, hidden.redacted), hidden.redacted)
    if found:
        clean.append(hidden.live(_THIRD))
        found = compare(hidden.recorded, clean, learn_from(clean, hidden.redacted), hidden.redacted)
    return _report(found)


def beside_known_good(session: Session) -> Report:
    """As `--baseline` does it: replays of the old build stand for the recording, and noise is theirs."""
    found: tuple[Difference, ...] = ()
    for pairs in (2, 3):
        clean = [session.play(number) for number in range(_FIRST, _FIRST + pairs)]
        known_good = [session.play(number + _APART, new_build=OLD_BUILD) for number in range(_FIRST, _FIRST + pairs)]
        found = against(known_good, clean, learn_from(known_good, nothing_redacted))
        if not found:
            break
    return _report(found)


def _report(found: Sequence[Difference]) -> Report:
    report: Report = defaultdict(set)
    for one in found:
        report[one.endpoint, one.place].add(one.exchange_id)
    return report


def diffy(session: Session, relative: float = 20.0, absolute: float = 0.03) -> Report:
    """Primary and secondary run the old build. A field is told when raw > noise by both published thresholds."""
    primary, secondary = session.play(_FIRST, new_build=False), session.play(_SECOND, new_build=False)
    raw, noise = _fields(primary, session.play(_THIRD)), _fields(primary, secondary)
    totals = Counter(one.endpoint for one in primary.attempts)
    out: Report = {}
    for place, hit in raw.items():
        more, less = len(hit), len(noise.get(place, ()))
        gap = more - less
        if gap > 0 and gap / (more + less) * 100 > relative and gap / totals[place[0]] * 100 > absolute:
            out[place] = hit
    return out


def mask(session: Session) -> Report:
    """Keploy's kind: what drifted between the recording and one replay of the old build is never looked at again."""
    recorded = session.play(_RECORDED, new_build=False)
    ignored = _fields(recorded, session.play(_FIRST, new_build=False))
    return {place: hit for place, hit in _fields(recorded, session.play(_SECOND)).items() if place not in ignored}


def plain_deepdiff(session: Session) -> Report:
    """The recording against one replay, with default options, bodies only."""
    from deepdiff import DeepDiff

    out: Report = defaultdict(set)
    for one, two in align(session.play(_RECORDED, new_build=False), session.play(_FIRST)):
        left, right = _tree(one), _tree(two)
        for items in DeepDiff(left, right, view="tree").values():
            for item in items:
                out[one.endpoint, _pattern(item.path(output_format="list"))].add(one.exchange_id)
    return out


def _tree(attempt: Attempt) -> object:
    return body_tree(attempt.response.body) if attempt.response and attempt.response.body.is_json else None


def _pattern(keys: Sequence[object]) -> str:
    return "body" + "".join("[*]" if isinstance(key, int) else f".{key}" for key in keys)


def _fields(left: Trace, right: Trace) -> Report:
    """Every raw difference, lists by position, as Diffy flattens them."""
    out: Report = defaultdict(set)
    for one, two in align(left, right):
        for place in _raw(one, two):
            out[one.endpoint, place].add(one.exchange_id)
    return out


def _raw(one: Attempt, two: Attempt) -> Iterator[str]:
    gap = gate(one.outcome, two.outcome)
    if gap is not None:
        yield gap.place
        return
    if one.response is None or two.response is None:
        return
    for pair in walk_answers(one.response, two.response):
        leaves = not isinstance(pair.left, list | dict) and not isinstance(pair.right, list | dict)
        if pair.kind is not None or (leaves and not is_equal(pair.left, pair.right)):
            yield pair.place


OURS = Method("ours", ours)
REDACTED = Method("ours, redacted", ours_redacted)
BESIDE = Method("ours, beside the known-good build", beside_known_good)
RIVALS = (Method("Diffy's rule", diffy), Method("mask of drift", mask), Method("plain deepdiff", plain_deepdiff))
