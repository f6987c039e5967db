"""GraphQL: a document stays valid, its literals join with variables, and its names with the keys of the answer."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from replay.model.exchange import Exchange
from replay.redact.desk import UnreadableError
from replay.redact.graphql_text import is_graphql, rewritten_graphql
from replay.redact.policy import Policy
from unit.redact.canary_cases import exchange, grep, said, socket
from unit.redact.format_desk import PSEUDONYM, desk, stand_in

POLICY = Policy(PSEUDONYM)
EMAIL = "ingrid.halvorsen@northwind.test"
DOCUMENT = f'query FindUser {{ user(email: "{EMAIL}", first: 3) {{ id status }} }}'


def sent(planted: Exchange) -> dict:
    return json.loads(POLICY.redact(planted).exchange.request.body.data)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("{ user(first: 3, on: true, x: null, f: 1.50) { id } }", None, id="numbers and words stay"),
        pytest.param(
            f'{{ user(email: "{EMAIL}") {{ id }} }}', f'{{ user(email: "{stand_in(EMAIL)}") {{ id }} }}', id="string"
        ),
        pytest.param(
            '{ login(password: "hunter-22") { id } }', '{ login(password: "Redacted-1!") { id } }', id="password"
        ),
        pytest.param('{ u(status: ACTIVE, role: "admin") { id } }', None, id="words of closed lists"),
        pytest.param(
            f'{{ u(in: {{to: ["{EMAIL}"]}}) {{ id }} }}',
            f'{{ u(in: {{to: ["{stand_in(EMAIL)}"]}}) {{ id }} }}',
            id="in an object",
        ),
        pytest.param(
            "query Q($first: Int = 3, $after: [ID!]!) @include(if: true) { user { ...F @skip(if: false) } }"
            " fragment F on User { id }",
            None,
            id="names stay",
        ),
        pytest.param("{ user { id } # for Ingrid\n}", "{ user { id } \n}", id="comments go"),
        pytest.param(
            "mutation { a(id: 829893102) { id } }",
            f"mutation {{ a(id: {stand_in('829893102', 'id')}) {{ id }} }}",
            id="long number",
        ),
        pytest.param(
            '{ a(b: """\n  829893102\n """) { id } }',
            f'{{ a(b: "{stand_in("829893102")}") {{ id }} }}',
            id="block string",
        ),
        pytest.param(
            '{ a(b: "\\u0069ngrid.halvorsen@northwind.test") { id } }',
            f'{{ a(b: "{stand_in(EMAIL)}") {{ id }} }}',
            id="escaped",
        ),
        pytest.param("{ user, { id,, } }", None, id="commas are blanks"),
    ],
)
def test_a_document_is_rewritten_in_place(before: str, after: str | None):
    """Only literals change; layout stays."""
    assert rewritten_graphql(desk(), before, "body") == (before if after is None else after)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{ user { id }", id="no end"),
        pytest.param("{ user { id } } }", id="more than an end"),
        pytest.param("{ user(id: 1 { id } }", id="crossed brackets"),
        pytest.param("Ingrid Halvorsen { user { id } }", id="no operation"),
        pytest.param("query A B { user { id } }", id="two names"),
        pytest.param("{ user { id } } Ingrid", id="something behind"),
        pytest.param('{ user(a: "x) { id } }', id="open string"),
        pytest.param("{ user(a: 'x') { id } }", id="no GraphQL string"),
        pytest.param("{ user(a: 12ab) { id } }", id="no number"),
        pytest.param("{ a " * 200 + "}" * 200, id="too deep"),
        pytest.param("{ a { " + "a " * 30_000 + "} }", id="too many names"),
        pytest.param("type User { id: ID }", id="a schema"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_executable_document_is_unreadable(text: str):
    """So it is scrambled whole, or dropped."""
    with pytest.raises(UnreadableError):
        rewritten_graphql(desk(), text, "body")


@pytest.mark.parametrize("text", ["{ingrid}", "{ Ingrid Halvorsen }", "query about {x", "{}", "{{x}}y"])
def test_a_sentence_in_braces_is_no_document(text: str):
    """Templates and notes must not pass for names of fields."""
    assert not is_graphql(text)


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param(lambda body: exchange(body=body), id="one operation"),
        pytest.param(lambda body: exchange(body=[body, body]), id="a batch"),
        pytest.param(lambda body: exchange(body={"payload": body, "type": "subscribe"}), id="in an envelope"),
    ],
)
def test_literals_and_variables_have_one_stand_in(planted):
    """A value told in the document and beside it stays the same value; the operation keeps one name."""
    body = {"operationName": "FindUser", "query": DOCUMENT, "variables": {"email": EMAIL, "first": 3}}
    fresh = sent(planted(body))
    one = fresh[0] if isinstance(fresh, list) else fresh.get("payload", fresh)
    assert one["variables"] == {"email": stand_in(EMAIL), "first": 3}
    assert stand_in(EMAIL) in one["query"]
    assert f"query {one['operationName']} {{" in one["query"]


def test_an_operation_named_after_somebody_has_one_stand_in():
    """Alias, operation and fragment are names: data in them goes, at every place alike."""
    name = "jane_8f3a9b2c1d7e"
    body = {"operationName": name, "query": f"query {name} {{ {name}: user {{ id }} }}"}
    planted = exchange(body=body, answer={"data": {name: {"id": 1}}})
    kept = POLICY.redact(planted).exchange
    assert grep((name,), kept) == []
    fresh = json.loads(kept.request.body.data)
    alias = next(iter(json.loads(kept.response.body.data)["data"]))
    assert fresh["query"] == f"query {fresh['operationName']} {{ {alias}: user {{ id }} }}"


def test_documents_in_a_query_and_over_a_socket():
    """GET and graphql-ws are read as POST is."""
    target = POLICY.redact(exchange("/graphql?query=" + DOCUMENT.replace(" ", "+"))).exchange.request.target
    wanted = DOCUMENT.replace(EMAIL, stand_in(EMAIL))
    assert parse_qs(urlsplit(target).query)["query"] == [wanted]
    planted = socket(said({"id": "1", "type": "subscribe", "payload": {"query": DOCUMENT}}))
    message = json.loads(POLICY.redact(planted).exchange.messages[0].body.data)
    assert message["payload"]["query"] == wanted


def test_a_graphql_body_that_is_no_document_is_dropped():
    """`application/graphql` promises one."""
    kept = POLICY.redact(exchange(body=f"{{ {EMAIL}", content_type="application/graphql")).exchange.request.body
    assert (kept.data, kept.truncated) == (b"", True)
