"""What a security review planted and found again, and what replay needs all the same."""

from __future__ import annotations

import pytest

from make import exchange
from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.model.message import body_tree
from replay.redact.lexicon import Level, Lexicon
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.redact.readings import readable

POLICY = Policy(Pseudonym(bytes(range(32))))
FORM = "application/x-www-form-urlencoded"


def get(*headers: tuple[str, str], target: str = "/x", method: str = "GET") -> Exchange:
    return exchange("e1", method, target, headers=headers, at=1.0)


def post(data: str, kind: str = "application/json") -> Exchange:
    return exchange("e1", "POST", "/x", body=Body(data.encode(), kind), at=1.0)


def answered(*headers: tuple[str, str]) -> Exchange:
    return exchange("e1", "GET", "/x", answer={}, answer_headers=headers, at=1.0)


PLANTED = [
    ("parameter of Accept", get(("Accept", "application/json;token=Hugo84dubu")), "Hugo84dubu"),
    ("language that is a name", get(("Accept-Language", "Ciwiso-Dohozigi")), "Ciwiso"),
    ("extension of Cache-Control", get(("Cache-Control", 'private="Bapi90pafi"')), "Bapi90pafi"),
    ("Range with an account", get(("Range", "bytes=68987810324-")), "68987810324"),
    ("X-Requested-With", get(("X-Requested-With", "Gaba38hobo")), "Gaba38hobo"),
    ("Prefer with a name", get(("Prefer", 'user="Retume Litaliba"')), "Litaliba"),
    ("Pragma, Upgrade, TE", get(("Pragma", "Kosepa"), ("Upgrade", "Kosepa/1"), ("TE", "Kosepa")), "Kosepa"),
    ("ETag without quotes behind one with", get(("If-None-Match", '"aa", Zx9Kq2Lw8RtB')), "Zx9Kq2Lw8RtB"),
    ("charset that is a name", get(("Content-Type", "application/json; charset=memirawifite")), "memirawifite"),
    ("product that is a name", get(("User-Agent", "Genugovuracos-Phone/1.0")), "Genugovuraco"),
    ("card as a version", get(("User-Agent", "Bank/4079.2666.5722.7901")), "4079.2666"),
    ("method that is a name", get(method="RODOTONAFIWEVA"), "RODOTONAFIWEVA"),
    ("query without =", get(target="/api?Zifuwubalezeno"), "Zifuwubalezeno"),
    ("sentence under order", get(target="/search?order=Kemofe+Siceluze"), "Kemofe"),
    ("sentence under sort", get(target="/search?sort=call+kemofe+siceluze"), "siceluze"),
    ("account under a plain name", get(target="/api?ref=446210388"), "446210388"),
    ("phone without +", get(target="/api?contact=5124706985052"), "5124706985052"),
    ("the same as a JSON number", post('{"contact": 4915136305577}'), "4915136305577"),
    ("19 digits", post('{"x": 3429700400725340237}'), "3429700400725340237"),
    ("in a float", post('{"x": 390125222.5}'), "390125222"),
    ("in text with a fraction", post('{"x": "974506231.0"}'), "974506231"),
    ("sentence under order, JSON", post('{"order": "please call Begiso Momotero"}'), "Begiso"),
    ("names under scope", post('{"scope": "Begiso Momotero"}'), "Momotero"),
    ("number inside a password object", post('{"newPassword": {"value": 80115885}}'), "80115885"),
    ("form that is one word", post("Dogesufaweviwo", FORM), "Dogesufaweviwo"),
    ("Braille", post('{"d": "\u2872\u2875\u2862\u2869\u2863\u2865"}'), "\u2872\u2875\u2862"),
    ("circled letters", post('{"d": "\u24d0\u24d1\u24d2\u24d3"}'), "\u24d0\u24d1\u24d2"),
    ("Max-Age that is no time", answered(("Set-Cookie", "a=1; Max-Age=916550512035")), "916550512035"),
    ("Server that is a name", answered(("Server", "Rafega/Dekalalu")), "Rafega"),
    ("Vary and Allow", answered(("Vary", "Heko32hote"), ("Allow", "Heko32hote")), "Heko32hote"),
    (
        "type of a JWT",
        get(("Authorization", "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6ImNlZ2V0dXNlIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl")),
        "cegetuse",
    ),
]


@pytest.mark.parametrize(("planted", "secret"), [pytest.param(*row[1:], id=row[0]) for row in PLANTED])
def test_no_planted_secret_is_left(planted: Exchange, secret: str) -> None:
    """The search sees it before (else it proves nothing) and not after, in any writing or case."""
    assert secret.casefold() in readable(planted).casefold()
    assert secret.casefold() not in readable(POLICY.redact(planted).exchange).casefold()


HEADERS_THAT_STAY = [
    ("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
    ("Accept", "application/vnd.acme.v2+json"),
    ("Accept-Language", "de-DE,de;q=0.9,en;q=0.8,zh-Hant-TW"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Cache-Control", "private, no-cache, max-age=31536000, must-revalidate"),
    ("Range", "bytes=0-1023"),
    ("Prefer", "return=minimal"),
    ("If-Modified-Since", "Fri, 20 Nov 2026 22:23:57 GMT"),
    ("Access-Control-Request-Headers", "authorization, x-tenant-id"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-User", "?1"),
    ("X-Requested-With", "XMLHttpRequest"),
    ("X-HTTP-Method-Override", "PATCH"),
    ("Upgrade", "websocket"),
    ("User-Agent", "python-requests/2.31.0"),
]


@pytest.mark.parametrize("field", HEADERS_THAT_STAY, ids=[" ".join(field) for field in HEADERS_THAT_STAY])
def test_the_protocol_s_own_words_stay(field: tuple[str, str]) -> None:
    """Or else the replayed request is another one."""
    assert POLICY.redact(get(field)).exchange.request.headers.fields == (field,)


@pytest.mark.parametrize("number", [2**31 - 1, 999_999_999, 2**53 - 1, 2**63 - 1, 2**64 - 1, 446_210_388])
def test_a_long_number_fits_where_it_fitted(number: int) -> None:
    """Same length, same integer type, another value; the same in path, query, text and JSON."""
    sent = exchange("e1", "POST", f"/x/{number}?ref={number}", json={"a": number, "b": str(number)}, at=1.0)
    request = POLICY.redact(sent).exchange.request
    tree = body_tree(request.body)
    assert isinstance(tree, dict)
    fresh = tree["a"]
    assert isinstance(fresh, int)
    assert len(str(fresh)) == len(str(number))
    assert not any(number <= limit < fresh for limit in (2**31 - 1, 2**53 - 1, 2**63 - 1, 2**64 - 1))
    assert fresh != number
    assert (request.target, tree["b"]) == (f"/x/{fresh}?ref={fresh}", str(fresh))


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("n", 0), ("n", 17), ("n", 9_999), ("n", 12.5), ("n", -3), ("total", 99_999_999), ("size", 48_213),
        ("exp", 1_763_677_437), ("createdAt", 1_763_677_437_004),
    ],
)  # fmt: skip
def test_small_numbers_quantities_and_recent_times_stay(name: str, number: float) -> None:
    """They are what replay binds by and calculates with."""
    assert body_tree(POLICY.redact(post(f'{{"{name}": {number}}}')).exchange.request.body) == {name: number}


@pytest.mark.parametrize("number", [48_213, 99_999_999, 1_763_677_437, 52.5200081, -48_213])
def test_what_may_be_an_id_does_not_stay_under_a_name_that_says_nothing(number: float) -> None:
    """Another number of the same length, also for a time that nobody calls one; balanced lets eight digits stay."""
    fresh = body_tree(POLICY.redact(post(f'{{"n": {number}}}')).exchange.request.body)
    assert isinstance(fresh, dict)
    assert fresh["n"] != number
    assert len(str(fresh["n"])) == len(str(number))
    balanced = Policy(Pseudonym(bytes(range(32))), lexicon=Lexicon(Level.BALANCED))
    assert body_tree(balanced.redact(post(f'{{"n": {number}}}')).exchange.request.body) == {"n": number}


def test_equal_stays_equal_and_different_stays_different() -> None:
    """Across positions and exchanges; two hundred values and two tenants do not collide."""
    values = [f"Zq{i:03d}x{i * 7919 % 1000:03d}Wk" for i in range(200)]
    seen = {}
    for value in values:
        one = POLICY.redact(exchange("e1", "GET", f"/x?a={value}", headers=[("X-Ref", value)], at=1.0)).exchange.request
        two = POLICY.redact(exchange("e2", "POST", f"/y/{value}", json={"b": [value]}, at=2.0)).exchange.request
        standing = one.headers.get("x-ref")
        assert one.target == f"/x?a={standing}"
        assert two.target == f"/y/{standing}"
        assert body_tree(two.body) == {"b": [standing]}
        seen[value] = standing
    assert len(set(seen.values())) == len(values)
    tenants = {POLICY.redact(get(("X-Tenant-Id", f"bank-{name}"))).exchange.request.headers.fields for name in "ab"}
    assert len(tenants) == 2
