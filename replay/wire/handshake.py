"""Asks the target whether it is one: `GET /.well-known/replay-ok` must answer 200 with the token that was agreed on.

A production host does not serve that page; so a wrong name, a wrong port or a wrong DNS entry ends the run before its
first request.
"""

from __future__ import annotations

import hmac

from replay.model.errors import TargetError
from replay.model.exchange import Request, Response
from replay.wire.client import Client
from replay.wire.target import Target

PATH = "/.well-known/replay-ok"


async def shake_hands(client: Client, target: Target, token: str) -> None:
    """Raises TargetError unless the target shows the token."""
    outcome = (await client.send(Request("GET", PATH))).outcome
    if not isinstance(outcome, Response):
        raise TargetError(f"{target.url} did not answer GET {PATH} ({outcome.kind}); nothing else was sent.")
    if outcome.status != 200:
        raise TargetError(f"{target.url} answered GET {PATH} with {outcome.status}, not 200; nothing else was sent.")
    if not hmac.compare_digest(outcome.body.data.strip(), token.encode()):
        raise TargetError(f"{target.url} shows another token at {PATH} than [safety] says; nothing else was sent.")
