"""Selectors: what they mean, which rule wins, and what is an error at start."""

from __future__ import annotations

from typing import Any

import pytest

from replay.model.errors import ConfigError
from replay.redact.json_path import fits, overlap, parse_json_path, written
from replay.redact.kinds import Side
from replay.redact.policy_rules import check_rules
from replay.redact.route_patterns import overlap as routes_overlap
from replay.redact.route_patterns import parse_route, segments_of
from replay.redact.rule_book import RuleBook, Sheet
from replay.redact.rules import Rule, make_rule
from replay.redact.selectors import parse_selector


def made(where: str, action: str = "mask", **more: Any) -> Rule:
    return make_rule("the rule", where, action, reason="reviewed" if action == "keep" else "", **more)


def decided(rules: list[Rule], place: str, target: str = "/a", method: str = "GET", side: Side = Side.REQUEST) -> str:
    """The action at a place, by the book; `kept` of no rule."""
    check_rules(rules)
    book = RuleBook(rules)
    sheet = Sheet(book, side, book.routes_of(method, target))
    location, _, name = place.partition(" ")
    if location in ("body", "ws"):
        cursor = sheet.cursor("body" if location == "body" else "message[*].body")
        for key in name.split("/") if name else ():
            cursor = cursor.element() if key == "*" else cursor.member(key)
        decision = cursor.decision
    else:
        decision = sheet.field(location, name)
    return decision.action.value if decision else "none"


@pytest.mark.parametrize(
    ("path", "trail", "held"),
    [
        ("$", "", True),
        ("$", "a", False),
        ("$.a", "a", True),
        ("$.a", "a/b", False),
        ("$.a[*].b", "a/*/b", True),
        ("$.a[*].b", "a/x/b", True),  # RFC 9535: a wildcard takes members as well
        ("$.a[*].b", "a/b", False),
        ("$.*", "*", True),
        ("$..b", "b", True),
        ("$..b", "a/*/c/b", True),
        ("$..b", "b/a", False),
        ("$..a..b", "x/a/y/b", True),
        ("$..a..b", "b/a", False),
        ("$..a.b", "a/a/b", True),
        ("$..[*]", "a/b", True),
        ("$..[*]", "", False),
        ("$['a b']", "a b", True),
        ('$["a.b"].c', "a.b/c", True),
        ("$..['@id']", "x/@id", True),
        ("$.straße", "straße", True),
    ],
)
def test_a_path_names_fields(path, trail, held):
    """By the matcher for conditions, and by the trie that decides, alike."""
    keys = tuple(None if key == "*" else key for key in trail.split("/")) if trail else ()
    assert fits(parse_json_path(path), keys) is held
    assert (decided([made(f"body {path}", "keep")], f"body {trail}".rstrip()) == "keep") is held


@pytest.mark.parametrize(
    "text", ["$", "$.a.b", "$.a[*].b", "$..a", "$..[*]", "$['a b']..c", "$..['x.y']", "$['it\\'s']"]
)
def test_the_writing_of_a_path_reads_as_the_same_path(text):
    assert parse_json_path(written(parse_json_path(text))) == parse_json_path(text)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("$.a", "$.a", True),
        ("$.a", "$.b", False),
        ("$.a", "$.*", True),
        ("$.a.b", "$.*", False),
        ("$..b", "$.a.b", True),
        ("$..b", "$.b.a", False),
        ("$..a..b", "$.x.a.b", True),
        ("$..a", "$..b", False),
        ("$..a.b", "$.a[*].b", True),
        ("$.a[*].c", "$..b.c", True),
    ],
)
def test_paths_meet_when_one_place_is_named_by_both(one, other, meet):
    a, b = parse_json_path(one), parse_json_path(other)
    assert overlap(a, b) is overlap(b, a) is meet


@pytest.mark.parametrize(
    ("route", "request_line", "held"),
    [
        ("GET /users/{id}", "GET /users/17", True),
        ("GET /users/{id}", "POST /users/17", False),
        ("* /users/{id}", "POST /users/17?x=/y", True),
        ("/users/{id}", "PUT /users/17", True),
        ("/users/{id}", "PUT /users/", False),
        ("/users/**", "GET /users", True),
        ("/users/**", "GET /users/1/2/3", True),
        ("/**/orders/{id}", "GET /a/b/orders/1", True),
        ("/**/orders/{id}", "GET /orders", False),
        ("/a/*/c", "GET /a/b/c", True),
        ("/a b", "GET /a%20b", True),
    ],
)
def test_a_route_names_requests(route, request_line, held):
    method, _, target = request_line.partition(" ")
    assert parse_route(route).matches(method, segments_of(target)) is held


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("GET /a", "POST /a", False),
        ("GET /a/{id}", "/a/b", True),
        ("/a/{id}", "/b/{id}", False),
        ("/a/**", "/a", True),
        ("/**/x", "/a/**", True),
        ("/a/**/b", "/a/c", False),
    ],
)
def test_routes_meet_when_one_request_is_on_both(one, other, meet):
    a, b = parse_route(one), parse_route(other)
    assert routes_overlap(a, b) is routes_overlap(b, a) is meet


@pytest.mark.parametrize(
    ("remark", "rules", "place", "action"),
    [
        ("a name beats any name", [("cookie sid", "keep"), ("cookie", "mask")], "cookie sid", "keep"),
        ("any name is for the rest", [("cookie sid", "keep"), ("cookie", "mask")], "cookie x", "mask"),
        ("a name beats a pattern", [("cookie sid", "keep"), ("cookie /^s/", "mask")], "cookie sid", "keep"),
        ("a pattern beats any name", [("cookie /^s/", "keep"), ("cookie", "drop")], "cookie sid", "keep"),
        ("one of several names", [("query a|b|c", "keep")], "query b", "keep"),
        ("header names have no case", [("header X-Ref", "keep")], "header x-ref", "keep"),
        ("parameter names have", [("query Page", "keep")], "query page", "none"),
        ("a longer path wins", [("body $.a.b", "keep"), ("body $..b", "mask")], "body a/b", "keep"),
        ("a path without a gap wins", [("body $.b", "keep"), ("body $..b", "mask")], "body b", "keep"),
        ("all of the body is least", [("body", "drop"), ("body $..b", "keep")], "body a/b", "keep"),
        ("equal: the stricter", [("body $..b", "keep"), ("body $..b", "mask")], "body b", "mask"),
        ("equal: drop before mask", [("body $..b", "mask"), ("body $..b", "drop")], "body b", "drop"),
        ("equal: mask before hash", [("body $..b", "hash"), ("body $..b", "mask")], "body b", "mask"),
        ("hash before pseudonymise", [("body $..b", "pseudonymise"), ("body $..b", "hash")], "body b", "hash"),
        ("then generalise", [("body $..b", "generalise"), ("body $..b", "pseudonymise")], "body b", "pseudonymise"),
        ("then keep", [("body $..b", "keep"), ("body $..b", "generalise")], "body b", "generalise"),
        ("a route is more than none", [('"GET /a" body $.b', "keep"), ("body $.b", "mask")], "body b", "keep"),
        ("a side is more than both", [("request body $.b", "keep"), ("body $.b", "mask")], "body b", "keep"),
        ("crossed: the stricter", [('"GET /a" body', "mask"), ("body $.b", "keep")], "body b", "mask"),
        ("crossed the other way", [('"GET /a" body', "keep"), ("body $.b", "mask")], "body b", "mask"),
        ("a longer route wins", [('"/a/**" body $.b', "mask"), ('"GET /a" body $.b', "keep")], "body b", "keep"),
        ("above and strict", [("body $.a", "mask"), ("body $..b", "pseudonymise")], "body a/b", "mask"),
        ("above and no stricter", [("body $.a", "hash"), ("body $..b", "mask")], "body a/b", "mask"),
        ("and a route", [('body $.b and "GET /a"', "keep")], "body b", "keep"),
        ("and another route", [('body $.b and "GET /z"', "keep")], "body b", "none"),
        ("and not", [("body $..b and not body $.a.b", "keep")], "body a/b", "none"),
        ("and not, elsewhere", [("body $..b and not body $.a.b", "keep")], "body c/b", "keep"),
        ("not takes what is below", [("body $..b and not body $.a", "keep")], "body a/x/b", "none"),
        ("not a route", [('cookie x and not "GET /a"', "keep")], "cookie x", "none"),
        ("or", [("query x or cookie y", "keep")], "cookie y", "keep"),
        ("brackets", [("cookie and not (cookie a or cookie b)", "keep")], "cookie b", "none"),
        ("brackets, the rest", [("cookie and not (cookie a or cookie b)", "keep")], "cookie c", "keep"),
        ("double not", [("cookie and not not cookie a", "keep")], "cookie a", "keep"),
        ("other side", [("response body $.b", "keep")], "body b", "none"),
        ("web socket", [("ws $.b", "keep")], "ws b", "keep"),
    ],
)
def test_the_most_specific_rule_wins_and_else_the_stricter(remark, rules, place, action):
    """In either order of the rules."""
    compiled = [made(*one) for one in rules]
    assert decided(compiled, place) == action
    assert decided(compiled[::-1], place) == action


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("", "no side, route or location"),
        ("request", "names no location"),
        ("bodi $.a", "no side, route or location; locations are header, cookie"),
        ("body a.b", "a place is a JSONPath"),
        ("body .a", "a place is a JSONPath"),
        ("header $.a", "a JSONPath says nothing about a header"),
        ("cookie $.a", "a JSONPath says nothing about a cookie"),
        ("body $.a[0]", "position"),
        ("body $.a[1:2]", "position"),
        ("body $.a[?@.b]", "filter"),
        ("body $.a..", "step that is no name"),
        ("body $a", "no JSONPath"),
        ("body $.a b", "a word too many"),
        ("body $.a and", "no side, route or location"),
        ("body $.a or or cookie b", "no side, route or location"),
        ("not body $.a", "names no location"),
        ("(body $.a", "not closed"),
        ('"GET /a body $.a', "not closed"),
        ("query a||b", "empty name"),
        ("body $.a and header b", "one location, not in two"),
        ("request body $.a and response", "stands on that side"),
        ("response form a", "no form stands on that side"),
        ("request trailer a", "no trailer stands on that side"),
        ("body $.a and not body $.a", "also excludes"),
        ("body $.a and not body", "also excludes"),
        ("body $.a and not any body $.a", "also excludes"),
        ('"FETCH /a" body $.a', "no request is recorded with that method"),
        ('"get /a" body $.a', "a route that is none"),
        ('"GET a" body $.a', "a route that is none"),
        ('"GET /a?b=c" body $.a', "name the parameter instead"),
        ('"GET /**/a/**" body $.a', r"\*\* more than once"),
        ("path tenant", "takes the name of a {segment}"),
        ('"/t/{org}" path tenant', "takes the name of a {segment}"),
        ("cookie /(/", "RE2 rejects"),
        (r"cookie /(a)\1/", "RE2 rejects"),
        ("cookie /(?=a)a/", "RE2 rejects"),
        ("cookie /a*/", "matches the empty text"),
        (r"cookie /\Aa/", "write \\^ and"),
        ("request name x", "same word in all traffic"),
        ("name", "same word in all traffic"),
    ],
)
def test_a_selector_that_cannot_be_meant_is_an_error_at_start(where, said):
    """One sentence that names the rule."""
    with pytest.raises(ConfigError, match=said) as caught:
        made(where)
    assert str(caught.value).startswith("the rule ")


@pytest.mark.parametrize(
    ("remark", "rule", "said"),
    [
        ("unknown action", {"action": "encrypt"}, "unknown action; valid: drop, mask"),
        ("unknown class", {"value_class": "ssn"}, "unknown class; valid: id, email"),
        ("keep without a reason", {"action": "keep"}, "keeps without a reason"),
        ("keep with an empty reason", {"action": "keep", "reason": " "}, "keeps without a reason"),
        ("with for another action", {"action": "drop", "constant": "x"}, "only mask"),
        ("a domain for mask", {"action": "mask", "domain": "x"}, "domain"),
        ("values for mask", {"action": "mask", "values": ("x",)}, "only keep"),
        ("a class for drop", {"action": "drop", "value_class": "id"}, "says nothing to drop"),
        ("a password's stand-in", {"value_class": "password"}, "use mask"),
    ],
)
def test_a_rule_that_says_what_it_cannot_mean_is_an_error(remark, rule, said):
    with pytest.raises(ConfigError, match=said):
        make_rule("the rule", "body $.a", **rule)


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (("body $.a", "mask", "x"), ("body $.a", "mask", "y"), True),
        (("body $.a", "mask", "x"), ("body $.a", "mask", "x"), False),  # the same twice harms nobody
        (("body $.a", "mask", "x"), ("body $.b", "mask", "y"), False),
        (("body $.a", "mask", "x"), ("request body $.a", "mask", "y"), False),  # more specific
        (("response body $.a", "mask", "x"), ("request body $.a", "mask", "y"), False),
        (("response body $.a", "mask", "x"), ('"GET /a" body $.a', "mask", "y"), True),  # crossed
        (('"GET /b" body $.a', "mask", "x"), ('"GET /a" body $.a', "mask", "y"), False),
        (('"GET /b/{x}" body $.a', "mask", "x"), ('"GET /{y}/a" body $.a', "mask", "y"), True),
        (("body $..a", "mask", "x"), ("body $..b", "mask", "y"), False),
        (("body $.a[*].c", "mask", "x"), ("body $.*.b.c", "mask", "y"), True),
        (("body $..a and not body $..b", "mask", "x"), ("body $..b", "mask", "y"), False),
        (("cookie a|b", "mask", "x"), ("cookie b|c", "mask", "y"), True),
        (("cookie a", "mask", "x"), ("query a", "mask", "y"), False),
        (("cookie", "mask", "x"), ("cookie", "mask", "y"), True),
        (("cookie /a/", "mask", "x"), ("cookie /a/", "mask", "y"), True),
        (("name a", "keep", None), ("name a", "pseudonymise", None), False),  # the stricter wins
    ],
)
def test_equal_strength_and_another_meaning_is_an_error(one, other, clash):
    """Both rules are named, so that the author finds them."""
    rules = [make_rule(f"rule {i}", where, action, constant=constant, reason="r" if action == "keep" else "")
             for i, (where, action, constant) in enumerate((one, other), 1)]  # fmt: skip
    if not clash:
        check_rules(rules)
        return
    with pytest.raises(ConfigError, match="rule 2 and rule 1 say different things"):
        check_rules(rules)


@pytest.mark.parametrize("name", ["Content-Length", "digest|content-md5", "transfer-encoding", "content-type"])
def test_a_rule_for_a_field_that_is_always_made_anew_is_dead(name):
    with pytest.raises(ConfigError, match="can never match: that header"):
        check_rules([made(f"header {name}")])


def test_hostile_selectors_end_soon():
    """Bounded nesting, alternatives, steps and length: an error, never a hang."""
    many = " and ".join(f"(cookie a{i} or cookie b{i})" for i in range(40))
    for where in (
        "(" * 5000 + "cookie a",
        many,
        "body $" + ".a" * 2000,
        "cookie " + "a" * 5000,
        "not " * 400 + "cookie a",
    ):
        with pytest.raises(ValueError, match=r"nests|alternatives|steps|longer"):
            parse_selector(where)


def test_a_thousand_paths_cost_one_step_each_key():
    """The trie: as many states as paths fit, not as many as there are."""
    rules = [made(f"body $.a{i}.b[*].c{i}") for i in range(900)]
    book = RuleBook(rules)
    cursor = Sheet(book, Side.REQUEST).cursor("body")
    at = cursor.member("a7").member("b").element().member("c7")
    assert at.decision is not None
    assert len(at._nodes) <= 2
