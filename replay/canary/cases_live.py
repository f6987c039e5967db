"""What a QA may answer to a run (F41, F42): live tokens, people's data in answers and rows, error pages, differences.

A story is one case with several requests, for a token that a login answers is sent back by what follows it. `is_live`
tells the recording from QA: where they differ on purpose, the difference itself holds the secret.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from replay.canary.case import Case, Group, Plan, answered, get, post
from replay.canary.encodings import j, jwt
from replay.canary.planted import Mint

_JSON = "application/json"

Story = Callable[[Mint, bool], tuple[Plan, ...]]


@dataclass(frozen=True, slots=True)
class LiveCase:
    """`tenant`: whose session it is part of."""

    case: Case
    story: Story
    tenant: str = "a"


def _with_answer(request: Plan, reply: Plan) -> Plan:
    return Plan(
        request.method,
        request.target,
        request.host,
        request.headers,
        request.body,
        reply.status,
        reply.answer_headers,
        reply.answer,
    )


def _login(shop: int) -> Story:
    def story(mint: Mint, _: bool) -> tuple[Plan, ...]:
        token, person, address = mint.token(40), mint.name(), mint.email()
        identity = jwt({"sub": mint.nine(), "email": address, "name": person})
        answer = {
            "access_token": token,
            "refresh_token": mint.hex(),
            "id_token": identity,
            "user": {"id": 1, "name": person, "email": address, "phone": mint.phone()},
        }
        cookie = f"session={mint.token(32)}; Path=/; HttpOnly"
        asked = post(
            _JSON, j({"email": f"shop{shop}@shop.example", "password": "Recorded-1!"}), target=f"/api/login?shop={shop}"
        )
        login = _with_answer(asked, answered(_JSON, j(answer), ("Set-Cookie", cookie), ("X-Request-Id", mint.uuid())))
        bearer = ("Authorization", f"Bearer {token}")
        person_data = {"name": mint.foreign_name(), "iban": mint.iban(), "birth_date": mint.birth(), "ssn": mint.ssn()}
        me = _with_answer(get("/api/me", bearer), answered(_JSON, j(person_data)))
        return login, me

    return story


def _note(mint: Mint, _: bool) -> tuple[Plan, ...]:
    """What QA itself adds to a note: the row has it, and the answer."""
    owner = {"owner_name": mint.name(), "owner_email": mint.email(), "iban": mint.iban(), "account": mint.nine()}
    owner |= {"api_token": mint.token(), "street": mint.street(), "remark": f"called {mint.phone()} for {mint.name()}"}
    asked = post(_JSON, j({"text": "a note about the parcel"}), target="/api/notes")
    return (_with_answer(asked, answered(_JSON, j({"id": 1, "text": "a note about the parcel", **owner}), status=201)),)


def _error_page(mint: Mint, is_live: bool) -> tuple[Plan, ...]:
    if not is_live:
        return (_with_answer(get("/api/reports/1"), answered(_JSON, j({"ok": True}))),)
    trace = f'File "app.py", line 7\n  connect("postgresql://{mint.slug()}:{mint.password()}@db/bank")'
    page = f"<html><title>Error for {mint.email()}</title><pre>{trace}\nKeyError: '{mint.name()}'</pre></html>"
    return (_with_answer(get("/api/reports/1"), answered("text/html", page, status=500)),)


def _differences(mint: Mint, is_live: bool) -> tuple[Plan, ...]:
    """Values, types, lengths, names and media types that are not as recorded."""
    if not is_live:
        body = {"status": "open", "count": 3, "tags": ["x"], "type": "standard"}
        return (
            _with_answer(get("/api/things/1"), answered(_JSON, j(body))),
            _with_answer(get("/api/things/2"), answered(_JSON, j({"status": "open"}))),
        )
    body = {"status": mint.name(), "count": mint.email(), "tags": [mint.token(), mint.nine()], mint.account(): 1}
    return (
        _with_answer(get("/api/things/1"), answered(_JSON, j(body), ("Location", f"/api/things/{mint.nine()}"))),
        _with_answer(get("/api/things/2"), answered("text/plain", f"{mint.name()} <{mint.email()}>")),
    )


def _denied(mint: Mint, is_live: bool) -> tuple[Plan, ...]:
    asked = get("/api/vault/1")
    if not is_live:
        return (_with_answer(asked, answered(_JSON, j({"ok": True}))),)
    challenge = ("WWW-Authenticate", f'Bearer realm="{mint.slug()}", error_description="{mint.token()} has expired"')
    return (_with_answer(asked, answered(_JSON, j({"error": f"no account {mint.iban()}"}), challenge, status=403)),)


def _live(name: str, position: str, story: Story, tenant: str = "a") -> LiveCase:
    return LiveCase(Case(name, position, lambda mint: story(mint, True)[0], group=Group.LIVE), story, tenant)


LIVE_CASES = (
    _live("F41a", "login: tokens, cookie, JWT, the person; the token is sent back", _login(1)),
    _live("F41b", "the same of another tenant", _login(2), "b"),
    _live("F42a", "rows that QA stores, and its answer", _note),
    _live("F42b", "the same of another tenant", _note, "b"),
    _live("F42c", "an error page with a stack trace", _error_page),
    _live("F42d", "differences: value, type, length, name, media type", _differences),
    _live("F42e", "a refusal: challenge and text", _denied),
)
