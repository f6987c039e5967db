"""Who made a client's own value known: the accepted request that sent it first, for whoever sends it later.

An administrator invites `ann@x.test` and Ann logs in; a company chooses its slug and everybody's paths hold it. No
response gives such a value, so no binding tells that the login needs the invitation.

Rule: only e-mails, UUIDs and keys introduce something. Equal free text in two requests is wording, not reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from replay.correlate.fresh import FreshPlan
from replay.correlate.renewal import FreshKind
from replay.correlate.timeline import in_start_order
from replay.model.exchange import Exchange
from replay.model.session import Session


def introductions(sessions: Sequence[Session], plan: FreshPlan) -> Mapping[str, tuple[str, ...]]:
    """Per exchange: the earlier ones that introduced what it sends, in order of their places."""
    ordered = [exchange for exchange, _ in in_start_order(sessions)]
    by_value = _introducers(ordered, {item.value for item in plan.fresh if item.kind is not FreshKind.TEXT}, plan)
    out: dict[str, tuple[str, ...]] = {}
    for exchange in ordered:
        found: dict[str, None] = {}
        for _, value in plan.occurrences.get(exchange.id, ()):
            first = by_value.get(value)
            if first is not None and first.id != exchange.id and first.ended <= exchange.started:
                found[first.id] = None
        if found:
            out[exchange.id] = tuple(found)
    return out


def _introducers(ordered: Sequence[Exchange], values: set[str], plan: FreshPlan) -> dict[str, Exchange]:
    """The first accepted write that sent each value: what was refused, or only read, made nothing known."""
    out: dict[str, Exchange] = {}
    for exchange in ordered:
        if not exchange.request.is_safe and 200 <= exchange.status < 400:
            for _, value in plan.occurrences.get(exchange.id, ()):
                if value in values:
                    out.setdefault(value, exchange)
    return out
