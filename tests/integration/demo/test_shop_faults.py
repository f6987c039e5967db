"""Each planted fault is seen while it is switched on, and its twin is right."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from integration.demo.shop_harness import PASSWORD, POSTGRES, SQLITE, running_shop
from replay.demo.shop.faults import FAULT_NAMES, NEW_BUILD_FAULTS, UnknownFaultError, choose_faults

BOTH = pytest.mark.parametrize("kind", [SQLITE, POSTGRES])
ON_AND_OFF = pytest.mark.parametrize("on", [True, False], ids=["fault", "twin"])


def switch(fault: str, on: bool) -> str:
    """The fault alone, or every other one: a twin must not depend on its neighbours."""
    return fault if on else ",".join(sorted(FAULT_NAMES - {fault}))


def test_all_leaves_the_new_build_out() -> None:
    assert choose_faults("all") == FAULT_NAMES - NEW_BUILD_FAULTS
    assert choose_faults("all", "new") == FAULT_NAMES
    assert choose_faults("none") == frozenset()
    assert choose_faults("none", "new") == NEW_BUILD_FAULTS
    assert choose_faults("oversell, mixed-list") == {"oversell", "mixed-list"}
    with pytest.raises(UnknownFaultError, match="no fault called 'nix'"):
        choose_faults("nix")


@BOTH
@ON_AND_OFF
async def test_enrol_race(tmp_path: Path, kind: str, on: bool) -> None:
    """With the fault copies sent at once enrol more than once; without it the others get the first one's answer."""
    async with running_shop(tmp_path, switch("enrol-race", on), kind=kind) as shop:
        tenant = await shop.tenant("acme")
        copies = await asyncio.gather(*(shop.enrol(tenant.student, tenant.course, "key-1") for _ in range(8)))
        statuses = sorted(copy.status for copy in copies)
        made = statuses.count(201)
        assert shop.count("enrolment") == shop.count("invoice") == made
        if on:
            assert made == 8 or (kind == POSTGRES and made > 1)  # a busy machine may bring a copy late
        else:
            assert statuses == [200] * 7 + [201]
            assert len({copy.body["id"] for copy in copies}) == 1
        # One after the other, the fault is not to be seen.
        first = await shop.enrol(tenant.other, tenant.course, "key-2")
        again = await shop.enrol(tenant.other, tenant.course, "key-2")
        assert (first.status, again.status, again.body) == (201, 200, first.body)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert (await shop.enrol(tenant.other, tenant.course, "key-3")).status == 409


@BOTH
async def test_copies_without_a_key_and_one_key_for_two_courses(tmp_path: Path, kind: str) -> None:
    async with running_shop(tmp_path, kind=kind) as shop:
        tenant = await shop.tenant("acme")
        copies = await asyncio.gather(*(shop.enrol(tenant.student, tenant.course) for _ in range(12)))
        assert sorted(copy.status for copy in copies) == [201] + [409] * 11
        second = await shop.course(tenant.manager, code="AB-2")
        courses = [tenant.course, second] * 5
        mixed = await asyncio.gather(*(shop.enrol(tenant.other, course, "one-key") for course in courses))
        assert sorted(one.status for one in mixed) == [200] * 4 + [201] + [422] * 5
        assert shop.count("enrolment") == shop.count("invoice") == 2


@BOTH
@ON_AND_OFF
async def test_oversell(tmp_path: Path, kind: str, on: bool) -> None:
    """With the fault a race sells more seats than there are; without it the course is sold out in time."""
    async with running_shop(tmp_path, switch("oversell", on), kind=kind) as shop:
        tenant = await shop.tenant("acme")
        course = await shop.course(tenant.manager, seats=2, code="SMALL-1")
        people = [await shop.student(tenant.id, f"p{number}@acme.example") for number in range(6)]
        answers = await asyncio.gather(*(shop.enrol(token, course, f"key-{token[-8:]}") for token in people))
        sold = [one.status for one in answers].count(201)
        assert {one.status for one in answers} <= {201, 409}
        assert shop.count("enrolment") == sold
        assert sold > 2 if on else sold == 2
        late = await shop.enrol(tenant.student, course)
        assert (late.status, late.code) == (409, "sold_out")


@BOTH
@ON_AND_OFF
async def test_invoice_read(tmp_path: Path, kind: str, on: bool) -> None:
    """With the fault another tenant reads the invoice; without it there is no such invoice for them."""
    async with running_shop(tmp_path, switch("invoice-read", on) if on else "none", kind=kind) as shop:
        ours, theirs = await shop.tenant("acme"), await shop.tenant("beta")
        invoice = (await shop.enrol(ours.student, ours.course)).body["invoice_id"]
        path = f"/api/invoices/{invoice}"
        own = await shop.ask("GET", path, token=ours.student)
        assert (own.status, own.body["total_cents"], own.body["billed_name"]) == (200, 12_345, "Ann Holder")
        assert (await shop.ask("GET", path, token=ours.manager)).body == own.body
        for token in (theirs.student, theirs.manager):
            foreign = await shop.ask("GET", path, token=token)
            assert foreign.status == (200 if on else 404)
            assert (foreign.body == own.body) is on
        assert (await shop.ask("GET", "/api/invoices", token=theirs.manager)).body["items"] == []


@ON_AND_OFF
async def test_mixed_list(tmp_path: Path, on: bool) -> None:
    """With the fault another tenant's team notes are in the list and in its total; without it they are not."""
    async with running_shop(tmp_path, switch("mixed-list", on)) as shop:
        ours, theirs = await shop.tenant("acme"), await shop.tenant("beta")
        await shop.note(ours.student, ours.course, "Ours for the team")
        await shop.note(ours.student, ours.course, "Ours alone", visibility="private")
        await shop.note(theirs.student, theirs.course, "Theirs for the team")
        own = await shop.ask("GET", "/api/notes", token=ours.student)
        foreign = await shop.ask("GET", "/api/notes", token=theirs.student)
        titles = [item["title"] for item in foreign.body["items"]]
        assert titles == ["Theirs for the team"] + ["Ours for the team"] * on
        assert foreign.body["total"] == len(titles)
        expected = ["Theirs for the team"] * on + ["Ours alone", "Ours for the team"]
        assert [item["title"] for item in own.body["items"]] == expected


@ON_AND_OFF
async def test_write_403(tmp_path: Path, on: bool) -> None:
    """With the fault a refused foreign PATCH is stored all the same; without it nothing is written."""
    async with running_shop(tmp_path, switch("write-403", on)) as shop:
        ours, theirs = await shop.tenant("acme"), await shop.tenant("beta")
        note = (await shop.note(ours.student, ours.course)).body["id"]
        path = f"/api/notes/{note}"
        foreign = await shop.ask("PATCH", path, {"title": "Broken into"}, token=theirs.student)
        assert foreign.status == (403 if on else 404)
        kept = (await shop.ask("GET", path, token=ours.student)).body["title"]
        assert kept == ("Broken into" if on else "A first note")
        colleague = await shop.ask("PATCH", path, {"title": "Colleague"}, token=ours.other)
        assert colleague.status == 403
        assert (await shop.ask("GET", path, token=ours.student)).body["title"] == kept
        assert (await shop.ask("PATCH", path, {"title": "Mine"}, token=ours.student)).body["title"] == "Mine"


@ON_AND_OFF
async def test_cache_without_tenant(tmp_path: Path, on: bool) -> None:
    async with running_shop(tmp_path, switch("cache-without-tenant", on)) as shop:
        ours, theirs = await shop.tenant("acme"), await shop.tenant("beta")
        path = "/api/catalog/featured"
        own = (await shop.ask("GET", path, token=ours.student)).body
        foreign = (await shop.ask("GET", path, token=theirs.student)).body
        assert [item["code"] for item in own["items"]] == ["ACME-1"]
        assert [item["code"] for item in foreign["items"]] == ["ACME-1" if on else "BETA-1"]
        # A change is seen at once, with the fault and without.
        await shop.ask("PATCH", f"/api/courses/{ours.course}", {"title": "Renamed"}, token=ours.manager)
        renamed = (await shop.ask("GET", path, token=ours.student)).body
        assert [item["title"] for item in renamed["items"]] == ["Renamed"]


@BOTH
@ON_AND_OFF
async def test_mass_assignment(tmp_path: Path, kind: str, on: bool) -> None:
    """With the fault registration stores unknown keys and makes an administrator; without it it ignores them."""
    async with running_shop(tmp_path, switch("mass-assignment", on), kind=kind) as shop:
        tenant = await shop.tenant("acme")
        extra = {"is_admin": True, "shoe_size": 43, "nul": "\x00"}
        token = await shop.student(tenant.id, "eve@acme.example", **extra)
        row = shop.rows("SELECT is_admin, attributes FROM account WHERE email = 'eve@acme.example'")[0]
        assert row[0] == (1 if on else 0)
        assert json.loads(row[1]) == ({"shoe_size": 43, "nul": "\x00"} if on else {})
        assert (await shop.ask("GET", "/api/admin/users", token=token)).status == (200 if on else 403)
        honest = shop.rows("SELECT is_admin, attributes FROM account WHERE email = 'one@acme.example'")[0]
        assert honest == (0, "{}")


@ON_AND_OFF
async def test_notes_unlimited(tmp_path: Path, on: bool) -> None:
    """With the fault a note of five megabytes is stored; without it it is refused, an honest one is not."""
    async with running_shop(tmp_path, switch("notes-unlimited", on)) as shop:
        tenant = await shop.tenant("acme")
        large = await shop.note(tenant.student, tenant.course, text="x" * 5_000_000)
        assert large.status == (201 if on else 413)
        assert shop.rows("SELECT coalesce(max(length(text)), 0) FROM note") == [(5_000_000 if on else 0,)]
        longer = await shop.note(tenant.student, tenant.course, text="x" * 60_000)
        assert longer.status == (201 if on else 422)
        assert (await shop.note(tenant.student, tenant.course, text="x" * 40_000)).status == 201
        listed = await shop.ask("GET", "/api/notes", token=tenant.student)
        assert max(len(item["text"]) for item in listed.body["items"]) == 2000


@ON_AND_OFF
async def test_login_unlimited(tmp_path: Path, on: bool) -> None:
    """With the fault guesses are endless; without it the eleventh waits, for that account alone."""
    async with running_shop(tmp_path, switch("login-unlimited", on)) as shop:
        await shop.tenant("acme")
        assert [(await shop.login("one@acme.example")).status for _ in range(15)] == [200] * 15
        guesses = await asyncio.gather(*(shop.login("one@acme.example", f"guess-{n}") for n in range(20)))
        assert sorted(guess.status for guess in guesses) == ([401] * 20 if on else [401] * 10 + [429] * 10)
        right = await shop.login("one@acme.example", PASSWORD)
        assert right.status == (200 if on else 429)
        if not on:
            assert 1 <= int(right.headers["Retry-After"]) <= 60
        assert (await shop.login("two@acme.example")).status == 200


@pytest.mark.parametrize("build", ["old", "new"])
async def test_the_new_build_changes_a_field_and_is_slow(tmp_path: Path, build: str) -> None:
    async with running_shop(tmp_path, "none", "--build", build) as shop:
        tenant = await shop.tenant("acme")
        invoice = (await shop.enrol(tenant.student, tenant.course)).body["invoice_id"]
        shown = (await shop.ask("GET", f"/api/invoices/{invoice}", token=tenant.student)).body
        listed = (await shop.ask("GET", "/api/invoices", token=tenant.student)).body["items"]
        assert listed == [shown]
        if build == "new":
            assert shown["total"] == "123.45"
            assert "total_cents" not in shown
        else:
            assert shown["total_cents"] == 12_345
            assert "total" not in shown
        started = asyncio.get_running_loop().time()
        report = await shop.ask("GET", "/api/admin/report", token=tenant.manager)
        took = asyncio.get_running_loop().time() - started
        assert report.body["totals"]["revenue_cents"] == 12_345
        assert (took >= 0.15) is (build == "new")
