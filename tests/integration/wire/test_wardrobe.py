"""The wardrobe with a clock in hand: one renewal for all, never a loop, nobody dressed who was recorded bare."""

import asyncio
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import jwt
import pytest

from make import bearer, exchange, request, response
from replay.compose.config import parse_config
from replay.correlate.rebinder import Rewritten
from replay.engine.dressing import Dressing
from replay.identity.contract import BOUND, CREDENTIALS, Order
from replay.identity.matching import Assignment
from replay.identity.secrets import LiveSecrets
from replay.model.case import SentAs, Step
from replay.model.evidence import Part
from replay.model.exchange import Fault, FaultKind
from replay.model.session import Actor
from replay.play.cue import Cue
from replay.wire.client import Sent
from replay.wire.identities import Wardrobe

ANN, BOB = Actor("t1", "ann"), Actor("t2", "bob")
SCHEMES = {ANN: frozenset({"bearer"}), BOB: frozenset({"bearer"})}
LOGIN = """[[identity]]
tenant = "t1"
kind = "login"
expires_in = "{ttl}"
headers = { Authorization = "Bearer {token}" }
[[identity.steps]]
path = "/login"
take = { token = "json:$.token", ttl = "json:$.ttl" }
"""
RECORDED = request("GET", "/x", headers=bearer("RECORDED"))


class Service:
    """Hands out tokens t1, t2, ...; `answers` may say otherwise."""

    def __init__(self, ttl=1000, *answers):
        self.ttl, self.answers = ttl, list(answers)
        self.asked = 0
        self.now = 0.0

    async def send(self, asked):
        await asyncio.sleep(0)  # others get their turn while a login is on its way
        self.asked += 1
        if self.answers:
            return self.answers.pop(0)
        return response(answer={"token": f"live-token-{self.asked}", "ttl": self.ttl})


def wardrobe(service, toml=LOGIN, environ=None, reread=None, actors=SCHEMES):
    configured = parse_config(toml.encode(), Path("replay.toml")).identities(environ or {})
    assignment = Assignment(configured.identities, actors)
    secrets = LiveSecrets(configured.secrets())
    return Wardrobe(assignment, {"": service.send}, lambda: service.now, lambda: 1e9, secrets, reread)


def order(actor=ANN, recorded=RECORDED, live=None, **more):
    return Order(live or recorded, recorded, actor, **more)


def token(dressed):
    return dressed.request.headers.get("authorization").removeprefix("Bearer ")


async def test_many_requests_at_once_share_one_login():
    service = Service()
    made = wardrobe(service)
    worn = await asyncio.gather(*(made.dress(order()) for _ in range(20)))
    assert {token(one) for one in worn} == {"live-token-1"}
    assert (service.asked, made.counts.fetched) == (1, 1)


async def test_refused_requests_in_flight_share_one_renewal():
    """Twenty 401s to one token: one renewal, and every request goes once more with the new one."""
    service = Service()
    made = wardrobe(service)
    worn = [await made.dress(order()) for _ in range(20)]
    again = await asyncio.gather(*(made.again(order(), one) for one in worn))
    assert {token(one) for one in again} == {"live-token-2"}
    assert (service.asked, made.counts.renewed) == (2, 1)


async def test_a_second_refusal_is_an_answer():
    """No loop: what was refused with new credentials renews nothing for half a minute, then once more."""
    service = Service()
    made = wardrobe(service)
    first = await made.dress(order())
    second = await made.again(order(), first)
    made.refused(second)
    assert await made.again(order(), second) is None
    assert await made.again(order(), await made.dress(order())) is None
    assert service.asked == 2
    service.now = 31.0
    assert await made.again(order(), second) is not None


async def test_a_lifetime_that_is_over_is_renewed_before_the_request():
    service = Service(ttl=10)
    made = wardrobe(service)
    await made.dress(order())
    service.now = 8.0
    assert token(await made.dress(order())) == "live-token-1"
    service.now = 9.5
    assert token(await made.dress(order())) == "live-token-2"


@pytest.mark.parametrize(
    ("asked", "identity"),
    [
        (order(recorded=request("GET", "/x")), ""),
        (order(recorded_status=401), ""),
        (order(live=request("GET", "/x", headers=bearer("BOUND"))), BOUND),
        (order(actor=BOB), ""),
        (order(actor=None), ""),
    ],
)
async def test_who_is_left_as_it_is(asked, identity):
    """Recorded bare; refused in the recording; bound by the recording's own login; another tenant; nobody."""
    service = Service()
    dressed = await wardrobe(service).dress(asked)
    assert dressed.request == asked.request
    assert (dressed.identity, service.asked) == (identity, 0)


async def test_a_request_as_nobody_carries_nothing_that_an_identity_names():
    toml = '[[identity]]\nall = true\nkind = "headers"\nheaders = { X-Acme-Who = { env = "W" } }'
    recorded = request("GET", "/x", headers={"X-Acme-Who": "STAND-IN"})
    made = wardrobe(Service(), toml, {"W": "a-live-value"})
    assert (await made.dress(order(recorded=recorded))).request.headers.get("x-acme-who") == "a-live-value"
    bare = await made.dress(order(recorded=recorded, is_anonymous=True))
    assert "x-acme-who" not in bare.request.headers


async def test_a_login_that_fails_is_not_tried_for_every_request():
    """The request goes out as it was, and says that it lacks credentials; half a minute later the login is tried."""
    service = Service(1000, response(503), Fault(FaultKind.TIMEOUT))
    made = wardrobe(service)
    worn = [await made.dress(order()) for _ in range(5)]
    assert all(one.is_lacking and one.unresolved == (CREDENTIALS,) and token(one) == "RECORDED" for one in worn)
    assert (service.asked, made.counts.failed) == (1, 1)
    service.now = 31.0
    await made.dress(order())
    service.now = 62.0
    assert token(await made.dress(order())) == "live-token-3"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (response(403), "was answered 403"),
        (response(200, answer={"ttl": 1}), "was answered 200 without json:$.token"),
        (Fault(FaultKind.TIMEOUT), "was not answered (timeout)"),
    ],
)
async def test_rehearsal_says_what_a_login_did(answer, why):
    assert why in (await wardrobe(Service(1000, answer)).rehearse())["identity-1"]


async def test_a_value_from_a_file_is_read_again_after_a_refusal():
    toml = '[[identity]]\nall = true\nkind = "bearer"\ntoken = { command = ["true"] }'
    toml = toml.replace('{ command = ["true"] }', '{ command = ["echo", "first-token"] }')

    async def reread(_):
        return {"token": "second-token"}

    made = wardrobe(Service(), toml, reread=reread)
    first = await made.dress(order())
    assert token(first) == "first-token"
    assert token(await made.again(order(), first)) == "second-token"
    assert b"second-token" not in made.secrets.conceal_bytes(b"second-token")


KINDS = {
    "basic": 'kind = "basic"\nuser = "ann"\npassword = { command = ["echo", "secret-1"] }',
    "named": 'kind = "basic"\nuser = "ann"\npassword = "{p}"\nvalues = { p = { command = ["echo", "secret-1"] } }',
    "login": 'kind = "login"\nheaders = { Authorization = "Bearer {token}" }\nsteps = [{ path = "/login",'
    ' form = { p = { command = ["echo", "secret-1"] } }, take = { token = "json:$.token" } }]',
    "oauth2": 'kind = "oauth2"\ngrant = "client_credentials"\ntoken_path = "/t"\nclient_id = "c"\n'
    'client_auth = "body"\nclient_secret = { command = ["echo", "secret-1"] }',
    "jwt": 'kind = "jwt"\nalgorithm = "HS256"\nkey = { command = ["echo", "secret-1"] }',
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_whatever_is_made_of_a_secret_is_made_of_the_one_that_was_read_again(kind):
    """A pair, a login's form, a client's secret, a signature: after a 401 the new one is used, and concealed."""
    sent = []

    class Kept(Service):
        async def send(self, asked):
            sent.append(asked)
            answer = await super().send(asked)
            return response(answer={"token": "t", "access_token": "t", "token_type": "bearer"}) if answer else answer

    async def reread(identity):
        wanted = {"p"} if kind == "named" else {"password", "steps.1.form.p", "client_secret", "key"}
        return dict.fromkeys(identity.secret_names & wanted, new)

    new = "another-secret-2"
    made = wardrobe(Kept(), f'[[identity]]\nall = true\nscheme = "bearer"\n{KINDS[kind]}', reread=reread)
    first = await made.dress(order())
    worn = await made.again(order(), first)
    field = worn.request.headers.get("authorization").removeprefix("Basic ").removeprefix("Bearer ")
    if kind == "jwt":
        jwt.decode(field, new, ["HS256"], {"verify_exp": False})
    elif kind in {"basic", "named"}:
        assert b64decode(field) == f"ann:{new}".encode()
        assert field not in made.secrets.conceal_text(f"Basic {field}")
    else:
        assert [new.encode() in one.body.data for one in sent] == [False, True]
    assert new not in made.secrets.conceal_text(new)


async def test_a_key_that_is_half_written_leaves_the_answer_as_it_is():
    """It is read while somebody changes it: no end of the run."""
    toml = '[[identity]]\nall = true\nkind = "jwt"\nalgorithm = "RS256"\nkey = { command = ["echo", "pem"] }'

    async def reread(_):
        return {"key": "half a key"}

    made = wardrobe(Service(), toml.replace("RS256", "HS256"), reread=reread)
    first = await made.dress(order())
    object.__setattr__(made.assignment.identities[0].source.minting, "algorithm", "RS256")
    assert await made.again(order(), first) is None


async def test_a_recording_of_many_tokens_is_held_in_bounded_memory(monkeypatch):
    """Every recorded JWT has a live twin of its own; the oldest are made again when they are asked for."""
    monkeypatch.setattr("replay.wire.identities.MOST_SETS", 3)
    toml = '[[identity]]\nall = true\nkind = "jwt"\nalgorithm = "HS256"\nkey = { env = "K" }'
    made = wardrobe(Service(), toml, {"K": "a-key-that-is-long-enough-for-sha256"})
    tokens = [jwt.encode({"sub": f"s{n}"}, "x" * 32, "HS256") for n in range(8)]
    worn = [await made.dress(order(recorded=request("GET", "/x", headers=bearer(one)))) for one in tokens]
    read = [jwt.decode(token(one), options={"verify_signature": False})["sub"] for one in worn]
    assert read == [f"s{n}" for n in range(8)]
    assert len(made._live) == len(made._by_number) == 3
    assert not made.is_refusal(order(), worn[0], 401), "forgotten: the answer stands"
    assert made.is_refusal(order(), worn[-1], 401)


@pytest.mark.parametrize(
    ("path", "login_path", "filled"),
    [
        ("/session", "", True),
        ("/users", "", False),
        ("/authenticate", "", False),
        ("/authenticate", "/authenticate", True),
    ],
)
async def test_only_a_login_is_given_an_account(path, login_path, filled):
    """Signing up has the same fields, and must not create the account that is already there."""
    toml = '[[identity]]\nall = true\nkind = "recording"\nlogin_fields = { user = "qa-ann", pin = { env = "P" } }\n'
    toml += f'login_path = "{login_path}"\n'
    recorded = request("POST", path, json={"user": "STAND-IN", "pin": "STAND-IN", "more": 1})
    worn = await wardrobe(Service(), toml, {"P": "a-secret-pin"}).dress(order(recorded=recorded))
    assert (b"a-secret-pin" in worn.request.body.data) is filled


async def test_two_kinds_of_credentials_in_one_request_have_an_identity_each():
    toml = """[[identity]]
scheme = "bearer"
kind = "bearer"
token = { env = "T" }
[[identity]]
scheme = "api-key"
kind = "api-key"
key = { env = "K" }
"""
    recorded = request("GET", "/x", headers={"Authorization": "Bearer OLD", "X-Api-Key": "OLD"})
    made = wardrobe(Service(), toml, {"T": "token-new", "K": "key-new-1"})
    worn = (await made.dress(order(recorded=recorded))).request.headers
    assert (worn.get("authorization"), worn.get("x-api-key")) == ("Bearer token-new", "key-new-1")


class Wire:
    """A client that answers by `statuses`, and keeps what it was sent."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.sent = []

    async def send(self, asked, gate=None, **options):
        if gate is not None:
            await gate.wait()
        self.sent.append(asked)
        return Sent(response(self.statuses.pop(0)), 0.0, 0.0, 0.0)


def cue(number, sent_as=SentAs.OWN, actor=ANN, cast=""):
    step = Step(f"e{number}", RECORDED, sent_as)
    return Cue(number, step, "s", ANN, Part.JUDGED, recorded_status=200, sent_as=actor, cast=cast)


async def test_copies_sent_at_once_go_once_more_at_once():
    """A race of two: both are refused, both go again together; when one was accepted, the answers stand."""
    dressing = Dressing(wardrobe(Service()), {}.get)
    wire = Wire(401, 401, 200, 200)
    done = await dressing.send(wire, (cue(1), cue(2)), (Rewritten(RECORDED),) * 2)
    assert [one.sent.outcome.status for one in done] == [200, 200]
    assert [one.headers.get("authorization")[-1] for one in wire.sent] == ["1", "1", "2", "2"]
    wire = Wire(200, 401)
    await dressing.send(wire, (cue(1), cue(2)), (Rewritten(RECORDED),) * 2)
    assert len(wire.sent) == 2


@pytest.mark.parametrize(
    ("statuses", "renew_on", "sent"),
    [
        ((401, 200), "401", 2),
        ((302, 200), "[401, 302]", 2),
        ((302,), "401", 1),
        ((403,), "401", 1),
        ((200,), "401", 1),
        ((401, 401), "401", 2),
    ],
)
async def test_which_answers_are_worth_a_renewal(statuses, renew_on, sent):
    """Those of `renew_on`, once; a redirect to the login page is one when the configuration says so."""
    toml = LOGIN.replace("[[identity.steps]]", f"renew_on = {renew_on}\n[[identity.steps]]")
    wire = Wire(*statuses)
    await Dressing(wardrobe(Service(), toml), {}.get).send(wire, (cue(1),), (Rewritten(RECORDED),))
    assert len(wire.sent) == sent


async def test_a_status_that_was_recorded_is_no_refusal():
    """The recording was redirected here, too."""
    toml = LOGIN.replace("[[identity.steps]]", "renew_on = [401, 302]\n[[identity.steps]]")
    wire = Wire(302)
    asked = replace(cue(1), recorded_status=302)
    await Dressing(wardrobe(Service(), toml), {}.get).send(wire, (asked,), (Rewritten(RECORDED),))
    assert len(wire.sent) == 1


async def test_what_is_stored_is_the_request_before_it_was_dressed():
    """And a place that the identity filled is resolved."""
    dressing = Dressing(wardrobe(Service()), {}.get)
    (done,) = await dressing.send(Wire(200), (cue(1),), (Rewritten(RECORDED, ("auth.bearer", "path[*]")),))
    assert done.rewritten.request is RECORDED
    assert done.rewritten.unresolved == ("path[*]",)
    assert done.identity == "identity-1"


async def test_a_borrowed_part_wears_the_lenders_identity_or_is_unresolved():
    """Bob has none: the case must not be judged by a refusal that means nobody."""
    lender = exchange("l", "GET", "/y", headers=bearer("LENT"))
    dressing = Dressing(wardrobe(Service()), {"l": lender}.get)
    borrowed = Rewritten(request("GET", "/x", headers=bearer("LENT")))
    wire = Wire(200, 401)
    (as_ann,) = await dressing.send(wire, (cue(1, SentAs.OTHER_TENANT, ANN, "l"),), (borrowed,))
    (as_bob,) = await dressing.send(wire, (cue(1, SentAs.OTHER_TENANT, BOB, "l"),), (borrowed,))
    assert wire.sent[0].headers.get("authorization") == "Bearer live-token-1"
    assert as_ann.rewritten.unresolved == ()
    assert as_bob.rewritten.unresolved == (CREDENTIALS,)
