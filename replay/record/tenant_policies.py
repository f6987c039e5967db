"""A key for each tenant: what two tenants have in common cannot be told, and one tenant's key can be given up alone.

    capture key -> BLAKE2b(its stand-in for the tenant's name) -> the tenant's key -> its own Policy

The tenant is read from the raw exchange, before redaction, by the stated sources. An exchange that names none gets the
capture's own key, and is recorded only when nothing in it but the host needs a stand-in (a health check, a page for
everybody): under one key it would tell what two tenants have in common, and join with neither.

Rule: sources that are not there in every request would tear sessions: a login, whose tenant a claim names only later,
would get another stand-in for its token than the requests that bear it. They are refused at start.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable

from replay.model.capture import RedactedField
from replay.model.errors import ConfigError
from replay.model.exchange import Exchange
from replay.record.identify import first_value, parse_sources
from replay.record.redacting import policy_of
from replay.record.settings import RecordSettings
from replay.record.subdomains import Site
from replay.redact.keys import tenant_key
from replay.redact.kinds import Action, ValueClass
from replay.redact.policy import Policy

_EARLY = ("header", "path", "subdomain", "query")
_TELLING = frozenset((Action.PSEUDONYMISE, Action.HASH, Action.GENERALISE))  # equal for equal values
NO_TENANT = "no-tenant"
_MOST_POLICIES = 16  # each may remember 40 MB of stand-ins; one that is forgotten is made again, alike, in 6 ms


class TenantPolicies:
    """The policy of each exchange. For one thread."""

    def __init__(self, key: bytes, common: Policy, settings: RecordSettings) -> None:
        self._key = key
        self._common = common
        self._settings = settings
        self._sources = parse_sources("tenant", settings.tenant)
        self._policies: OrderedDict[bytes, Policy] = OrderedDict()

    def __repr__(self) -> str:
        return "TenantPolicies(keys hidden)"

    def of(self, exchange: Exchange, site: Site) -> Policy:
        """`exchange` before redaction, `site` of its host."""
        name = first_value(self._sources, exchange, site).strip().lower()
        if not name:
            return self._common
        mark = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
        known = self._policies.get(mark)
        if known is None:
            known = self._policies[mark] = policy_of(tenant_key(self._key, name), self._settings)
            if len(self._policies) > _MOST_POLICIES:
                self._policies.popitem(last=False)
        self._policies.move_to_end(mark)
        return known

    def is_nobodys(self, policy: Policy, fields: Iterable[RedactedField]) -> bool:
        """True for an exchange without a tenant in which `fields` were given stand-ins: it must not be written."""
        return policy is self._common and any(
            one.action in _TELLING and one.value_class != ValueClass.HOST for one in fields
        )


def require_early_tenants(tenant: Iterable[str]) -> None:
    """Raises ConfigError."""
    kinds = [text.partition(":")[0].strip() for text in tenant]
    late = next((kind for kind in kinds if kind not in _EARLY), "")
    if late or not kinds:
        what = f"{late} is not in every request" if late else "none is named"
        raise ConfigError(
            f"key_per_tenant needs [record] tenant with sources that every request has ({', '.join(_EARLY)}): {what}."
        )
