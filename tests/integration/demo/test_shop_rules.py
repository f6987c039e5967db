"""The right twin's everyday rules: who may see and do what, and what each answer says."""

from __future__ import annotations

from pathlib import Path

import jwt

from integration.demo.shop_harness import PASSWORD, POSTGRES, SQLITE, running_shop
from replay.demo.shop.passwords import hash_password, password_matches
from replay.demo.shop.payment import luhn_valid


async def test_accounts(tmp_path: Path) -> None:
    """E-mails are taken once, in any case; a token says who and where; nobody promotes themselves."""
    async with running_shop(tmp_path) as shop:
        tenant = await shop.tenant("acme")
        taken = {"company": "c", "name": "n", "email": "One@ACME.example", "password": PASSWORD}
        assert (await shop.ask("POST", "/api/signup", taken)).code == "email_taken"
        assert (await shop.ask("POST", "/api/register", {"tenant": tenant.id, **taken})).status == 409
        nowhere = {"tenant": "ten_0", "name": "n", "email": "x@acme.example", "password": PASSWORD}
        assert (await shop.ask("POST", "/api/register", nowhere)).status == 404
        assert shop.count("tenant") == 1
        login = (await shop.login("ONE@acme.example")).body
        claims = jwt.decode(login["token"], options={"verify_signature": False})
        assert set(claims) == {"sub", "tid", "role", "iat", "exp", "jti"}
        assert (claims["sub"], claims["tid"]) == (str(login["user"]["id"]), tenant.id)
        assert claims["exp"] - claims["iat"] == login["expires_in"]
        assert (await shop.login("one@acme.example", "wrong")).code == "wrong_credentials"
        assert (await shop.login("nobody@acme.example")).code == "wrong_credentials"
        changed = await shop.ask("PATCH", "/api/me", {"name": "New Name", "role": "manager"}, token=tenant.student)
        assert (changed.body["name"], changed.body["role"]) == ("New Name", "student")
        assert (await shop.ask("GET", "/api/me", token=tenant.student)).body == changed.body


async def test_everything_but_the_doors_needs_a_token(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        assert (await shop.ask("GET", "/healthz")).body == {"status": "ok"}
        for path in ("me", "courses", "courses/1", "catalog/featured", "enrolments", "enrolments/1", "invoices",
                     "invoices/1", "notes", "notes/1", "search?q=x", "admin/users", "admin/report"):  # fmt: skip
            assert (await shop.ask("GET", f"/api/{path}")).status == 401, path
        writes = (
            "POST courses,PATCH courses/1,POST courses/1/enrolments,POST notes,PATCH notes/1,DELETE notes/1,PATCH me"
        )
        for method, path in (write.split() for write in writes.split(",")):
            assert (await shop.ask(method, f"/api/{path}", {})).status == 401, path


async def test_managers_only(tmp_path: Path) -> None:
    """A student is refused what only a manager may do."""
    async with running_shop(tmp_path) as shop:
        tenant = await shop.tenant("acme")
        for method, path in (("POST", "courses"), ("PATCH", f"courses/{tenant.course}"), ("GET", "admin/users"),
                             ("GET", "admin/report")):  # fmt: skip
            assert (await shop.ask(method, f"/api/{path}", {}, token=tenant.student)).status == 403


async def test_another_tenants_things_look_absent(tmp_path: Path) -> None:
    for kind in (SQLITE, POSTGRES):
        async with running_shop(tmp_path, kind=kind) as shop:
            ours, theirs = await shop.tenant("acme"), await shop.tenant("beta")
            enrolled = (await shop.enrol(ours.student, ours.course)).body
            note = (await shop.note(ours.student, ours.course)).body["id"]
            calls = (
                ("GET", f"courses/{ours.course}", None),
                ("PATCH", f"courses/{ours.course}", {"title": "x"}),
                ("GET", f"enrolments/{enrolled['id']}", None),
                ("GET", f"invoices/{enrolled['invoice_id']}", None),
                ("GET", f"notes/{note}", None),
                ("PATCH", f"notes/{note}", {"title": "x"}),
                ("DELETE", f"notes/{note}", None),
            )
            for method, path, body in calls:
                foreign = await shop.ask(method, f"/api/{path}", body, token=theirs.manager)
                absent = await shop.ask(method, f"/api/{path.split('/')[0]}/987654", body, token=theirs.manager)
                assert (foreign.status, foreign.body) == (404, absent.body)
            assert (await shop.enrol(theirs.student, ours.course)).status == 404
            assert (await shop.note(theirs.student, ours.course)).status == 404
            for path in ("enrolments", "invoices", "notes", "search?q=note", "search?q=ACME"):
                assert (await shop.ask("GET", f"/api/{path}", token=theirs.manager)).body["items"] == []


async def test_courses_are_paged_sorted_and_searched(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        tenant = await shop.tenant("acme")
        for number, price in enumerate((300, 100, 200)):
            course = await shop.course(tenant.manager, code=f"Ä_{number}%")
            changed = {"price_cents": price, "subject": "cheap"}
            assert (await shop.ask("PATCH", f"/api/courses/{course}", changed, token=tenant.manager)).status == 200

        async def listed(query: str) -> tuple[list[str], int]:
            body = (await shop.ask("GET", f"/api/courses?{query}", token=tenant.student)).body
            return [item["code"] for item in body["items"]], body["total"]

        assert await listed("page=2&per_page=3") == (["Ä_2%"], 4)
        assert await listed("subject=cheap&sort=price_cents") == (["Ä_1%", "Ä_2%", "Ä_0%"], 3)
        assert await listed("search=ä_1%25") == (["Ä_1%"], 1)
        assert await listed("search=acme-1 COURSE") == (["ACME-1"], 1)
        assert await listed("search=_1") == (["Ä_1%"], 1)


async def test_seats_cannot_fall_below_those_taken(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        tenant = await shop.tenant("acme")
        for token in (tenant.student, tenant.other):
            assert (await shop.enrol(token, tenant.course)).status == 201
        path = f"/api/courses/{tenant.course}"
        assert (await shop.ask("PATCH", path, {"seats": 1}, token=tenant.manager)).code == "seats_taken"
        assert (await shop.ask("PATCH", path, {"seats": 2}, token=tenant.manager)).status == 200


async def test_an_idempotency_key_belongs_to_one_request(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        tenant = await shop.tenant("acme")
        assert (await shop.enrol(tenant.student, tenant.course, "k")).status == 201
        assert (
            await shop.enrol(tenant.student, tenant.course, "k", card_name="Other")
        ).code == "idempotency_key_reused"
        assert (await shop.enrol(tenant.other, tenant.course, "k")).code == "idempotency_key_reused"
        assert (await shop.enrol(tenant.student, tenant.course, "k", ignored=1)).status == 200
        assert (await shop.enrol(tenant.student, tenant.course, "k2")).code == "already_enrolled"
        assert (await shop.enrol(tenant.other, tenant.course, "k3", card_number="4111111111111112")).status == 422
        assert (await shop.enrol(tenant.other, tenant.course, "k3", accept_terms="yes")).status == 422
        # Keys of two tenants never meet.
        theirs = await shop.tenant("beta")
        assert (await shop.enrol(theirs.student, theirs.course, "k")).status == 201
        assert shop.rows("SELECT DISTINCT card_last4 FROM invoice") == [("1111",)]


async def test_notes(tmp_path: Path) -> None:
    """Private notes are seen by their author and the manager; only the author and the manager change a note."""
    async with running_shop(tmp_path) as shop:
        tenant = await shop.tenant("acme")
        private = (await shop.note(tenant.student, tenant.course, "Mine alone", visibility="private")).body["id"]
        team = (await shop.note(tenant.student, tenant.course, "For all", id=5, account_id=1)).body
        assert team["account_id"] != 1
        path = f"/api/notes/{private}"
        assert (await shop.ask("GET", path, token=tenant.student)).status == 200
        assert (await shop.ask("GET", path, token=tenant.other)).status == 404
        assert (await shop.ask("GET", path, token=tenant.manager)).status == 200
        for token, titles in ((tenant.student, ["For all", "Mine alone"]), (tenant.other, ["For all"])):
            listed = await shop.ask("GET", "/api/notes", token=token)
            assert [item["title"] for item in listed.body["items"]] == titles
        assert (await shop.ask("GET", "/api/search?q=alone", token=tenant.other)).body["items"] == []
        found = (await shop.ask("GET", "/api/search?q=mine+ALONE", token=tenant.student)).body["items"]
        assert found == [{"kind": "note", "id": private, "title": "Mine alone"}]
        assert (await shop.ask("PATCH", f"/api/notes/{team['id']}", {"text": "x"}, token=tenant.manager)).status == 200
        assert (await shop.ask("DELETE", f"/api/notes/{team['id']}", token=tenant.other)).status == 403
        gone = await shop.ask("DELETE", path, token=tenant.student)
        assert (gone.status, gone.body) == (204, "")
        assert (await shop.ask("DELETE", path, token=tenant.student)).status == 404


async def test_the_report_counts_only_the_own_tenant(tmp_path: Path) -> None:
    for kind in (SQLITE, POSTGRES):
        async with running_shop(tmp_path, kind=kind) as shop:
            ours, theirs = await shop.tenant("acme"), await shop.tenant("beta")
            await shop.enrol(ours.student, ours.course)
            await shop.enrol(theirs.student, theirs.course)
            report = (await shop.ask("GET", "/api/admin/report", token=ours.manager)).body
            totals = {"users": 3, "courses": 1, "enrolments": 1, "notes": 0, "revenue_cents": 12_345}
            assert report["totals"] == totals
            assert [course["revenue_cents"] for course in report["courses"]] == [12_345]
            users = (await shop.ask("GET", "/api/admin/users", token=ours.manager)).body["items"]
            assert [user["email"].split("@")[0] for user in users] == ["boss", "one", "two"]


def test_passwords_and_cards() -> None:
    stored = hash_password("secret words")
    assert password_matches("secret words", stored)
    assert not password_matches("secret word", stored)
    assert not password_matches("secret words", None)
    assert luhn_valid("4111111111111111")
    assert not luhn_valid("4111111111111112")
