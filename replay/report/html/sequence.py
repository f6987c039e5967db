"""The steps of a scenario as a sequence picture: who asked what, in which order, what was answered, which rows changed.

    ten_a          ten_b          target          rows
      |  POST /notes |              |               |
      |-----------------------------> 201           |
      |              |  PATCH /notes/{id}           |
      |              |--------------> 403 --------->| 1 update note

Coordinates are units of the picture's own box; the page scales it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from replay.model.evidence import Attempt, Part, Trace

WIDTH = 860
_LEFT, _TARGET, _ROWS = 100, 600, 770
_TOP, _STEP = 64, 40
_MOST_ACTORS = 4
_BEFORE, _JUDGED, _AFTER = 4, 12, 3  # steps that are drawn
_LABEL_CHARS = 58


@dataclass(frozen=True, slots=True, repr=False)
class Lane:
    """A line from top to bottom."""

    x: int
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Arrow:
    """`number` counts from 1 in the whole scenario; `is_at_once`: sent before the step above had ended."""

    number: int
    y: int
    x: int
    label: str
    outcome: str
    is_judged: bool
    is_bad: bool
    is_at_once: bool
    rows: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Gap:
    """Steps that are not drawn."""

    y: int
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    lanes: tuple[Lane, ...]
    arrows: tuple[Arrow, ...]
    gaps: tuple[Gap, ...]
    height: int
    says: str  # the same in words
    target_x: int = _TARGET
    rows_x: int = _ROWS
    top: int = _TOP - 24
    width: int = WIDTH


def picture_of(trace: Trace) -> Picture:
    """Every judged step up to a limit, and the steps next to them."""
    shown = _shown(trace.attempts)
    senders = _senders([trace.attempts[n] for n in shown if n >= 0])
    xs = {name: _LEFT + i * (_TARGET - _LEFT) // max(2, len(senders) + 1) for i, name in enumerate(senders)}
    lanes = [Lane(xs[name], _short(name), "sends") for name in senders]
    lanes.append(Lane(_TARGET, "target", "QA"))
    rows = _rows_text(trace)
    if trace.changes is not None:
        lanes.append(Lane(_ROWS, "rows", "database"))
    arrows: list[Arrow] = []
    gaps: list[Gap] = []
    y, last_judged = _TOP, max((n for n in shown if n >= 0 and _is_judged(trace.attempts[n])), default=-1)
    for n in shown:
        if n < 0:
            gaps.append(Gap(y, f"{-n} more step{'' if n == -1 else 's'}"))
        else:
            arrows.append(_arrow(trace.attempts, n, y, xs, rows if n == last_judged else ""))
        y += _STEP
    judged = len(trace.judged())
    says = f"{len(trace.attempts)} steps, {judged} of them judged" + (f"; rows: {rows}" if rows else "")
    return Picture(tuple(lanes), tuple(arrows), tuple(gaps), y + 8, says)


def sender_of(attempt: Attempt) -> str:
    if attempt.sent_as is None:
        return "nobody"
    return f"{attempt.sent_as.tenant or 'no tenant'} · {attempt.sent_as.principal or '?'}"


def outcome_of(attempt: Attempt) -> str:
    return str(attempt.fault.kind) if attempt.fault else str(attempt.status)


def _shown(attempts: Sequence[Attempt]) -> list[int]:
    """Numbers of attempts; below 0: so many are left out here."""
    judged = [n for n, one in enumerate(attempts) if _is_judged(one)]
    if len(judged) == len(attempts):  # a clean session: its last step is the one that matters
        judged = judged[-1:]
    kept = set(judged[:_JUDGED])
    first, last = (judged[0], judged[-1]) if judged else (len(attempts), len(attempts))
    kept |= set(range(max(0, first - _BEFORE), first)) | set(range(last + 1, min(len(attempts), last + 1 + _AFTER)))
    out: list[int] = []
    missing = 0
    for n in range(len(attempts)):
        if n in kept:
            out += [-missing, n] if missing else [n]
            missing = 0
        else:
            missing += 1
    return [*out, -missing] if missing else out


def _arrow(attempts: Sequence[Attempt], n: int, y: int, xs: dict[str, int], rows: str) -> Arrow:
    one = attempts[n]
    is_at_once = bool(n) and _is_judged(one) and _is_judged(attempts[n - 1]) and one.sent < attempts[n - 1].ended
    is_site = _is_judged(one) and (n + 1 == len(attempts) or any(not _is_judged(other) for other in attempts))
    copy = f" (copy {one.copy + 1})" if one.copy else ""
    label = f"{one.endpoint}{copy}"
    if len(label) > _LABEL_CHARS:
        label = label[: _LABEL_CHARS - 1] + "…"
    took = max(0.0, one.ended - one.sent) * 1000
    x = xs.get(sender_of(one), _LEFT)
    bad = one.status == 0 or one.status >= 500
    return Arrow(n + 1, y, x, label, f"{outcome_of(one)} · {took:.0f} ms", is_site, bad, is_at_once, rows)


def _is_judged(attempt: Attempt) -> bool:
    return attempt.part is Part.JUDGED


def _senders(attempts: Sequence[Attempt]) -> list[str]:
    """Judged ones first to be kept, then in order of appearance."""
    names = list(dict.fromkeys(sender_of(one) for one in attempts))
    wanted = list(dict.fromkeys(sender_of(one) for one in attempts if _is_judged(one)))
    kept = (wanted + [name for name in names if name not in wanted])[:_MOST_ACTORS]
    return [name for name in names if name in kept]


def _rows_text(trace: Trace) -> str:
    counts = Counter((change.operation.value, change.entity) for change in trace.changes or ())
    if trace.changes is not None and not counts:
        return "no row changed"
    return ", ".join(f"{n} {operation} {entity}" for (operation, entity), n in sorted(counts.items()))


def _short(name: str) -> str:
    tenant, _, principal = name.partition(" · ")
    return f"{tenant[:12]}… · {principal[:8]}" if len(tenant) > 13 and principal else name[:24]
