"""OpenAPI documents: what they let stay, what they call things, and what they cannot do to us."""

from __future__ import annotations

from typing import Any

import pytest

from replay.model.errors import ConfigError
from replay.model.message import body_tree
from replay.redact.lexicon import Lexicon
from replay.redact.openapi import SchemaFacts, facts_of
from replay.redact.policy import Policy
from replay.redact.pseudonyms import CONSTANT, Pseudonym
from replay.redact.rule_conflicts import check_against_schema
from replay.redact.rules import make_rule
from unit.redact.canary_cases import exchange

KEY = bytes(range(32))
ORDER = {
    "type": "object",
    "properties": {
        "moodzq": {"type": "string", "enum": ["all is well", "all is lost", 4, None]},
        "kindzq": {"const": "gift wrap"},
        "secretzq": {"type": "string", "format": "password"},
        "contactzq": {"type": "string", "format": "email"},
        "linesqz": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
        "parentzq": {"$ref": "#/components/schemas/Order"},
    },
}
LINE = {"allOf": [{"properties": {"stepzq": {"enum": ["on its way"]}}}, {"properties": {"nqz": {"type": "integer"}}}]}
DOCUMENT = {
    "openapi": "3.0.3",
    "servers": [{"url": "https://api.example.test/v1"}],
    "paths": {
        "/orders/{orderId}": {
            "parameters": [{"name": "viewzq", "in": "query", "schema": {"enum": ["all of it"]}}],
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}},
                "responses": {"200": {"content": {"application/json": {"schema": {"type": "array", "items": LINE}}}}},
            },
        }
    },
    "components": {"schemas": {"Order": ORDER, "Line": LINE, "Unused": {"properties": {"sparezq": {}}}}},
}


def policy(facts: SchemaFacts) -> Policy:
    lexicon = Lexicon(names=frozenset(facts.names), values=frozenset(facts.values))
    return Policy(Pseudonym(KEY), lexicon=lexicon, classes=facts.classes)


def test_values_of_closed_lists_stay_at_their_places_and_nowhere_else():
    """A sentence of the schema is a word there, and data everywhere else."""
    done = policy(facts_of(DOCUMENT, "api.yaml")).redact(
        exchange(
            "/v1/orders/17?viewzq=all%20of%20it",
            body={"moodzq": "all is well", "kindzq": "gift wrap", "linesqz": [{"stepzq": "on its way"}],
                  "other": "all is well"},
            answer=[{"stepzq": "on its way"}, {"stepzq": "all is well"}],
        )
    ).exchange  # fmt: skip
    sent, answered = body_tree(done.request.body), body_tree(done.response.body)
    assert (sent["moodzq"], sent["kindzq"]) == ("all is well", "gift wrap")
    assert sent["linesqz"] == [{"stepzq": "on its way"}]
    assert answered[0]["stepzq"] == "on its way"
    assert answered[1]["stepzq"] != "all is well"
    assert "all is well" not in [value for key, value in sent.items() if key != "moodzq"]
    assert done.request.target.endswith("?viewzq=all%20of%20it")


def test_without_the_schema_none_of_these_stays():
    """So that the test above can fail."""
    done = Policy(Pseudonym(KEY)).redact(exchange(body={"moodzq": "all is well"})).exchange
    assert b"all is well" not in done.request.body.data


def test_formats_say_what_a_value_is():
    """A password is masked whatever its name; two schemas that disagree say nothing."""
    done = policy(facts_of(DOCUMENT, "api.yaml")).redact(exchange(body={"secretzq": "blue", "contactzq": "a@b.test"}))
    sent = body_tree(done.exchange.request.body)
    assert sent["secretzq"] == CONSTANT
    assert {(one.place, one.value_class) for one in done.fields} >= {
        ("body.secretzq", "password"),
        ("body.contactzq", "email"),
    }
    torn = {**DOCUMENT, "paths": {**DOCUMENT["paths"], "/x": {"get": {"responses": {"200": {"content": {
        "application/json": {"schema": {"properties": {"secretzq": {"format": "uuid"}}}}}}}}}}}  # fmt: skip
    assert "body.secretzq" not in facts_of(torn, "api.yaml").classes


def test_names_and_routes_are_known():
    facts = facts_of(DOCUMENT, "api.yaml")
    assert {"moodzq", "viewzq", "sparezq", "orders", "v1", "nqz"} <= facts.names
    assert {str(route) for route in facts.routes} == {"POST /orders/{orderId}", "POST /v1/orders/{orderId}"}


def test_a_secret_in_a_schema_is_not_taken_for_a_word():
    """An example that somebody wrote into an enum."""
    leaky = {"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {
        "schema": {"properties": {"a@b.test": {}, "x": {"enum": ["ann@corp.test", "fine"]}}}}}}}}}}}  # fmt: skip
    facts = facts_of(leaky, "api.yaml")
    assert facts.values == {("body.x", "fine")}
    assert "a@b.test" not in facts.names


@pytest.mark.parametrize(
    ("where", "is_dead"),
    [
        ('"POST /orders/{id}" body $.moodzq', False),
        ('"POST /v1/orders/{id}" body $.moodzq', False),
        ('"GET /orders/{id}" body $.moodzq', True),
        ('"/invoices/**" body $.moodzq', True),
        ("body $..moodqq", True),
        ("body $.linesqz[*].stepzq", False),
        ("query viewzq", False),
        ("query vieuw", True),
        ("query /v/", False),
        ("header x-any", False),
        ("body $..moodqq or body $..moodzq", False),
    ],
)
def test_a_rule_that_the_schema_knows_nothing_of_is_dead(where, is_dead):
    facts = facts_of(DOCUMENT, "api.yaml")
    rules = [make_rule("rule 1", where)]
    if is_dead:
        with pytest.raises(ConfigError, match="rule 1 can never match: the schema"):
            check_against_schema(rules, list(facts.routes), frozenset(facts.names))
    else:
        check_against_schema(rules, list(facts.routes), frozenset(facts.names))


def deep(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"properties": {"a": schema}}
    return schema


def body_of(schema: Any, **more: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {"200": {"content": content}}}}}, **more}


WIDE = {
    f"S{i}": {"properties": {f"p{j}": {"$ref": f"#/components/schemas/S{j}"} for j in range(30)}} for i in range(30)
}


@pytest.mark.parametrize(
    ("remark", "document"),
    [
        ("deep", body_of(deep(300))),
        ("wide and circular", body_of({"$ref": "#/components/schemas/S0"}, components={"schemas": WIDE})),
        ("a reference to itself", body_of({"$ref": "#/paths/~1a/get/responses/200/content/application~1json/schema"})),
        ("a reference into nothing", body_of({"$ref": "#/components/schemas/None"})),
        ("wrong types everywhere", body_of({"properties": [1], "enum": 5, "items": "x", "allOf": {}, "format": []})),
        ("paths that are none", {"openapi": "3.0.0", "paths": {"/a": None, "/b": {"get": 3}}}),
    ],
)
def test_a_hostile_schema_is_read_to_its_bounds(remark, document):
    """No hang, no crash; what lies beyond is redacted as without a schema."""
    assert len(facts_of(document, "api.yaml").values) < 10


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"swagger": "2.0"}, "no OpenAPI 3 document"),
        ([], "no OpenAPI 3 document"),
        (body_of({"$ref": "other.yaml#/A"}), "refers to another file"),
        ({"openapi": "3.0.0", "paths": {"orders": {"get": {}}}}, "a path that is no route"),
    ],
)
def test_a_schema_that_is_none_is_an_error_that_names_the_file(document, said):
    with pytest.raises(ConfigError, match=said) as caught:
        facts_of(document, "api.yaml")
    assert str(caught.value).startswith("api.yaml ")
