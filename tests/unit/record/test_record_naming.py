"""Sessions and actors from redacted exchanges: credentials first, then what a login issued, then the connection."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from make import exchange
from replay.model.exchange import Exchange
from replay.model.session import Actor
from replay.record.naming import Namer


def jwt(**claims: Any) -> str:
    parts = ({"alg": "HS256"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".c2ln"
    )


ANN = jwt(sub="ann", tid="acme")
ANN2 = jwt(sub="ann", tid="acme", jti="2")
BOB = jwt(sub="bob", tid="globex")
OPAQUE = "opaque-token-of-ann-0001"
OTHER = "opaque-token-of-bob-0002"


def call(
    connection: str,
    *,
    bearer: str = "",
    at: float = 0.0,
    issues: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
    sends: Any = None,
    sets: str = "",
) -> Exchange:
    """One exchange: `issues` a token in its JSON answer, `sets` a cookie, `sends` a JSON body."""
    fields = dict(headers or {})
    if bearer:
        fields["Authorization"] = f"Bearer {bearer}"
    answer = {"token": issues} if issues else {"ok": True}
    made = exchange(
        "e", "POST", "/x", status, json=sends or {}, headers=fields, answer=answer,
        answer_headers=[("Set-Cookie", sets)] if sets else (), at=at,
    )  # fmt: skip
    return replace(made, connection=connection)


def ann(connection: str, at: float = 0.0) -> Exchange:
    return call(connection, bearer=ANN, at=at)


def bob(connection: str, at: float = 0.0) -> Exchange:
    return call(connection, bearer=BOB, at=at)


def plain(connection: str, at: float = 0.0) -> Exchange:
    return call(connection, at=at)


SESSIONS = [
    ("one client, never authenticated", [plain("c1"), plain("c1")], "11"),
    ("two anonymous connections are two sessions", [plain("c1"), plain("c2"), plain("c1")], "121"),
    ("a token is one session on every connection", [ann("c1"), ann("c2"), ann("c3")], "111"),
    ("two tenants on two connections", [ann("c1"), bob("c2"), ann("c1")], "121"),
    ("two principals on one pooled connection", [ann("c1"), bob("c1"), ann("c1"), bob("c1")], "1212"),
    ("login and what it issued", [call("c1", issues=OPAQUE), call("c2", bearer=OPAQUE)], "11"),
    (
        "login on a pooled connection",
        [ann("c1"), bob("c1"), call("c1", issues=OPAQUE), call("c2", bearer=OPAQUE)],
        "1233",
    ),
    (
        "two logins on one fresh connection are two people",
        [call("c1", issues=OPAQUE), call("c1", issues=OTHER), call("c1", bearer=OPAQUE), call("c1", bearer=OTHER)],
        "1212",
    ),
    (
        "new login, same principal, same connection",
        [ann("c1"), call("c1", issues=ANN2), call("c1", bearer=ANN2)],
        "111",
    ),
    ("new login, other principal, same connection", [ann("c1"), call("c1", issues=BOB), bob("c1")], "122"),
    ("new token of the same principal on its connection", [ann("c1"), call("c1", bearer=ANN2)], "11"),
    ("the same principal elsewhere with another token", [ann("c1"), call("c2", bearer=ANN2)], "12"),
    ("anonymous start, then a token", [plain("c1"), ann("c1")], "11"),
    ("anonymous in the middle follows the connection", [ann("c1"), plain("c1"), ann("c1")], "111"),
    (
        "anonymous on a pooled connection stands alone",
        [ann("c1"), bob("c1"), plain("c1"), plain("c1"), ann("c1")],
        "12341",
    ),
    ("no connection known, nothing to tie to", [plain(""), plain("")], "12"),
    ("refresh quotes an issued token", [call("c1", issues=OPAQUE), call("c9", sends={"refresh": OPAQUE})], "11"),
    ("gap of more than 30 minutes", [ann("c1", 0), ann("c1", 1800), ann("c1", 3601)], "112"),
    ("anonymous gap", [plain("c1", 0), plain("c1", 1900)], "12"),
    (
        "session cookie",
        [call("c1", sets="sid=abcdef123456; Path=/"), call("c2", headers={"Cookie": "sid=abcdef123456"})],
        "11",
    ),
    ("other cookies name nobody", [call("c1", headers={"Cookie": "theme=abcdef123456"}), plain("c2")], "12"),
    (
        "API key",
        [call("c1", headers={"X-Api-Key": "key-12345678"}), call("c2", headers={"X-Api-Key": "key-12345678"})],
        "11",
    ),
    (
        "refused guess on somebody's connection",
        [ann("c1"), call("c1", bearer="guessed-00000000", status=401), ann("c1")],
        "111",
    ),
    ("a token that expired is still its session's", [ann("c1"), call("c2", bearer=ANN, status=401)], "11"),
]


@pytest.mark.parametrize(("exchanges", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SESSIONS])
def test_sessions(exchanges: list[Exchange], expected: str) -> None:
    """Exchanges fall into the sessions that a reader of the traffic would draw."""
    namer = Namer()
    assert "".join(namer.name(one).session_id.removeprefix("s") for one in exchanges) == expected


BASIC = base64.b64encode(b"svc-17:Redacted-1!").decode()

ACTORS = [
    ("JWT claims", [ann("c1")], Actor("acme", "ann")),
    ("numbers are text", [call("c1", bearer=jwt(user_id=17, org_id=3))], Actor("3", "17")),
    ("nobody yet", [plain("c1")], None),
    ("opaque token: the token itself", [call("c1", bearer=OPAQUE)], Actor("", OPAQUE)),
    ("known late, from the token's use", [call("c1", issues=OPAQUE), call("c1", bearer=OPAQUE)], Actor("", OPAQUE)),
    ("known at login, from the issued JWT", [call("c1", issues=ANN)], Actor("acme", "ann")),
    ("tenant from a header", [call("c1", bearer=OPAQUE, headers={"X-Tenant-Id": "acme"})], Actor("acme", OPAQUE)),
    (
        "tenant header at login only",
        [call("c1", issues=OPAQUE, headers={"X-Tenant-Id": "acme"}), call("c1", bearer=OPAQUE)],
        Actor("acme", OPAQUE),
    ),
    (
        "basic: the user, not the password",
        [call("c1", headers={"Authorization": f"Basic {BASIC}"})],
        Actor("", "svc-17"),
    ),
    ("wrong guess makes no actor", [call("c1", bearer=OPAQUE, status=401)], None),
    ("wrong guess changes no actor", [ann("c1"), call("c1", bearer=BOB, status=401)], Actor("acme", "ann")),
    ("broken JWT is opaque", [call("c1", bearer="aaaaaaaa.%%%.bbbb")], Actor("", "aaaaaaaa.%%%.bbbb")),
    ("anonymous request of an authenticated session", [ann("c1"), plain("c1")], Actor("acme", "ann")),
]


@pytest.mark.parametrize(("exchanges", "expected"), [pytest.param(*row[1:], id=row[0]) for row in ACTORS])
def test_the_actor_after_the_last_exchange(exchanges: list[Exchange], expected: Actor | None) -> None:
    namer = Namer()
    assert [namer.name(one).actor for one in exchanges][-1] == expected


def test_a_guessed_token_never_becomes_the_key_to_a_session() -> None:
    """Refused on Ann's connection and later accepted elsewhere: it is somebody's own, not Ann's."""
    namer = Namer()
    first = namer.name(ann("c1"))
    namer.name(call("c1", bearer=OPAQUE, status=401))
    later = namer.name(call("c2", bearer=OPAQUE))
    assert later.session_id != first.session_id
    assert later.actor == Actor("", OPAQUE)


def test_memory_is_bounded_and_forgetting_only_splits() -> None:
    namer = Namer(memory=10)
    first = namer.name(ann("c0")).session_id
    for i in range(50):
        namer.name(call(f"c{i + 1}", bearer=jwt(sub=f"u{i}")))
    again = namer.name(ann("c99")).session_id
    assert first != again
    assert namer.name(ann("c99")).session_id == again


def test_numbers_go_on_where_a_capture_ended() -> None:
    assert Namer(first=41).name(plain("c1")).session_id == "s41"
