"""Facts that the recorder adds to an exchange: the client's connection, a fault's detail."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from replay.model.exchange import Exchange, Fault
from replay.redact.contract import Action, Notes, Side, ValueClass
from replay.redact.pseudonyms import Pseudonym

_TYPE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,80}")
_OURS = re.compile(r"c[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class OriginFacts:
    """A connection may be named after the client's address: it becomes a stand-in. A fault keeps a type name only."""

    name: str = "origin-facts"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        connection = exchange.connection
        if connection and not _OURS.fullmatch(connection):
            fresh = "c" + pseudonym.digest("connection", connection).hex()[:16]
            one = exchange
            exchange = Exchange(one.id, one.request, one.outcome, one.started, one.ended, fresh, one.messages)
        fault = exchange.outcome
        if isinstance(fault, Fault) and fault.detail and not _TYPE_NAME.fullmatch(fault.detail):
            notes.did(Side.RESPONSE, "fault", ValueClass.FIELD, Action.DROP)
            exchange = replace(exchange, outcome=replace(fault, detail=""))
        return exchange
