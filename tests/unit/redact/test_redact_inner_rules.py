"""Rules reach into documents inside of values; what they do not reach is treated as without them."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import quote, unquote

import pytest

from replay.model.errors import ConfigError
from replay.model.message import body_tree
from replay.redact.policy import Policy, Redacted
from replay.redact.pseudonyms import CONSTANT, Pseudonym
from replay.redact.rules import make_rule
from unit.redact.canary_cases import exchange, said, socket

KEY = bytes(range(32))
USER = {"user": {"email": "ingrid@north.test", "note": "left at the door", "xqzvorn": "Ketchup"}, "list": [{"pin": 12}]}


def rule(where: str, action: str = "", **more: Any) -> dict[str, Any]:
    return {"where": where, "action": action, **({"reason": "reviewed"} if action == "keep" else {}), **more}


def policy(*rules: dict[str, Any]) -> Policy:
    return Policy(Pseudonym(KEY), rules=[make_rule(f"rule {i}", **one) for i, one in enumerate(rules, 1)])


def sent(done: Redacted) -> Any:
    return body_tree(done.exchange.request.body)


def jwt(claims: object) -> str:
    parts = (urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in ({"alg": "RS256"}, claims))
    return ".".join([*parts, "A" * 43])


def claims_of(token: str) -> Any:
    middle = token.split(".")[1]
    return json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))


WRITINGS = {
    "JSON in a string": (json.dumps, json.loads),
    "JSON in a string, spaced out": (lambda document: json.dumps(document, indent=2), json.loads),
    "a JSON string of JSON": (lambda one: json.dumps(json.dumps(one)), lambda text: json.loads(json.loads(text))),
    "base64": (lambda one: b64encode(json.dumps(one).encode()).decode(), lambda text: json.loads(b64decode(text))),
}


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("where", ["body $.payload.user.{}", "body $..{}", "body $.payload..{}", "body $.*.user.{}"])
def test_a_path_goes_on_inside_of_a_text(writing: str, where: str):
    """In each writing, by each form of path; names on the way stay, and what no rule names has its stand-in."""
    write, read = WRITINGS[writing]
    rules = [rule(where.format("email"), "mask", constant="qa@example.test"), rule(where.format("note"), "keep")]
    done = policy(*rules).redact(exchange(body={"payload": write(USER), "other": "left at the door"}))
    user = read(sent(done)["payload"])["user"]
    assert user["email"] == "qa@example.test"
    assert user["note"] == "left at the door"
    assert "Ketchup" not in user.values()
    assert sent(done)["other"] != "left at the door"


def test_the_same_text_elsewhere_is_not_reached():
    """Nor is it remembered from there, whichever came first."""
    text = json.dumps(USER)
    reaching = policy(rule("body $.payload.user.email", "mask"))
    for body in ({"other": text, "payload": text}, {"payload": text, "other": text}):
        done = sent(reaching.redact(exchange(body=body)))
        assert json.loads(done["payload"])["user"]["email"] == CONSTANT
        assert json.loads(done["other"])["user"]["email"] not in (CONSTANT, "ingrid@north.test")
    done = sent(reaching.redact(exchange(body={"x": {"payload": text}})))
    assert json.loads(done["x"]["payload"])["user"]["email"] not in (CONSTANT, "ingrid@north.test")


def test_lists_of_records_with_documents_are_reached():
    """Many objects of one shape go another way than one."""
    rows = [{"payload": json.dumps({"user": {"email": f"p{i}@north.test"}}), "n": i} for i in range(9)]
    done = sent(policy(rule("body $.rows[*].payload.user.email", "mask")).redact(exchange(body={"rows": rows})))
    assert {json.loads(row["payload"])["user"]["email"] for row in done["rows"]} == {CONSTANT}


def test_documents_in_documents_in_messages_are_reached():
    """Two levels deep, over a WebSocket."""
    inner = json.dumps({"b": json.dumps({"email": "ingrid@north.test"})})
    done = policy(rule("ws $.a.b.email", "mask")).redact(socket(said(json.dumps({"a": inner}))))
    a = json.loads(done.exchange.messages[0].body.data)["a"]
    assert json.loads(json.loads(a)["b"])["email"] == CONSTANT


def test_a_hidden_field_of_a_document_is_hidden_with_all_that_it_holds_and_a_dropped_one_is_null():
    """As outside of values."""
    done = policy(rule("body $.payload.user", "drop"), rule("body $.payload.list", "hash")).redact(
        exchange(body={"payload": json.dumps(USER)})
    )
    inner = json.loads(sent(done)["payload"])
    assert inner["user"] is None
    assert len(inner["list"][0]["pin"]) == 32


def test_a_kept_text_that_is_a_document_keeps_what_rules_keep_in_it_only():
    """`keep` names leaves."""
    done = policy(rule("body $.payload", "keep"), rule("body $.payload.user.note", "keep")).redact(
        exchange(body={"payload": json.dumps(USER)})
    )
    user = json.loads(sent(done)["payload"])["user"]
    assert user["note"] == "left at the door"
    assert user["email"] != "ingrid@north.test"


JWT_PLACES = {
    "authorization": lambda token: exchange(headers={"Authorization": f"Bearer {token}"}),
    "a cookie": lambda token: exchange(headers={"Cookie": f"session={token}"}),
    "a body": lambda token: exchange(body={"access_token": token}),
    "a document in a body": lambda token: exchange(body={"payload": json.dumps({"access_token": token})}),
    "a query": lambda token: exchange(f"/callback?token={token}"),
}


@pytest.mark.parametrize("where", JWT_PLACES)
def test_claims_are_reached_wherever_the_token_stands(where: str):
    """One location for all of them; the second time as the first."""
    token = jwt({"sub": "48213", "email": "ingrid@north.test", "tenant": {"plan": "Ketchup"}, "name": "Ingrid Berg"})
    made = policy(rule("jwt $.email", "mask"), rule("jwt $.tenant.plan", "keep"))
    for _ in range(2):
        done = made.redact(JWT_PLACES[where](token))
        request = done.exchange.request
        text = " ".join([request.target, str(request.headers.fields), request.body.data.decode()])
        claims = claims_of(re.search(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", text)[0])
        assert claims["email"] == CONSTANT
        assert claims["tenant"]["plan"] == "Ketchup"
        assert claims["name"] != "Ingrid Berg"


def test_claims_are_reached_on_the_named_route_alone():
    """The stand-in of a token is another one where a rule holds: so rules for claims should name no route."""
    token = jwt({"email": "ingrid@north.test"})
    made = policy(rule('"POST /login" jwt $.email', "mask"))
    for path in ("/login", "/orders"):
        done = made.redact(exchange(path, headers={"Authorization": f"Bearer {token}"}))
        field = done.exchange.request.headers.get("authorization")
        assert (claims_of(field.split()[1])["email"] == CONSTANT) is (path == "/login")


QUERY = """mutation M($n: Int = 5) {
  order(email: "ingrid@north.test", input: {note: "left at the door", tags: ["Ketchup", "Mustard"], pin: 123456}) { id }
}"""


@pytest.mark.parametrize("way", ["json", "whole body", "query"])
def test_literals_of_graphql_are_reached(way: str):
    """By the names of arguments, and of the fields of input objects."""
    made = policy(
        rule("graphql $.email", "mask", constant="qa@example.test"),
        rule("graphql $.input.note", "keep"),
        rule("graphql $.input.tags[*]", "drop"),
        rule("graphql $..pin", "mask", constant=1),
    )
    if way == "json":
        text = sent(made.redact(exchange(body={"query": QUERY, "variables": {"note": "left at the door"}})))["query"]
    elif way == "whole body":
        done = made.redact(exchange(body=QUERY, content_type="application/graphql"))
        text = done.exchange.request.body.data.decode()
    else:
        text = unquote(made.redact(exchange(f"/graphql?query={quote(QUERY)}")).exchange.request.target)
    assert 'email: "qa@example.test"' in text
    assert 'note: "left at the door"' in text
    assert "Ketchup" not in text
    assert "pin: 1}" in text
    assert "$n: Int = 5" in text


def test_a_schema_says_nothing_of_claims_and_paths_of_them_are_checked():
    """A header has no path, a claim no bare name."""
    for where in ("jwt email", "graphql /email/", "header $.email"):
        with pytest.raises(ConfigError, match="can never match"):
            make_rule("r", where, "mask")


def test_a_policy_with_inner_rules_redacts_the_rest_as_one_without():
    """What no rule reaches has the stand-ins that it always has."""
    planted = exchange(
        "/orders/48213?filter=%7B%22email%22%3A%22a%40b.test%22%7D",
        headers={"Authorization": f"Bearer {jwt({'sub': '48213', 'name': 'Ingrid Berg'})}"},
        body={"payload": json.dumps(USER), "note": "left at the door", "n": 48213},
    )
    inner = policy(rule("jwt $.nothing", "mask"), rule("body $..nothing", "mask"), rule("graphql $.nothing", "mask"))
    assert inner.redact(planted).exchange == policy().redact(planted).exchange
