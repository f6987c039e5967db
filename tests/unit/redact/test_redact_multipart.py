"""Multipart forms: parts stay parts, files keep size and type, and nothing of the sender's is in between."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.message import Message

import pytest

from replay.model.exchange import Exchange
from replay.redact.media_types import BOUNDARY, reduced
from replay.redact.policy import Policy
from unit.redact.canary_cases import exchange, grep
from unit.redact.format_desk import PSEUDONYM, stand_in

POLICY = Policy(PSEUDONYM)
EMAIL = "ingrid.halvorsen@northwind.test"
SECRET = "hx-7Kq2Vw9LmZ4"


def upload(*parts: bytes, boundary: str = "AaB03x", preamble: bytes = b"", epilogue: bytes = b"") -> Exchange:
    """A form of parts, each given as `fields CRLF CRLF content`."""
    mark = f"--{boundary}".encode()
    data = preamble + b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--" + epilogue
    content_type = f'multipart/form-data; boundary="{boundary}"'
    return exchange(body=data, content_type=content_type, headers={"Content-Type": content_type, "Content-Length": "1"})


def field(name: str, content: str) -> bytes:
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n{content}'.encode()


def file(fields: str, kind: str, content: bytes) -> bytes:
    return f'Content-Disposition: form-data; name="scan"; {fields}\r\nContent-Type: {kind}\r\n\r\n'.encode() + content


def redacted(planted: Exchange) -> Exchange:
    return POLICY.redact(planted).exchange


def read(planted: Exchange) -> list[Message]:
    """The parts as another parser reads what is kept."""
    body = redacted(planted).request.body
    assert body.data, "kept"
    message = message_from_bytes(f"Content-Type: {body.content_type}\r\n\r\n".encode() + body.data)
    assert not message.defects
    return list(message.get_payload())


def test_fields_are_those_of_a_form():
    """Names stay, values have the stand-ins that they have everywhere, JSON in them is walked, blanks are layout."""
    parts = read(upload(field("email", EMAIL), field("meta", f' {{"n": 7, "e": "{EMAIL}"}} '), field("page", "2")))
    assert [part.get_param("name", header="content-disposition") for part in parts] == ["email", "meta", "page"]
    assert [part.get_payload() for part in parts] == [stand_in(EMAIL), f' {{"n":7,"e":"{stand_in(EMAIL)}"}} ', "2"]


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param(upload(field("a", "1"), preamble=f"{EMAIL}\r\n".encode()), id="preamble"),
        pytest.param(upload(field("a", "1"), epilogue=f"\r\n{EMAIL}".encode()), id="epilogue"),
        pytest.param(upload(field("a", "1"), boundary=SECRET), id="boundary"),
        pytest.param(upload(field(EMAIL, "1")), id="field name"),
        pytest.param(upload(file(f'filename="{EMAIL}.png"', "image/png", b"x")), id="file name"),
        pytest.param(upload(file(f"filename*=UTF-8''{EMAIL}.png", "image/png", b"x")), id="extended file name"),
        pytest.param(upload(file('filename="a.png"', f"image/png; name={EMAIL}", b"x")), id="type parameter"),
        pytest.param(upload(file('filename="a.png"', "image/png", b"\x89PNG\r\n\x1a\n" + EMAIL.encode())), id="image"),
        pytest.param(upload(file('filename="a"', "application/x-odd", EMAIL.encode() * 9)), id="unknown type"),
        pytest.param(
            upload(file('filename="a.json"', "application/json", b'{"a": ' + EMAIL.encode())), id="broken JSON"
        ),
        pytest.param(
            upload(field("a", "1").replace(b"\r\n\r\n", f"\r\nX-Owner: {EMAIL}\r\n\r\n".encode())), id="field of a part"
        ),
        pytest.param(upload(f"Content-Disposition: form-data; name=a; x={EMAIL}\r\n\r\n1".encode()), id="parameter"),
        pytest.param(upload(f"Content-Disposition: form-data-{EMAIL}; name=a\r\n\r\n1".encode()), id="disposition"),
    ],
)
def test_whatever_a_sender_writes_around_the_values_goes(planted: Exchange):
    """The form is kept, and the secret is not in it."""
    secrets = tuple(secret for secret in (EMAIL, SECRET) if grep((secret,), planted))
    assert secrets
    kept = redacted(planted)
    assert kept.request.body.data
    assert grep(secrets, kept) == []


@pytest.mark.parametrize(
    ("kind", "content", "start"),
    [
        ("application/pdf", b"%PDF-1.7\n" + EMAIL.encode() * 40, b"%PDF-"),
        ("image/png", b"\x89PNG\r\n\x1a\n" + EMAIL.encode() * 40, b"\x89PNG\r\n\x1a\n"),
        ("image/gif", b"GIF89a" + EMAIL.encode() * 9, b"GIF89a"),
        ("image/jpeg", b"\xff\xd8\xff\xe1" + EMAIL.encode(), b"\xff\xd8\xff"),
        ("application/zip", b"PK\x03\x04" + EMAIL.encode(), b"PK\x03\x04"),
        ("application/octet-stream", EMAIL.encode(), b""),
        ("application/pdf", b"%PDF-1.7", b"%PDF-"),
    ],
)
def test_a_file_is_as_long_as_it_was_and_of_its_type(kind: str, content: bytes, start: bytes):
    """What is replayed passes the checks that uploads meet: type, size and first bytes."""
    planted = upload(file('filename="Ingrid.bin"', kind, content))
    (part,) = read(planted)
    fresh = part.get_payload(decode=True)
    assert part.get_content_type() == kind
    assert len(fresh) == len(content)
    assert fresh.startswith(start)
    assert redacted(planted) == redacted(planted)
    other = read(upload(file('filename="Ingrid.bin"', kind, content + b"x")))[0].get_payload(decode=True)
    assert other != fresh, "another file is another one"


def test_a_file_of_text_is_rewritten_by_its_format():
    """A table stays a table; its cells join with the rest of the capture."""
    (part,) = read(upload(file('filename="p.csv"', "text/csv", f"id,email\n7,{EMAIL}\n".encode())))
    assert part.get_payload() == f"id,email\n7,{stand_in(EMAIL)}\n"


@pytest.mark.parametrize(
    ("name", "end"), [("cv Ingrid.pdf", ".pdf"), ("photo.JPEG", ".JPEG"), ("report.halvorsen", ""), (".env", "")]
)
def test_a_file_name_keeps_a_known_extension(name: str, end: str):
    """A service that looks at it takes the file again; an extension that nobody knows may name somebody."""
    (part,) = read(upload(file(f'filename="{name}"', "image/png", b"x")))
    fresh = part.get_filename()
    assert fresh != name
    assert fresh.endswith(end)
    assert end or "halvorsen" not in fresh


def test_a_graphql_upload_still_finds_its_file():
    """The paths of the map are names: they meet the variables and the parts after redaction as before."""
    operations = '{"query": "mutation M($file: Upload!) { up(file: $file) { id } }", "variables": {"file": null}}'
    mapped = '{"0": ["variables.file"], "x_829893102": ["variables.jane_8f3a9b2c1d7e.0"]}'
    scan = b'Content-Disposition: form-data; name="0"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nx'
    parts = read(upload(field("operations", operations), field("map", mapped), scan))
    fresh = json.loads(parts[1].get_payload())
    first, second = fresh
    assert first == parts[2].get_param("name", header="content-disposition")
    assert fresh[first] == ["variables.file"]
    assert fresh[second][0].startswith("variables.")
    assert fresh[second][0].endswith(".0")
    assert grep(("jane_8f3a9b2c1d7e", "829893102"), parts[1].get_payload()) == []
    assert json.loads(parts[0].get_payload())["variables"] == {"file": None}


def test_a_file_name_in_an_old_charset_is_read():
    """Which one does not matter: another name is written."""
    name = "Jørgen".encode("latin-1")
    part = b'Content-Disposition: form-data; name=a; filename="' + name + b'.png"\r\n\r\nx'
    data = redacted(upload(part)).request.body.data
    assert b'.png"' in data
    assert name not in data


def test_base64_in_a_part_is_undone_and_done_again():
    """An old mail program's coding hides nothing."""
    coded = b"aW5ncmlkLmhhbHZvcnNlbkBub3J0aHdpbmQudGVzdA=="
    planted = upload(b"Content-Disposition: form-data; name=e\r\nContent-Transfer-Encoding: base64\r\n\r\n" + coded)
    assert read(planted)[0].get_payload(decode=True).decode() == stand_in(EMAIL)


def test_header_and_body_agree_on_the_boundary():
    """What is replayed is read by what its header says, with its length."""
    kept = redacted(upload(field("a", "1"), boundary=SECRET)).request
    assert kept.headers.get("content-type") == kept.body.content_type == f"multipart/form-data; boundary={BOUNDARY}"
    assert kept.headers.get("content-length") == str(len(kept.body.data))
    assert reduced(kept.body.content_type) == kept.body.content_type


def test_redacted_forms_are_read_again():
    """What the proxy sees of a replay is a form like others."""
    once = redacted(
        upload(field("email", EMAIL), file('filename="a.pdf"', "application/pdf", b"%PDF-1.4" + b"x" * 900))
    )
    again = redacted(once)
    assert again.request.body.data[:150] == once.request.body.data[:150]
    assert len(again.request.body.data) == len(once.request.body.data)


MARK = b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        pytest.param(MARK + EMAIL.encode(), "multipart/form-data; boundary=b", id="no end"),
        pytest.param(MARK + EMAIL.encode() + b"\r\n--b", "multipart/form-data; boundary=b", id="no closing boundary"),
        pytest.param(MARK + EMAIL.encode() + b"\r\n--b--", "multipart/form-data; boundary=c", id="another boundary"),
        pytest.param(MARK + EMAIL.encode() + b"\r\n--b--", "multipart/form-data", id="no boundary declared"),
        pytest.param(b"--b\r\n" + EMAIL.encode() + b"\r\n--b--", "multipart/form-data; boundary=b", id="no fields"),
        pytest.param(b"--b--\r\n" + EMAIL.encode(), "multipart/form-data; boundary=b", id="no part"),
        pytest.param((MARK + b"1\r\n") * 1001 + b"--b--", "multipart/form-data; boundary=b", id="too many parts"),
        pytest.param(
            MARK.replace(b"b", b"b" * 10_000) + b"1", f"multipart/form-data; boundary={'b' * 10_000}", id="long"
        ),
        pytest.param(MARK.replace(b"name=a", b'name="a'), "multipart/form-data; boundary=b", id="open quote"),
        pytest.param(MARK.replace(b"form-data", b"x" * 9000), "multipart/form-data; boundary=b", id="long field"),
        pytest.param(
            b"--b\r\nContent-Transfer-Encoding: rot13\r\n\r\n" + EMAIL.encode() + b"\r\n--b--",
            "multipart/form-data; boundary=b",
            id="unknown coding",
        ),
        pytest.param(
            MARK + b"1\r\n--" + BOUNDARY.encode()[:0] + b"b--",
            "multipart/byteranges; boundary=b",
            id="other multiparts",
        ),
    ],
)
def test_what_is_no_form_is_dropped(data: bytes, content_type: str):
    """Never kept raw, never in part; its length stays."""
    done = POLICY.redact(exchange(body=data, content_type=content_type))
    body = done.exchange.request.body
    assert (body.data, body.truncated, body.length_bytes) == (b"", True, len(data))
    reason = "body" if "byteranges" in content_type else "unreadable-body"
    assert ("body", reason, "drop") in [(one.place, one.value_class, one.action) for one in done.fields]
