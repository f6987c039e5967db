"""Live secrets are taken out of what is stored, in every writing; freshness decides when they are made anew."""

from base64 import b64encode
from urllib.parse import quote

import pytest

from make import response
from replay.identity.freshness import FRUITLESS_SECONDS, Freshness
from replay.identity.places import Credential
from replay.identity.secrets import LiveSecrets, Secret, live_secrets
from replay.identity.snippets import Need, need_of, snippet
from replay.model.body import Body
from replay.model.exchange import Fault, FaultKind
from replay.model.session import Actor

TOKEN = 'a/secret+"token"-1'


@pytest.mark.parametrize(
    "writing",
    [
        *(TOKEN, quote(TOKEN, safe=""), TOKEN.replace('"', '\\"'), TOKEN.replace("/", "\\/")),
        *(quote(TOKEN, safe="").lower(), TOKEN.replace('"', '\\"').replace("+", "\\u002b")),
    ],
)
def test_a_secret_is_found_in_its_writings(writing):
    book = LiveSecrets([Secret(TOKEN, "identity a: token")])
    told = book.conceal_bytes(f'{{"x": "{writing}"}}'.encode())
    assert told == f'{{"x": "{book.known()[0].stand_in}"}}'.encode()


def test_an_answer_loses_secrets_in_headers_and_body():
    book = LiveSecrets([Secret("token-12345", "identity a: token")])
    answer = response(body=Body(b"you are token-12345", "text/plain"), headers={"X-You": "token-12345"})
    told = book.conceal(answer)
    assert b"token-12345" not in told.body.data
    assert "token-12345" not in told.headers.get("x-you")
    assert book.conceal(told) is told, "nothing left to take out"
    fault = Fault(FaultKind.TIMEOUT)
    assert book.conceal(fault) is fault


def test_stand_ins_depend_on_the_name_and_not_on_the_secret():
    """A renewed token gets the stand-in of the one before; the digest of a secret would give it away."""
    first, second = Secret("token-11111", "identity a: token"), Secret("token-22222", "identity a: token")
    assert first.stand_in == second.stand_in
    assert first.stand_in != Secret("token-11111", "identity b: token").stand_in
    basic = Secret(b64encode(b"ann:password").decode(), "identity a: basic", is_basic=True)
    assert basic.stand_in.endswith("=") or basic.stand_in.isalnum()


def test_short_texts_are_words_and_stay():
    book = LiveSecrets([Secret("admin", "identity a: user")])
    assert book.conceal_text("admin") == "admin"
    assert live_secrets(book) == ()


def test_nothing_shows_a_secret():
    book = LiveSecrets([Secret("token-12345", "identity a: token")])
    assert "token-12345" not in repr((book, book.known()))
    assert [one.text for one in live_secrets(book)] == ["token-12345"]


def test_a_secret_inside_another_one_leaves_nothing_of_it():
    book = LiveSecrets([Secret("abcdefgh", "a"), Secret("abcdefgh.ijklmnop", "b")])
    assert "ijklmnop" not in book.conceal_text("abcdefgh.ijklmnop")


def test_credentials_are_made_before_they_expire():
    fresh = Freshness()
    assert fresh.is_due(0.0), "there are none yet"
    fresh.made(10.0, lifetime=100.0)
    assert (fresh.is_due(99.0), fresh.is_due(100.5)) == (False, True), "a tenth early, 10 seconds at most"
    fresh.made(10.0, lifetime=10_000.0)
    assert (fresh.is_due(9990.0), fresh.is_due(10_001.0)) == (False, True)


def test_a_refusal_after_a_renewal_stands_for_a_while():
    """One fruitless renewal in half a minute, however many requests are refused; a newer generation costs nothing."""
    fresh = Freshness()
    fresh.made(0.0, lifetime=1e9)
    assert fresh.may_renew(5.0, refused=1)
    fresh.made(5.0, lifetime=1e9)
    fresh.refused_again(5.0)
    assert not fresh.may_renew(6.0, refused=2)
    assert fresh.may_renew(6.0, refused=1), "it wore an older one, and may try the new"
    assert fresh.may_renew(5.0 + FRUITLESS_SECONDS, refused=2)


@pytest.mark.parametrize(
    ("need", "words"),
    [
        (Need("bearer"), ['kind = "bearer"', "QA_TOKEN"]),
        (Need("bearer", algorithm="ES256"), ['kind = "jwt"', 'algorithm = "ES256"', ".pem"]),
        (Need("basic"), ['kind = "basic"', "QA_PASSWORD"]),
        (Need("api-key", "x-api-key"), ['header = "x-api-key"']),
        (Need("api-key", "api_key", "query"), ['parameter = "api_key"']),
        (Need("cookie", "sid", "cookie"), ['cookies = { sid = "{session}" }', '"cookie:sid"']),
        (Need("negotiate", "Authorization"), ['kind = "headers"']),
    ],
)
def test_a_snippet_fits_how_the_recording_authenticated(need, words):
    text = snippet(Actor("t-1", "p"), need)
    assert [word for word in (*words, 'tenant = "t-1"') if word not in text] == []


def test_hostile_names_cannot_break_out_of_a_snippet():
    """A capture is a stranger's file: what it holds is quoted as TOML has it."""
    import tomllib

    actor = Actor("", 'x"\nall = true\x1b[31m\ud800')
    table = tomllib.loads(snippet(actor, Need("cookie", 'a" }\nkind = "x', "cookie")))
    assert table["identity"][0]["principal"].startswith('x"\nall = true')
    assert table["identity"][0]["kind"] == "login"


def test_a_need_is_read_from_a_credential():
    assert need_of(Credential("bearer", ("auth", "bearer"), "eyJhbGciOiJub25lIn0.e30.x")).algorithm == "RS256"
    assert need_of(Credential("api-key", ("query", "key", 0), "v")) == Need("api-key", "key", "query")


@pytest.mark.parametrize(
    "around",
    [
        *("sid={}", '{{"t":"{}"}}', "Bearer {}", "a/{}/b", "x.{}", "{}", "é{}é", "/?t={}&u=1"),
        *("auth=Bearer%20{}; next=%2Fcb%3Ftoken%3D{}", "a%2520{}", "50%{}", "50%%20{}"),
        *('"a\\n{}"', "a\\u003d{}", "a\\\\u003D{}", "a\\t{}\\n"),
    ],
)
def test_a_token_is_found_wherever_it_stands(around):
    """Behind an equals sign, in a path, between letters of other alphabets."""
    book = LiveSecrets([Secret("tok-en.ab/cd+12==", "identity a: token")])
    token, stand_in = "tok-en.ab/cd+12==", book.known()[0].stand_in
    assert book.conceal_text(around.format(token, token)) == around.format(stand_in, stand_in)


def test_of_many_tokens_each_is_found_and_the_oldest_are_forgotten(monkeypatch):
    """A run of days renews for ever: memory is bounded, and what the configuration says is never forgotten."""
    monkeypatch.setattr("replay.identity.secrets.MOST", 50)
    book = LiveSecrets([Secret("configured-password", "identity a: password")])
    for n in range(200):
        book.add(Secret(f"token-{n:06d}-of-many", "identity a: token"))
    assert len(book.known()) == 51
    assert [one.text for one in book.configured()] == ["configured-password"]
    assert "configured-password" not in book.conceal_text("configured-password")
    assert "token-000199" not in book.conceal_text("token-000199-of-many token-000198-of-many")
    assert "token-000001" in book.conceal_text("token-000001-of-many"), "it expired long ago"
