"""Secrets that a second review planted, by somebody who had not written the redactor: pieces, disguises, odd names."""

from __future__ import annotations

import json
import math
import re
from urllib.parse import quote

import pytest

from make import exchange
from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.model.message import body_tree
from replay.redact.composing import composed
from replay.redact.known_words import is_word
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.redact.readings import readable
from replay.redact.rules import make_rule

PSEUDONYM = Pseudonym(bytes(range(32)))
POLICY = Policy(PSEUDONYM)
CARD = "4079266657227901"
CARD_PIECES = [CARD[i : i + 4] for i in range(0, 16, 4)]


def get(*headers: tuple[str, str], target: str = "/x") -> Exchange:
    return exchange("e1", "GET", target, headers=headers, at=1.0)


def post(data: object, kind: str = "application/json") -> Exchange:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return exchange("e1", "POST", "/x", body=Body(text.encode(), kind), at=1.0)


def ruled(where: str, action: str, **more: str) -> Policy:
    return Policy(PSEUDONYM, rules=[make_rule("a rule", where, action, **more)])


def written(planted: Exchange, policy: Policy = POLICY) -> str:
    return readable(policy.redact(planted).exchange)


FIELDS = [
    "Accept",
    "Accept-Language",
    "Cache-Control",
    "Prefer",
    "Range",
    "Content-Range",
    "Retry-After",
    "Vary",
    "Date",
]
PIECES = ["212 55 6187", "212/555/618", "2125,5561,8733", "2125=5561=8733", "21255561-87339210"]


CUT = [(field, number) for field in FIELDS for number in PIECES if not ("Range" in field and number == PIECES[-1])]


@pytest.mark.parametrize(("field", "number"), CUT)
def test_a_number_in_pieces_is_no_row_of_small_numbers(field: str, number: str) -> None:
    """HTTP's own words leave small numbers as they are, but not a social security number cut by blanks."""
    assert number not in written(get((field, number)))


@pytest.mark.parametrize("tag", ['"212 55 6187"', 'W/"2125,5561,8733"', "212 55 6187", '"aa", "212 55 6187"'])
def test_an_entity_tag_is_one_value(tag: str) -> None:
    number = re.findall(r"\d[\d ,]+\d", tag)[0]
    assert number not in written(get(("If-None-Match", tag)))


def test_an_entity_tag_comes_back_as_it_went() -> None:
    """Blanks and commas inside of the quotes are no ends of it, weak or strong, alone or in a list."""
    one = POLICY.redact(get(("If-None-Match", '"ab 12345,x"'))).exchange.request.headers.get("if-none-match")
    two = POLICY.redact(get(("If-None-Match", 'W/"ab 12345,x", "zz99yy", *'))).exchange.request.headers.get(
        "if-none-match"
    )
    assert one is not None
    assert two is not None
    assert two.startswith(f"W/{one}, ")
    assert two.endswith(", *")


@pytest.mark.parametrize(
    "value", ["bytes=0-499", "bytes 0-499/123456", "items 0-24/*", "0-24/3573458", "bytes=0-9, 20-"]
)
def test_ranges_stay_as_they_are(value: str) -> None:
    field = "Range" if "=" in value else "Content-Range"
    assert POLICY.redact(get((field, value))).exchange.request.headers.get(field) == value


NAMED = [
    ("ssn1", 123),
    ("ssn_last_four", 6789),
    ("ssnLast4", "6789"),
    ("phone_area", 212),
    ("phone2", "555"),
    ("user_pin", "4711"),
    ("pin4", 7),
    ("otp1", "9"),
    ("cvv_code", 123),
    ("cardCvc", "123"),
    ("password2", 4711),
    ("pass", 4711),
    ("card_number_1", "4079"),
    ("dobYear", 1961),
    ("birth_year", "1961"),
]


@pytest.mark.parametrize(("name", "value"), NAMED)
def test_small_numbers_under_parts_of_personal_names_go(name: str, value: int | str) -> None:
    """A form asks for a card or a birth in several fields; each of them is small enough to stay anywhere else."""
    assert body_tree(POLICY.redact(post({name: value})).exchange.request.body) != {name: value}
    form = POLICY.redact(post(f"{name}={value}", "application/x-www-form-urlencoded")).exchange.request.body.data
    assert form != f"{name}={value}".encode()


def test_a_birth_in_three_fields_stays_a_date() -> None:
    """The service would refuse a month of 45, and replay with it."""
    moved = 0
    for month in range(1, 13):
        for day in (1, 17, 31):
            body = {"dob_day": day, "dob_month": month, "dob_year": 1961}
            fresh = body_tree(POLICY.redact(post(body)).exchange.request.body)
            assert 1 <= fresh["dob_month"] <= 12
            assert 1 <= fresh["dob_day"] <= 28
            assert abs(fresh["dob_year"] - 1961) <= 2
            assert fresh["dob_year"] != 1961
            moved += fresh["dob_month"] != month
    assert moved >= 18


@pytest.mark.parametrize(
    "name", ["version2", "address1", "line_2", "pinned", "passed", "count_last", "code", "items_4"]
)
def test_other_names_with_numbers_stay_plain(name: str) -> None:
    assert body_tree(POLICY.redact(post({name: 7})).exchange.request.body) == {name: 7}


def test_metres_are_no_degrees() -> None:
    """One decimal of a degree is 11 km, one decimal of a metre is a door."""
    fresh = body_tree(POLICY.redact(post({"lat": 5823456.789123, "lon": 52.1234567})).exchange.request.body)
    assert math.floor(fresh["lat"]) != 5823456
    assert fresh["lon"] == 52.1
    coarse = ruled("body $.pos", "generalise", value_class="geo")
    for value in (521234567, 5823456.789123, "521234567"):
        assert "234" not in str(body_tree(coarse.redact(post({"pos": value})).exchange.request.body)["pos"])


KEPT = {
    "two blanks": "  ".join(CARD_PIECES),
    "dots": ".".join(CARD_PIECES),
    "slashes": "/".join(CARD_PIECES),
    "underscores": "_".join(CARD_PIECES),
    "no-break blanks": "\u00a0".join(CARD_PIECES),
    "thin blanks": "\u2009".join(CARD_PIECES),
    "long dashes": "\u2013".join(CARD_PIECES),
    "nothing that shows": "\u200b".join(CARD_PIECES),
    "full width": "".join(chr(0xFEE0 + ord(char)) for char in CARD),
    "Arabic digits": "".join(chr(0x660 + int(char)) for char in CARD),
    "IBAN": "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000",
    "full-width at": "dorogu.zibemo\uff20wakelu.io",
    "spelt at": "dorogu.zibemo (at) wakelu.io",
    "at and dot": "dorogu.zibemo [at] wakelu [dot] io",
    "blanks around": "dorogu.zibemo @ wakelu.io",
    "zero width before": "dorogu.zibemo\u200b@wakelu.io",
    "intranet": "dorogu.zibemo@wakelu",
    "number": "dorogu.zibemo@[10.0.0.1]",
    "quoted": '"dorogu zibemo"@wakelu.io',
    "quoted printable": "dorogu.zibemo=40wakelu.io",
    "escape": "dorogu.zibemo\\x40wakelu.io",
    "entity in percent": quote("dorogu.zibemo&#64;wakelu.io"),
    "percent, three times": quote(quote(quote("dorogu.zibemo@wakelu.io"))),
    "phone, two zeros": "0049 151 98489679",
    "phone, national": "0151/80597203",
    "phone, in brackets": "(212) 555-0187",
    "token of letters": "qWeRtYuIoPaSdFgHjKlZxCvBnM",
    "token in pieces": "Hxe3rP:4dBAeb:TJVUyA:tyG5r4",
    "token with slashes": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzq9LEKEY",
}


@pytest.mark.parametrize("secret", [pytest.param(text, id=name) for name, text in KEPT.items()])
def test_keep_sees_through_disguises(secret: str) -> None:
    """The author of a rule has not promised that nobody types such things into a title."""
    policy = ruled("body $.title", "keep", reason="public catalogue")
    for text in (secret, f"about {secret} today"):
        assert secret not in body_tree(policy.redact(post({"title": text})).exchange.request.body)["title"]


def test_keep_looks_at_numbers_too() -> None:
    policy = ruled("body $..*", "keep", reason="amounts")
    assert CARD not in written(post({"a": int(CARD), "list": [int(CARD)]}), policy)


@pytest.mark.parametrize(
    "text",
    [
        "Introduction to Python 3.12, part 2 of 10",
        "01.02.2024 10:30 - 12:00, room 4",
        "2024-05-17 to 2024-06-01",
        "React 18.2.0 & TypeScript",
        "getUserAccountSettingsByOrganization",
        "100 % organic: salt/pepper",
        "Grüße aus Übersee \u2013 Café",
        "courses/2024/intro.html",
        "1 234 567,89",
    ],
)
def test_keep_still_keeps_plain_texts(text: str) -> None:
    policy = ruled("body $.title", "keep", reason="public catalogue")
    assert body_tree(policy.redact(post({"title": text})).exchange.request.body) == {"title": text}


def test_a_buffer_of_node_is_a_text() -> None:
    """`JSON.stringify` of bytes: each number is small enough to stay, all together are an address."""
    secret = b"dorogu.zibemo@wakelu.io"
    buffer = {"type": "Buffer", "data": list(secret)}
    fresh = body_tree(
        POLICY.redact(post({"key": buffer, "list": [buffer] * 4, "raw": secret.decode()})).exchange.request.body
    )
    assert bytes(fresh["key"]["data"]).decode() == fresh["raw"] != secret.decode()
    assert fresh["list"] == [fresh["key"]] * 4


def test_a_buffer_of_other_bytes_keeps_its_length() -> None:
    data = [0, 255, 17, 200, 128, 9, 77, 31]
    fresh = body_tree(POLICY.redact(post({"type": "Buffer", "data": data})).exchange.request.body)
    assert len(fresh["data"]) == len(data)
    assert fresh["data"] != data
    other = {"type": "Series", "data": data}
    assert body_tree(POLICY.redact(post(other)).exchange.request.body)["data"] == data


def test_a_pile_of_marks_is_not_ordered() -> None:
    """Ordering them takes the square of their number: 200 KB took half a minute of a core."""
    pile = "e" + "\u0301\u0323" * 200
    assert composed(pile) == pile
    assert composed("Se\u0301bastien " * 40) == "S\u00e9bastien " * 40
    assert composed("\uff21", "NFKC") == "A"
    assert pile not in written(post({"x": pile}))


def test_a_long_word_is_not_cut_in_three() -> None:
    """Likewise a path of 64,000 letters: beyond any word's length there is nothing to look up."""
    assert is_word("confirmpassword")
    assert not is_word("password" * 6)
