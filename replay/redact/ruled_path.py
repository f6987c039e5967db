"""The path of a request by the rules of a policy; segments without a rule as everywhere."""

from __future__ import annotations

from urllib.parse import quote, unquote

from replay.redact.rewriter import Rewriter
from replay.redact.rules import Decision
from replay.redact.urls import SEGMENT_SAFE, redact_path
from replay.redact.vocabulary import PEOPLE

_ANY_PEOPLE = "users"


def redact_ruled_path(desk: Rewriter, path: str, place: str) -> str:
    """Segments that a rule speaks of are taken out, and put back as the rule wants them."""
    pieces = path.split("/")
    decided = _decisions(desk, pieces)
    if not decided:
        return redact_path(desk, path, place)
    rest = [_blank(piece) if i in decided else piece for i, piece in enumerate(pieces)]
    out = redact_path(desk, "/".join(rest), place).split("/")
    for i, decision in decided.items():
        out[i] = quote(str(desk.decided(decision, "", unquote(pieces[i]), place) or ""), safe=SEGMENT_SAFE)
    return "/".join(out)


def _decisions(desk: Rewriter, pieces: list[str]) -> dict[int, Decision]:
    guide = desk.notes.guide
    found = {i: guide.found[unquote(one)] for i, one in enumerate(pieces) if unquote(one) in guide.found}
    if guide.request is not None and len(pieces) > 1:
        ruled = guide.request.segments(len(pieces) - 1)  # in front of the first slash stands nothing
        found = {**{i + 1: decision for i, decision in ruled.items()}, **found}
    return {i: decision for i, decision in found.items() if pieces[i]}


def _blank(piece: str) -> str:
    """What stands behind a collection of people is a name, also when a rule speaks of the collection."""
    return _ANY_PEOPLE if unquote(piece).lower() in PEOPLE else ""
