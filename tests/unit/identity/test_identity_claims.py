"""Recorded claims, made anew for QA: times renewed, stand-ins kept or mapped."""

import jwt
import pytest

from replay.identity.claims import Minting, parts_of, renewed
from replay.identity.template import Template, parse_tree
from replay.model.session import Actor

RECORDED = {"sub": "s-1", "tid": "t-1", "iat": 100, "exp": 1000, "nbf": 100, "roles": ["r-1", "r-2"], "email": "q@x"}
NOW = 5000.6


def minting(**fields):
    return Minting("HS256", Template.name("key"), **fields)


def test_times_are_renewed_and_everything_else_stays():
    claims = renewed(minting(), RECORDED, Actor("t-1", "s-1"), {}, NOW)
    assert claims == {**RECORDED, "iat": 5000, "nbf": 5000, "exp": 5900}, "a lifetime of 900 seconds, as recorded"


@pytest.mark.parametrize(
    ("recorded", "lifetime", "exp"),
    [
        ({"sub": "s"}, 0.0, 8600),
        ({"sub": "s"}, 60.0, 5060),
        ({"sub": "s", "iat": 5, "exp": 5}, 0.0, 8600),
        ({"sub": "s", "iat": 0, "exp": 10**12}, 0.0, 8600),
        ({"sub": "s", "exp": 99}, 0.0, 8600),
        ({"sub": "s", "iat": "yesterday", "exp": 99}, 0.0, 8600),
        ({"sub": "s", "iat": 1.5, "exp": 10**400}, 0.0, 8600),
        ({"sub": "s", "iat": 1, "exp": 10**400}, 0.0, 8600),
    ],
)
def test_a_token_without_a_sound_lifetime_lasts_an_hour(recorded, lifetime, exp):
    claims = renewed(minting(lifetime=lifetime), recorded, Actor(), {}, NOW)
    assert (claims["iat"], claims["exp"]) == (5000, exp)


def test_stand_ins_are_mapped_where_the_configuration_says_so():
    """Single values and elements of lists; what is not in the table stays."""
    made = minting(replacements={"sub": {"s-1": "qa-7"}, "roles": {"r-2": "admin"}, "absent": {"x": "y"}})
    claims = renewed(made, RECORDED, Actor(), {}, NOW)
    assert (claims["sub"], claims["roles"]) == ("qa-7", ["r-1", "admin"])
    assert "absent" not in claims


def test_claims_of_the_configuration_win_and_dropped_ones_are_gone():
    made = minting(claims={"aud": parse_tree(["bank"]), "sub": parse_tree("{user}")}, drop=frozenset({"email"}))
    claims = renewed(made, RECORDED, Actor(), {"user": "qa-ann"}, NOW)
    assert (claims["aud"], claims["sub"]) == (["bank"], "qa-ann")
    assert "email" not in claims


def test_an_opaque_token_leaves_the_actor_to_speak():
    claims = renewed(minting(), {}, Actor("t-1", "s-1"), {}, NOW)
    assert claims == {"sub": "s-1", "tid": "t-1", "iat": 5000, "exp": 8600}
    assert "tid" not in renewed(minting(), {}, Actor("", "s-1"), {}, NOW)


def test_a_fresh_start_keeps_nothing_recorded():
    claims = renewed(minting(keeps=False, claims={"sub": parse_tree("x")}), RECORDED, Actor(), {}, NOW)
    assert set(claims) == {"sub", "iat", "exp", "nbf"}


def test_parts_of_a_token_are_read_unverified():
    token = jwt.encode({"sub": "s"}, "a-secret-that-is-long-enough-for-sha256", "HS256", {"kid": "k"})
    header, claims = parts_of(token)
    assert (header["kid"], claims) == ("k", {"sub": "s"})


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "e30.e30", "bnVsbA.e30.x", "e30.W10.x", "é.e30.x"])
def test_other_texts_are_no_tokens(text):
    assert parts_of(text) is None
