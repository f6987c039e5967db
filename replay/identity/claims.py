"""The claims of a JWT that QA accepts: the recorded ones with new times, and what the configuration says otherwise.

    recorded, redacted: {"sub": STAND-IN, "tid": STAND-IN, "scope": "read", "iat": ..., "exp": ...}
    signed for QA:      the same claims, iat and nbf now, exp a lifetime later, `map` and `claims` applied

Rule: stand-ins stay unless they are mapped, so that two actors stay two actors in QA. Nothing is signed here.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

from replay.identity.template import Template, Templated, Values, fill_tree, names_in
from replay.model.codec import UndecodableError, parse_json
from replay.model.message import text_of
from replay.model.session import Actor
from replay.model.tree import Tree

ALGORITHMS = ("HS256", "HS384", "HS512", "RS256", "ES256")
USUAL_LIFETIME = 3600.0  # seconds
_LONGEST_LIFETIME = 31_536_000.0  # a year: a longer one was a token for machines, or forged
_TIMES = ("iat", "nbf", "exp", "auth_time")


@dataclass(frozen=True, slots=True, repr=False)
class Minting:
    """`claims` override; `drop` leaves out; `replacements` per claim: recorded stand-in -> QA's own value.

    `lifetime` in seconds; 0: the recorded token's own. `keeps`: start from the recorded claims.
    """

    algorithm: str
    key: Template
    kid: Template | None = None
    claims: Mapping[str, Templated] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()
    replacements: Mapping[str, Mapping[str, Tree]] = field(default_factory=dict)
    lifetime: float = 0.0
    keeps: bool = True

    @property
    def names(self) -> frozenset[str]:
        found = set(self.key.names) | (set(self.kid.names) if self.kid else set())
        return frozenset(found.union(*(names_in(value) for value in self.claims.values())))


def parts_of(token: str) -> tuple[dict[str, Tree], dict[str, Tree]] | None:
    """Header and claims of a JWT (RFC 7519 section 3), unverified; None for every other text."""
    pieces = token.split(".")
    if len(pieces) != 3:
        return None
    found: list[dict[str, Tree]] = []
    for piece in pieces[:2]:
        try:
            part = parse_json(base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))
        except (binascii.Error, UndecodableError, ValueError):
            return None
        if not isinstance(part, dict):
            return None
        found.append(part)
    return found[0], found[1]


def renewed(
    minting: Minting, recorded: Mapping[str, Tree], actor: Actor, values: Values, now: float
) -> dict[str, Tree]:
    """The claims to sign at `now` (seconds since the epoch). Raises KeyError with the name that is missing.

    Where nothing was recorded (an opaque token), the actor alone speaks: `sub`, and `tid` when it has a tenant.
    """
    base: dict[str, Tree] = dict(recorded) if minting.keeps else {}
    if not recorded:
        base["sub"] = actor.principal
        if actor.tenant:
            base["tid"] = actor.tenant
    lifetime = minting.lifetime or _lifetime(recorded)
    for name in _TIMES:
        base.pop(name, None)
    base |= {"iat": int(now), "exp": int(now + lifetime)}
    if "nbf" in recorded:
        base["nbf"] = int(now)
    if "auth_time" in recorded:
        base["auth_time"] = int(now)
    for name, table in minting.replacements.items():
        if name in base:
            base[name] = _replaced(base[name], table)
    base |= {name: fill_tree(value, values) for name, value in minting.claims.items()}
    return {name: value for name, value in base.items() if name not in minting.drop}


def _lifetime(recorded: Mapping[str, Tree]) -> float:
    begun, end = recorded.get("iat", recorded.get("nbf")), recorded.get("exp")
    if not isinstance(begun, int | float) or not isinstance(end, int | float):
        return USUAL_LIFETIME
    try:
        lifetime = float(end - begun)
    except OverflowError:  # numbers that no clock shows
        return USUAL_LIFETIME
    return max(1.0, lifetime) if 0 < lifetime <= _LONGEST_LIFETIME else USUAL_LIFETIME


def _replaced(value: Tree, table: Mapping[str, Tree]) -> Tree:
    """One value, or each element of a list."""
    if isinstance(value, list):
        return [_replaced(one, table) for one in value]
    if isinstance(value, dict):
        return value
    return table.get(text_of(value), value)
