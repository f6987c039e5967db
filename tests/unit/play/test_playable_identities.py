"""Sign-ins that an identity makes needless are not sent, and what they gave as credentials is missed by nobody."""

from make import bearer, exchange, session
from replay.play.playable import LEFT_OUT_REASONS, REPLACED, playable

TOKEN = "f3a9c1d27b5e4860f3a9c1d27b5e4860"
LOGIN = exchange("a", "POST", "/login", answer={"token": TOKEN, "user_id": "u-83kd02mfa94hx1"})
READ = exchange("b", "GET", "/things", headers=bearer(TOKEN))
OWN = exchange("c", "GET", "/users/u-83kd02mfa94hx1", headers=bearer(TOKEN))


def ids(parts):
    return [one.id for item in parts.sessions for one in item.exchanges]


def test_a_replaced_login_leaves_its_session_playable():
    """The token is the identity's matter; a value of the login's answer in a path is nobody's, and is not sent."""
    parts = playable([session("s", LOGIN, READ, OWN)], is_replaced=lambda _, one: one.id == "a")
    assert ids(parts) == ["b"]
    assert dict(parts.left_out) == {REPLACED: 1, "needs-left-out-exchange": 1}
    assert REPLACED in LEFT_OUT_REASONS


def test_without_a_preferred_identity_everything_is_sent():
    assert ids(playable([session("s", LOGIN, READ, OWN)])) == ["a", "b", "c"]
