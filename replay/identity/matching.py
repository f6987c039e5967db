"""Which identity an actor gets for which kind of credentials: the most specific one; a tie is an error.

    actor  >  principal  >  tenant  >  all,   and each of them with a scheme before the same without

Rule: everything is decided before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from replay.identity.pool import assign
from replay.identity.spec import Account, Identity
from replay.model.errors import ConfigError
from replay.model.session import Actor

NOBODY = Actor()


@dataclass(frozen=True, slots=True, repr=False)
class Assigned:
    """`account` is -1 for an identity without a pool."""

    identity: Identity
    account: int = -1

    @property
    def chosen(self) -> Account | None:
        return self.identity.accounts[self.account] if self.account >= 0 else None


class Assignment:
    """Who wears what. `actors` are all of the capture, with the schemes that each of them uses (if they are known)."""

    def __init__(self, identities: Sequence[Identity], actors: Mapping[Actor, frozenset[str]]) -> None:
        self.identities = tuple(identities)
        self.actors = dict(actors)
        self._known: dict[tuple[Actor, str], Assigned | None] = {}
        self._accounts: dict[str, dict[Actor, int]] = {}
        for actor, schemes in self.actors.items():
            for scheme in schemes or {""}:
                require_one(self.identities, actor, scheme)
        for identity in self.identities:
            if identity.accounts:
                self._accounts[identity.name] = assign(identity, self._wearers(identity))

    def of(self, actor: Actor | None, scheme: str) -> Assigned | None:
        """None when no identity is for them. `scheme` empty: credentials that only an identity itself names."""
        who = actor or NOBODY
        key = (who, scheme)
        if key not in self._known:
            identity = require_one(self.identities, who, scheme)
            self._known[key] = None if identity is None else self._with_account(identity, who)
        return self._known[key]

    def prefers(self, actor: Actor | None) -> bool:
        """True when an identity speaks for this actor, whatever the recording's own login gives."""
        found = (self.of(actor, scheme) for scheme in self.actors.get(actor or NOBODY, ()))
        return any(one is not None and one.identity.prefer for one in found)

    def users(self) -> Iterable[tuple[Actor, str, Assigned | None]]:
        """Every actor with each of its schemes."""
        for actor, schemes in self.actors.items():
            for scheme in sorted(schemes):
                yield actor, scheme, self.of(actor, scheme)

    def _with_account(self, identity: Identity, actor: Actor) -> Assigned | None:
        """None for an actor that nobody announced: it has no account."""
        if not identity.accounts:
            return Assigned(identity)
        found = self._accounts[identity.name].get(actor)
        return None if found is None else Assigned(identity, found)

    def _wearers(self, identity: Identity) -> list[Actor]:
        return [
            actor
            for actor, schemes in self.actors.items()
            if any(require_one(self.identities, actor, scheme) is identity for scheme in schemes or {""})
        ]


def require_one(identities: Sequence[Identity], actor: Actor, scheme: str) -> Identity | None:
    """The most specific one. Raises ConfigError for a tie."""
    fitting = [one for one in identities if one.match.fits(actor, scheme)]
    if not fitting:
        return None
    best = max(one.match.rank for one in fitting)
    winners = [one for one in fitting if one.match.rank == best]
    if len(winners) > 1:
        names = " and ".join(f"`{one.name}`" for one in winners[:3])
        raise ConfigError(
            f"identities {names} are equally specific for actor {label(actor)}: name the actor in one of them,"
            " or narrow one by scheme."
        )
    return winners[0]


def label(actor: Actor | None) -> str:
    """`TENANT/PRINCIPAL`, as a configuration names an actor. Both are stand-ins, and are shortened no further."""
    if actor is None or actor == NOBODY:
        return "(anonymous)"
    return f"{actor.tenant}/{actor.principal}"
