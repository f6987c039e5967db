"""Tenants that no credentials name: told by login answers and subdomains, one kind of name in one capture."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from make import exchange
from replay.model.exchange import Exchange
from replay.model.session import Actor
from replay.record.answers import named_in
from replay.record.identify import Sources
from replay.record.naming import Namer
from replay.record.subdomains import Site

SITE = Site(parent=1)


def jwt(**claims: Any) -> str:
    parts = ({"alg": "HS256"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join(encoded) + ".c2ln"


def call(
    who: str,
    method: str = "GET",
    path: str = "/x",
    status: int = 200,
    *,
    answer: Any = None,
    host: str = "shop.test",
    sends: Any = None,
    **headers: str,
) -> Exchange:
    """By the owner of a session cookie."""
    fields = {"Cookie": f"sid={who}-00000000"} | {name.replace("_", "-"): value for name, value in headers.items()}
    made = exchange("e", method, path, status, headers=fields, json=sends or {}, answer=answer or {}, at=1.0)
    return replace(made, connection=who, request=replace(made.request, host=host))


@pytest.mark.parametrize(
    ("document", "actor"),
    [
        ({"token": "t", "tenant": {"id": "acme"}}, Actor("acme", "")),
        ({"token": "t", "user": {"id": 7, "tenant_id": 3}}, Actor("3", "7")),
        ({"user": {"uuid": "u-1", "organization": {"slug": "acme"}}}, Actor("acme", "u-1")),
        ({"data": {"user": {"id": 7}, "orgId": "o-1"}}, Actor("o-1", "7")),
        ({"user_id": 5, "workspaces": [{"id": "w-1"}]}, Actor("w-1", "5")),
        ({"user": {"id": 7}, "tenants": [{"id": "a"}, {"id": "b"}]}, Actor("", "7")),
        ({"id": 9, "name": "x"}, Actor()),
        ({"tenant": True, "user": {"id": None}}, Actor()),
        (["tenant"], Actor()),
        (None, Actor()),
    ],
)
def test_whom_an_answer_names(document: Any, actor: Actor) -> None:
    """Ids of the tenant and the user, where exactly one is named."""
    assert named_in(document) == actor


ANSWERS = [
    ("token and tenant", [call("a", "POST", "/login", answer={"token": "t" * 9, "tenant_id": "acme"})], "acme"),
    ("a cookie session: the path says login", [call("a", "POST", "/login", answer={"user": {"org": "o1"}})], "o1"),
    ("the account's own page", [call("a"), call("a", "GET", "/api/me", answer={"org_id": 4})], "4"),
    ("a refused login", [call("a", "POST", "/login", 403, answer={"tenant_id": "acme"})], ""),
    ("any other document", [call("a", "GET", "/parcels/7", answer={"tenant_id": "bolt"})], ""),
    (
        "somebody else's key, made by an administrator",
        [call("a", "POST", "/users/9/keys", answer={"api_key": "k" * 12, "user": {"id": 9, "tenant_id": "bolt"}})],
        "",
    ),
]


@pytest.mark.parametrize(("exchanges", "tenant"), [pytest.param(*row[1:], id=row[0]) for row in ANSWERS])
def test_tenants_from_answers(exchanges: list[Exchange], tenant: str) -> None:
    namer = Namer()
    actors = [namer.name(one).actor for one in exchanges]
    assert (actors[-1] or Actor()).tenant == tenant


def test_an_answer_names_the_user_of_an_opaque_token() -> None:
    """And both sessions of one user are one principal."""
    namer = Namer()
    for number in range(2):
        login = exchange("e", "POST", "/login", answer={"token": f"opaque-{number}-0000", "user": {"id": 7}}, at=1.0)
        assert namer.name(replace(login, connection=f"c{number}")).actor == Actor("", "7")


def test_subdomains_are_tenants_once_there_are_two() -> None:
    """The session that came first is corrected; labels of the stand-in hosts are the names."""
    namer = Namer()
    first = namer.name(call("ann", host="h1.example"), SITE)
    assert first.actor == Actor("", "ann-00000000")
    second = namer.name(call("bob", host="h2.example"), SITE)
    assert second.actor == Actor("h2", "bob-00000000")
    assert namer.take_corrections() == {first.session_id: Actor("h1", "ann-00000000")}
    assert namer.take_corrections() == {}
    assert namer.name(call("eve", host="h3.example")).actor == Actor("", "eve-00000000")  # no subdomain


def test_who_uses_two_subdomains_belongs_to_neither() -> None:
    """And does not show that subdomains are tenants."""
    namer = Namer()
    hosts = ("h1.example", "h2.example")
    actors = [namer.name(call(who, host=host), SITE).actor for who in ("ann", "bob") for host in hosts]
    assert [actor.tenant for actor in actors if actor] == ["", "", "", ""]


def test_anonymous_visitors_make_no_tenants() -> None:
    """Anybody may call any host name; only accepted credentials count."""
    namer = Namer()
    for host in ("h1.example", "h2.example"):
        stranger = call("x", host=host)
        namer.name(replace(stranger, request=replace(stranger.request, headers=type(stranger.request.headers)())), SITE)
    assert namer.name(call("ann", host="h1.example"), SITE).actor == Actor("", "ann-00000000")


def test_a_better_kind_of_name_takes_the_lesser_ones_back() -> None:
    """`t-1` and `acme` may be one tenant under two names: sessions named by paths lose them when a header appears."""
    namer = Namer()
    bob = namer.name(call("bob", "POST", "/o/acme/parcels", 201))
    assert bob.actor == Actor("acme", "bob-00000000")
    ann = namer.name(call("ann", "POST", "/o/acme/parcels", 201, X_Tenant_Id="t-1"))
    assert ann.actor == Actor("t-1", "ann-00000000")
    assert namer.take_corrections() == {bob.session_id: Actor("", "bob-00000000")}


def test_a_strangers_header_takes_nothing_back() -> None:
    """Without accepted credentials a tenant header is only a word."""
    namer = Namer()
    namer.name(call("bob", "POST", "/o/acme/parcels", 201))
    namer.name(replace(exchange("e", "GET", "/", headers={"X-Tenant-Id": "t-1"}, at=1.0), connection="x"))
    namer.name(call("eve", "GET", "/", 401, X_Tenant_Id="t-1"))
    assert namer.take_corrections() == {}
    assert namer.name(call("bob")).actor == Actor("acme", "bob-00000000")


def test_a_lesser_kind_counts_where_it_says_the_same() -> None:
    """The header's `acme` and the path's are one name; a number in a path may be anything's."""
    namer = Namer()
    namer.name(call("ann", X_Tenant_Id="acme"))
    namer.name(call("kim", X_Tenant_Id="17"))
    assert namer.name(call("bob", "POST", "/o/acme/parcels", 201)).actor == Actor("acme", "bob-00000000")
    assert namer.name(call("eve", "POST", "/o/17/parcels", 201)).actor == Actor("", "eve-00000000")


def test_a_claim_is_better_than_a_header() -> None:
    namer = Namer()
    ann = call("ann", X_Tenant_Id="acme", Authorization=f"Bearer {jwt(sub='ann', tid='t-1')}")
    assert namer.name(ann).actor == Actor("t-1", "ann")


def stated(tenant: str = "", principal: str = "", session: str = "") -> Namer:
    texts = ([text] if text else [] for text in (tenant, principal, session))
    return Namer(sources=Sources.parse(*texts))


def test_a_stated_tenant_leaves_nothing_to_guess() -> None:
    """Even where the source finds nothing: a guess might be another name of the same tenant."""
    namer = stated(tenant="header:X-Shop")
    assert namer.name(call("ann", X_Shop="s1", X_Tenant_Id="acme")).actor == Actor("s1", "ann-00000000")
    assert namer.name(call("bob", "POST", "/o/acme/x", 201, X_Tenant_Id="acme")).actor == Actor("", "bob-00000000")


def test_a_stated_principal_behind_a_gateway_needs_no_credentials() -> None:
    """The gateway's one connection carries everybody."""
    namer = stated(principal="header:X-User-Id")
    calls = [exchange("e", "GET", "/x", headers={"X-User-Id": who}, at=1.0) for who in ("ann", "bob", "ann")]
    named = [namer.name(replace(one, connection="gateway")) for one in calls]
    assert [one.session_id for one in named] == ["s1", "s2", "s1"]
    assert [one.actor for one in named] == [Actor("", "ann"), Actor("", "bob"), Actor("", "ann")]


def test_a_stated_session_wins_over_tokens_and_connections() -> None:
    namer = stated(session="header:X-Session")
    calls = [("s-a", "c1", "k"), ("s-b", "c1", "k"), ("s-a", "c2", "other"), ("", "c9", "other")]
    found = [
        namer.name(replace(call(token, X_Session=name) if name else call(token), connection=connection)).session_id
        for name, connection, token in calls
    ]
    assert found == ["s1", "s2", "s1", "s1"]  # without the header, the token's last session


def test_a_session_has_one_actor_even_where_a_source_names_it() -> None:
    """One device, two people one after the other: replaying Bob's requests as Ann would judge nonsense."""
    namer = stated(session="header:X-Device")

    def by(sub: str) -> str:
        one = exchange("e", "GET", "/x", headers={"X-Device": "d1", "Authorization": f"Bearer {jwt(sub=sub)}"}, at=1.0)
        return namer.name(replace(one, connection="c1")).session_id

    assert [by("ann"), by("bob"), by("ann"), by("bob")] == ["s1", "s2", "s1", "s2"]


def test_a_key_in_the_query_is_a_credential() -> None:
    namer = Namer()
    found = [namer.name(exchange("e", "GET", f"/x?api_key={key}", at=1.0)) for key in ("key-00000001", "key-00000002")]
    assert [one.actor for one in found] == [Actor("", "key-00000001"), Actor("", "key-00000002")]
    assert namer.name(exchange("e", "GET", "/y?v=1&api_key=key-00000001", at=2.0)).session_id == found[0].session_id


def test_what_is_remembered_of_sessions_is_bounded() -> None:
    """Connections with many principals, sessions, names: each has a limit."""
    namer = Namer(memory=10)
    for number in range(200):
        namer.name(call(f"u{number}", X_Tenant_Id=f"t{number}"), SITE)
        namer.name(replace(call(f"v{number}"), connection="pooled"))
    assert len(namer._actors._known) <= 10
    assert len(namer._grouper._by_token) <= 10
    assert len(namer._grouper._by_connection) <= 10
    pooled = namer._grouper._by_connection.get("pooled")
    assert pooled
    assert len(pooled.owners) == 2
