"""What every handler of one running shop shares.

Rule: handlers reach the database, the faults and the caches only through this object.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from replay.demo.shop.database import Database
from replay.demo.shop.featured import FeaturedCache
from replay.demo.shop.passwords import FailedLogins


@dataclass(frozen=True, slots=True)
class Shop:
    """One running shop."""

    database: Database
    faults: frozenset[str]
    signing_key: str
    failed_logins: FailedLogins = field(default_factory=FailedLogins)
    featured: FeaturedCache = field(default_factory=FeaturedCache)


SHOP = web.AppKey("shop", Shop)
