"""A password that the service refused becomes another constant than one that it took.

Every password is one constant, so that nothing can be told from equality, and so that a replayed registration and
its login agree. Without this redactor a recorded wrong guess would agree with the registration, too, and the
replayed login would succeed. What it gives away is what the status says already.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from replay.model.exchange import Exchange
from replay.model.message import request_leaves, with_values
from replay.model.tree import Place, Scalar
from replay.redact.contract import Notes
from replay.redact.pseudonyms import CONSTANT, REFUSED_CONSTANT, Pseudonym

REFUSALS = frozenset({401, 403, 429})  # RFC 9110 sections 15.5.2 and 15.5.4, RFC 6585 section 4


@dataclass(frozen=True, slots=True)
class RefusedPasswords:
    """Looks at what the body redactors made of passwords; it never sees an original."""

    name: str = "refused-passwords"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        del pseudonym, notes  # one constant for another: the field is noted already
        if exchange.status not in REFUSALS:
            return exchange
        wrong: dict[Place, Scalar] = {
            place: REFUSED_CONSTANT
            for place, value in request_leaves(exchange.request)
            if place[0] in {"body", "form"} and value == CONSTANT
        }
        request = with_values(exchange.request, wrong)
        data = request.body.data.replace(CONSTANT.encode(), REFUSED_CONSTANT.encode())
        if data != request.body.data:  # in XML, multipart, a document in a document: both constants are as long
            request = replace(request, body=replace(request.body, data=data))
        return replace(exchange, request=request) if request is not exchange.request else exchange
