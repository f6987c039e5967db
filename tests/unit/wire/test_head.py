"""Heads: what leaves is one request to the target, or nothing."""

import pytest

from make import request
from replay.wire.head import Letterhead, as_bytes

LETTERHEAD = Letterhead("qa:1")


def head_of(asked):
    fields, _ = LETTERHEAD.letter(asked)
    return as_bytes(asked, fields)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "@203.0.113.9/x"),
        ("GET", "@elsewhere:81"),
        ("GET", "http://prod.test/x"),
        ("GET", ""),
        ("GET", "*"),
        ("GET", "/a b"),
        ("GET", "/a\tb"),
        ("GET", "/a\x7fb"),
        ("GET", "/a\n"),
        ("CONNECT", "prod.test:443"),
        ("", "/"),
        ("GET /admin HTTP/1.1", "/"),
        ("GET\n", "/"),
        ("GÉT", "/"),
    ],
)
def test_a_request_line_that_could_mean_another_host_or_message_is_refused(method, target):
    """The origin form alone leaves (RFC 9112 section 3.2.1), with a method that is a token."""
    with pytest.raises(ValueError, match="no request line"):
        head_of(request(method, target))


@pytest.mark.parametrize(
    "name", ["Transfer-Encoding ", "Host ", " fold", "", "a:b", "X\tY", "Ä", ":authority", "X-A\n"]
)
def test_a_name_that_is_no_token_is_refused_each_time(name):
    """Servers differ in what they make of it (RFC 9112 section 5.1): one may see a second Host, or another length."""
    for _ in range(2):
        with pytest.raises(ValueError, match="no token"):
            head_of(request("GET", "/", headers=[(name, "x")]))


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/"), ("OPTIONS", "*"), ("GET", "//a/b?x=é&y#z"), ("PROPFIND", "/a|b"), ("M-SEARCH", "/%20?q={}")],
)
def test_every_other_request_leaves_as_it_was_recorded(method, target):
    """Odd characters of old clients included."""
    head = head_of(request(method, target, headers=[("x_y.z!", "1"), ("Host", "shop.test")]))
    assert head.startswith(f"{method} {target} HTTP/1.1\r\nx_y.z!: 1\r\nHost: qa:1\r\n".encode("latin-1"))
