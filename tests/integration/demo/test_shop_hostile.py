"""Whatever is thrown at the right twin, it answers with a client error and never with 5xx."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from integration.demo.shop_harness import CARD, PASSWORD, POSTGRES, SQLITE, RunningShop, Tenant, running_shop

BOTH = pytest.mark.parametrize("kind", [SQLITE, POSTGRES])

HOSTILE_BODIES: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 400),
    "not JSON": (b"hello", 400),
    "half": (b'{"name": "x', 400),
    "not UTF-8": (b'{"name": "\xff\xfe"}', 400),
    "UTF-16": ('{"name": "x"}'.encode("utf-16"), 400),
    "NaN": (b'{"name": NaN}', 400),
    "Infinity": (b'{"name": -Infinity}', 400),
    "a number of 5000 digits": (b'{"name": ' + b"9" * 5000 + b"}", 400),
    "deep arrays": (b"[" * 5000 + b"]" * 5000, 400),
    "deep objects": (b'{"a":' * 5000 + b"1" + b"}" * 5000, 400),
    "deep under an unknown key": (b'{"name": "x", "z": ' + b"[" * 900 + b"]" * 900 + b"}", 400),
    "deep and never closed": (b"[" * 50_000, 400),
    "array": (b"[]", 422),
    "null": (b"null", 422),
    "text": (b'"x"', 422),
    "number": (b"1e999", 422),
    "empty object": (b"{}", 422),
    "very long key": (b'{"' + b"k" * 200_000 + b'": 1}', 422),
    "too large": (b'{"z": "' + b"x" * 300_000 + b'"}', 413),
}

HOSTILE_VALUES: tuple[str, ...] = (
    "null", "true", "false", "0", "-1", "1.5", "1e400", "-1e400", "99999999999999999999999999", "9223372036854775807",
    "2147483648", '""', '" "', '"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udfff\\ud800"', '"\'; DROP TABLE note; --"',
    '"%s %(x)s ? ?"', '"{}"', '"\\u202e\\u2066"', '"' + "x" * 70_000 + '"', "[]", "{}", "[[[[1]]]]", '"a@b"',
    '{"a": {"b": null}}', '"2027-02-30"', '"0000-00-00"', '"4111111111111112"', '"\\u0661\\u0662"', '"\\ud83d\\ude00"',
)  # fmt: skip


Calls = dict[str, tuple[str, str, str, dict[str, Any]]]


def endpoints(tenant: Tenant, note: int) -> Calls:
    """Every call that takes a body: method, path, token, a body that is right."""
    course = {"code": "C", "title": "T", "description": "D", "seats": 3, "price_cents": 5}
    course |= {"starts_on": "2027-01-01", "subject": "s"}
    person = {"name": "N", "email": "new@acme.example", "password": PASSWORD}
    note_body = {"course_id": tenant.course, "title": "t", "text": "x", "filename": "f", "visibility": "team"}
    card = {"card_number": CARD, "card_name": "A", "accept_terms": True}
    return {
        "signup": ("POST", "/api/signup", "", {"company": "c", **person}),
        "register": ("POST", "/api/register", "", {"tenant": tenant.id, **person}),
        "login": ("POST", "/api/login", "", {"email": "nobody@acme.example", "password": PASSWORD}),
        "me": ("PATCH", "/api/me", tenant.student, {"name": "N"}),
        "course": ("POST", "/api/courses", tenant.manager, course),
        "course change": ("PATCH", f"/api/courses/{tenant.course}", tenant.manager, course),
        "enrol": ("POST", f"/api/courses/{tenant.course}/enrolments", tenant.student, card),
        "note": ("POST", "/api/notes", tenant.student, note_body),
        "note change": ("PATCH", f"/api/notes/{note}", tenant.student, {"title": "t", "text": "x"}),
    }


def spoiled(body: dict[str, Any]) -> Iterator[bytes]:
    """The body with each field missing, and with each hostile value in each field and in an unknown one."""
    for name in (*body, "unknown"):
        rest = {key: value for key, value in body.items() if key != name}
        yield json.dumps(rest).encode()
        head = json.dumps(rest)[1:-1]
        for value in HOSTILE_VALUES:
            yield f"{{{head}{', ' if head else ''}{json.dumps(name)}: {value}}}".encode()


HOSTILE_PATHS: tuple[tuple[str, str, int], ...] = (
    ("GET", "/api/courses/0", 404),
    ("GET", "/api/courses/-1", 404),
    ("GET", "/api/courses/99999999999999999999999", 404),
    ("GET", "/api/courses/999999999999999999", 404),
    ("GET", "/api/courses/1.0", 404),
    ("GET", "/api/courses/%D9%A1", 404),
    ("GET", "/api/courses/%00", 404),
    ("GET", "/api/courses/ten_0000", 404),
    ("GET", "/api/courses/1%27%20OR%201=1", 404),
    ("DELETE", "/api/notes/99999999999999999999999", 404),
    ("GET", "/api/courses?page=0", 422),
    ("GET", "/api/courses?page=99999999999999999999", 422),
    ("GET", "/api/courses?per_page=101", 422),
    ("GET", "/api/courses?per_page=%00", 422),
    ("GET", "/api/courses?sort=id;drop", 422),
    ("GET", "/api/courses?search=%00", 422),
    ("GET", "/api/courses?search=%FF", 200),
    ("GET", "/api/courses?search=%25_!%25", 200),
    ("GET", "/api/courses?subject=" + "x" * 201, 422),
    ("GET", "/api/courses?page=1000000&per_page=100", 200),
    ("GET", "/api/search", 422),
    ("GET", "/api/search?q=", 422),
    ("GET", "/api/search?q=%00", 422),
    ("GET", "/api/search?q=%25", 200),
    ("GET", "/api/nothing", 404),
    ("PUT", "/api/me", 405),
)


@BOTH
async def test_hostile_bodies_values_and_paths(tmp_path: Path, kind: str) -> None:
    async with running_shop(tmp_path, kind=kind) as shop:
        tenant = await shop.tenant("acme")
        note = (await shop.note(tenant.student, tenant.course)).body["id"]
        calls = endpoints(tenant, note)
        assert await _wrong_answers_to_bodies(shop, calls) == []
        assert await _breakdowns_over_values(shop, calls) == []
        told = [(await shop.ask(method, path, token=tenant.manager)).status for method, path, _ in HOSTILE_PATHS]
        asked = [(method, path) for method, path, _ in HOSTILE_PATHS]
        assert list(zip(asked, told, strict=True)) == [((method, path), due) for method, path, due in HOSTILE_PATHS]


async def _wrong_answers_to_bodies(shop: RunningShop, calls: Calls) -> list[Any]:
    wrong: list[Any] = []
    for name, (method, path, token, _) in calls.items():
        for label, (raw, expected) in HOSTILE_BODIES.items():
            told = await shop.ask(method, path, token=token, raw=raw)
            too_large = path.startswith("/api/notes") and len(raw) > 65_536
            if told.status != (413 if too_large else expected) or "error" not in told.body:
                wrong.append((name, label, told.status, told.body))
    return wrong


async def _breakdowns_over_values(shop: RunningShop, calls: Calls) -> list[Any]:
    wrong: list[Any] = []
    for name, (method, path, token, body) in calls.items():
        bodies = list(spoiled(body))
        for start in range(0, len(bodies), 20):
            batch = bodies[start : start + 20]
            told = await asyncio.gather(*(shop.ask(method, path, token=token, raw=raw) for raw in batch))
            pairs = zip(batch, told, strict=True)
            wrong += [(name, raw[:200], one.status) for raw, one in pairs if one.status >= 500]
    return wrong


async def test_hostile_headers_and_encodings(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        tenant = await shop.tenant("acme")
        for token in ("x", "a.b.c", tenant.student[:-2], "é", tenant.student + " x", "." * 5000):
            assert (await shop.ask("GET", "/api/me", token=token)).status == 401
        for scheme in ("", "Basic abc", "Bearer", "Bearer "):
            assert (await shop.ask("GET", "/api/me", headers={"Authorization": scheme})).status == 401
        for key in ("", " ", "é", "a b", "k" * 201):
            assert (await shop.enrol(tenant.student, tenant.course, key)).status == 422
        assert await _raw_key(shop, tenant, b"\xff\xfe") == 422
        squeezed = {"Content-Encoding": "gzip"}
        for raw in (b"no gzip", gzip.compress(b'{"name": "x"}'), gzip.compress(b"[" * 9_000_000)):
            told = await shop.ask("PATCH", "/api/me", token=tenant.student, headers=squeezed, raw=raw)
            assert (told.status, told.code) == (415, "unsupported_encoding")
        head = b"POST /api/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert await _raw(shop, head + b"2\r\n{}\r\n0\r\n\r\n") == 422
        await _raw(shop, b"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", hang_up=True)
        odd = {"Content-Type": "text/plain; charset=no-such"}
        assert (await shop.ask("PATCH", "/api/me", {"name": "N"}, token=tenant.student, headers=odd)).status == 200


async def _raw_key(shop: RunningShop, tenant: Tenant, key: bytes) -> int:
    """The status of an enrolment whose key no HTTP client would send."""
    lines = [b"POST /api/courses/%d/enrolments HTTP/1.1" % tenant.course, b"Host: x", b"Content-Length: 2"]
    lines += [b"Authorization: Bearer " + tenant.student.encode(), b"Idempotency-Key: " + key, b"", b"{}"]
    return await _raw(shop, b"\r\n".join(lines))


async def _raw(shop: RunningShop, sent: bytes, *, hang_up: bool = False) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(shop.url.rsplit(":", 1)[1]))
    writer.write(sent)
    await writer.drain()
    status = 0 if hang_up else int((await reader.readline()).split()[1])
    writer.close()
    await writer.wait_closed()
    return status


async def test_random_json_never_breaks_it(tmp_path: Path) -> None:
    random = Random(11)

    def value(depth: int) -> Any:
        if depth == 0 or random.random() < 0.5:
            texts = ["", "x", "\x00", "\ud800", "a@b.example", "2027-01-01", CARD, "team", "é" * 300]
            numbers = [0, 1, -1, 2**31, 2**63, 10**30, 1.5, True, None]
            return random.choice([*texts, *numbers])
        if random.random() < 0.5:
            return [value(depth - 1) for _ in range(3)]
        return {random.choice(["name", "title", "\x00", "\ud800"]): value(depth - 1) for _ in range(3)}

    async with running_shop(tmp_path) as shop:
        tenant = await shop.tenant("acme")
        note = (await shop.note(tenant.student, tenant.course)).body["id"]
        calls = list(endpoints(tenant, note).values())
        for _ in range(600):
            method, path, token, body = random.choice(calls)
            sent = {key: value(2) if random.random() < 0.4 else old for key, old in body.items()}
            told = await shop.ask(method, path, sent, token=token)
            assert told.status < 500, (method, path, sent)
