"""Fresh values: found where clients make them, renewed per world, planted where they tell whose they are."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

import pytest

from make import exchange, request, session
from replay.correlate.bindings import Bindings
from replay.correlate.fresh import FreshPlan, find_fresh
from replay.correlate.learn import learn
from replay.correlate.rebinder import Rebinder
from replay.correlate.renewal import FreshKind
from replay.model.body import Body
from replay.model.case import Step
from replay.model.exchange import Exchange
from replay.model.session import Session

CLIENT_UUID = "a81bc81b-dead-4e5d-abff-90865d1e13b1"
TITLE = "Advanced beekeeping for beginners"


def find(*sessions: Session) -> FreshPlan:
    return find_fresh(sessions, learn(sessions), lambda endpoint, place: "text" if "title" in place else "other")


def kinds(*exchanges: Exchange) -> dict[str, FreshKind]:
    return {item.value: item.kind for item in find(session("s", *exchanges, tenant="t")).fresh}


def register(exchange_id: str, email: str) -> Exchange:
    return exchange(
        exchange_id, "POST", "/register", 201, json={"email": email, "password": "Redacted-1!"}, answer={"id": 7}
    )


FRESH = [
    (exchange("a", "POST", "/register", 201, json={"email": "anna@x.test"}), "anna@x.test", FreshKind.EMAIL),
    (exchange("a", "POST", "/orders", 201, json={"id": CLIENT_UUID}), CLIENT_UUID, FreshKind.UUID),
    (exchange("a", "PUT", f"/orders/{CLIENT_UUID}", 201), CLIENT_UUID, FreshKind.UUID),
    (exchange("a", "POST", "/pay", headers={"Idempotency-Key": "order-77-x"}), "order-77-x", FreshKind.KEY),
    (exchange("a", "POST", "/pay", json={"idempotencyKey": "order-77-x"}), "order-77-x", FreshKind.KEY),
    (exchange("a", "POST", "/login", headers={"X-Request-Id": "req_abc123"}), "req_abc123", FreshKind.KEY),
    (exchange("a", "POST", "/register", 201, form={"username": "beekeeper"}), "beekeeper", FreshKind.KEY),
    (exchange("a", "POST", "/shops", 201, json={"subdomain": "honey-shop"}), "honey-shop", FreshKind.KEY),
    (exchange("a", "POST", "/courses", 201, json={"title": TITLE}), TITLE, FreshKind.TEXT),
    (exchange("a", "PATCH", "/courses/1", json={"titles": [TITLE]}), TITLE, FreshKind.TEXT),
]


@pytest.mark.parametrize(("made", "value", "kind"), FRESH, ids=lambda part: str(part)[:40])
def test_what_a_client_makes_is_fresh(made: Exchange, value: str, kind: FreshKind) -> None:
    """E-mails, UUIDs, keys that must be unique, and free text of the client's own writes."""
    assert kinds(made) == {value: kind}


STAYS = [
    ("an account that existed: its login succeeded", exchange("a", "POST", "/login", json={"email": "a@x.test"})),
    ("a thing that existed: the first request only reads it", exchange("a", "GET", f"/orders/{CLIENT_UUID}")),
    ("a tenant that existed", exchange("a", "POST", "/register", 201, json={"tenant_id": CLIENT_UUID})),
    ("an API key", exchange("a", "GET", "/x", headers={"X-Api-Key": CLIENT_UUID})),
    ("a cookie", exchange("a", "GET", "/x", headers={"Cookie": f"device={CLIENT_UUID}"})),
    ("a redacted password", exchange("a", "POST", "/register", 201, json={"password_title": "Redacted-1! it is"})),
    ("text of a class that is none", exchange("a", "POST", "/x", 201, json={"body": TITLE})),
    ("short text", exchange("a", "POST", "/x", 201, json={"title": "Beekeeping"})),
    ("a word of an enumeration", exchange("a", "POST", "/x", 201, json={"title": "credit_card_visa"})),
    ("a URL", exchange("a", "POST", "/x", 201, json={"title": "https://x.test/hook"})),
    ("a time", exchange("a", "POST", "/x", 201, json={"title": "2024-05-17T10:00:00Z"})),
    ("text of a read", exchange("a", "GET", "/x?title=Advanced+beekeeping+for")),
    ("a short username", exchange("a", "POST", "/x", 201, json={"username": "anna"})),
    ("a key without letters or digits to vary", exchange("a", "POST", "/x", 201, json={"slug": "------"})),
]


@pytest.mark.parametrize(("remark", "made"), STAYS, ids=[remark for remark, _ in STAYS])
def test_what_names_something_existing_stays(remark: str, made: Exchange) -> None:
    """Renewing a reference, a secret or a word of the API would break the replay."""
    assert kinds(made) == {}


def test_what_the_server_gave_first_is_not_fresh() -> None:
    """A suggestion taken over by the client is the server's."""
    offered = exchange("a", "GET", "/suggest", answer={"title": TITLE, "email": "a@x.test"})
    assert kinds(offered, exchange("b", "POST", "/courses", 201, json={"title": TITLE, "email": "a@x.test"})) == {}


def test_a_search_before_the_creation_does_not_hide_it() -> None:
    """The client said it first, though a server's answer repeated it before the client wrote it."""
    search = exchange("a", "GET", "/courses?q=Advanced+beekeeping+for+beginners", answer={"query": TITLE, "items": []})
    assert kinds(search, exchange("b", "POST", "/courses", 201, json={"title": TITLE})) == {TITLE: FreshKind.TEXT}


def test_small_alphabets_never_make_two_values_one() -> None:
    """3000 references of six digits: about four would meet by chance, none does."""
    posts = [exchange(f"p{i}", "POST", "/x", 201, json={"reference": f"{i:06}"}) for i in range(3000)]
    values = find(session("s", *posts, tenant="t")).renew(1, 1).values
    assert len(set(values.values()) | set(values)) == 6000


def test_worlds_differ_and_repeat() -> None:
    """Same seed and world: same values. Another world or seed: no value in common."""
    plan = find(
        session(
            "s",
            register("a", "anna@x.test"),
            exchange("b", "POST", "/courses", 201, json={"title": TITLE, "id": CLIENT_UUID, "slug": "bees-2024"}),
            tenant="t",
        )
    )
    one, again, two, other = plan.renew(5, 1), plan.renew(5, 1), plan.renew(5, 2), plan.renew(6, 1)
    assert one == again
    assert len(one.values) == 4
    for world in (two, other):
        assert not set(one.values.values()) & set(world.values.values())
    with pytest.raises(ValueError, match="worlds count from 1"):
        plan.renew(5, 0)


def test_every_kind_keeps_its_shape() -> None:
    """Validators of the target accept what they accepted in the recording."""
    upper = CLIENT_UUID.upper()
    values = (
        find(
            session(
                "s",
                register("a", "a@mail.x.test"),
                exchange("b", "POST", "/x", 201, json={"id": CLIENT_UUID, "other": upper, "username": "Bee_Keeper9"}),
                exchange("c", "POST", "/x", 201, json={"title": TITLE}, headers={"Idempotency-Key": "0af3b2c1d4"}),
                tenant="t",
            )
        )
        .renew(1, 1)
        .values
    )
    assert re.fullmatch(r"q[a-z2-7]{9}@mail\.x\.test", values["a@mail.x.test"])
    assert UUID(values[CLIENT_UUID]).version == 4
    assert values[upper] == values[upper].upper()
    assert UUID(values[upper]).version == 4
    assert re.fullmatch(r"[A-Z][a-z]{2}_[A-Z][a-z]{5}\d", values["Bee_Keeper9"])
    assert re.fullmatch(r"\d[a-f]{2}\d[a-f]\d[a-f]\d[a-f]\d", values["0af3b2c1d4"])
    assert re.fullmatch(re.escape(TITLE[:-10]) + "q[a-z2-7]{9}", values[TITLE])


def test_markers_name_their_tenant_and_are_unique() -> None:
    """Every planted text has a marker of its own, with the tenant, exchange and place that sent it first."""
    texts = [f"Beekeeping for beginners, part {i}" for i in range(200)]
    posts = [exchange(f"p{i}", "POST", "/courses", 201, json={"title": text}) for i, text in enumerate(texts)]
    renewal = find(session("s", register("a", "a@x.test"), *posts, tenant="acme")).renew(1, 3)
    markers = [planted for planted in renewal.planted if planted not in renewal.owned]
    assert len({planted.marker for planted in markers}) == 200
    assert all(re.fullmatch(r"q[a-z2-7]{9}", planted.marker) for planted in markers)
    assert {planted.tenant for planted in renewal.planted} == {"acme"}
    assert (markers[7].exchange_id, markers[7].place) == ("p7", "body.title")
    assert renewal.values[texts[7]].endswith(markers[7].marker)
    assert [planted.marker for planted in renewal.owned] == [renewal.values["a@x.test"]]


def test_shared_vocabulary_is_not_planted() -> None:
    """A text that two tenants send tells nobody's data: it stays. Seeing it shares nothing: that may be the leak."""
    post = exchange("a", "POST", "/courses", 201, json={"title": TITLE, "slug": "general"})
    sent = exchange("b", "POST", "/courses", 201, json={"title": TITLE, "slug": "general"})
    read = exchange("c", "GET", "/courses", answer={"items": [{"title": TITLE, "slug": "general"}]})
    ours = session("s", post, tenant="t", start=1)
    assert find(ours, session("o", sent, tenant="u", start=9)).fresh == ()
    leaked = find(ours, session("o", read, tenant="u", start=9)).fresh
    assert {(item.value, item.tenant, item.shared) for item in leaked} == {(TITLE, "t", False), ("general", "t", False)}


def test_an_email_that_two_tenants_hold_is_renewed_and_owned_by_nobody() -> None:
    """It must be unique in the new world all the same, but seeing it is no leak."""
    renewal = find(
        session("s", register("a", "a@x.test"), tenant="t", start=1),
        session("o", exchange("b", "POST", "/invite", json={"email": "a@x.test"}), tenant="u", start=9),
    ).renew(1, 1)
    assert set(renewal.values) == {"a@x.test"}
    assert renewal.planted == renewal.owned == ()


def test_a_sign_up_without_a_tenant_belongs_to_the_tenant_that_uses_it_later() -> None:
    """The anonymous session that registers is not nobody's when exactly one tenant's sessions hold the value."""
    (planted,) = (
        find(
            session("s", register("a", "a@x.test"), start=1),
            session("o", exchange("b", "POST", "/login", json={"email": "a@x.test"}), tenant="t", start=9),
        )
        .renew(1, 1)
        .planted
    )
    assert (planted.tenant, planted.exchange_id) == ("t", "a")


def test_renewal_is_by_whole_value_wherever_it_stands() -> None:
    """Path, query, form, header and JSON receive the same fresh value; longer text that holds it does not."""
    capture = session(
        "s",
        exchange("a", "POST", "/courses", 201, json={"title": TITLE, "slug": "bee-course"}),
        exchange("b", "GET", "/search?q=Advanced+beekeeping+for+beginners&s=bee-course"),
        exchange(
            "c", "POST", "/c/bee-course", form={"t": TITLE, "more": TITLE + "!"}, headers={"X-Slug": "bee-course"}
        ),
        exchange("d", "GET", "/x", headers={"User-Agent": "bee-course"}),
        tenant="t",
    )
    renewal = find(capture).renew(1, 1)
    slug = renewal.values["bee-course"]
    title = renewal.values[TITLE].replace(" ", "%20")
    rebinder = Rebinder(Bindings(), renewal, {item.id: item for item in capture.exchanges})
    b, c, d = (rebinder.rewrite(Step(item.id, item.request)).request for item in capture.exchanges[1:])
    assert b.target == f"/search?q={title}&s={slug}"
    assert (c.path, c.headers.get("x-slug")) == (f"/c/{slug}", slug)
    assert c.body.data.decode() == f"t={title}&more=Advanced+beekeeping+for+beginners%21"
    assert d is capture.exchanges[3].request


def test_a_mutator_s_own_text_is_left_alone() -> None:
    """Renewal touches values of the recording only, wherever a mutation has put them."""
    capture = session("s", exchange("a", "POST", "/courses", 201, json={"title": TITLE}), tenant="t")
    renewal = find(capture).renew(1, 1)
    rebinder = Rebinder(Bindings(), renewal, {item.id: item for item in capture.exchanges})
    mutated = request("POST", "/courses", json={"copy": TITLE, "title": TITLE * 2, "is_admin": True})
    mutated = replace(mutated, headers=mutated.headers.replaced("User-Agent", TITLE))
    done = rebinder.rewrite(Step("a", mutated, mutated=True)).request
    assert done.headers == mutated.headers
    body = done.body.data
    assert (
        body
        == request("POST", "/", json={"copy": renewal.values[TITLE], "title": TITLE * 2, "is_admin": True}).body.data
    )


ONCE = "7d1f9f0e-6a56-4a39-8b39-1e4de7f6f0a2"
EDGE = "multipart/form-data; boundary=edge"
PART = f'--edge\r\nContent-Disposition: form-data; name="client_token"\r\n\r\n{ONCE}\r\n--edge--\r\n'
LINE = f'{{"id":"{ONCE}"}}\n'
MADE = [
    ("JSON", exchange("a", "POST", "/x", 201, json={"deep": [{"ref": ONCE}]})),
    ("a form", exchange("a", "POST", "/x", 201, form={"once": ONCE})),
    ("a multipart field", exchange("a", "POST", "/x", 201, body=Body(PART.encode(), EDGE))),
    ("a header", exchange("a", "POST", "/x", 201, headers={"Idempotency-Key": ONCE})),
    ("a path that is written to", exchange("a", "PUT", f"/x/{ONCE}", 201, json={})),
    ("a query", exchange("a", "POST", f"/x?request_id={ONCE}", 201)),
    ("a GraphQL variable", exchange("a", "POST", "/x", json={"query": "mutation($i:ID)", "variables": {"i": ONCE}})),
    ("a GraphQL literal", exchange("a", "POST", "/x", json={"query": f'mutation {{ add(id: "{ONCE}") {{ id }} }}'})),
    ("JSON in JSON", exchange("a", "POST", "/x", 201, json={"s": f'{{"id": "{ONCE}"}}'})),
    ("a URN", exchange("a", "POST", "/x", 201, json={"ref": f"urn:order:{ONCE}"})),
    ("XML", exchange("a", "POST", "/x", 201, body=Body(f"<a><id>{ONCE}</id></a>".encode(), "text/xml"))),
    ("a line of NDJSON", exchange("a", "POST", "/x", 201, body=Body(LINE.encode(), "application/x-ndjson"))),
]  # fmt: skip


@pytest.mark.parametrize(("remark", "made"), MADE, ids=[remark for remark, _ in MADE])
def test_a_value_of_the_client_is_renewed_wherever_it_stands(remark: str, made: Exchange) -> None:
    """The new one is in the request, the recorded one is not, and a later use of it is the same new one."""
    later = exchange("b", "GET", f"/y?id={ONCE}")
    capture = session("s", made, later, tenant="t")
    renewal = find(capture).renew(3, 1)
    rebinder = Rebinder(Bindings(), renewal, {one.id: one for one in capture.exchanges})
    first, second = (rebinder.rewrite(Step(one.id, one.request)).request for one in capture.exchanges)
    text = " ".join([first.target, str(first.headers.fields), first.body.data.decode()])
    assert ONCE not in text
    assert renewal.values[ONCE] in text
    assert second.target == f"/y?id={renewal.values[ONCE]}"
