"""A recorded wrong guess must stay wrong when it is replayed, without telling which password it was."""

import pytest

from make import exchange
from replay.model.body import Body
from replay.redact.policy import Policy
from replay.redact.pseudonyms import CONSTANT, REFUSED_CONSTANT, Pseudonym

POLICY = Policy(Pseudonym(b"k" * 32))


def sent(status, password, **body):
    made = exchange("e", "POST", "/login", status, **(body or {"json": {"email": "a@b.test", "password": password}}))
    return POLICY.redact(made).exchange.request.body.data.decode()


@pytest.mark.parametrize(
    ("status", "is_refused"), [(200, False), (201, False), (422, False), (401, True), (403, True), (429, True)]
)
def test_the_constant_says_only_what_the_status_says(status, is_refused):
    body = sent(status, "correct horse battery")
    assert (REFUSED_CONSTANT in body) is is_refused
    assert (CONSTANT in body) is not is_refused
    assert "horse" not in body


def test_two_wrong_guesses_are_equal_and_forms_work_too():
    assert sent(401, "guess number one").replace("x", "") == sent(401, "another guess!!").replace("x", "")
    assert REFUSED_CONSTANT.replace("!", "%21") in sent(401, "", form={"user": "u", "password": "s3cret-guess"})


def test_redacting_again_changes_nothing():
    once = POLICY.redact(exchange("e", "POST", "/login", 401, json={"password": "x1!aaaaaaa"})).exchange
    assert POLICY.redact(once).exchange.request.body.data == once.request.body.data


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("application/xml", "<login><password>guess number one</password></login>"),
        (
            "multipart/form-data; boundary=b",
            '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nguess\r\n--b--',
        ),
        ("application/json", '{"query": "mutation { login(password: \\"guess number one\\") { token } }"}'),
        ("application/graphql", 'mutation { login(password: "guess number one") { token } }'),
    ],
)
def test_a_wrong_guess_stays_wrong_in_every_format(content_type, data):
    for status, wanted in ((401, REFUSED_CONSTANT), (200, CONSTANT)):
        body = Body(data.encode(), content_type)
        kept = POLICY.redact(exchange("e", "POST", "/login", status, body=body)).exchange.request
        assert wanted.encode() in kept.body.data
        assert b"guess" not in kept.body.data
