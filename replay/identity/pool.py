"""N recorded actors onto M accounts of QA: stable, spread evenly, tenants kept apart.

Accounts that name one QA tenant belong together; an account that names none is a company by itself. Every recorded
tenant is given companies of its own first, then its actors are spread over the accounts of those.

Rule: keyed by names alone (rendezvous hashing), so that the same capture gives the same assignment, whatever the order
in which its actors are met; another actor or account moves as few of the others as can be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from replay.identity.spec import Account, Identity
from replay.model.errors import ConfigError
from replay.model.session import Actor


def assign(identity: Identity, actors: Iterable[Actor]) -> dict[Actor, int]:
    """The index of each actor's account. Raises ConfigError when tenants would have to share."""
    everybody = sorted(set(actors), key=lambda actor: (actor.tenant, actor.principal))
    companies = _companies(identity.accounts)
    tenants = sorted({actor.tenant for actor in everybody})
    if len(tenants) > len(companies) and not identity.may_share:
        raise ConfigError(
            f"identity `{identity.name}`: {len(tenants)} recorded tenants need QA accounts of their own, and the"
            f" {len(identity.accounts)} accounts make {len(companies)}: add accounts, or say share = true."
        )
    houses = _companies_of(identity.name, tenants, companies)
    out: dict[Actor, int] = {}
    used = [0] * len(identity.accounts)
    names = [_called(account, i) for i, account in enumerate(identity.accounts)]
    for who in sorted(everybody, key=lambda one: _weight(identity.name, "turn", one.tenant, one.principal)):
        pool = houses[who.tenant]
        best = min(pool, key=lambda i: (used[i], _weight(identity.name, who.tenant, who.principal, names[i])))
        used[best] += 1
        out[who] = best
    return out


def _companies(accounts: Sequence[Account]) -> dict[str, list[int]]:
    out: dict[str, list[int]] = {}
    for i, account in enumerate(accounts):
        out.setdefault(account.tenant or f"\0{i}", []).append(i)
    return out


def _companies_of(name: str, tenants: Sequence[str], companies: dict[str, list[int]]) -> dict[str, list[int]]:
    """Accounts per recorded tenant.

    Accounts without a tenant that are left over are spread over the tenants that have such: a QA tenant with a name is
    one company, and one recorded company does not become two.
    """
    free = set(companies)
    out: dict[str, list[int]] = {}
    for tenant in sorted(tenants, key=lambda one: _weight(name, "tenant", one)):
        choice = min(free or companies, key=lambda one: _weight(name, tenant, one))
        free.discard(choice)
        out[tenant] = list(companies[choice])
    alone = sorted((one for one in free if one.startswith("\0")), key=lambda one: _weight(name, "rest", one))
    takers = sorted((one for one in tenants if _is_alone(out[one], companies)), key=lambda one: _weight(name, one))
    for turn, company in enumerate(alone):
        if takers:
            out[takers[turn % len(takers)]] += companies[company]
    return out


def _is_alone(accounts: list[int], companies: dict[str, list[int]]) -> bool:
    return any(key.startswith("\0") and members[0] in accounts for key, members in companies.items())


def _called(account: Account, index: int) -> str:
    """What an account is called; its place in the list when it has no user."""
    return account.values.get("user") or account.values.get("username") or str(index)


def _weight(*names: str) -> bytes:
    return hashlib.blake2b("\0".join(names).encode("utf-8", "surrogatepass"), digest_size=16).digest()
