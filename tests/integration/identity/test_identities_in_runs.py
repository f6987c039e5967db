"""Captures without any login are replayed as QA's own accounts: every kind of identity, and a service that checks."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from integration.identity.identity_capture import PEOPLE, asking, by_jwt, notes_of
from integration.identity.qa_bank import Bank, serving
from make import exchange
from make_capture import write_capture
from replay.compose.config_safety import Safety
from replay.compose.material import read_capture
from replay.compose.runs import execute
from replay.compose.verdicts import read_view
from replay.engine.drive import StopFlag
from replay.model.errors import ConfigError, TargetError
from replay.model.event import IdentitiesUsed
from replay.pace.builtin import PaceWords

ENVIRONMENT = {
    "QA_HMAC": "an-hmac-secret-of-qa-that-is-long-enough",
    "QA_CLIENT_SECRET": "client-secret-9",
    "QA_ANN": "qa-ann:ann-password-1",
    "QA_PASSWORD": "ann-password-1",
    "QA_KEY": "key-of-ann-000001",
}
ACCOUNTS = """user,password,tenant,key
qa-ann,ann-password-1,qa-north,key-of-ann-000001
qa-bob,bob-password-2,qa-south,key-of-bob-000002
"""
POOL = 'accounts = { file = "accounts.csv" }'
OAUTH = """[[identity]]
all = true
kind = "oauth2"
grant = "password"
token_path = "/oauth/token"
client_id = "qa-client"
client_secret = { env = "QA_CLIENT_SECRET" }
user = "{user}"
password = "{password}"
accounts = { file = "accounts.csv" }
"""
FORM = """[[identity]]
all = true
kind = "login"
cookies = { sid = "{sid}" }
accounts = { file = "accounts.csv" }
[[identity.steps]]
method = "GET"
path = "/login"
take = { csrf = "html:csrf" }
[[identity.steps]]
path = "/login"
status = 302
form = { user = "{user}", password = "{password}", csrf = "{csrf}" }
take = { sid = "cookie:sid" }
"""
KEY = f'[[identity]]\nscheme = "api-key"\nkind = "api-key"\nkey = "{{key}}"\n{POOL}\n'
BASIC = f'[[identity]]\nall = true\nkind = "basic"\n{POOL}\n'
JWT = '[[identity]]\nall = true\nkind = "jwt"\nalgorithm = "HS256"\nkey = { env = "QA_HMAC" }\nkid = "qa-1"\n'


@pytest.fixture(autouse=True)
def _environment(monkeypatch, tmp_path):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)


def opaque(principal, tenant):
    return {"Authorization": f"Bearer 5f0c{b64encode(principal.encode()).hex()}", "X-Tenant-Id": tenant}, ""


def by_basic(principal, tenant):
    return {"Authorization": "Basic " + b64encode(f"{principal}:s3cret".encode()).decode(), "X-Tenant-Id": tenant}, ""


def by_key(principal, tenant):
    return {"X-Api-Key": f"k-{b64encode(principal.encode()).hex()}", "X-Tenant-Id": tenant}, ""


def by_query(principal, tenant):
    return {"X-Tenant-Id": tenant}, f"?api_key=q{b64encode(principal.encode()).hex()}"


def by_cookie(principal, tenant):
    return {"Cookie": f"theme=dark; sid=s{b64encode(principal.encode()).hex()}", "X-Tenant-Id": tenant}, ""


KINDS = {
    "jwt": (by_jwt, JWT),
    "open": (opaque, OAUTH),
    "basic": (by_basic, BASIC),
    "key": (by_key, KEY),
    "query": (by_query, KEY + 'parameter = "api_key"\n'),
    "web": (by_cookie, FORM),
}


@pytest.mark.parametrize("door", KINDS)
async def test_a_capture_without_logins_is_reproduced(door, tmp_path):
    """Every status comes back, each tenant as an account of its own, and no QA secret is in the run file."""
    dress, toml = KINDS[door]
    bank = Bank()
    async with serving(bank) as url:
        request = asking(tmp_path, url, notes_of(door, dress), toml)
        summary = await execute(request, (), StopFlag())
    assert (summary.fidelity, summary.exchanges) == (1.0, 6)
    assert bank.refused == 0
    assert len({tenant for _, tenant in bank.hits}) == 2
    assert [(one.title, one.expected, one.observed) for one in read_view(request.out).findings] == []
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("run.db*"))
    secrets = [*ENVIRONMENT.values(), "bob-password-2", "key-of-bob-000002", *bank._tokens]
    secrets += [one["Authorization"].split()[-1] for one in bank.headers if "Authorization" in one]
    assert [text for text in secrets if text.encode() in stored] == []


async def played(request):
    """The summary and the view of a run."""
    summary = await execute(request, (), StopFlag())
    return summary, read_view(request.out)


@pytest.mark.parametrize("leaks", [False, True])
async def test_the_other_tenant_is_played_by_its_own_identity(leaks, tmp_path):
    """swap-tenant without any recorded login: the fixed service is silent, the leaking one is found out."""
    dress, toml = KINDS["open"]
    bank = Bank(leaks=leaks)
    async with serving(bank) as url:
        _, view = await played(asking(tmp_path, url, notes_of("open", dress), toml, ("swap-tenant",)))
    reads = {one.title for one in view.findings if one.oracle == "isolation-read"}
    assert bool(reads) is leaks
    assert bank.refused == 0, "the other tenant came as somebody whom QA knows"
    assert all(one.reason == "no-database" for one in view.not_judged)


async def test_a_part_that_nobody_can_play_is_not_judged(tmp_path):
    """One tenant has an identity: a swap to the other one would be refused as nobody, which proves nothing."""
    bank = Bank()
    write_capture(tmp_path / "capture-run.db", notes_of("jwt", by_jwt))
    actor = min((one.actor for one in read_capture(tmp_path / "capture-run.db")[0]), key=lambda one: one.tenant)
    toml = JWT.replace("all = true", f'tenant = "{actor.tenant}"')
    async with serving(bank) as url:
        request = asking(tmp_path, url, (), toml, ("swap-tenant",))
        request = replace(request, settings=replace(request.settings, fidelity_floor=0.2))
        summary, view = await played(request)
    assert (summary.clean, view.findings) == (0, ())
    assert {one.reason for one in view.not_judged} >= {"session-low-fidelity"}
    assert any("no identity for actor" in one.detail for one in view.not_judged)


class Heard:
    """Keeps what a run tells of its identities."""

    def __init__(self):
        self.told = []

    def on_event(self, event):
        if isinstance(event, IdentitiesUsed):
            self.told.append(event)


async def test_a_token_that_expires_is_renewed_once_for_everybody(tmp_path):
    """QA forgets a token every four requests; a 401 costs one renewal, however many were in flight, and no status."""
    dress, toml = KINDS["open"]
    bank = Bank(token_seconds=60.0, seconds_per_request=14.0)
    async with serving(bank) as url:
        request, heard = asking(tmp_path, url, notes_of("open", dress), toml), Heard()
        summary = await execute(request, (heard,), StopFlag())
    assert summary.fidelity == 1.0
    assert read_view(request.out).findings == ()
    assert bank.refused >= 1
    assert heard.told == [IdentitiesUsed(2, bank.logins.count("refresh_token"), 0)]
    assert bank.logins.count("refresh_token") >= 1
    assert bank.logins.count("refresh_token") <= bank.refused


async def test_a_lifetime_that_is_told_is_kept(tmp_path):
    """Tokens of a second, and no request is ever refused: they are renewed before they are over."""
    dress, toml = KINDS["open"]
    bank = Bank(token_seconds=1.0)
    async with serving(bank) as url:
        request = asking(tmp_path, url, notes_of("open", dress), toml)
        request = replace(request, pace=PaceWords(speed="10x"))
        bank.clock_is_real()
        summary, _ = await played(request)
    assert (summary.fidelity, bank.refused) == (1.0, 0)
    assert "refresh_token" in bank.logins


KEYS = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}


@pytest.mark.parametrize("algorithm", KEYS)
async def test_recorded_claims_are_signed_with_a_private_key(algorithm, tmp_path):
    """The service verifies with the public key; subject and tenant are the recording's stand-ins, or mapped ones."""
    key = KEYS[algorithm]
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "signing.pem").write_bytes(key.private_bytes(*pem))
    capture = notes_of("jwt", by_jwt)
    write_capture(tmp_path / "capture-run.db", capture)
    actors = {one.actor for one in read_capture(tmp_path / "capture-run.db")[0]}
    mapped = min(actors, key=lambda one: one.tenant)
    toml = (
        f'[[identity]]\nscheme = "bearer"\nkind = "jwt"\nalgorithm = "{algorithm}"\nkey = {{ file = "signing.pem" }}\n'
        f'kid = "qa-2026"\nclaims = {{ iss = "https://idp.qa.example", aud = ["bank"] }}\n'
        f'[identity.map.tid]\n"{mapped.tenant}" = "qa-tenant-1"'
    )
    bank = Bank(algorithm=algorithm, verify_with=key.public_key(), audience="bank")
    async with serving(bank) as url:
        summary, view = await played(asking(tmp_path, url, capture, toml))
    assert (summary.fidelity, bank.refused, view.findings) == (1.0, 0, ())
    assert set(bank.kids) == {"qa-2026"}
    assert {user for user, _ in bank.hits} == {one.principal for one in actors}
    assert {tenant for _, tenant in bank.hits} == {"qa-tenant-1"} | {one.tenant for one in actors - {mapped}}


async def test_a_login_that_fails_ends_the_run_before_it_begins(tmp_path, monkeypatch):
    """One sentence, which names the identity and the place; no run file, no request of the recording's."""
    monkeypatch.setenv("QA_CLIENT_SECRET", "not-the-secret")
    dress, toml = KINDS["open"]
    bank = Bank()
    async with serving(bank) as url:
        request = asking(tmp_path, url, notes_of("open", dress), toml)
        with pytest.raises(
            TargetError, match=r"identity `identity-1` .* token request was answered 401 \(invalid_client\)"
        ):
            await execute(request, (), StopFlag())
    assert (bank.hits, bank.refused) == ([], 0)
    assert not request.out.exists()


async def test_machines_authenticate_by_client_credentials(tmp_path):
    """Client id and secret in the body; one account for all is said to be so by having no pool."""
    toml = (
        '[[identity]]\nscheme = "bearer"\nkind = "oauth2"\ngrant = "client_credentials"\ntoken_path = "/oauth/token"\n'
        'client_id = "qa-client"\nclient_secret = { env = "QA_CLIENT_SECRET" }\nclient_auth = "body"\nscope = "notes"'
    )
    bank = Bank()
    async with serving(bank) as url:
        summary, _ = await played(asking(tmp_path, url, notes_of("open", opaque), toml))
    assert (summary.fidelity, bank.refused) == (1.0, 0)
    assert bank.logins == ["client_credentials"], "one token for everybody"


async def test_two_tenants_never_share_an_account_unasked(tmp_path):
    """A pool of one company for two recorded tenants is refused before anything is sent."""
    (tmp_path / "accounts.csv").write_text("user,password,tenant\nqa-bob,bob-password-2,s\nqa-cyd,cyd-password-3,s\n")
    _, toml = KINDS["basic"]
    bank = Bank()
    async with serving(bank) as url:
        request = asking(tmp_path, url, notes_of("basic", by_basic), toml)
        with pytest.raises(ConfigError, match="2 recorded tenants need QA accounts of their own"):
            await execute(request, (), StopFlag())
        assert bank.hits == []
        summary, _ = await played(asking(tmp_path, url, (), toml + "\nshare = true", name="run"))
    assert summary.fidelity == 1.0
    assert {user for user, _ in bank.hits} == {"qa-bob", "qa-cyd"}


def with_logins(exchanges):
    """The same capture, whose people logged in before."""
    logins = []
    for n, (principal, _) in enumerate(PEOPLE):
        token = opaque(principal, "")[0]["Authorization"].removeprefix("Bearer ")
        form = {"user": principal, "password": "a-password-of-production"}
        logins.append(exchange(f"l{n}", "POST", "/session", json=form, answer={"access_token": token}, at=900.0 + n))
    return (*logins, *exchanges)


RECORDED = f"""[[identity]]
all = true
kind = "recording"
{POOL}
login_fields = {{ user = "{{user}}", password = "{{password}}" }}
"""


async def test_a_recorded_login_logs_in_with_an_account_of_qa(tmp_path):
    """The login's own fields are filled; the token that QA then gives is bound as ever, and nothing else is dressed."""
    bank = Bank()
    async with serving(bank) as url:
        request = asking(tmp_path, url, with_logins(notes_of("open", opaque)), RECORDED)
        summary, view = await played(request)
    assert (summary.fidelity, bank.refused, view.findings) == (1.0, 0, ())
    assert sorted(bank.logins) == ["qa-ann"] * 2 + ["qa-bob"] * 2, "once in each of two clean replays"
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("run.db*"))
    assert b"ann-password-1" not in stored


@pytest.mark.parametrize("prefer", ["recording", "identity"])
async def test_bound_tokens_win_unless_the_configuration_says_otherwise(prefer, tmp_path):
    """A login that is in the recording and answers speaks for its session; a preferred identity speaks before it."""
    toml = OAUTH.replace(
        "accounts",
        f'prefer = "{prefer}"\nlogin_fields = {{ user = "{{user}}", password = "{{password}}" }}\naccounts',
        1,
    )
    bank = Bank()
    async with serving(bank) as url:
        summary, view = await played(asking(tmp_path, url, with_logins(notes_of("open", opaque)), toml))
    assert (summary.fidelity, bank.refused) == (1.0, 0)
    assert [one.reason for one in view.not_judged] == ["replaced-by-identity"] * (prefer == "identity")
    assert (bank.logins.count("qa-ann") > 0) is (prefer == "recording"), "a login that nobody needs is not sent"
    granted = [bank.granted_by[one["Authorization"].removeprefix("Bearer ")] for one in bank.headers]
    assert set(granted) == {"login" if prefer == "recording" else "password"}


async def test_tokens_may_come_from_another_server(tmp_path):
    """The identity provider is named by the user; the target sees no token request."""
    provider, bank = Bank(), Bank()
    bank._tokens = provider._tokens
    async with serving(provider) as idp, serving(bank) as url:
        toml = OAUTH.replace("token_path", f'server = "{idp}"\ntoken_path')
        summary, _ = await played(asking(tmp_path, url, notes_of("open", opaque), toml))
    assert (summary.fidelity, bank.logins) == (1.0, [])
    assert sorted(provider.logins) == ["password"] * 2


@pytest.mark.parametrize(
    ("server", "sentence"),
    [
        ("http://192.0.2.7:8080", "is not https: secrets would travel in clear"),
        ("https://idp.qa.example/realms/x", "takes a URL such as"),
        ("ftp://127.0.0.1", "takes a URL such as"),
    ],
)
async def test_another_server_is_checked_before_a_secret_leaves(server, sentence, tmp_path):
    """One sentence, and nothing is sent."""
    bank = Bank()
    async with serving(bank) as url:
        toml = OAUTH.replace("token_path", f'server = "{server}"\ntoken_path')
        with pytest.raises(ConfigError, match=sentence):
            await execute(asking(tmp_path, url, notes_of("open", opaque), toml), (), StopFlag())
    assert (bank.logins, bank.hits, bank.refused) == ([], [], 0)


async def test_a_list_of_servers_holds_instead_of_the_list_of_targets(tmp_path):
    """A server that is not on it gets nothing; one that is on it need be no target."""
    provider, bank = Bank(), Bank()
    bank._tokens = provider._tokens
    async with serving(provider) as idp, serving(bank) as url:
        named = OAUTH.replace("token_path", f'server = "{idp}"\ntoken_path')
        listed = f'{named}\n[identities]\nservers = ["idp.qa.example"]\n'
        only = Safety(targets=(url,))
        for toml, sentence in (
            (listed, r"which an identity names as its server, is not among \[identities\] servers"),
            (named, r"is not among \[safety\] targets"),
        ):
            with pytest.raises(TargetError, match=sentence):
                await execute(
                    replace(asking(tmp_path, url, notes_of("open", opaque), toml), safety=only), (), StopFlag()
                )
            assert (provider.logins, bank.hits) == ([], [])
        allowed = asking(tmp_path, url, notes_of("open", opaque), listed.replace("idp.qa.example", idp))
        summary, _ = await played(replace(allowed, safety=only))
    assert summary.fidelity == 1.0
    assert sorted(provider.logins) == ["password"] * 2


async def test_secrets_do_not_go_where_the_capture_was_recorded(tmp_path):
    """An identity provider of production is refused, by its stand-in in the capture."""
    bank, production = Bank(), Bank()
    async with serving(bank) as url, serving(production) as origin:
        host, port = origin.removeprefix("http://").split(":")
        write_capture(tmp_path / "capture-run.db", notes_of("open", opaque), origin=(host, int(port)))
        toml = OAUTH.replace("token_path", f'server = "{origin}"\ntoken_path')
        with pytest.raises(TargetError, match="is where this capture was recorded"):
            await execute(asking(tmp_path, url, (), toml), (), StopFlag())
    assert production.logins == []
