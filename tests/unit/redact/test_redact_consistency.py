"""Consistency: what was one thing is one stand-in wherever it stands and however it is written; what was two is two."""

from __future__ import annotations

import json
import re
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, quote, unquote

import jwt
import pytest

from replay.model.exchange import Exchange
from replay.model.message import body_tree, cookies
from replay.redact.contract import Notes, Side
from replay.redact.lexicon import Level, Lexicon
from replay.redact.policy import Policy
from replay.redact.pseudonyms import CONSTANT, Pseudonym
from replay.redact.rewriter import Rewriter
from unit.redact.canary_cases import FORM, exchange, jwt_of, said, socket

KEY = bytes(range(32))
PSEUDONYM = Pseudonym(KEY)
POLICY = Policy(PSEUDONYM)
Put = Callable[[str], Exchange]
Read = Callable[[Exchange], Any]


def redacted(planted: Exchange, policy: Policy = POLICY) -> Exchange:
    return policy.redact(planted).exchange


def stand_in(value: Any, name: str = "v", key: bytes = KEY, lexicon: Lexicon | None = None) -> Any:
    (fresh,) = body_tree(
        redacted(exchange(body={name: value}), Policy(Pseudonym(key), lexicon=lexicon or Lexicon())).request.body
    ).values()
    return fresh


def _body(one: Exchange) -> Any:
    return body_tree(one.request.body)


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _field(one: Exchange, name: str) -> str:
    return one.response.headers.get(name) if one.response else ""


def _digits(text: str) -> str:
    return "".join(re.findall(r"\d+", text))


POSITIONS: list[tuple[str, Put, Read]] = [
    ("JSON integer", lambda v: exchange(body={"owner": int(v)}), lambda e: str(_body(e)["owner"])),
    ("JSON string", lambda v: exchange(body={"owner": v}), lambda e: _body(e)["owner"]),
    ("path", lambda v: exchange(f"/api/orders/{v}/lines"), lambda e: e.request.target.split("/")[3]),
    ("query", lambda v: exchange(f"/api/orders?customer={v}"), lambda e: parse_qs(e.request.query)["customer"][0]),
    (
        "form",
        lambda v: exchange(body=f"customer={v}&n=1", content_type=FORM),
        lambda e: parse_qs(e.request.body.data.decode())["customer"][0],
    ),
    ("cookie", lambda v: exchange(headers={"Cookie": f"uid={v}"}), lambda e: cookies(e.request.headers)["uid"]),
    ("header", lambda v: exchange(headers={"X-User-Id": v}), lambda e: e.request.headers.get("x-user-id")),
    ("JWT claim", lambda v: exchange(body={"t": jwt_of({"sub": v})}), lambda e: _claims(_body(e)["t"])["sub"]),
    ("GraphQL variable", lambda v: exchange(body={"query": "query { me }", "variables": {"id": v}}),
     lambda e: _body(e)["variables"]["id"]),
    ("nested JSON", lambda v: exchange(body={"p": json.dumps({"a": [v]})}),
     lambda e: json.loads(_body(e)["p"])["a"][0]),
    ("Location", lambda v: exchange(answer_headers={"Location": f"/users/{v}"}),
     lambda e: _field(e, "location").split("/")[2]),
    ("Link", lambda v: exchange(answer_headers={"Link": f'</users/{v}>; rel="next"'}),
     lambda e: _digits(_field(e, "link"))),
    ("user-<id>", lambda v: exchange(body={"k": f"user-{v}"}), lambda e: _body(e)["k"].removeprefix("user-")),
    ("free text", lambda v: exchange(body={"k": f"user {v} called, twice"}), lambda e: _digits(_body(e)["k"])),
]  # fmt: skip


@pytest.mark.parametrize("number", ["48213", "829102", "8291027", "829893102", "4017283920", "700000000000000001"])
def test_an_id_has_one_stand_in_at_all_fourteen_positions(number: str):
    """K01: of five digits and of eighteen; and it is another number of the same length."""
    seen = {name: read(redacted(put(number))) for name, put, read in POSITIONS}
    assert len(seen) == 14
    assert set(seen.values()) == {stand_in(number)}, {name for name in seen if seen[name] != stand_in(number)}
    assert stand_in(number) != number
    assert len(stand_in(number)) == len(number)


def test_an_e_mail_address_has_one_stand_in_at_all_positions():
    """K02: in every case and writing, in sentences, as user of Basic, and in a WebSocket message."""
    address = "Jane.Doe@Corp.test"
    basic = "Basic " + b64encode(f"{address}:secret".encode()).decode()
    message = redacted(socket(said({"mail": address}))).messages[0].body
    seen = [
        stand_in(address), stand_in(address.lower()), stand_in(address.upper(), "login"),
        stand_in(f"mailto:{address}").removeprefix("mailto:"),
        re.findall(r"<(.*)>", stand_in(f"Jane Doe <{address}>"))[0],
        parse_qs(redacted(exchange(f"/x?to={quote(address, safe='')}")).request.query)["to"][0],
        unquote(redacted(exchange(f"/users/{quote(address, safe='')}")).request.target.split("/")[2]),
        b64decode(redacted(exchange(headers={"Authorization": basic})).request.headers.get("authorization")[6:])
        .decode().split(":")[0],
        parse_qs(redacted(exchange(body=f"user={quote(address)}", content_type=FORM)).request.body.data.decode())
        ["user"][0],
        _claims(_body(redacted(exchange(body={"t": jwt_of({"email": address})})))["t"])["email"],
        json.loads(message.data)["mail"],
    ]  # fmt: skip
    assert len(set(seen)) == 1
    assert seen[0].endswith(".example")


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        (("3f2a9b7c-1d0e-4f5a-8b6c-7d8e9f0a1b2c", "3F2A9B7C-1D0E-4F5A-8B6C-7D8E9F0A1B2C",
          "3f2a9b7c1d0e4f5a8b6c7d8e9f0a1b2c", "{3f2a9b7c-1d0e-4f5a-8b6c-7d8e9f0a1b2c}",
          "urn:uuid:3f2a9b7c-1d0e-4f5a-8b6c-7d8e9f0a1b2c"),
         lambda text: text.lower().removeprefix("urn:uuid:").strip("{}").replace("-", "")),
        (("+4915123456789", "+49 151 23456789", "+49-151-2345-6789", "+49 (151) 2345 6789"), _digits),
        (("4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111"), _digits),
        (("DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "de89370400440532013000"),
         lambda text: text.replace(" ", "").upper()),
        (("203.0.113.7", "::ffff:203.0.113.7", "::ffff:cb00:7107"), lambda text: text.rpartition(":")[2]),
        (("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "2001:0DB8:0000:0000:0001:0000:0000:0001"), str),
        ((unicodedata.normalize("NFC", "Åse Sørensen"), unicodedata.normalize("NFD", "Åse Sørensen")), str),
    ],
    ids=["UUID", "phone", "card", "IBAN", "IPv4 in IPv6", "IPv6", "composed and decomposed"],
)  # fmt: skip
def test_one_thing_in_many_writings_has_one_stand_in(written: tuple[str, ...], bare: Callable[[str], str]):
    """K03, K09, K21: the writing stays, save that composed letters are written alike."""
    seen = {bare(stand_in(text)) for text in written}
    assert len(seen) == 1, len(seen)
    assert not seen & {bare(text) for text in written}


def test_tokens_join_from_where_they_are_given_to_where_they_are_used():
    """K04, K05, K06: session cookie, access token, JWT; in headers, queries, WebSocket handshakes and bodies."""
    token, session = "q7Lw2xVb9RkT4sYcZ81nM", "s3ss10nQ8rT5vW2xY9z"
    given = redacted(exchange(answer={"access_token": token}, answer_headers={"Set-Cookie": f"sid={session}; Path=/"}))
    assert given.response is not None
    fresh, cookie = body_tree(given.response.body)["access_token"], _field(given, "set-cookie").split(";")[0][4:]
    used = redacted(
        exchange(f"/live?access_token={token}", body={"echo": session},
                 headers={"Authorization": f"Bearer {token}", "Cookie": f"sid={session}"})
    ).request  # fmt: skip
    assert used.headers.get("authorization") == f"Bearer {fresh}"
    assert parse_qs(used.query)["access_token"] == [fresh]
    assert (cookies(used.headers)["sid"], body_tree(used.body)["echo"]) == (cookie, cookie)
    signed = jwt_of({"sub": "48213", "email": "jane@corp.test"})
    both = redacted(exchange(headers={"Authorization": f"Bearer {signed}"}, body={"token": signed})).request
    assert both.headers.get("authorization") == f"Bearer {body_tree(both.body)['token']}"


def test_a_csrf_token_joins_from_the_page_to_the_header_and_the_form():
    """K07: the hidden input of the page is what the form sends."""
    token = "Zk3vX9qLw2Rb7TnY5sPd8fGh"
    page = f'<html><body><form><input type="hidden" name="csrf" value="{token}"></form></body></html>'
    got = redacted(exchange(answer=page, answer_type="text/html")).response
    sent = redacted(exchange(headers={"X-CSRF-Token": token}, body=f"csrf={token}", content_type=FORM)).request
    fresh = sent.headers.get("x-csrf-token")
    assert parse_qs(sent.body.data.decode())["csrf"] == [fresh]
    assert got is not None
    assert f'value="{fresh}"' in got.body.data.decode()


@pytest.mark.parametrize("slug", ["northwind-halvorsen", "acme", "acme-48213", "b2c4e6f8a0d1", "kunde_7"])
def test_a_tenant_joins_in_header_claim_path_body_and_subdomain(slug: str):
    """K08: the first label of a host that may name a tenant is what the tenant is everywhere."""
    one = redacted(
        exchange(
            f"/tenants/{slug}/orders",
            headers={"X-Tenant": slug, "Origin": f"https://{slug}.app.test"},
            body={"tenant": slug, "t": jwt_of({"tid": slug}), "url": f"https://{slug}.app.test/orders"},
            host=f"{slug}.app.test:8443",
        )
    ).request
    fresh = body_tree(one.body)["tenant"]
    assert fresh != slug
    host = one.host.removesuffix(":8443")
    assert host.startswith(f"{fresh}.h")
    assert one.headers.get("origin") == f"https://{host}"
    assert body_tree(one.body)["url"].startswith(f"https://{host}/")
    assert redacted(exchange(host=host)).request.host == host, "a stand-in is known again"
    assert one.target == f"/tenants/{fresh}/orders"
    assert (one.headers.get("x-tenant"), _claims(body_tree(one.body)["t"])["tid"]) == (fresh, fresh)


@pytest.mark.parametrize(
    "host",
    ["api.shop.test", "shop.test", "localhost", "10.0.0.17", "eu-west-1.app.test", "halvorsen.co.uk", "-a.b.c.test"],
)
def test_hosts_without_a_tenants_label_are_one_stand_in(host: str):
    """Operators' words name nobody; what only looks like one of our stand-ins is none."""
    assert re.fullmatch(r"h[0-9a-f]{8}\.example", redacted(exchange(host=host)).request.host)
    forged = "halvorsen.h12345678abcdef.example"
    assert "halvorsen" not in redacted(exchange(host=forged)).request.host


def test_validators_and_cursors_join_from_answer_to_next_request():
    """K10: ETag to If-None-Match, the cursor of a Link to the query, the id of a Location to the next path."""
    cursor = "c9XqL2wRb7TnY5sPd8fGhZk3"
    got = redacted(
        exchange(answer_headers={"ETag": '"a1b2c3d4e5f6a7b8"', "Link": f'</items?cursor={cursor}>; rel="next"',
                                 "Location": "/items/48213"})
    )  # fmt: skip
    sent = redacted(exchange(f"/items/48213?cursor={cursor}", headers={"If-None-Match": '"a1b2c3d4e5f6a7b8"'})).request
    assert _field(got, "etag") == sent.headers.get("if-none-match")
    assert sent.target.startswith(_field(got, "location") + "?")
    assert f"</items?{sent.query}>" in _field(got, "link")


OLD = datetime(1987, 3, 14, 9, 26, 53, tzinfo=UTC)
WRITINGS: list[tuple[str, Any, Callable[[Any], datetime]]] = [
    ("seen", "1987-03-14T09:26:53Z", datetime.fromisoformat),
    ("seen", "1987-03-14T11:26:53.000+02:00", datetime.fromisoformat),
    ("seen", "1987-03-14 09:26:53", lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC)),
    ("seen", format_datetime(OLD, usegmt=True), parsedate_to_datetime),
    ("timestamp", int(OLD.timestamp()), lambda n: datetime.fromtimestamp(n, UTC)),
    ("timestamp", int(OLD.timestamp()) * 1000, lambda n: datetime.fromtimestamp(n / 1000, UTC)),
    ("timestamp", str(int(OLD.timestamp())), lambda n: datetime.fromtimestamp(int(n), UTC)),
]


def test_all_writings_of_an_old_instant_move_alike():
    """K11: whole days, by the key alone, so order and intervals stay; nobody's day stays readable."""
    moved = {read(stand_in(value, name)) for name, value, read in WRITINGS}
    assert len(moved) == 1
    (fresh,) = moved
    assert fresh.time() == OLD.time()
    assert (fresh.month, fresh.day) != (OLD.month, OLD.day)
    days = ["1961-03-17", "1961-03-18", "1987-03-14", "2019-12-31"]
    shown = [stand_in(day) for day in days]
    assert shown == sorted(shown)
    gaps = [[later - earlier for earlier, later in pairwise(map(date.fromisoformat, each))] for each in (days, shown)]
    assert gaps[0] == gaps[1]
    assert shown[-1] < "2019-12-31"
    assert stand_in("1987-03-14", key=bytes(32)) != stand_in("1987-03-14")


@pytest.mark.parametrize(
    "value",
    ["2020-01-01", "2026-11-21T10:00:00Z", "2055-12-31", "1970-01-01", "1970-01-01T00:00:00Z", "0001-01-01",
     "1900-01-01", "9999-12-31", "Fri, 20 Nov 2026 22:23:57 GMT", "12:30:00", "PT15M", "2024-02-29", "17.05.2024"],
)  # fmt: skip
def test_recent_times_and_days_that_mean_none_stay(value: str):
    """Replay lives in recent times; a sentinel names nobody."""
    assert stand_in(value) == value


def test_another_process_with_the_same_key_writes_the_same_bytes():
    """K12, K24: nothing is remembered that would change an answer; eviction and restart change nothing."""
    document = {
        "id": 48213,
        "mail": "a.b@c.test",
        "note": "user 48213 called",
        "born": "1961-03-17",
        "user": "janesmith",
    }
    planted = exchange("/users/48213?q=janesmith", body=document)
    first = redacted(planted)
    assert redacted(planted, Policy(Pseudonym(KEY))) == first
    PSEUDONYM.memo.clear()
    assert redacted(planted) == first


def test_two_keys_have_no_stand_in_in_common():
    """K13: captures cannot be linked. Numbers of five digits may meet by chance, so long values are compared."""
    values = [f"person{i}.lastname@corp{i % 7}.test" for i in range(1_000)] + [
        f"tok{i:05d}Xy9Zq7Lw2" for i in range(1_000)
    ]
    ours, theirs = ({stand_in_of(key, value) for value in values} for key in (KEY, bytes(32)))
    assert len(ours) == len(theirs) == len(values)
    assert not ours & theirs


def stand_in_of(key: bytes, value: str) -> str:
    return Rewriter(_OWN[key], Notes(), Side.REQUEST).stand_in(value)


_OWN = {KEY: Pseudonym(KEY), bytes(32): Pseudonym(bytes(32))}


def test_twenty_thousand_ids_stay_twenty_thousand():
    """K14: of six digits and of ten; each keeps its length and the type that it fitted in."""
    for start in (100_000, 2_147_473_647):
        seen = {PSEUDONYM.digits(str(number)) for number in range(start, start + 20_000)}
        assert len(seen) == 20_000
        below = [number for number in range(start, start + 20_000) if number < 2**31]
        assert all(int(PSEUDONYM.digits(str(number))) < 2**31 for number in below)


@pytest.mark.parametrize("edge", [2**31 - 1, 2**32 - 1, 2**53 - 1, 2**63 - 1, 2**64 - 1])
def test_a_number_below_a_limit_stays_below_it(edge: int):
    """K14, U09: int4, unsigned, exact in JavaScript, int8."""
    for number in range(edge - 200, edge + 1):
        fresh = int(PSEUDONYM.digits(str(number)))
        assert fresh <= edge
        assert len(str(fresh)) == len(str(number))


def test_twenty_thousand_addresses_stay_distinct_and_fifty_domains_fifty():
    """K15."""
    seen = {PSEUDONYM.email(f"u{i}@corp{i % 50}.test") for i in range(20_000)}
    assert len(seen) == 20_000
    assert len({address.partition("@")[2] for address in seen}) == 50


def test_a_value_that_equals_another_s_stand_in_has_one_of_its_own():
    """K16: 48213 becomes n; where n itself was in the traffic it becomes a third number."""
    first = stand_in(48213)
    assert len({48213, first, stand_in(first)}) == 3


def test_a_long_stand_in_that_comes_back_stays():
    """K17: what QA echoes is not redacted again."""
    for value in (
        "jane.doe@corp.test",
        "3f2a9b7c-1d0e-4f5a-8b6c-7d8e9f0a1b2c",
        "q7Lw2xVb9RkT4sYcZ81nMq7Lw2xVb",
        jwt_of({"a": 1}),
    ):
        assert stand_in(stand_in(value)) == stand_in(value)


@pytest.mark.parametrize("value", ["", None, 0, False, True, "null", "undefined", "true", 0.0, 17, "17", -3])
def test_what_says_nothing_stays(value: Any):
    """K18: absent, empty, false and small."""
    assert stand_in(value) == value


def test_a_password_is_one_constant_for_everybody():
    """K19: no equality shows beyond that there is one."""
    assert stand_in("hunter2", "password") == stand_in("Tr0ub4dor&3", "newPassword") == CONSTANT


def test_a_word_is_clear_in_the_whole_capture_or_nowhere():
    """K20: under a name of closed lists it stays in the first exchange and the last."""
    assert {stand_in("ACTIVE", "status") for _ in range(3)} == {"ACTIVE"}
    assert {stand_in("ZORBED", "status") for _ in range(3)} == {stand_in("ZORBED")} != {"ZORBED"}


def test_blanks_of_a_query_are_one_thing_in_both_writings():
    """K21: `+` and `%20`."""
    asked = [redacted(exchange(f"/search?q=ingrid{blank}halvorsen")).request.query for blank in ("+", "%20")]
    assert parse_qs(asked[0]) == parse_qs(asked[1]) != parse_qs("q=ingrid+halvorsen")


def test_balanced_lets_short_numbers_stay_and_joins_the_long_ones():
    """The same domain, only fewer numbers in it."""
    balanced = Lexicon(Level.BALANCED)
    assert stand_in(48213, lexicon=balanced) == 48213
    assert stand_in("1961-03-17", lexicon=balanced) == "1961-03-17"
    assert stand_in(829893102, lexicon=balanced) == stand_in(829893102) != 829893102


def test_a_table_s_cell_is_mapped_as_a_capture_maps_it():
    """The public way for `redact map`: by the column's name, without an exchange."""
    desk = Rewriter(Pseudonym(KEY), Notes(), Side.REQUEST)
    for name, value in (("customer", "48213"), ("mail", "Jane@Corp.test"), ("v", "user-48213"), ("total", "48213")):
        assert desk.stand_in(value, name) == stand_in(value, name)
