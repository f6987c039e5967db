"""`keep` entries: what can never match is told, and what can is kept."""

import pytest

from replay.model.errors import ConfigError
from replay.redact.keep_places import check_keep, check_keeps_against_rules, check_keeps_against_schema
from replay.redact.policy import Keep, Policy
from replay.redact.pseudonyms import Pseudonym
from replay.redact.route_patterns import parse_route
from replay.redact.rules import make_rule
from tests.make import exchange

DEAD = [
    ("$.items[*].title", "", "no JSONPath: write body.items[*].title"),
    ("body.items[0].title", "", "never a position: write [*]"),
    ("body.items[].title", "", "never a position: write [*]"),
    ("body.*.title", "", "name each field"),
    ("items[*].title", "", "a place begins with body"),
    ("response body.title", "", "a place begins with body"),
    ("query.page", "", "write query.page[*]"),
    ("form.note", "", "write form.note[*]"),
    ("header.x-build", "", "write header.x-build[*]"),
    ("header.X-Build[*]", "", "lower case: header.x-build[*]"),
    ("header.content-length[*]", "", "describes a body's bytes"),
    ("cookie.theme[*]", "", "write cookie.theme"),
    ("body.title", "get /courses", "a method in capitals"),
    ("body.title", "/courses", "a method in capitals"),
    ("body.title", "GET /courses/17", "that endpoint is called GET /courses/{id}"),
    ("body.title", "GET /courses/{course}", "that endpoint is called GET /courses/{id}"),
    ("body.title", "GET /courses?page=1", "no query"),
]


@pytest.mark.parametrize(("place", "endpoint", "words"), DEAD)
def test_a_keep_that_can_never_match_is_told_with_what_to_write(place: str, endpoint: str, words: str):
    """One sentence, which names the entry."""
    with pytest.raises(ConfigError) as caught:
        check_keep("replay.toml: [redact] keep entry 1", place, endpoint)
    assert words in str(caught.value)
    assert str(caught.value).startswith("replay.toml: [redact] keep entry 1 can never match: ")


ALIVE = [
    "body",
    "body[*].title",
    "body.items[*].title",
    "body.@type",
    "message[*].body.title",
    "form.note[*]",
    "query.filter[status][*]",
    "query.page[*]",
    "path[*]",
    "cookie.theme",
    "set-cookie.theme",
    "header.x-build[*]",
    "header.location[*].query.page[*]",
    "trailer.x-build[*]",
    "auth.digest",
]


@pytest.mark.parametrize("place", ALIVE)
def test_places_that_redaction_writes_are_taken(place: str):
    """With an endpoint and without."""
    check_keep("k", place, "")
    check_keep("k", place, "GET /courses/{id}/parts")


def test_a_keep_below_a_rule_for_all_traffic_is_dead_and_one_route_is_not():
    """Rules go before keep: where one always decides, the entry says nothing."""
    rule = make_rule("r", "body $.user", action="drop")
    with pytest.raises(ConfigError, match="a rule decides about that place everywhere"):
        check_keeps_against_rules([("k", "body.user.title")], [rule])
    query = make_rule("r", "query page", action="mask")
    with pytest.raises(ConfigError, match="rules go before keep"):
        check_keeps_against_rules([("k", "query.page[*]")], [query])
    check_keeps_against_rules([("k", "body.user.title")], [make_rule("r", '"GET /a" body $.user', action="drop")])
    check_keeps_against_rules([("k", "body.user.title")], [make_rule("r", "request body $.user", action="drop")])


def test_a_schema_knows_the_endpoints_and_the_properties_of_keeps():
    """Both as for rules; an open schema knows every name."""
    routes, names = [parse_route("GET /courses/{course}")], {"title"}
    check_keeps_against_schema([("k", "body.title", "GET /courses/{id}")], routes, names)
    check_keeps_against_schema([("k", "body.other", "GET /courses/{id}")], routes, None)
    for place, endpoint in (("body.titel", ""), ("body.title", "GET /parts/{id}"), ("query.titel[*]", "")):
        with pytest.raises(ConfigError, match="the schema has no such"):
            check_keeps_against_schema([("k", place, endpoint)], routes, names)


def test_a_kept_place_of_an_unknown_name_holds():
    """Its name stays as a rule's does: else redaction would write another place, and the entry would be dead."""
    policy = Policy(Pseudonym(bytes(32)), keeps=[Keep("body.xqzvorn", "public")])
    planted = exchange("e1", "GET", "/parts", answer={"xqzvorn": "Ketchup", "other": "Ketchup"})
    data = policy.redact(planted).exchange.response.body.data
    assert b'"xqzvorn":"Ketchup"' in data
    assert data.count(b"Ketchup") == 1
