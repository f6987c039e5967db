"""Laws of dressing: the recorded credentials are gone, the live ones are there, everything else is as it was sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from make import request
from replay.identity.outfit import Outfit, dressed
from replay.identity.places import credentials_in
from replay.identity.secrets import LiveSecrets, Secret
from replay.identity.template import Template
from replay.model.message import cookies

NAMES = st.sampled_from(["Accept", "X-Request-Id", "X-Api-Key", "Authorization", "X-Tenant-Id", "x-auth-token"])
VALUES = st.from_regex(r"\A[A-Za-z0-9]{1,12}\Z").map(lambda text: f"old{text}")
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=5, unique_by=lambda pair: pair[0].lower())
CRUMBS = st.dictionaries(st.sampled_from(["sid", "theme", "lang", "token"]), VALUES, max_size=3)
QUERY = st.lists(
    st.tuples(st.sampled_from(["page", "api_key", "q"]), VALUES), max_size=3, unique_by=lambda pair: pair[0]
)
LIVE = st.from_regex(r"\Anew[a-z0-9]{1,8}\Z")
OUTFITS = st.builds(
    Outfit,
    headers=st.dictionaries(st.sampled_from(["Authorization", "X-Api-Key"]), LIVE, max_size=2).map(
        lambda table: tuple(table.items())
    ),
    cookies=st.dictionaries(st.sampled_from(["sid", "token"]), LIVE, max_size=2).map(
        lambda table: tuple(table.items())
    ),
    query=st.dictionaries(st.sampled_from(["api_key"]), LIVE, max_size=1).map(lambda table: tuple(table.items())),
)


def made(fields, crumbs, query):
    cookie = [("Cookie", "; ".join(f"{name}={value}" for name, value in crumbs.items()))] if crumbs else []
    target = "/things" + ("?" if query else "") + "&".join(f"{name}={value}" for name, value in query)
    return request("GET", target, headers=[*fields, *cookie])


@given(FIELDS, CRUMBS, QUERY, OUTFITS)
def test_dressing_changes_credentials_and_nothing_else(fields, crumbs, query, outfit):
    """No recorded credential is left, every live one is there once, and what is no credential keeps value and order."""
    recorded = made(fields, crumbs, query)
    before = credentials_in(recorded)
    worn = dressed(recorded, recorded, outfit, frozenset(one.scheme for one in before), prefer=False)
    assert not {one.value for one in before} & {one.value for one in credentials_in(worn)}
    for name, value in outfit.headers:
        assert worn.headers.get_all(name) == (value,)
    assert {name: cookies(worn.headers)[name] for name, _ in outfit.cookies} == dict(outfit.cookies)
    places = {str(one.place[1]) for one in before} | (
        {"authorization"} if "authorization" in recorded.headers else set()
    )
    plain = [pair for pair in recorded.headers.fields if pair[0].lower() not in places | {"cookie"}]
    live = {name.lower() for name, _ in outfit.headers}
    assert [one for one in worn.headers.fields if one[0].lower() not in live | {"cookie"}] == [
        one for one in plain if one[0].lower() not in live
    ]
    kept = {name: value for name, value in crumbs.items() if name not in places | dict(outfit.cookies).keys()}
    assert {name: value for name, value in cookies(worn.headers).items() if name in kept} == kept
    assert [piece for piece in worn.query.split("&") if piece and not piece.startswith("api_key")] == [
        piece for piece in recorded.query.split("&") if not piece.startswith("api_key")
    ] or not recorded.query


@given(FIELDS, CRUMBS, QUERY, OUTFITS)
def test_dressing_twice_is_dressing_once(fields, crumbs, query, outfit):
    """A preferred identity puts the same clothes on again."""
    recorded = made(fields, crumbs, query)
    schemes = frozenset(one.scheme for one in credentials_in(recorded))
    once = dressed(recorded, recorded, outfit, schemes, prefer=True)
    assert dressed(once, recorded, outfit, schemes, prefer=True) == once


@given(st.text(st.characters(codec="utf-8"), min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_secret_survives_as_it_is(secret, before, after):
    """Whatever characters it has, and whatever stands around it, where a message sets it apart."""
    book = LiveSecrets([Secret(secret, "identity a: token")])
    assert secret not in book.conceal_text(f'{before}"{secret}"{after}').replace(f'{before}"', "").replace(
        f'"{after}', ""
    )


@given(st.text())
def test_a_template_says_what_it_was_given(text):
    """Doubled braces are the text itself."""
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert Template.parse(doubled).fill({}) == text
