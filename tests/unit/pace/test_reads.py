"""What counts as reading: methods, GraphQL documents, and nothing that is not understood."""

from dataclasses import replace

import pytest

from make import request
from replay.model.body import Body
from replay.pace.reads import is_query_document, is_read, may_go_twice


@pytest.mark.parametrize(
    ("method", "target", "headers", "expected", "remark"),
    [
        ("GET", "/a", {}, True, "RFC 9110 section 9.2.1"),
        ("HEAD", "/a", {}, True, ""),
        ("OPTIONS", "/a", {}, True, ""),
        ("TRACE", "/a", {}, True, ""),
        ("POST", "/a", {}, False, ""),
        ("PUT", "/a", {}, False, ""),
        ("DELETE", "/a", {}, False, ""),
        ("PROPFIND", "/a", {}, False, "safe by RFC 4918, but not everybody's: not understood is a write"),
        ("GET", "/a", {"X-HTTP-Method-Override": "DELETE"}, False, "asks to be taken for another method"),
        ("GET", "/a?_method=delete", {}, False, ""),
        ("GET", "/ws", {"Upgrade": "websocket"}, False, "RFC 6455: what is said there may change anything"),
        ("GET", "/a", {"Upgrade-Insecure-Requests": "1"}, True, "every browser says that"),
        ("GET", "/a?x=1&_METHOD=PUT", {}, False, ""),
        ("GET", "/a?my_method=x", {}, True, "another parameter"),
        ("GET", "/a?%5Fmethod=DELETE", {}, False, "servers decode names"),
        ("GET", "/a?x=1&%5f%4Dethod=put&y", {}, False, ""),
        ("GET", "/a?x=1;_method=PUT", {}, False, "old servers part by semicolons"),
        ("GET", "/a?+_method%20=PUT", {}, False, "PHP cuts blanks"),
        ("GET", "/a?x=%5Fmethod", {}, True, "a value"),
    ],
)
def test_a_request_reads_or_it_does_not(method, target, headers, expected, remark):
    assert is_read(request(method, target, headers=headers)) is expected, remark


@pytest.mark.parametrize(
    ("form", "expected"), [(b"a=1&_method=DELETE", False), (b"%5Fmethod=PUT", False), (b"a=1", True)]
)
def test_a_form_that_asks_for_another_method_is_a_write(form, expected):
    """Some frameworks look for the parameter in the form of a GET, too."""
    body = Body(form, "application/x-www-form-urlencoded")
    assert is_read(replace(request("GET", "/a"), body=body)) is expected


@pytest.mark.parametrize(
    ("method", "target", "headers", "expected"),
    [
        ("GET", "/a", {}, True),
        ("GET", "/a?_method=DELETE", {}, False),
        ("GET", "/a", {"X-HTTP-Method-Override": "DELETE"}, False),
        ("POST", "/a", {}, False),
        ("DELETE", "/a", {}, False),
    ],
)
def test_only_what_reads_by_its_method_and_by_what_it_says_may_go_twice(method, target, headers, expected):
    assert may_go_twice(request(method, target, headers=headers)) is expected


@pytest.mark.parametrize(
    ("document", "expected", "remark"),
    [
        ("{ me { name } }", True, "the short form"),
        ("query Q($a: Int = 1) { me(a: $a) { ...F } } fragment F on User { name }", True, "with a fragment"),
        ("query Q($f: In = {a: 1}) @x(y: {b: 2}) { me }", True, "objects as defaults and arguments"),
        ("mutation { pay }", False, ""),
        ("query A { a } mutation B { b }", False, "operationName decides; we do not"),
        ("subscription { s }", False, ""),
        ("# mutation\nquery { a }", True, "a word in a comment"),
        ('query { a(x: "} mutation { b") }', True, "a word in a string"),
        ('query { a(x: """ } mutation { b """) }', True, "a word in a block string"),
        ('query { a(x: "\\"} mutation {") }', True, "an escaped quote"),
        ("{ a } mutation { b }", False, "after a short query"),
        ("{ mutation { b } }", True, "a field that is called so"),
        ("query mutation { a }", True, "an operation that is called so"),
        ("fragment F on T { a }", False, "nothing is asked"),
        ("{ a", False, "not closed"),
        ("} mutation { a }", False, "closed before it is open"),
        ('{ a(x: "', False, "a string without an end"),
        ("", False, ""),
        ("type Query { a: Int }", False, "a schema"),
    ],
)
def test_a_graphql_document_asks_only_or_it_does_not(document, expected, remark):
    assert is_query_document(document) is expected, remark


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"query": "{ me }"}, True),
        ({"query": "{ me }", "variables": {"a": 1}, "operationName": None, "extensions": {}}, True),
        ([{"query": "{ me }"}, {"query": "mutation { pay }"}], False),
        ([{"query": "{ me }"}, {"query": "{ you }"}], True),
        ([], False),
        ({"query": "{ me }", "amount": 5}, False),
        ({"query": {"match": "all"}}, False),
        ({"extensions": {"persistedQuery": {"sha256Hash": "00"}}}, False),
        ("text", False),
    ],
)
def test_a_post_reads_when_it_holds_graphql_queries_and_nothing_else(document, expected):
    assert is_read(request("POST", "/graphql", json=document)) is expected
    assert is_read(request("PUT", "/graphql", json=document)) is False


def test_a_conversation_may_change_anything():
    """Whatever the method says: it is what is said over a WebSocket."""
    said = Body(b'{"messages": []}', "application/vnd.replay.conversation+json")
    assert not is_read(request("GET", "/ws", body=said))


def test_a_graphql_text_is_read_and_a_cut_or_broken_one_is_not():
    assert is_read(request("POST", "/graphql", body=Body(b"{ me }", "application/graphql; charset=utf-8")))
    assert not is_read(request("POST", "/graphql", body=Body(b"{ me }", "application/graphql", truncated=True)))
    assert not is_read(request("POST", "/graphql", body=Body(b'{"query": "{ me', "application/json")))
    assert not is_read(request("POST", "/search", form={"query": "{ me }"}))
