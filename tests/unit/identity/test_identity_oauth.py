"""Token requests and answers of OAuth 2.0, against the text of RFC 6749."""

import math
from base64 import b64encode
from urllib.parse import parse_qs

import pytest

from make import response
from replay.identity.oauth import Grant, Tokens, seconds_of, token_answer, token_request
from replay.identity.template import Template
from replay.model.body import Body

VALUES = {"user": "ann", "password": "p w", "secret": "s:1", "id": "qa client"}


def grant(kind="password", **more):
    fields = {"user": Template.name("user"), "password": Template.name("password"), **more}
    return Grant(kind, "/token", **fields)


def form_of(request):
    return {name: values[0] for name, values in parse_qs(request.body.data.decode()).items()}


def test_the_password_grant_is_a_form():
    """Section 4.3.2."""
    request = token_request(grant(scope=Template.parse("read write")), VALUES)
    assert (request.method, request.target) == ("POST", "/token")
    assert form_of(request) == {"grant_type": "password", "username": "ann", "password": "p w", "scope": "read write"}
    assert "authorization" not in request.headers


@pytest.mark.parametrize("in_body", [False, True])
def test_clients_authenticate_by_header_or_by_fields(in_body):
    """Section 2.3.1: in the header both parts are form-encoded before they are joined."""
    client = {"client_id": Template.name("id"), "client_secret": Template.name("secret")}
    request = token_request(grant("client_credentials", **client, in_body=in_body), VALUES)
    if in_body:
        told = {"client_id": "qa client", "client_secret": "s:1"}
        assert form_of(request) == {"grant_type": "client_credentials", **told}
        assert "authorization" not in request.headers
    else:
        assert request.headers.get("authorization") == "Basic " + b64encode(b"qa+client:s%3A1").decode()
        assert "client_secret" not in form_of(request)


def test_a_client_without_a_secret_names_itself_in_the_body():
    assert form_of(token_request(grant(client_id=Template.name("id")), VALUES))["client_id"] == "qa client"


def test_a_refresh_sends_neither_user_nor_password():
    """Section 6."""
    form = form_of(token_request(grant(), VALUES, refresh="r-1"))
    assert form == {"grant_type": "refresh_token", "refresh_token": "r-1"}


@pytest.mark.parametrize(
    ("document", "tokens"),
    [
        (
            {"access_token": "a", "token_type": "bearer", "expires_in": 60, "refresh_token": "r"},
            Tokens("a", "Bearer", 60, "r"),
        ),
        ({"access_token": "a", "token_type": "DPOP"}, Tokens("a", "DPoP", math.inf)),
        ({"access_token": "a", "expires_in": "3600"}, Tokens("a", "Bearer", 3600.0)),
        ({"access_token": "a", "expires_in": -1}, Tokens("a", "Bearer", math.inf)),
        ({"access_token": "a", "expires_in": True}, Tokens("a", "Bearer", math.inf)),
        ({"access_token": "a", "expires_in": "1e-9"}, Tokens("a", "Bearer", 1.0)),
    ],
)
def test_tokens_are_read_with_their_lifetime(document, tokens):
    assert token_answer(response(answer=document)) == tokens


@pytest.mark.parametrize("value", [10**400, "1" * 400, "1e400", "nan", "-inf", 0, None, [60], "soon"])
def test_what_is_no_lifetime_lasts(value):
    """Until a 401 says otherwise."""
    assert seconds_of(value) == math.inf


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (response(400, answer={"error": "invalid_grant", "error_description": "ann@x.test"}), "400 (invalid_grant)"),
        (response(400, answer={"error": "no user ann@x.test"}), "was answered 400"),
        (response(200, answer={"error": "invalid_scope"}), "200 (invalid_scope)"),
        (response(200, answer={"token": "a"}), "without an access_token"),
        (response(200, answer=[1]), "without a JSON object"),
        (response(502, body=Body(b"<h1>ann@x.test</h1>", "text/html")), "502 without a JSON document"),
    ],
)
def test_why_there_are_none_is_told_without_the_answers_words(answer, said):
    """An error's description may hold somebody's name; only codes of the standard are repeated."""
    found = token_answer(answer)
    assert isinstance(found, str)
    assert said in found
    assert "ann" not in found
