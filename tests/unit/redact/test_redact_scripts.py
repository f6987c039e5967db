"""JSONP: a document that is handed to a callback; other code is dropped."""

from __future__ import annotations

import re

import pytest

from replay.redact.policy import Policy
from unit.redact.canary_cases import exchange, grep
from unit.redact.format_desk import PSEUDONYM, stand_in

POLICY = Policy(PSEUDONYM)
EMAIL = "ingrid.halvorsen@northwind.test"


def got(script: str, kind: str = "application/javascript", target: str = "/x") -> tuple[str, str]:
    kept = POLICY.redact(exchange(target, answer=script, answer_type=kind)).exchange
    return kept.response.body.data.decode(), kept.request.target


@pytest.mark.parametrize(
    "kind", ["application/javascript", "text/javascript; charset=utf-8", "application/x-javascript"]
)
def test_the_document_is_walked_and_the_callback_is_that_of_the_query(kind: str):
    """A page that asks for its callback still finds it called."""
    fresh, target = got(f'/**/jQuery8f3a9b2c({{"e": "{EMAIL}"}});', kind, "/x?callback=jQuery8f3a9b2c")
    callback = target.partition("=")[2]
    assert re.fullmatch(r"[A-Za-z_$][\w$]*", callback)
    assert fresh == f'{callback}({{"e":"{stand_in(EMAIL)}"}});'


@pytest.mark.parametrize(
    "script",
    [
        'typeof cb === "function" && cb({"a": 1});',
        '/**/ app.cb({"a": 1})',
        "  cb ( 7 ) ; ",
    ],
)
def test_calls_are_written_in_many_ways(script: str):
    """A comment or a guard before the call goes."""
    assert re.fullmatch(r"[a-z]+(?:\.[a-z]+)?\((?:\{\"a\":1\}|7)\);", got(script)[0])


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(f"var owner = '{EMAIL}';", id="code"),
        pytest.param(f'cb({{"e": "{EMAIL}"}}); // {EMAIL}', id="something behind"),
        pytest.param(f"cb({{e: '{EMAIL}'}})", id="no JSON"),
        pytest.param(f'// {EMAIL}\ncb({{"e": 1}})', id="something before"),
    ],
)
def test_code_is_dropped(script: str):
    """Nobody here reads programs."""
    assert got(script)[0] == ""
    assert grep((EMAIL,), POLICY.redact(exchange(answer=script, answer_type="text/javascript"))) == []
