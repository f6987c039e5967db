"""Templates and extractions: what a configuration asks for, and what a login's answer gives."""

import time

import pytest

from make import response
from replay.identity.extraction import cookies_set, parse_extraction
from replay.identity.template import Template, fill_tree, names_in, parse_tree
from replay.model.body import Body


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Bearer {token}", "Bearer t-1"),
        ("{token}{token}", "t-1t-1"),
        ("{{token}}", "{token}"),
        ("{actor.tenant}/x", "acme/x"),
        ("", ""),
    ],
)
def test_names_are_filled_and_doubled_braces_stay(text, filled):
    assert Template.parse(text).fill({"token": "t-1", "actor.tenant": "acme"}) == filled


@pytest.mark.parametrize("text", ["{", "}", "{a b}", "x{}y", "{1}"])
def test_a_single_brace_is_an_error(text):
    """A typing error in a template must not be sent as a password."""
    with pytest.raises(ValueError, match="single brace"):
        Template.parse(text)


def test_a_missing_value_is_named_by_its_name():
    with pytest.raises(KeyError, match="password"):
        Template.parse("{password}").fill({"user": "u"})


def test_documents_are_filled_in_their_texts_alone():
    tree = parse_tree({"user": "{user}", "deep": [{"n": 1, "ok": True}, "{user}!"]})
    assert fill_tree(tree, {"user": "ann"}) == {"user": "ann", "deep": [{"n": 1, "ok": True}, "ann!"]}
    assert set(names_in(tree)) == {"user"}


ANSWER = response(
    answer={"data": {"access_token": "t-1", "n": 7}, "a b": ["x", "y"], "none": None, "on": True},
    headers=[("X-Auth-Token", "h-1"), ("Set-Cookie", "sid=c-1; Path=/; HttpOnly"), ("Set-Cookie", "old=x; Max-Age=0")],
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("json:$.data.access_token", "t-1"),
        ("json:data.access_token", "t-1"),
        ("json:$['data']['n']", "7"),
        ("json:$['a b'][-1]", "y"),
        ('json:$["a b"][0]', "x"),
        ("json:$.on", "true"),
        ("json:$.none", None),
        ("json:$.data", None),
        ("json:$.data.nothing", None),
        ("header:x-auth-token", "h-1"),
        ("cookie:sid", "c-1"),
        ("cookie:old", None),
    ],
)
def test_one_value_is_taken_from_its_place(text, value):
    assert parse_extraction(text).take(ANSWER) == value


@pytest.mark.parametrize("text", ["", "json:", "xpath://a", "json:$..token", "json:$.a[*]", "json:$.a[1", "json:$"])
def test_an_extraction_that_means_many_or_nothing_is_refused(text):
    with pytest.raises(ValueError, match=r"must be one of|names and indexes"):
        parse_extraction(text)


def test_inputs_and_meta_elements_of_a_page_are_found_by_name():
    page = b'<meta name=csrf-token content="m-1"><input type=hidden name=csrf value="a&amp;b"><input name=csrf value=2>'
    answer = response(body=Body(page, "text/html"))
    assert parse_extraction("html:csrf").take(answer) == "a&b"
    assert parse_extraction("html:csrf-token").take(answer) == "m-1"
    assert parse_extraction("html:nothing").take(answer) is None


def test_a_hostile_page_costs_nothing_and_quotes_nothing():
    """What stands before the broken markup is found; the rest is not there."""
    began = time.perf_counter()
    for rubbish in ("<![x[", "<!", '<a "' * 75_000, "<a =" * 75_000, "<" * 300_000, "<!--" * 75_000, "</" * 150_000):
        page = f"<input name=csrf value=v1>{rubbish}<input name=late value=v2>".encode()
        answer = response(body=Body(page, "text/html"))
        assert parse_extraction("html:csrf").take(answer) == "v1"
        assert parse_extraction("html:none").take(answer) is None
    assert time.perf_counter() - began < 5.0


def test_a_cookie_that_is_deleted_is_not_set():
    assert cookies_set(ANSWER) == {"sid": "c-1"}
