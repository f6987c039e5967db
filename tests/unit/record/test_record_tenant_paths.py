"""Tenants of opaque sessions: named by the paths in which a session writes, never by guessing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from make import exchange, request
from replay.model.exchange import Exchange
from replay.record.credentials import tenant_in_path
from replay.record.naming import Namer


@pytest.mark.parametrize(
    ("path", "tenant", "remark"),
    [
        ("/o/blue-fjord/parcels", "blue-fjord", "one letter"),
        ("/api/v2/orgs/acme/members/7?x=1", "acme", "behind a prefix"),
        ("/workspaces/17/boards", "17", "a number is a name as well"),
        ("/orgs/acme", "", "the tenant's own page may be anybody's to read"),
        ("/orgs/settings/billing", "", "a word of the route"),
        ("/parcels/o", "", "nothing behind"),
        ("/orders/acme/lines", "", "no collection of tenants"),
    ],
)
def test_the_tenant_in_a_path(path: str, tenant: str, remark: str) -> None:
    """A collection of tenants, one of them, and something below it."""
    assert tenant_in_path(request("GET", path)) == tenant, remark


def call(sid: str, method: str, path: str, status: int = 200, tenant_header: str = "") -> Exchange:
    headers = {"Cookie": f"sid={sid}-000000"} | ({"X-Tenant-Id": tenant_header} if tenant_header else {})
    return replace(exchange("e", method, path, status, headers=headers), connection=sid)


def tenants(*calls: Exchange) -> list[str]:
    namer = Namer()
    return [actor.tenant if (actor := namer.name(one).actor) else "-" for one in calls]


def test_a_session_belongs_to_the_tenant_that_it_writes_for() -> None:
    """Reading tells nothing: what is read may be shared or public."""
    assert tenants(
        call("ann", "GET", "/o/acme/parcels"),
        call("ann", "POST", "/o/acme/parcels", 201),
        call("ann", "GET", "/o/bolt/parcels/7"),
    ) == ["", "acme", "acme"]


def test_a_refused_write_tells_nothing() -> None:
    """Whoever knocks at the wrong door does not live there."""
    assert tenants(call("ann", "POST", "/o/bolt/parcels", 403), call("ann", "POST", "/o/acme/parcels", 201)) == [
        "",
        "acme",
    ]


def test_who_writes_for_two_tenants_belongs_to_neither() -> None:
    """A consultant may rightly see both; taking her for one of them makes false alarms."""
    calls = [call("con", "POST", f"/o/{slug}/parcels", 201) for slug in ("acme", "bolt", "acme")]
    assert tenants(*calls) == ["acme", "", ""]


def test_tenants_named_by_credentials_are_not_mixed_with_tenants_named_by_paths() -> None:
    """`t-1` and `acme` may be one tenant under two names, and colleagues would be taken for strangers."""
    assert tenants(
        call("ann", "POST", "/o/acme/parcels", 201, tenant_header="t-1"),
        call("bob", "POST", "/o/acme/parcels", 201),
    ) == ["t-1", ""]
