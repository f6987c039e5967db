"""Bodies that a rule drops as a whole, before any redactor sees them."""

from __future__ import annotations

from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.redact.contract import Action, Notes, Side, ValueClass
from replay.redact.sides import dropped, with_bodies


def without_ruled_bodies(exchange: Exchange, notes: Notes) -> Exchange:
    """Type and length stay, as of bodies that nobody can read."""
    if notes.guide.request is None and notes.guide.response is None:
        return exchange

    def change(side: Side, body: Body) -> Body:
        sheet = notes.guide.sheet(side)
        decision = sheet.at("body", "") if sheet is not None else None
        if decision is None or decision.action is not Action.DROP or not body.data:
            return body
        notes.did(side, "body", ValueClass.BODY, Action.DROP)
        return dropped(body)

    return with_bodies(exchange, change)
