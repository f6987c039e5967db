"""Stand-ins: the same everywhere for the same value, of the value's shape, and different for different values."""

from __future__ import annotations

import ipaddress
import json
import re
from base64 import b64decode, b64encode
from urllib.parse import parse_qs, quote, unquote
from uuid import UUID, uuid4

import jwt
import pytest

from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.model.message import body_tree, cookies, path_segments
from replay.redact.checksums import iban_remainder, luhn_sum
from replay.redact.contract import Notes, Side
from replay.redact.detectors import digits_of
from replay.redact.policy import Policy
from replay.redact.pseudonyms import CONSTANT, Pseudonym
from replay.redact.rewriter import Rewriter
from unit.redact.canary_cases import FORM, exchange, jwt_of

PSEUDONYM = Pseudonym(bytes(range(32)))
POLICY = Policy(PSEUDONYM)


def stand_in(value, name: str = "x", pseudonym: Pseudonym = PSEUDONYM):
    return Rewriter(pseudonym, Notes(), Side.REQUEST).scalar(name, value, "body.x")


def redacted(planted: Exchange) -> Exchange:
    return POLICY.redact(planted).exchange


def _claim(text: str) -> object:
    return jwt.decode(text, options={"verify_signature": False})["v"]


POSITIONS = [
    ("path segment", lambda v: exchange(f"/items/{quote(v, safe='')}"), lambda e: path_segments(e.request.path)[2]),
    ("query", lambda v: exchange(f"/i?k={quote(v, safe='')}"), lambda e: parse_qs(e.request.query)["k"][0]),
    ("header", lambda v: exchange(headers={"X-Thing": v}), lambda e: e.request.headers.get("x-thing")),
    ("cookie", lambda v: exchange(headers={"Cookie": f"k={v}"}), lambda e: cookies(e.request.headers)["k"]),
    ("bearer", lambda v: exchange(headers={"Authorization": f"Bearer {v}"}), lambda e: _bearer(e)),
    ("JSON", lambda v: exchange(body={"k": v}), lambda e: body_tree(e.request.body)["k"]),
    (
        "JSON under another name",
        lambda v: exchange(body={"userName": v}),
        lambda e: body_tree(e.request.body)["userName"],
    ),
    ("JSON in string", lambda v: exchange(body={"k": json.dumps({"v": v})}), lambda e: json.loads(_k(e))["v"]),
    ("base64 JSON", lambda v: exchange(body={"k": _b64({"v": v})}), lambda e: json.loads(b64decode(_k(e) + "=="))["v"]),
    ("JWT claim", lambda v: exchange(body={"k": jwt_of({"v": v})}), lambda e: _claim(_k(e))),
    (
        "form",
        lambda v: exchange(body=f"k={quote(v)}", content_type=FORM),
        lambda e: parse_qs(e.request.body.data)[b"k"][0].decode(),
    ),
    ("response", lambda v: exchange(answer={"k": v}), lambda e: body_tree(e.response.body)["k"]),
    ("Set-Cookie", lambda v: exchange(answer_headers={"Set-Cookie": f"k={v}; Path=/"}), lambda e: _set_cookie(e)),
    ("Location", lambda v: exchange(answer_headers={"Location": f"/i/{quote(v, safe='')}"}), lambda e: _location(e)),
    (
        "percent-encoded text",
        lambda v: exchange(body={"k": "".join(f"%{byte:02x}" for byte in v.encode())}),
        lambda e: unquote(_k(e)),
    ),
]


def _bearer(e: Exchange) -> str:
    return e.request.headers.get("authorization").removeprefix("Bearer ")


def _k(e: Exchange) -> str:
    return body_tree(e.request.body)["k"]


def _b64(value: object) -> str:
    return b64encode(json.dumps(value).encode()).decode()


def _set_cookie(e: Exchange) -> str:
    return e.response.headers.get("set-cookie").partition("=")[2].partition(";")[0]


def _location(e: Exchange) -> str:
    return unquote(e.response.headers.get("location").rpartition("/")[2])


VALUES = [
    ("e-mail", "jane.doe@corp.test"),
    ("token", "aB3dE5gH7jK9mN2pQ4sT6v"),
    ("prefixed id", "ten_3f9a2b7c1d0e4f5a"),
    ("uuid", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
    ("tenant's slug", "acme-corp"),
    ("small integer", "17"),
]


@pytest.mark.parametrize(
    ("where", "kind"),
    # Digits in a credential are a secret, not an id; a slug that is no person's is a route word in a path.
    sorted(
        {(where[0], kind) for where in POSITIONS for kind, _ in VALUES}
        - {("bearer", "small integer"), ("path segment", "tenant's slug"), ("Location", "tenant's slug")}
    ),
)
def test_a_value_has_one_stand_in_everywhere(where, kind):
    """What was equal stays equal, so that ids and tokens can be bound again."""
    value = dict(VALUES)[kind]
    _, plant, read = next(position for position in POSITIONS if position[0] == where)
    assert str(read(redacted(plant(value)))) == stand_in(value)


def test_a_slug_after_a_people_collection_joins_the_header():
    """/t/acme-corp, X-Tenant: acme-corp and {"tenant": "acme-corp"} are one tenant."""
    kept = redacted(exchange("/t/acme-corp/x", headers={"X-Tenant": "acme-corp"}, body={"tenant": "acme-corp"})).request
    assert path_segments(kept.path)[2] == kept.headers.get("x-tenant") == body_tree(kept.body)["tenant"] != "acme-corp"


@pytest.mark.parametrize(
    ("remark", "one", "other"),
    [
        ("e-mail case", "Jane@Corp.test", "jane@corp.test"),
        ("uuid dashes", "3f2504e04f8941d39a0c0305e82c3301", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
        ("uuid case", "3F2504E0-4F89-41D3-9A0C-0305E82C3301", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
        ("card spaces", "4111 1111 1111 1111", "4111111111111111"),
        ("iban spaces", "DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("phone spaces", "+46 70 123 45 67", "+46701234567"),
    ],
)
def test_spellings_of_one_value_join(remark, one, other):
    """Spelling differs, the stand-in's content does not."""

    def bare(text: str) -> str:
        return text.lower().replace(" ", "").replace("-", "")

    assert bare(stand_in(one)) == bare(stand_in(other))


def test_a_domain_keeps_one_stand_in():
    """Colleagues stay colleagues, and the host of a tenant is that of its addresses."""
    one, two, foreign = (stand_in(f"{who}.test") for who in ("a@corp", "b@corp", "a@else"))
    assert one.partition("@")[2] == two.partition("@")[2] != foreign.partition("@")[2]
    assert PSEUDONYM.host("Corp.test")[1:] == one.partition("@")[2][1:]


@pytest.mark.parametrize(
    ("remark", "value", "shape"),
    [
        ("e-mail", "Jane.Doe+x@corp.co.test", r"u[0-9a-f]{16}@d[0-9a-f]{8}\.example"),
        ("name", "Ingrid Sørensen", r"[A-Z][a-z]{5} [A-Z][a-z]{7}"),
        ("name in another script", "Łukasz Ωmega", r"[A-Z][a-z]{5} [A-Z][a-z]{4}"),
        ("sentence", "Hello, Bob: 3x?", r"[A-Z][a-z]{4}, [A-Z][a-z]{2}: \d[a-z]\?"),
        ("slug", "jane-doe", r"[a-z]{4}-[a-z]{3}"),
        ("hex digest", "9f86d081884c7d659a2feaa0", r"[0-9a-f]{24}"),
        ("opaque token", "aB3-dE5_gH7", r"[a-z][A-Z]\d-[a-z][A-Z]\d_[a-z][A-Z]\d"),
        ("prefixed id", "ten_3f9a2b7c1d0e", r"ten_[0-9a-f]{12}"),
        ("phone", "+46 70-123 45 67", r"\+46 7\d-\d{3} \d\d \d\d"),
        ("IPv4", "203.0.113.9", r"10\.\d+\.\d+\.\d+"),
        ("ssn by shape of text", "x 123-45-6789", r"[a-z] \d{3}-\d{2}-\d{4}"),
    ],
)
def test_the_shape_stays(remark, value, shape):
    """A parser that took the value takes the stand-in; nothing of the value is in it."""
    fresh = stand_in(value)
    assert re.fullmatch(shape, fresh)
    assert fresh.casefold() != value.casefold()


@pytest.mark.parametrize("value", ["3f2504e0-4f89-11d3-9a0c-0305e82c3301", "3F2504E0-4F89-71D3-8A0C-0305E82C3301"])
def test_a_uuid_keeps_version_variant_and_case(value):
    """Strict parsers look at both."""
    fresh = stand_in(value)
    assert (UUID(fresh).version, UUID(fresh).variant) == (UUID(value).version, UUID(value).variant)
    assert fresh.isupper() == value.isupper()


@pytest.mark.parametrize("value", ["4111 1111 1111 1111", "378282246310005", "6011-1111-1111-1117"])
def test_a_card_passes_luhn(value):
    """Brand digit, length and separators stay."""
    fresh = stand_in(value)
    assert luhn_sum(digits_of(fresh)) == 0
    assert re.sub(r"\d", "0", fresh) == re.sub(r"\d", "0", value)
    assert fresh[0] == value[0]
    assert fresh != value


@pytest.mark.parametrize("value", ["DE89 3704 0044 0532 0130 00", "gb29nwbk60161331926819", "NO9386011117947"])
def test_an_iban_passes_mod_97(value):
    """Country, length, case and spaces stay."""
    fresh = stand_in(value)
    assert iban_remainder(fresh.replace(" ", "").upper()) == 1
    assert (fresh[:2], len(fresh), fresh.islower()) == (value[:2], len(value), value.islower())
    assert fresh != value


@pytest.mark.parametrize("value", ["2001:db8:cafe::17", "fe80::1"])
def test_an_ipv6_address_stays_one(value):
    """All spellings lie in the documentation prefix."""
    fresh = stand_in(value)
    assert ipaddress.IPv6Address(fresh) in ipaddress.IPv6Network("2001:db8::/32")
    assert stand_in(ipaddress.IPv6Address(value).exploded) == fresh


def test_a_jwt_decodes_and_cannot_be_verified():
    """Header: algorithm and type only. Claims: by the same rules. Signature: same length, nobody's key."""
    claims = {"sub": "u_3f9a2b7c1d0e4f5a", "email": "a@b.test", "exp": 1900000000, "iat": 1800000000, "role": "admin"}
    signed = jwt.encode(claims, "k" * 32, algorithm="HS256", headers={"kid": "key-of-jane", "jku": "https://x"})
    fresh = stand_in(signed)
    seen = jwt.decode(fresh, options={"verify_signature": False})
    assert jwt.get_unverified_header(fresh) == {"alg": "HS256", "typ": "JWT"}
    assert seen == {**claims, "sub": stand_in(claims["sub"]), "email": stand_in("a@b.test")}
    assert len(fresh.rpartition(".")[2]) == len(signed.rpartition(".")[2])
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(fresh, "k" * 32, algorithms=["HS256"])


@pytest.mark.parametrize(
    "name", ["password", "newPassword", "user[password]", "pin", "cvv", "otp_code", "security-code"]
)
def test_secrets_of_few_bits_are_all_alike(name):
    """That two people have one password must not show."""
    if name == "otp_code":
        assert stand_in("482913", "otp") == CONSTANT
        return
    assert {stand_in(value, name) for value in ("hunter2", "1234", "correct horse")} == {CONSTANT}


def test_numbers_keep_their_type_and_length():
    """A personal number stays a number of as many digits."""
    for name in ("ssn", "phone", "cardNumber"):
        fresh = stand_in(987654321, name)
        assert isinstance(fresh, int)
        assert len(str(fresh)) == 9
        assert fresh != 987654321


@pytest.mark.parametrize(
    "token", ["sk_live_4eC39HqLyjWDarjtT1zdp7dc", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "AKIAIOSFODNN7EXAMPLE"]
)
def test_no_stand_in_looks_like_a_vendor_key(token):
    """A secret scanner over the capture finds nothing, and nobody takes a stand-in for a live key."""
    assert not stand_in(token).startswith((token[:4], "sk_live", "AKIA"))


@pytest.mark.parametrize(
    ("remark", "make"),
    [
        ("e-mail", lambda i: f"user{i}@corp{i % 50}.test"),
        ("token", lambda i: f"tok{i:06d}AbCdEfGhIjKl"),
        ("hex token", lambda i: f"{i:032x}"),
        ("uuid", lambda i: str(UUID(int=i * 7919 + (4 << 76) + (8 << 60)))),
    ],
)
def test_different_stays_different(remark, make):
    """20,000 values, 20,000 stand-ins."""
    originals = {make(i) for i in range(20_000)}
    pseudonym = Pseudonym(bytes(32))
    assert len({stand_in(value, pseudonym=pseudonym) for value in originals}) == len(originals)


def test_another_key_makes_other_stand_ins():
    """Two captures have no stand-in in common."""
    values = [
        "a@b.test",
        "Jane Doe Smith",
        str(uuid4()),
        "aB3dE5gH7jK9mN2p",
        "4111111111111111",
        "203.0.113.9",
        "+46701234567",
    ]
    other = Pseudonym(bytes(range(1, 33)))
    assert not {stand_in(value) for value in values} & {stand_in(value, pseudonym=other) for value in values}


@pytest.mark.parametrize(
    "value",
    [
        "a@b.test",
        "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "aB3dE5gH7jK9mN2pQ4sT6vX8",
        jwt_of({"email": "a@b.test"}),
        "2001:db8:cafe::17",
        "A note about the order of last week",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    ],
)
def test_a_long_stand_in_is_known_again(value):
    """Fed back, it stays; under another key it is a value like any other."""
    fresh = stand_in(value)
    assert fresh != value
    assert stand_in(fresh) == fresh
    assert stand_in(fresh, pseudonym=Pseudonym(bytes(32))) != fresh


def test_forgetting_the_memo_changes_nothing():
    """The cache is bounded, and clearing it is invisible."""
    pseudonym = Pseudonym(bytes(32))
    before = [stand_in(f"person {i} of many", pseudonym=pseudonym) for i in range(50)]
    pseudonym.memo.clear()
    assert [stand_in(f"person {i} of many", pseudonym=pseudonym) for i in range(50)] == before


def test_a_key_has_32_bytes():
    """A short key is refused, and not quoted."""
    with pytest.raises(ValueError, match="32 bytes"):
        Pseudonym(b"short")


@pytest.mark.parametrize(
    ("charset", "written"), [("iso-8859-1", "iso-8859-1"), ("utf-16", "utf-8"), ("utf-32-le", "utf-8")]
)
def test_text_bodies_keep_their_charset(charset: str, written: str):
    """But none of wide characters: the second look reads bytes, so such a text is written as UTF-8, and says so."""
    planted = exchange(body="Jané Doe".encode(charset), content_type=f"text/plain; charset={charset}")
    kept: Body = redacted(planted).request.body
    assert kept.content_type == f"text/plain; charset={written}"
    assert re.fullmatch(r"[A-Z][a-z]{2}[^\W\d_] [A-Z][a-z]{2}", kept.data.decode(written))
