"""Answers that were not compared, and why: what was cut cannot be told from what is missing.

Rule: nothing that could not be read is ever called equal, save where both sides are the same bytes to the last one.
Files that nobody reads (images, archives) are no part of this: of them a capture has a type and a length, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence

from replay.diff.alignment import first_attempts
from replay.diff.bodies.limits import UnreadableBodyError
from replay.diff.bodies.opaque import read_opaque
from replay.diff.bodies.reading import read_body, reader_of
from replay.diff.documents import read_tree
from replay.model.body import Body
from replay.model.evidence import Attempt, Trace

CUT = "cut, or dropped because it could not be read"


def not_compared(recorded: Trace, clean: Sequence[Trace]) -> tuple[tuple[Attempt, str], ...]:
    """Recorded attempts whose bodies say nothing, with a fixed phrase that says why."""
    plays = [first_attempts(trace) for trace in clean]
    found = ((one, _why_any(one, [play.get(id_) for play in plays])) for id_, one in first_attempts(recorded).items())
    return tuple((one, why) for one, why in found if why)


def _why_any(recorded: Attempt, plays: Sequence[Attempt | None]) -> str:
    """Answers of another status or type are differences of their own."""
    if recorded.response is None:
        return ""
    one = recorded.response.body
    for play in plays:
        if play is None or play.response is None or play.status != recorded.status:
            continue
        two = play.response.body
        if (one.truncated or two.truncated or not one.is_json) and one.media_type == two.media_type:
            why = _why(one, two)
            if why:
                return why
    return ""


def _why(one: Body, two: Body) -> str:
    if one.truncated or two.truncated:
        is_file = not one.is_json and reader_of(one.media_type) is read_opaque
        return "" if is_file or one.media_type.startswith("multipart/") else CUT
    if one.data == two.data or not (one.data and two.data) or read_tree(one) or read_tree(two):
        return ""
    return _reason(one)


def _reason(body: Body) -> str:
    try:
        read_body(body)
    except UnreadableBodyError as error:
        return error.reason
    return ""
