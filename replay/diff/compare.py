"""The recording against clean replays: what differs in every one of them, noise and renaming taken off.

Rule: a difference counts only when each clean replay shows it, at the same place and of the same kind; where the clean
replays disagree with each other nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from replay.diff.alignment import Redacted, Redaction, first_attempts
from replay.diff.judge import judge_trace
from replay.diff.layers import gate, is_same_document, read_tree
from replay.diff.lost_words import exchanges_with_lost_words
from replay.diff.noise import ROOT
from replay.diff.rules import Rules
from replay.diff.second_thoughts import SecondThoughts
from replay.diff.strays import strays
from replay.model.difference import Difference, DifferenceKind, Noise
from replay.model.evidence import Attempt, Trace
from replay.model.exchange import Response

Key = tuple[str, str, DifferenceKind]
_ALONE = (DifferenceKind.FAULT, DifferenceKind.STATUS, DifferenceKind.MEDIA_TYPE)


def compare(
    recorded: Trace, clean: Sequence[Trace], noise: Noise, redacted: Redacted, *, is_live: bool = False
) -> tuple[Difference, ...]:
    """One Difference per (exchange, place, kind), in the order of the recording. No clean replay: nothing is said.

    `is_live`: `recorded` is itself a replay, of the known-good build, in the place of the recording.
    """
    if not clean:
        return ()
    rules, redaction = Rules.of(noise, is_live=is_live), Redaction(redacted)
    plays = [first_attempts(trace) for trace in clean]
    steady = {exchange_id for exchange_id in first_attempts(recorded) if _agree(plays, exchange_id)}
    found = [judge_trace(recorded, trace, rules, redaction, steady) for trace in clean]
    common = [difference for key, difference in found[0].items() if all(key in other for other in found[1:])]
    lost = exchanges_with_lost_words(recorded, redacted)
    common = [difference for difference in common if difference.exchange_id not in lost or difference.kind in _ALONE]
    thoughts = SecondThoughts.about(common, recorded, clean)
    convincing = [thoughts.reconsider(difference) for difference in common if _is_sure(difference, plays)]
    said = [difference for difference in convincing if difference is not None]
    alone = {difference.exchange_id for difference in common if difference.kind in _ALONE}
    said += strays(recorded, clean, rules, redaction, steady - lost - alone)
    return tuple(_only_first_word(said))


def _agree(plays: Sequence[dict[str, Attempt]], exchange_id: str) -> bool:
    """Every clean replay played the exchange, and all came to the same kind of answer."""
    if not all(exchange_id in play for play in plays):
        return False
    outcomes = [play[exchange_id].outcome for play in plays]
    return all(gate(one, two) is None for one, two in combinations(outcomes, 2))


def _is_sure(difference: Difference, plays: Sequence[dict[str, Attempt]]) -> bool:
    """A body without places to learn rules for must be the same in all clean replays before it can be a difference."""
    if difference.place != ROOT or difference.kind not in {DifferenceKind.VALUE, DifferenceKind.TYPE}:
        return True
    answers = [play[difference.exchange_id].response for play in plays]
    return all(_is_same_body(one, two) for one, two in combinations(answers, 2))


def _is_same_body(one: Response | None, two: Response | None) -> bool:
    if one is None or two is None or one.body.data == two.body.data:
        return one is not None and two is not None
    trees = read_tree(one.body), read_tree(two.body)
    return trees[0] is not None and trees[1] is not None and is_same_document(trees[0][0], trees[1][0])


def _only_first_word(differences: Iterable[Difference]) -> Iterable[Difference]:
    """After a fault, a status or a media type nothing else is said about an exchange."""
    kept = list(differences)
    silenced = {difference.exchange_id for difference in kept if difference.kind in _ALONE}
    for difference in kept:
        if difference.exchange_id not in silenced or difference.kind in _ALONE:
            yield difference
