"""One set of live credentials, and the values that it is made of."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from replay.identity.freshness import Freshness
from replay.identity.matching import Assigned
from replay.identity.outfit import Outfit
from replay.identity.spec import BASIC, basic_pair
from replay.model.session import Actor


@dataclass(slots=True)
class Counts:
    """`fetched`: sets of credentials made for the first time; `renewed`: made again; `failed`: could not be made."""

    fetched: int = 0
    renewed: int = 0
    failed: int = 0


@dataclass(slots=True, repr=False)
class LiveSet:
    """One set of live credentials: of one identity, account and (for some) actor and recorded token."""

    number: int
    assigned: Assigned
    actor: Actor
    token: str  # the recorded JWT that it replaces; empty for others
    outfit: Outfit = field(default_factory=Outfit)
    fresh: Freshness = field(default_factory=Freshness)
    refresh: str = ""
    reread: Mapping[str, str] = field(default_factory=dict)  # values that a file or a command has given since
    failed_at: float = -math.inf
    failure: str = ""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def values_of(assigned: Assigned, actor: Actor, reread: Mapping[str, str] | None = None) -> dict[str, str]:
    """The identity's own (as `reread` has them now), before them its account's, and the actor's stand-ins."""
    account, identity = assigned.chosen, assigned.identity
    own = {**identity.values, **(reread or {})}
    own |= {name: template.fill(own) for name, template in identity.filled}
    own |= account.values if account else {}
    return {
        **own,
        **({BASIC: basic_pair(own["user"], own["password"])} if "user" in own and "password" in own else {}),
        "actor.tenant": actor.tenant,
        "actor.principal": actor.principal,
    }
