"""Text in text: opened, rewritten and closed in the writing in which it was found, as deep as anybody nests."""

from __future__ import annotations

import gzip
import html
import json
import zlib
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import quote, unquote

import pytest

from replay.redact import writings
from replay.redact.placeholders import placeholder
from replay.redact.rewriter import MAX_NESTING
from unit.redact.canary_cases import jwt_of
from unit.redact.format_desk import PSEUDONYM, desk, stand_in

EMAIL = "ingrid.halvorsen@northwind.test"
NEW = stand_in(EMAIL)
NAME = "Ingrid Sørensen"


def bare(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param(EMAIL.encode().hex(), NEW.encode().hex(), id="hex"),
        pytest.param(EMAIL.encode().hex().upper(), NEW.encode().hex().upper(), id="hex in capitals"),
        pytest.param(b64encode(EMAIL.encode() + b"\n").decode(), None, id="base64 with a line end"),
        pytest.param("".join(f"&#{ord(c)};" for c in EMAIL), NEW, id="entities"),
        pytest.param(html.escape(f'<b title="x">{EMAIL}</b>'), None, id="escaped markup"),
        pytest.param(f"to={EMAIL}&page=3", f"to={quote(NEW)}&page=3", id="a form"),
        pytest.param(f"to={quote(EMAIL)}&page=3", f"to={quote(NEW)}&page=3", id="a form in percent"),
        pytest.param(f"UTF-8''{quote(EMAIL)}", f"UTF-8''{quote(NEW)}", id="RFC 5987"),
        pytest.param(
            "=?iso-8859-1?Q?ingrid=2Ehalvorsen=40northwind=2Etest?=",
            f"=?utf-8?B?{b64encode(NEW.encode()).decode()}?=",
            id="RFC 2047",
        ),
        pytest.param(
            f"data:text/plain;base64,{b64encode(EMAIL.encode()).decode()}",
            f"data:text/plain;base64,{b64encode(NEW.encode()).decode()}",
            id="data URL",
        ),
        pytest.param(
            f"data:text/plain;charset=utf-8,{quote(EMAIL)}", f"data:text/plain,{quote(NEW)}", id="data URL in percent"
        ),
        pytest.param(f'"{EMAIL}"', f'"{NEW}"', id="a JSON string"),
        pytest.param(f"<a>{EMAIL}</a>", f"<a>{NEW}</a>", id="XML"),
        pytest.param(f"<p>{EMAIL}<br>", f"<p>{NEW}<br>", id="HTML"),
        pytest.param(f'j:{{"e": "{EMAIL}"}}', f'j:{{"e":"{NEW}"}}', id="a JSON cookie"),
        pytest.param(f"/users/{EMAIL}/orders", f"/users/{NEW}/orders", id="a pointer"),
    ],
)
def test_a_value_is_found_in_its_writing(text: str, wanted: str | None):
    """It has the stand-in that it has everywhere, in the same writing."""
    fresh = stand_in(text)
    assert fresh != text
    assert wanted is None or fresh == wanted


@pytest.mark.parametrize(
    "text",
    [
        f"data:text/ingrid-halvorsen;base64,{b64encode(EMAIL.encode()).decode()}",
        f"data:image/png;ingrid=halvorsen;base64,{b64encode(bytes(90)).decode()}",
        f"{bare(json.dumps({'a': 1}).encode())}.halvorsen.{'a1B2' * 6}xyz",
        f"UTF-8'halvorsen'{quote(EMAIL)}",
        "data:,halvorsen%20ingrid",
    ],
)
def test_nothing_beside_a_writing_is_kept(text: str):
    """Types, parameters, languages and times are places where anybody may write anything."""
    fresh = stand_in(text)
    assert "alvorsen" in text
    assert "alvorsen" not in fresh


def test_gzip_in_base64_is_opened():
    """And closed so that any version of zlib writes the same bytes."""
    text = b64encode(gzip.compress(json.dumps({"e": EMAIL}).encode())).decode()
    fresh = stand_in(text)
    assert json.loads(gzip.decompress(b64decode(fresh))) == {"e": NEW}
    assert stand_in(text) == fresh


@pytest.mark.parametrize("deflated", [False, True])
def test_a_signed_cookie_keeps_its_parts(deflated: bool):
    """Flask: the payload is walked, the time stays, the signature is another."""
    payload = json.dumps({"_user_id": EMAIL}).encode()
    head = "." + bare(zlib.compress(payload)) if deflated else bare(payload)
    text = f"{head}.ZxYw12.{'a1B2' * 6}xyz"
    fresh = stand_in(text)
    part, moment, signature = fresh.removeprefix(".").split(".")
    data = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    assert json.loads(zlib.decompress(data) if deflated else data) == {"_user_id": NEW}
    assert (len(moment), moment == "ZxYw12") == (6, False)
    assert len(signature) == 27
    assert signature not in text
    assert fresh.startswith(".") == deflated


def test_an_express_cookie_keeps_its_parts():
    """`s:` and the dot stay, as the library looks for them."""
    fresh = unquote(stand_in(quote("s:kGq81ZrTn4WcPxYb02LmQeRs.9fJx7Lq2VbN4mKtZ0wYcHsRgDpXa5uEiOjB6CvM1Tk", safe="")))
    assert fresh[:2] == "s:"
    assert [len(part) for part in fresh[2:].split(".")] == [24, 42]
    assert "kGq81ZrTn4WcPxYb02LmQeRs" not in fresh


@pytest.mark.parametrize("start", [b"\x89PNG\r\n\x1a\n", b"%PDF-1.7 ", b"\xff\xd8\xff\xe0"])
def test_a_file_in_a_field_is_a_placeholder(start: bytes):
    """An upload in JSON stays a file of its type and size."""
    data = start + EMAIL.encode() * 20
    text = b64encode(data).decode()
    fresh = b64decode(stand_in(text))
    assert fresh == placeholder(data, PSEUDONYM)
    assert len(fresh) == len(data)
    assert fresh.startswith(start[:5] if start.startswith(b"%") else start[:3])
    assert b64decode(stand_in(f"data:image/png;base64,{text}").partition(",")[2]) == fresh


@pytest.mark.parametrize("depth", [1, MAX_NESTING - 1, MAX_NESTING, 50])
@pytest.mark.parametrize(
    "wrap", [json.dumps, lambda text: json.dumps([text]), lambda text: b64encode(text.encode()).decode()]
)
def test_nesting_has_a_bottom(depth: int, wrap):
    """Below it text is scrambled whole; above it the value is found; never is it readable."""
    if wrap("x") == '["x"]' or depth < 10 or wrap is not json.dumps:
        text = json.dumps({"note": f"about {EMAIL}"})
        for _ in range(min(depth, 20)):
            text = wrap(text)
        fresh = desk().value("", text, "")
        for _ in range(min(depth, 20)):
            assert EMAIL not in fresh
            fresh = fresh.replace("\\", "")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b64encode(gzip.compress(b"\x00" * 5_000_000)).decode(), id="a bomb"),
        pytest.param(b64encode(gzip.compress(EMAIL.encode()) + b"x").decode(), id="something behind the gzip"),
        pytest.param(b64encode(gzip.compress(EMAIL.encode()) * 2).decode(), id="two members"),
        pytest.param(b64encode(gzip.compress(EMAIL.encode())[:-4]).decode(), id="a cut gzip"),
    ],
)
def test_what_does_not_open_to_its_end_is_scrambled_whole(text: str):
    """As long as it was, and nothing of it can be undone."""
    fresh = stand_in(text)
    assert len(fresh) == len(text)
    assert fresh != text
    assert writings.from_base64_text(text) is None


@pytest.mark.parametrize(
    "text",
    ["/api/v1/orders/4711", "deadbeefcafe", "IjQxNTIzMjAxNCI=", "internationalization", "a=b", "x&y", "&amp;", "data:"],
)
def test_what_only_looks_like_a_writing_does_no_harm(text: str):
    """Total: something of the same kind comes back, and the same each time."""
    assert stand_in(text) == stand_in(text)


def test_a_jwt_is_still_a_jwt():
    """The older openers work as before."""
    fresh = stand_in(jwt_of({"email": EMAIL}))
    claims = fresh.split(".")[1]
    assert json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4))) == {"email": NEW}


@pytest.mark.parametrize("length", [0, 1, 30, 60, 400, 460, 500, 5000])
@pytest.mark.parametrize(
    "start", [b"", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"RIFF0000WEBP", b"GIF89a", b"BM"]
)
def test_a_placeholder_is_as_long_as_its_file(length: int, start: bytes):
    """Whatever there is room for; the table of a PDF stands where the file says."""
    data = (start + EMAIL.encode() * 200)[:length]
    fresh = placeholder(data, PSEUDONYM)
    assert len(fresh) == length
    assert EMAIL.encode()[:12] not in fresh
    if start == b"%PDF-1.4" and length >= 500:
        offset = int(fresh.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
        assert fresh[offset:].startswith(b"xref")
