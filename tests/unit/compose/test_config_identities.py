"""`[[identity]]` as a user writes it: what is taken, and one clear sentence for everything that is not."""

from pathlib import Path

import pytest

from replay.compose.config import parse_config
from replay.compose.config_identities import KINDS
from replay.identity.spec import Jwt, Login, OAuth2
from replay.model.errors import ConfigError

ENVIRONMENT = {
    "T": "a-live-token",
    "P": "a-password",
    "EMPTY": "",
    "A_1": "u1:p1",
    "A_2": '{"user": "u2", "password": "p2"}',
}
LOGIN = '[[identity]]\nall = true\nkind = "login"\nheaders = { Authorization = "Bearer {token}" }\n'


def read(toml, environ=ENVIRONMENT):
    return parse_config(toml.encode(), Path("replay.toml")).identities(environ)


def one(body, whom="all = true"):
    return read(f"[[identity]]\n{whom}\n{body}").identities[0]


def test_values_come_from_the_environment_and_are_secret():
    configured = read('[[identity]]\nall = true\nname = "qa"\nkind = "bearer"\ntoken = { env = "T" }')
    (identity,) = configured.identities
    assert identity.pattern.filled(identity.values).headers == (("Authorization", "Bearer a-live-token"),)
    assert [(secret.text, secret.label) for secret in configured.secrets()] == [("a-live-token", "identity qa: token")]
    assert "a-live-token" not in repr((configured, identity))


def test_what_stands_in_the_file_and_may_be_a_secret_is_one():
    """An answer that repeats it must not be stored; settings beside it stay what they are."""
    configured = read(
        '[[identity]]\nall = true\nkind = "headers"\nvalues = { t = "clear-value-1", user = "clear-user-1" }\n'
        'headers = { X-Api-Key = "clear-key-22", Accept = "application/json", X-T = "{t}" }\n'
        'query = { access_token = "clear token-3" }\ncookies = { sid = "clear-sid-44", theme = "dark-and-blue" }\n'
    )
    texts = {secret.text for secret in configured.secrets()}
    assert texts == {"clear-value-1", "clear-key-22", "clear token-3", "clear-sid-44"}


def test_a_login_has_steps_and_a_lifetime():
    step = '[[identity.steps]]\npath = "/login"\njson = { user = "u", password = { env = "P" }, deep = [{ n = 1 }] }\n'
    source = one(
        'kind = "login"\nexpires_in = "{ttl}"\nheaders = { Authorization = "Bearer {token}" }\n'
        + step
        + 'take = { token = "json:$.t", ttl = "json:$.ttl" }\nstatus = [200, 201]'
    ).source
    assert isinstance(source, Login)
    assert (source.lifetime_name, source.steps[0].method, source.steps[0].statuses) == ("ttl", "POST", {200, 201})


def test_kinds_with_a_source_of_their_own():
    oauth = one('kind = "oauth2"\ngrant = "refresh_token"\ntoken_path = "/t"\nrefresh_token = { env = "T" }')
    assert isinstance(oauth.source, OAuth2)
    minted = one(
        'kind = "jwt"\nalgorithm = "HS512"\nkey = { env = "T" }\nclaims = { aud = ["a"], n = 1 }\ndrop = "email"'
    )
    assert isinstance(minted.source, Jwt)
    assert minted.source.minting.drop == {"email"}


def test_an_api_key_stands_in_a_header_a_parameter_or_a_cookie():
    assert one('kind = "api-key"\nkey = { env = "T" }').pattern.headers[0][0] == "X-Api-Key"
    assert one('kind = "api-key"\nkey = { env = "T" }\nparameter = "k"').pattern.query[0][0] == "k"
    assert one('kind = "api-key"\nkey = { env = "T" }\ncookie = "k"').pattern.cookies[0][0] == "k"


def test_accounts_come_from_variables_with_a_prefix():
    """Both forms; their passwords are secrets, and the Basic pair of each."""
    configured = read('[[identity]]\nall = true\nkind = "basic"\naccounts = { env = "A_" }')
    assert [account.values["user"] for account in configured.identities[0].accounts] == ["u1", "u2"]
    labels = [secret.label for secret in configured.secrets()]
    assert labels[:2] == ["identity identity-1: password of account 1", "identity identity-1: basic of account 1"]


WRONG = [
    ('kind = "bearer"\ntoken = "abc"', "`token` stands there in clear"),
    ('kind = "bearer"\ntoken = { env = "T" }\ncolour = 1', "`colour` is unknown here. There are: accounts, actor, all"),
    ('kind = "bearer"\ntoken = { env = "NOPE" }', "the environment has no NOPE"),
    ('kind = "bearer"\ntoken = { env = "EMPTY" }', "EMPTY in the environment holds nothing"),
    ('kind = "bearer"\ntoken = { env = "T", file = "x" }', "`file` is unknown. A value has one of: env, file, command"),
    ('kind = "bearer"\ntoken = { command = "echo x" }', "command takes a list of texts"),
    ('kind = "bearer"\ntoken = { command = ["echo"], timeout = -1 }', "timeout takes seconds"),
    ('kind = "bearer"', "`token` is missing"),
    ('kind = "bear"', "`kind` takes one of bearer, api-key"),
    ('kind = "bearer"\ntoken = "{nobody}"', "nobody gives `nobody`"),
    ('kind = "headers"', "it sets nothing"),
    ('kind = "headers"\nheaders = { Authorization = "Bearer abc" }', "`headers.Authorization` stands there in clear"),
    ('kind = "headers"\nheaders = { X = "{" }', "`headers.X` has a single brace"),
    ('kind = "basic"\nuser = "u"\npassword = "p"', "`password` stands there in clear"),
    ('kind = "bearer"\ntoken = "{t}"\nvalues = { t = "abc" }', "names one of [identity.values] that stands there in"),
    ('kind = "headers"\nheaders = { A = "{key}" }\nvalues = { key = "abc" }', "`values.key` stands there in clear"),
    ('kind = "recording"\nlogin_fields = { password = "abc" }', "`login_fields.password` stands there in clear"),
    ('kind = "login"\nheaders = { A = "{t}" }', "`steps` is a list of requests"),
    ('kind = "oauth2"\ngrant = "implicit"\ntoken_path = "/t"', "`grant` takes one of password"),
    ('kind = "oauth2"\ngrant = "client_credentials"\ntoken_path = "/t"', "needs client_id and client_secret"),
    ('kind = "oauth2"\ngrant = "client_credentials"\ntoken_path = "https://x/t"', "begins with /"),
    ('kind = "jwt"\nalgorithm = "none"\nkey = { env = "T" }', "`algorithm` takes one of HS256"),
    ('kind = "jwt"\nalgorithm = "HS256"\nkey = { env = "T" }\nmap = { sub = "x" }', "`map.sub` takes a table"),
    ('kind = "api-key"\nkey = { env = "T" }\nheader = "A"\ncookie = "b"', "name one of header, parameter and cookie"),
    ('kind = "bearer"\ntoken = { env = "T" }\nrenew_on = "401"', "`renew_on` takes status codes"),
    ('kind = "bearer"\ntoken = { env = "T" }\naccounts = { env = "NO_" }', "NO_ holds no account"),
    ('kind = "bearer"\ntoken = { env = "T" }\ntenant = "x"', "`all` contradicts"),
]


@pytest.mark.parametrize(("body", "sentence"), WRONG)
def test_what_is_wrong_is_one_sentence_without_a_secret(body, sentence):
    with pytest.raises(ConfigError) as caught:
        one(body)
    assert sentence in str(caught.value)
    assert "identity `identity-1`" in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("a-live-token", "abc", "a-password"))


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ('path = "login"', "`steps.1.path` takes a path that begins with /"),
        ('path = "/l"\njson = {}\nform = {}', "a request has one body"),
        ('path = "/l"\nurl = "x"', "`steps.1.url` is unknown"),
        ('path = "/l"\ntake = { token = "xpath://a" }', "`steps.1.take.token` must be one of"),
        ('path = "/l"\ntake = { other = "header:x" }', "nobody gives `token`"),
        ('path = "/l"\njson = { a = { password = "abc" } }', "`steps.1.json.a.password` stands there in clear"),
        ('path = "/l"\nform = { password = "abc" }', "`steps.1.form.password` stands there in clear"),
        ('path = "/{later}"\ntake = { token = "header:x", later = "header:y" }', "nobody gives `later`"),
    ],
)
def test_a_wrong_step_is_named_by_its_number(step, sentence):
    with pytest.raises(ConfigError) as caught:
        read(f"{LOGIN}[[identity.steps]]\n{step}")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("identity = 1", "one table for each"),
        ('[identity]\nkind = "bearer"', "one table for each"),
        ('[[identity]]\nkind = "bearer"\ntoken = { env = "T" }', "say whom it is for"),
        ('[[identity]]\nname = ""\nkind = "bearer"', "name takes a short text"),
        ('[[identity]]\ntenant = []\nkind = "bearer"\ntoken = { env = "T" }', "`tenant` names nobody"),
        ('[[identity]]\nname="a"\nall=true\nkind="bearer"\ntoken={env="T"}\n' * 2, "two identities are called `a`"),
        ('[[identity]]\nall=true\nkind="bearer"\ntoken={env="T"}\n' * 2, "are for the same actors"),
    ],
)
def test_a_wrong_list_of_identities_is_refused(toml, sentence):
    with pytest.raises(ConfigError) as caught:
        read(toml)
    assert sentence in str(caught.value)


def test_every_kind_has_an_example_here():
    """A kind that nobody tried is not offered."""
    text = Path(__file__).read_text("utf-8")
    assert [kind for kind in KINDS if f'kind = "{kind}"' not in text] == []
    assert one('kind = "cookie"\ncookies = { sid = { env = "T" } }').pattern.cookies[0][0] == "sid"
    assert not one('kind = "recording"\nlogin_fields = { password = { env = "P" } }').dresses
