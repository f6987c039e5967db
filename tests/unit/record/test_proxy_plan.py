"""The proxy's plan: the command line's words, checked before any process starts."""

from __future__ import annotations

import json

import pytest

from replay.model.errors import UsageError
from replay.record.proxy.plan import ProxyPlan, plan_proxy

URL = "http://shop:8080"


def plan(
    upstream: str = "",
    *modes: str,
    listen: str = "127.0.0.1:8080",
    certs: tuple[str, ...] = (),
    settings: tuple[str, ...] = (),
    workers: int = 1,
) -> ProxyPlan:
    return plan_proxy(upstream, modes, listen, certs, settings, workers)


def test_an_upstream_is_short_for_one_reverse_mode() -> None:
    """And the address, options and workers come along."""
    made = plan(URL, listen="[::1]:0", settings=("ssl_insecure=true", "modify_headers=/a/b=c"), workers=3)
    settings = (("ssl_insecure", "true"), ("modify_headers", "/a/b=c"))
    assert made == ProxyPlan((f"reverse:{URL}",), "::1", 0, (), settings, shares_port=True)


def test_a_plan_survives_json() -> None:
    """It goes to a worker as one line."""
    made = plan(URL, settings=("ssl_insecure=true",), workers=2)
    assert ProxyPlan.from_wire(json.loads(json.dumps(made.to_wire()))) == made


@pytest.mark.parametrize(
    ("modes", "upstream"),
    [
        (("reverse:https://shop",), ("shop", 443)),
        (("regular", "reverse:http://shop@8081"), ("shop", 80)),
        (("reverse:http://[::1]:9",), ("::1", 9)),
        (("regular",), None),
    ],
)
def test_a_plan_knows_its_upstream(modes: tuple[str, ...], upstream: tuple[str, int] | None) -> None:
    """The first reverse mode's; none where clients say where to."""
    assert plan("", *modes).upstream() == upstream


@pytest.mark.parametrize(
    "modes",
    [
        ("regular",),
        ("transparent",),
        ("upstream:http://proxy:3128",),
        ("socks5",),
        ("local",),
        ("reverse:https://shop:8443", "regular@8081", "socks5@127.0.0.1:8082"),
        ("regular", "local:curl"),
    ],
)
def test_modes_of_mitmproxy_are_taken_as_they_are(modes: tuple[str, ...]) -> None:
    """Those that carry HTTP."""
    assert plan("", *modes).modes == modes


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({}, "either --upstream URL or --mode SPEC"),
        ({"upstream": URL, "modes": ("regular",)}, "not both"),
        ({"upstream": "shop:8080"}, "--upstream must be http://HOST"),
        ({"upstream": "http://shop/path"}, "without a path"),
        ({"upstream": "http://user:word@shop"}, "--upstream must be"),
        ({"upstream": "http://shop:99999"}, "--upstream must be"),
        ({"upstream": "http://shop?q"}, "--upstream must be"),
        ({"upstream": URL, "listen": "8080"}, "--listen must be HOST:PORT"),
        ({"upstream": URL, "listen": "a:70000"}, "--listen must be HOST:PORT"),
        ({"upstream": URL, "workers": 0}, "--workers must be 1 or more"),
        ({"modes": ("dns",)}, "--mode must begin with one of"),
        ({"modes": ("reverse:tcp://shop:1",)}, "--mode reverse: needs http://HOST"),
        ({"modes": ("reverse:",)}, "--mode reverse: needs http://HOST"),
        ({"modes": ("regular:8080",)}, "takes nothing after the name"),
        ({"modes": ("regular@x",)}, "after @ stands"),
        ({"modes": ("regular", "socks5")}, "only one --mode can use the address of --listen"),
        ({"modes": ("regular@1", "socks5@1")}, "two --mode name the same port"),
        ({"modes": ("local",), "workers": 2}, "cannot be shared by workers"),
        ({"modes": ("regular@0",), "workers": 2}, "cannot share port 0"),
        ({"upstream": URL, "settings": ("http2",)}, "--set takes NAME=VALUE"),
        ({"upstream": URL, "settings": ("mode=regular",)}, "use --mode instead"),
        ({"upstream": URL, "settings": ("listen_port=1",)}, "use --listen instead"),
        ({"upstream": URL, "settings": ("replay_queue_mb=1",)}, "use --queue-mb instead"),
        ({"upstream": URL, "settings": ("save_stream_file=a",)}, "it would write raw traffic"),
        ({"upstream": URL, "settings": ("hardump=a",)}, "it would write raw traffic"),
        ({"upstream": URL, "settings": ("tls_keylog_file=a",)}, "it would write raw traffic"),
        ({"upstream": URL, "settings": ("scripts=a.py",)}, "only passes traffic on"),
        ({"upstream": URL, "settings": ("server_replay_reuse=true",)}, "only passes traffic on"),
        ({"upstream": URL, "certs": ("shop.example=no/such/file",)}, "there is no file"),
    ],
)
def test_words_that_cannot_be_meant_are_one_sentence(words: dict[str, object], sentence: str) -> None:
    """The flag is named, and what it takes."""
    given = {"upstream": "", "modes": (), "listen": "a:1", "certs": (), "settings": (), "workers": 1} | words
    with pytest.raises(UsageError, match=sentence.replace("(", r"\(")) as caught:
        plan_proxy(**given)
    assert "\n" not in str(caught.value)
    assert "word" not in str(caught.value)
