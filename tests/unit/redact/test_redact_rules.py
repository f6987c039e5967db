"""Rules of a policy: each action at each location, what a rule reaches and what it leaves alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from replay.model.exchange import Fault, FaultKind
from replay.model.message import body_tree
from replay.redact.policy import Policy, Redacted
from replay.redact.pseudonyms import CONSTANT, Pseudonym
from replay.redact.rules import make_rule
from unit.redact.canary_cases import FORM, exchange, said, socket

KEY = bytes(range(32))
REASON = {"action": "keep", "reason": "reviewed 2026-11"}


def policy(*rules: dict[str, Any]) -> Policy:
    return Policy(Pseudonym(KEY), rules=[make_rule(f"rule {i}", **rule) for i, rule in enumerate(rules, 1)])


def rule(where: str, action: str = "", **more: Any) -> dict[str, Any]:
    return {"where": where, "action": action, **({"reason": "reviewed"} if action == "keep" else {}), **more}


def sent(done: Redacted) -> Any:
    return body_tree(done.exchange.request.body)


def answered(done: Redacted) -> Any:
    return body_tree(done.exchange.response.body)


ACTIONS = {
    "drop": lambda value: value is None,
    "mask": lambda value: value == CONSTANT,
    "hash": lambda value: re.fullmatch(r"[0-9a-f]{32}", value),
    "pseudonymise": lambda value: len(value) == len("Oslo fjord") and value != "Oslo fjord",
    "keep": lambda value: value == "Oslo fjord",
}


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_in_a_body_reaches_its_field_and_no_other(action):
    """The field on both sides; a field of the same name elsewhere has its default."""
    done = policy(rule("any body $.items[*].town", action)).redact(
        exchange(
            body={"items": [{"town": "Oslo fjord"}], "town": "Oslo fjord"}, answer={"items": [{"town": "Oslo fjord"}]}
        )
    )
    for document in (sent(done), answered(done)):
        assert ACTIONS[action](document["items"][0]["town"])
    assert sent(done)["town"] not in ("Oslo fjord", CONSTANT, None)


LOCATED = {
    "query": ("query town", lambda value: exchange(f"/a?town={value}&x=1"), lambda e: e.request.target),
    "form": (
        "form town",
        lambda value: exchange(body=f"town={value}&x=1", content_type=FORM),
        lambda e: e.request.body.data.decode(),
    ),
    "cookie": (
        "cookie town",
        lambda value: exchange(headers={"Cookie": f"town={value}; x=1"}),
        lambda e: e.request.headers.get("cookie"),
    ),
    "set-cookie": (
        "response cookie town",
        lambda value: exchange(answer_headers={"Set-Cookie": f"town={value}; Path=/"}),
        lambda e: e.response.headers.get("set-cookie"),
    ),
    "header": (
        "header x-town",
        lambda value: exchange(headers={"X-Town": value}),
        lambda e: e.request.headers.get("x-town"),
    ),
    "answer header": (
        "response header x-town",
        lambda value: exchange(answer_headers={"X-Town": value}),
        lambda e: e.response.headers.get("x-town"),
    ),
    "trailer": (
        "trailer x-town",
        lambda value: exchange(answer="{}", trailers={"X-Town": value}),
        lambda e: e.response.trailers.get("x-town"),
    ),
    "socket": (
        "ws $.town",
        lambda value: socket(said({"town": value}), said({"town": value}, by_client=False)),
        lambda e: "".join(one.body.data.decode() for one in e.messages),
    ),
    "path": (
        '"POST /t/{town}/orders" path town',
        lambda value: exchange(f"/t/{value}/orders"),
        lambda e: e.request.target,
    ),
}
WORD = "fjordvik"  # a word that by default becomes another


@pytest.mark.parametrize("location", LOCATED)
def test_keep_lets_a_value_stay_at_every_location(location):
    """And without the rule it does not stay, so the test can fail."""
    where, plant, read = LOCATED[location]
    assert WORD in read(policy(rule(where, "keep")).redact(plant(WORD)).exchange)
    if location != "path":  # a route word stays by default at some levels
        assert WORD not in (read(policy().redact(plant(WORD)).exchange) or "")


@pytest.mark.parametrize("location", LOCATED)
@pytest.mark.parametrize("action", ["mask", "hash", "pseudonymise"])
def test_strict_actions_hide_a_value_at_every_location(location, action):
    """The original is gone, and something stands in its place."""
    where, plant, read = LOCATED[location]
    shown = read(
        policy(rule(where, action, **({"constant": "x-1"} if action == "mask" else {}))).redact(plant(WORD)).exchange
    )
    assert shown
    assert WORD not in shown
    assert action != "mask" or "x-1" in shown
    assert action != "hash" or re.search(r"[0-9a-f]{32}", shown)


@pytest.mark.parametrize("location", [one for one in LOCATED if one not in ("path", "socket")])
def test_drop_leaves_a_field_out(location):
    """Name and value are gone; what stands beside it stays."""
    where, plant, read = LOCATED[location]
    done = policy(rule(where, "drop")).redact(plant(WORD)).exchange
    shown = read(done) or ""
    assert not any("x-town" in one for one in (done.request.headers, done.response.headers, done.response.trailers))
    assert WORD not in shown
    assert "town" not in shown
    assert location not in ("query", "form", "cookie") or "x=" in shown


def test_a_dropped_member_of_a_socket_message_is_null():
    done = policy(rule("ws $.town", "drop")).redact(LOCATED["socket"][1](WORD))
    assert [json.loads(one.body.data) for one in done.exchange.messages] == [{"town": None}, {"town": None}]


def test_a_body_is_dropped_whole_with_its_length_told():
    """Also a JSON body: no redactor opens it."""
    done = policy(rule("response body", "drop")).redact(exchange(body={"a": 1}, answer={"a": [1, 2]}))
    body = done.exchange.response.body
    assert (body.data, body.truncated, body.length_bytes) == (b"", True, len(b'{"a": [1, 2]}'))
    assert sent(done) == {"a": 1}
    assert [(one.place, one.action) for one in done.fields if one.side == "response"] == [("body", "drop")]


def test_dropping_an_object_drops_what_is_in_it():
    assert sent(policy(rule("body $.user", "drop")).redact(exchange(body={"user": {"a": [1]}, "n": 1}))) == {
        "user": None,
        "n": 1,
    }


def test_what_is_hidden_is_hidden_with_all_that_it_holds():
    """A rule about an object is one about its leaves; a more specific rule may say otherwise for one."""
    rules = [rule("body $.user", "mask", constant="-"), rule("body $.user.plan", "keep")]
    document = {
        "user": {"name": "Ann", "tags": ["a b", "c d"], "age": 41, "vip": True, "plan": "gold plan", "no": None}
    }
    assert sent(policy(*rules).redact(exchange(body=document)))["user"] == {
        "name": "-",
        "tags": ["-", "-"],
        "age": 1111,
        "vip": False,
        "plan": "gold plan",
        "no": None,
    }


def test_keep_of_an_object_keeps_nothing_in_it():
    """A keep names a leaf, so that what is added to an object one day is not readable on that day."""
    document = {"user": {"note": "gold plan"}}
    assert sent(policy(rule("body $.user", "keep")).redact(exchange(body=document))) != document


SECRETS = [
    ("e-mail", "ask ann@corp.test about it"),
    ("card", "paid by 4111 1111 1111 1111"),
    ("iban", "to DE89370400440532013000"),
    ("phone", "call +47 22 12 34 56 now"),
    ("token", "use tK9xQ2mW7pL4vB8nZ3cR please"),
    ("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlMTIz"),
    ("aws key", "AKIAIOSFODNN7EXAMPLE"),
]


@pytest.mark.parametrize(("remark", "text"), SECRETS)
def test_a_kept_text_that_holds_a_secret_is_hidden_all_the_same(remark, text):
    """A keep never turns default deny into default allow."""
    assert sent(policy(rule("body $.note", "keep")).redact(exchange(body={"note": text})))["note"] != text


def test_a_keep_for_everything_uncovers_no_password_and_no_token():
    """Names that say so win over a keep; a value that is spelt out in the policy may stay."""
    document = {"password": "blue moon", "pin": 4711, "cvv": "123", "accessToken": "short one", "note": "blue moon"}
    wide = sent(policy(rule("body $..*", "keep")).redact(exchange(body=document)))
    assert [key for key in document if wide[key] == document[key]] == ["note"]
    listed = policy(rule("body $.accessToken", "keep", values=("short one",)))
    assert sent(listed.redact(exchange(body=document)))["accessToken"] == "short one"


@pytest.mark.parametrize(
    "text",
    [
        '{"password": "blue moon"}',
        ' [{"name": "blue moon"}]',
        "<a><name>blue moon</name></a>",
        "password=blue+moon&x=1",
        "https://a.test/x?name=blue%20moon",
        "eyJuYW1lIjoiYmx1ZSBtb29uIn0",
        "Basic Ymx1ZTptb29uMQ==",
        "%7B%22name%22%3A%22blue%20moon%22%7D",
    ],
)
def test_a_keep_says_nothing_of_documents_inside_a_text(text):
    """What stands in them has names of its own, and the defaults hold."""
    shown = sent(policy(rule("body $.note", "keep")).redact(exchange(body={"note": text})))["note"]
    assert shown == sent(policy().redact(exchange(body={"note": text})))["note"] != text


def test_a_keep_with_values_shows_these_and_no_others():
    kept = policy(rule("body $.mood", "keep", values=("happy day", "sad day")))
    shown = sent(kept.redact(exchange(body={"mood": "happy day"})))["mood"]
    hidden = sent(kept.redact(exchange(body={"mood": "other day"})))["mood"]
    assert (shown, hidden == "other day") == ("happy day", False)


def test_a_class_chooses_the_stand_in_and_the_note():
    """A number under a name that says nothing, an id to the policy."""
    rules = [rule("body $.ref", value_class="id"), rule("body $.who", value_class="token")]
    done = policy(*rules).redact(exchange(body={"ref": 421, "who": "ada"}))
    assert sent(done)["ref"] != 421
    assert 100 <= sent(done)["ref"] <= 999
    assert {(one.place, one.value_class) for one in done.fields} >= {("body.ref", "id"), ("body.who", "token")}


def test_a_number_becomes_the_same_as_its_text_under_a_class():
    """An id joins, however it is written."""
    document = sent(
        policy(rule("body $..ref", value_class="id")).redact(exchange(body={"ref": 90421, "a": {"ref": "90421"}}))
    )
    assert str(document["ref"]) == document["a"]["ref"] != "90421"


@pytest.mark.parametrize("value", [7, 123456, 2.5, "7", "hello", "true", "2026-11-20", "Monday"])
def test_pseudonymise_hides_what_stays_by_default(value):
    shown = sent(policy(rule("body $.x")).redact(exchange(body={"x": value})))["x"]
    assert shown != value
    assert type(shown) is type(value)


def test_a_domain_is_apart_from_all_others_and_joins_in_itself():
    """The same number in and outside of the domain has two stand-ins; twice inside it has one."""
    rules = [rule("body $..order", value_class="id", domain="order"), rule("body $..user", value_class="id")]
    document = {"order": 482133, "user": 482133, "old": {"order": 482133}, "text": {"order": "482133"}}
    shown = sent(policy(*rules).redact(exchange(body=document)))
    assert shown["order"] == shown["old"]["order"] == int(shown["text"]["order"])
    assert len({shown["order"], shown["user"], 482133}) == 3


def test_a_hash_needs_the_key_and_joins_numbers_with_their_text():
    rules = (rule("body $..x", "hash"),)
    shown = sent(policy(*rules).redact(exchange(body={"x": 17, "a": {"x": "17"}, "b": {"x": 18}})))
    assert shown["x"] == shown["a"]["x"] != shown["b"]["x"]
    other = Policy(Pseudonym(bytes(32)), rules=[make_rule("rule", **rules[0])])
    assert sent(other.redact(exchange(body={"x": 17})))["x"] != shown["x"]


@pytest.mark.parametrize(
    ("value", "value_class", "coarse"),
    [
        (48213, "", 40000),
        (-48213, "", -40000),
        (7, "", 7),
        (0, "", 0),
        (1234.5, "", 1000.0),
        (1984, "birth", 1980),
        (1763677437, "", 1762560000),
        (1763677437004, "", 1762560000000),
        ("48213", "", "40000"),
        (48.20849, "geo", 48.2),
        ("16.37208", "geo", "16.4"),
        ("2026-11-20", "", "2026-11-01"),
        ("1984-05-17", "birth", "1984-01-01"),
        ("2026-11-20T10:11:12.345Z", "", "2026-11-01T00:00:00.000Z"),
        ("10.20.30.40", "", "10.20.0.0"),
        ("2001:db8:1:2::7", "", "2001:db8::"),
        (None, "", None),
    ],
)
def test_generalise_keeps_the_coarse_part(value, value_class, coarse):
    shown = sent(policy(rule("body $.x", "generalise", value_class=value_class)).redact(exchange(body={"x": value})))[
        "x"
    ]
    assert (shown, type(shown)) == (coarse, type(coarse))


def test_generalise_keeps_of_an_address_the_stand_in_of_its_domain():
    """Two people of one company are still of one company, and nobody in particular."""
    shown = sent(
        policy(rule("body $.*", "generalise")).redact(
            exchange(body={"a": "ann@corp.test", "b": "bob@corp.test", "c": "eve@else.test"})
        )
    )
    assert shown["a"] == shown["b"] != shown["c"]
    assert shown["a"].startswith("user@d")
    assert shown["a"].endswith(".example")


def test_generalise_of_what_has_nothing_coarser_is_a_stand_in():
    shown = sent(policy(rule("body $.x", "generalise")).redact(exchange(body={"x": "Ann Berg"})))["x"]
    assert shown != "Ann Berg"
    assert len(shown) == 8


def test_a_side_and_a_route_bound_a_rule():
    """Request or answer, this route and not another: both ways."""
    ruled = policy(rule('response "GET /users/{id}/**" body $.x', "mask"))

    def shown(target: str, method: str) -> tuple[bool, bool]:
        done = ruled.redact(exchange(target, method=method, body={"x": "a b"}, answer={"x": "a b"}))
        return sent(done)["x"] == CONSTANT, answered(done)["x"] == CONSTANT

    assert shown("/users/17", "GET") == (False, True)
    assert shown("/users/17/orders?x=1", "GET") == (False, True)
    assert shown("/users/17", "POST") == (False, False)
    assert shown("/orders/17", "GET") == (False, False)


def test_decisions_of_one_route_are_not_remembered_at_another():
    """The caches of places, header fields and targets know the guide: any order of traffic gives the same."""
    ruled = policy(rule('"POST /a" body $.x or "POST /a" header x-y or "POST /a" query q', "keep"))
    seen = {}
    for target in ("/a?q=vik", "/b?q=vik", "/a?q=vik", "/b?q=vik"):
        done = ruled.redact(exchange(target, headers={"X-Y": "some words"}, body={"x": "some words"})).exchange
        shown = done.request.target, done.request.headers.get("x-y"), done.request.body.data
        assert seen.setdefault(target, shown) == shown
    assert seen["/a?q=vik"] == ("/a?q=vik", "some words", b'{"x":"some words"}')
    assert not any(a == b for a, b in zip(seen["/a?q=vik"], seen["/b?q=vik"], strict=True))


def test_a_rule_holds_for_keys_that_are_data():
    """A map's keys become stand-ins, and its values are still found."""
    document = {"users": {"ann@corp.test": {"mood": "fine day"}, "bob@corp.test": {"mood": "bad day"}}}
    shown = sent(policy(rule("body $.users.*.mood", "mask", constant="m")).redact(exchange(body=document)))
    assert [one["mood"] for one in shown["users"].values()] == ["m", "m"]
    assert not any("corp" in key for key in shown["users"])


def test_names_are_kept_and_hidden_by_rules():
    """In bodies, queries, forms and cookies alike; one word is one name in all traffic."""
    rules = [rule("name xqzvorn", "keep"), rule("name title")]
    done = (
        policy(*rules)
        .redact(
            exchange("/a?xqzvorn=1&title=2", headers={"Cookie": "xqzvorn=1; title=2"}, body={"xqzvorn": {"title": 1}})
        )
        .exchange.request
    )
    for text in (done.target, done.headers.get("cookie"), done.body.data.decode()):
        assert "xqzvorn" in text
        assert "title" not in text


def test_a_name_that_a_selector_spells_is_no_data():
    """The author of the policy has made it public, and a reader of the capture has to find it again."""
    done = policy(rule("body $.xqzvorn", "mask")).redact(exchange(body={"xqzvorn": "a"}))
    assert sent(done) == {"xqzvorn": CONSTANT}


def test_parameters_in_urls_of_header_fields_are_query_parameters():
    """A redirect with a session in it."""
    done = policy(rule("query sess", "mask", constant="gone")).redact(
        exchange(answer_headers={"Location": "/orders?sess=abc&n=1"}, status=302)
    )
    assert done.exchange.response.headers.get("location") == "/orders?sess=gone&n=1"


def test_a_kept_segment_does_not_uncover_the_one_behind_it():
    """`users` kept by a rule is still a collection of people."""
    ruled = policy(rule('"POST /in/{kind}/**" path kind', "keep"))
    target = ruled.redact(exchange("/in/users/jane")).exchange.request.target
    assert target.startswith("/in/users/")
    assert "jane" not in target


def test_numbered_brackets_and_a_star_do_not_confuse_places():
    """`a[*]` written as a key is not an element of a."""
    shown = sent(policy(rule("body $.a[*]", "mask", constant="m")).redact(exchange(body={"a": ["x y"], "a[*]": "x y"})))
    assert shown.pop("a") == ["m"]
    assert list(shown.values()) != ["m"]


def test_faults_and_absent_bodies_pass():
    """Rules for a side that is not there do nothing."""
    planted = replace(exchange("/a"), outcome=Fault(FaultKind.RESET))
    assert isinstance(
        policy(rule("response body", "drop"), rule("any body $..x", "mask")).redact(planted).exchange.outcome, Fault
    )


def test_equal_rules_in_any_order_have_one_digest_and_any_change_another():
    """The digest covers where, what, class, constant, domain and values; the reason is for people."""
    one, two = rule("body $.a", "mask", constant="x"), rule("query a|b", "keep")
    base = policy(one, two).digest
    assert policy(two, one).digest == base
    assert policy(one, {**two, "where": "any query b|a", "reason": "another"}).digest == base
    changed = [
        policy(one),
        policy({**one, "constant": "y"}, two),
        policy({**one, "constant": None}, two),
        policy({**one, "action": "hash", "constant": None}, two),
        policy({**one, "where": "body $.b"}, two),
        policy({**one, "where": "request body $.a"}, two),
        policy({**one, "where": '"GET /a" body $.a'}, two),
        policy(one, {**two, "values": ("1",)}),
        policy(rule("body $.a", domain="d"), two),
        policy(rule("body $.a", value_class="id"), two),
    ]
    assert len({base, *(one.digest for one in changed)}) == len(changed) + 1


def test_raw_hosts_are_let_through_and_the_digest_says_so():
    """Only by the upstream that the proxy asked; what a client writes into Host opens nothing."""
    open_one = Policy(Pseudonym(KEY), raw_hosts=("synthetic.test",))
    planted = exchange(body={"note": "Ann Berg"}, host="synthetic.test")
    raw, usual = open_one.redact(planted, "Synthetic.test"), open_one.redact(planted, "prod.test")
    assert sent(raw) == {"note": "Ann Berg"}
    assert sent(usual) != sent(raw)
    assert open_one.digest.endswith("+raw")
    assert {one.action for one in raw.fields} == {"raw"}
    assert sent(open_one.redact(planted)) == sent(usual)


RULED_ROW = (
    rule("body $..note or body $..tags[*]", "keep"),
    rule("body $..pin or body $..ok", "mask"),
    rule("body $..gone or body $..deep.inner", "drop"),
    rule("body $..ref", value_class="id", domain="order"),
    rule("body $..total", "generalise"),
    rule("body $..hashed", "hash"),
)


@pytest.mark.parametrize("count", [1, 2, 7, 200])
def test_rules_hold_for_many_rows_as_for_one(count):
    """Rows of one shape are rewritten together; each must become what it becomes alone."""
    rows = [
        {"note": f"note {'abcdefghij'[i % 10]} here", "tags": ["a b", f"c{i} d"], "pin": i, "ok": True,
         "gone": {"a": [i]}, "deep": {"inner": [1, {"x": 2}], "name": f"Ann {i}"}, "ref": 10_000 + i,
         "total": 1234 + i, "hashed": i, "n": i,
         "secret": None if i % 3 else "ann@corp.test" if i % 2 else "call +4722123456"}
        for i in range(count)
    ]  # fmt: skip
    together = sent(policy(*RULED_ROW).redact(exchange(body={"rows": rows})))["rows"]
    alone = [sent(policy(*RULED_ROW).redact(exchange(body={"rows": [row]})))["rows"][0] for row in rows]
    assert together == alone
    assert all(row["gone"] is None and row["deep"]["inner"] is None and row["pin"] == 1111 for row in together)
    assert [row["note"] for row in together] == [row["note"] for row in rows]
