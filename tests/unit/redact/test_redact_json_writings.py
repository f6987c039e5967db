"""JSON in its writings: any UTF, behind a guard, line by line; and a JSON body that is none is dropped."""

from __future__ import annotations

import json

import pytest

from replay.redact.policy import Policy
from unit.redact.canary_cases import exchange
from unit.redact.format_desk import PSEUDONYM, stand_in

POLICY = Policy(PSEUDONYM)
EMAIL = "ingrid.halvorsen@northwind.test"
NEW = stand_in(EMAIL)
DOCUMENT = json.dumps({"email": EMAIL, "page": 3})
FRESH = f'{{"email":"{NEW}","page":3}}'


def sent(data: str | bytes, content_type: str = "application/json") -> tuple[str, str]:
    body = POLICY.redact(exchange(body=data, content_type=content_type)).exchange.request.body
    return body.data.decode(), body.content_type


@pytest.mark.parametrize(
    "charset", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_any_utf_is_read_and_written_as_utf_8(charset: str):
    """With a mark or without one; the second look and the rest of the house read UTF-8."""
    assert sent(DOCUMENT.encode(charset)) == (FRESH, "application/json")
    assert sent(DOCUMENT.encode(charset), f"application/json; charset={charset[:6]}")[0] == FRESH


@pytest.mark.parametrize("guard", [")]}',\n", ")]}'\n", "while(1);", "for(;;);", "{}&&", "throw 1; "])
def test_a_guard_stays_where_it_was(guard: str):
    """A client cuts it off before it parses."""
    assert sent(guard + DOCUMENT) == (guard + FRESH, "application/json")


@pytest.mark.parametrize(
    ("data", "content_type", "wanted"),
    [
        (f"{DOCUMENT}\n\n{DOCUMENT}\n", "application/x-ndjson", f"{FRESH}\n\n{FRESH}\n"),
        (f"{DOCUMENT}\r\n7\r\n", "application/jsonl", f"{FRESH}\r\n7\r\n"),
        (f"\x1e{DOCUMENT}\n\x1e[1]\n", "application/json-seq", f"\x1e{FRESH}\n\x1e[1]\n"),
        (f"\x1e{DOCUMENT}\n", "application/geo+json-seq", f"\x1e{FRESH}\n"),
        (f"{DOCUMENT}\n{DOCUMENT}", "application/stream+json", f"{FRESH}\n{FRESH}"),
        (f"{DOCUMENT}\n{DOCUMENT}\n", "application/json;stream=watch", f"{FRESH}\n{FRESH}\n"),
        (f"{DOCUMENT}\n{DOCUMENT}\n", "application/problem+json", f"{FRESH}\n{FRESH}\n"),
    ],
)
def test_streams_are_read_document_by_document(data: str, content_type: str, wanted: str):
    """Also those that are sent under the type of one document."""
    assert sent(data, content_type)[0] == wanted


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        pytest.param(f"{DOCUMENT}\n{DOCUMENT[:-1]}\n", "application/x-ndjson", id="a cut line"),
        pytest.param(f"{DOCUMENT}\n{EMAIL}\n", "application/x-ndjson", id="a line of text"),
        pytest.param(f"\x1e{DOCUMENT}\n\x1e{EMAIL}", "application/json-seq", id="a record of text"),
        pytest.param("{}\n" * 60_000, "application/x-ndjson", id="too many lines"),
        pytest.param(DOCUMENT[:-1], "application/json", id="a cut document"),
        pytest.param(f"{DOCUMENT}{EMAIL}", "application/json", id="something behind"),
        pytest.param(f")]}}'{EMAIL}", "application/json", id="a guard before text"),
        pytest.param('throw 1; <ingrid halvorsen>{"a": 1}', "application/json", id="a guard that says too much"),
        pytest.param(f'{{"a": NaN, "b": "{EMAIL}"}}', "application/json", id="no number"),
        pytest.param(f'{{"a": "\\ud800", "b": "{EMAIL}"}}', "application/json", id="half a character"),
        pytest.param("[" * 100_000, "application/json", id="too deep"),
        pytest.param(DOCUMENT.encode("utf-16")[:-1], "application/json", id="half a UTF-16 character"),
        pytest.param(b"\xff\xfe" + DOCUMENT.encode(), "application/json", id="a mark that lies"),
    ],
)
def test_what_is_no_json_to_its_end_is_dropped(data: str | bytes, content_type: str):
    """Never kept raw; counted, with its length."""
    done = POLICY.redact(exchange(body=data, content_type=content_type))
    body = done.exchange.request.body
    assert (body.data, body.truncated) == (b"", True)
    assert body.length_bytes == len(data if isinstance(data, bytes) else data.encode())
    assert ("body", "unreadable-body", "drop") in [(one.place, one.value_class, one.action) for one in done.fields]


def test_a_pointer_is_a_path():
    """JSON Patch: route words and the operation stay, what names somebody goes, as it does in a URL."""
    patch = [{"op": "replace", "path": f"/users/{EMAIL}/email", "value": EMAIL}, {"op": "remove", "path": "/items/3"}]
    fresh = json.loads(sent(json.dumps(patch), "application/json-patch+json")[0])
    assert fresh == [{"op": "replace", "path": f"/users/{NEW}/email", "value": NEW}, patch[1]]
