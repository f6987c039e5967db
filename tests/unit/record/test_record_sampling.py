"""Sampling: whole sessions, by a keyed hash that every sidecar with the same key computes alike."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace

import pytest

from make import exchange
from replay.model.exchange import Exchange
from replay.record.identify import Sources
from replay.record.sampling import Sampler
from replay.record.selection import Selection
from replay.record.subdomains import NO_SITE

SECRET = b"k" * 32
SESSIONS = 10_000


def selection(secret: bytes = SECRET, session: str = "") -> Selection:
    return Selection(secret, Sources.parse((), (), [session] if session else ()), 1800.0)


def call(connection: str, at: float, token: str = "", **headers: str) -> Exchange:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        fields["Authorization"] = f"Bearer {token}"
    return replace(exchange("e", "GET", "/x", headers=fields, at=at), connection=connection)


def kept(chosen: Selection, one: Exchange, share: float) -> bool:
    return chosen.keeps(chosen.place(one, NO_SITE), share)


@pytest.fixture(scope="module")
def traffic() -> list[tuple[int, Exchange]]:
    """10 000 sessions of 1 to 4 exchanges, interleaved: tokens, cookies, and anonymous connections."""
    rng = random.Random(7)
    calls = []
    for number in range(SESSIONS):
        kind, connection, begin = number % 3, f"c{number}", rng.uniform(0, 600)
        for step in range(rng.randint(1, 4)):
            headers = {"Cookie": f"sid=session-{number:08d}"} if kind == 1 else {}
            token = f"opaque-token-{number:08d}" if kind == 0 else ""
            calls.append((number, call(connection, begin + step, token, **headers)))
    return sorted(calls, key=lambda pair: pair[1].started)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_sessions_are_kept_or_left_as_a_whole_and_in_the_right_share(
    traffic: list[tuple[int, Exchange]], share: float
) -> None:
    """Four standard deviations of a fair draw are allowed; the traffic and the key are fixed."""
    chosen = selection()
    decisions: dict[int, set[bool]] = defaultdict(set)
    for number, one in traffic:
        decisions[number].add(kept(chosen, one, share))
    assert all(len(found) == 1 for found in decisions.values())
    count = sum(found == {True} for found in decisions.values())
    deviation = (SESSIONS * share * (1 - share)) ** 0.5
    assert abs(count - SESSIONS * share) < 4 * deviation


def test_a_larger_share_keeps_what_a_smaller_one_keeps(traffic: list[tuple[int, Exchange]]) -> None:
    """So a session that is kept on a route at 1 % is kept on every route at more."""
    small, large = selection(), selection()
    for _, one in traffic[:5000]:
        assert kept(large, one, 0.3) or not kept(small, one, 0.1)


def test_two_sidecars_with_one_key_decide_alike(traffic: list[tuple[int, Exchange]]) -> None:
    """Each sees half of a session's exchanges, on connections of its own."""
    left, right = selection(), selection()
    known = {number: kept(left, one, 0.5) for number, one in traffic if number % 3 != 2}
    for number, one in traffic:
        if number in known:
            assert kept(right, replace(one, connection=f"other-{one.connection}"), 0.5) is known[number]


def test_another_key_draws_another_sample(traffic: list[tuple[int, Exchange]]) -> None:
    ours, theirs = selection(), selection(b"x" * 32)
    differ = sum(kept(ours, one, 0.5) is not kept(theirs, one, 0.5) for _, one in traffic[:2000])
    assert 800 < differ < 1200


def test_a_login_and_what_it_issued_fall_alike() -> None:
    """On the sidecar that saw the login, and on one that only sees the token."""
    for number in range(50):
        token = f"issued-token-{number:06d}"
        first, second = selection(), selection()
        login = replace(exchange("e", "POST", "/login", answer={"token": token}, at=1.0), connection=f"c{number}")
        decision = kept(first, login, 0.5)
        assert kept(first, call("elsewhere", 2.0, token), 0.5) is decision
        assert kept(second, call("elsewhere", 2.0, token), 0.5) is decision


def test_the_decision_stays_when_more_becomes_known() -> None:
    """An anonymous start decides for the session, whatever its principal would have drawn."""
    for number in range(50):
        chosen = selection()
        decision = kept(chosen, call(f"c{number}", 1.0), 0.5)
        assert kept(chosen, call(f"c{number}", 2.0, f"opaque-token-{number:08d}"), 0.5) is decision


def test_a_stated_session_is_the_anchor() -> None:
    """Alike on two sidecars even when the tokens differ."""
    for number in range(50):
        first, second = selection(session="header:X-Session"), selection(session="header:X-Session")
        ours = kept(first, call("c1", 1.0, f"token-one-{number:06d}", X_Session=f"s-{number}"), 0.5)
        theirs = kept(second, call("c2", 9.0, f"token-two-{number:06d}", X_Session=f"s-{number}"), 0.5)
        assert ours is theirs


def test_draws_are_shares_and_disguises_hide() -> None:
    sampler = Sampler(SECRET)
    draws = [sampler.draw(str(number)) for number in range(1000)]
    assert all(0 <= draw < 1 for draw in draws)
    assert 0.45 < sum(draws) / 1000 < 0.55
    assert sampler.disguise("token") == Sampler(SECRET).disguise("token") != Sampler(b"x").disguise("token")
    assert "token" not in sampler.disguise("token")


def test_no_raw_token_is_remembered() -> None:
    """What sampling keeps of raw exchanges are hashes: every text that its grouper holds is looked at."""
    chosen = selection(session="cookie:device")
    token = "raw-secret-token-000001"
    chosen.place(call("c1", 1.0, token, Cookie="device=raw-device-0001; sid=raw-cookie-00001"), NO_SITE)
    group = chosen.place(call("c1", 2.0, token), NO_SITE).group
    texts = [*chosen._grouper._by_token._entries, group.anchor, group.principal, group.stated]
    assert len(texts) >= 5
    assert not any("raw-" in text for text in texts)
