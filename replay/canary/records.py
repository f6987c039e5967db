"""Whether each case has its record: dropping everything is no redaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from replay.canary.case import Case, Loss, Plan
from replay.canary.driver import Sent
from replay.model.errors import ReplayError
from replay.model.exchange import Exchange
from replay.store.capture_reader import CaptureReader


def losses(capture: Path) -> dict[str, int]:
    """What the recorder itself says is not in the capture, by kind and reason; empty when the file tells nothing."""
    try:
        with CaptureReader.open(capture) as reader:
            return {f"{loss.kind}: {loss.reason}": loss.count for loss in (*reader.losses(), *reader.body_losses())}
    except ReplayError:
        return {}


def missing_records(capture: Path, sent: Sequence[Sent]) -> list[tuple[str, str]]:
    """Case and what is missing. Cases come one after the other, so a record belongs to whoever was under way."""
    with CaptureReader.open(capture) as reader:
        recorded = [stored.exchange for stored in reader.stored()]
    found: list[tuple[str, str]] = []
    for one in sent:
        own = [each for each in recorded if one.start <= each.started <= one.end]
        found += [(one.planted.case.id, what) for what in _missing(one.planted.case, one.planted.plan, own)]
    return found


def _missing(case: Case, plan: Plan, own: Sequence[Exchange]) -> Iterator[str]:
    if case.may_lose is Loss.EXCHANGE:
        return
    if not own:
        yield "the record"
        return
    yield from missing_parts(case, plan, own[0])


def missing_parts(case: Case, plan: Plan, one: Exchange) -> Iterator[str]:
    """What a record should hold and does not."""
    if case.may_lose is not Loss.NOTHING:
        return
    if plan.body and not one.request.body.data:
        yield "the request's body"
    answer = one.response
    has_answer = plan.answer and plan.status not in (204, 304) and plan.method != "HEAD"
    if has_answer and not (answer and answer.body.data):
        yield "the answer's body"
    if sum(bool(message.body.data) for message in one.messages) < len(plan.messages):
        yield "messages"
