"""as_curl: the script sends exactly the recorded bytes to the target, and nothing in it is code."""

from __future__ import annotations

import base64
import re
import shlex
from dataclasses import replace

import pytest

import make
from replay.model.body import Body
from replay.model.evidence import Part, Role
from replay.report.repro import as_curl
from unit.oracle.evidence_make import NOBODY, sent, trace
from unit.report.run_view_make import HOSTILE

FIXED = ("answers=$(mktemp -d) || exit 1", "trap 'rm -rf \"$answers\"' EXIT", "trap 'exit 130' INT TERM HUP")
TARGET = "http://127.0.0.1:8080"


def script(*attempts, **more):
    return as_curl(trace(Role.MUTATED, 1, *attempts), TARGET, **more)


def words(text):
    """The words of the last command."""
    return shlex.split(next(line for line in reversed(text.splitlines()) if "curl " in line))


def fields(text):
    """The header lines of the only request with credentials: they stand in a file."""
    (line,) = (line for line in text.splitlines() if line.startswith("printf '%s\\n' "))
    return shlex.split(line)[2:-2]


def of_request(request):
    return replace(sent("e", "GET", "/", by=NOBODY), request=request)


def test_a_request_is_one_command():
    text = script(sent("e", "POST", "/notes?x=1", 201, json={"t": "it's"}, headers={"X-One": "a b"}, part=Part.JUDGED))
    found = words(text)
    assert found[found.index("--request") + 1] == "POST"
    assert "X-One: a b" in fields(text)
    assert found[found.index("--data-raw") + 1] == '{"t":"it\'s"}'
    assert found[-1] == f"{TARGET}/notes?x=1"
    assert "<- the site" in text


def test_credentials_are_variables_unless_asked_for():
    attempts = (sent("e", "GET", "/a"), sent("f", "GET", "/b", by="bolt"), sent("g", "GET", "/c"))
    text = script(*attempts)
    assert "live-token" not in text
    assert text.count("TOKEN_1=") == text.count("TOKEN_2=") == 1
    assert text.count("""'Authorization: Bearer '"$TOKEN_1\"""") == 2
    assert "live-token-of-bolt" in script(*attempts, reveal=True)


def test_copies_sent_at_once_run_in_the_background():
    copies = [sent("e", "POST", "/x", part=Part.JUDGED, copy=n, at=0.0) for n in range(3)]
    lines = script(*copies, sent("f", "GET", "/y", part=Part.AFTER, at=1.0)).splitlines()
    commands = [line for line in lines if "curl " in line]
    assert [line.endswith(" &") for line in commands] == [True, True, False, False]
    assert lines.count("wait") == 1


@pytest.mark.parametrize(
    ("target", "url", "remark"),
    [
        ("/../../etc", f"{TARGET}/../../etc", "sent as it is"),
        ("//evil.example/x", f"{TARGET}//evil.example/x", "no other host by two slashes"),
        ("@evil.example/x", f"{TARGET}/@evil.example/x", "no other host behind credentials"),
        (".evil.example/", f"{TARGET}/.evil.example/", "no longer host name"),
        ("http://evil.example/", f"{TARGET}/http://evil.example/", "no absolute form"),
        ("/a\r\nb", f"{TARGET}/a b", "no second line"),
    ],
)
def test_every_request_goes_to_the_target(target, url, remark):
    assert words(script(of_request(make.request("GET", target))))[-1] == url, remark


@pytest.mark.parametrize("value", ["$(touch pwned)", "`touch pwned`", "'; touch pwned; '", "a\ntouch pwned\n", HOSTILE])
def test_nothing_from_traffic_is_code(value):
    """In the path, the method, a header's name and value, the body, the tenant, the endpoint's comment."""
    body = Body(value.encode("utf-8", "replace"), "text/plain")
    request = make.request(value, f"/{value}", headers={"X-A": value, value: "x", "Cookie": value}, body=body)
    attempt = replace(of_request(request), endpoint=f"GET {value}")
    for line in script(attempt, sent("f", "GET", "/", tenant=value)).splitlines()[3:]:
        if line.startswith(("#", "TOKEN_", "base64 -d <<'END' | ")) or line in {"", "wait", "END", *FIXED}:
            continue
        bare = re.sub(r'"\$(TOKEN_\d|answers/\d\.(fields|url))"', "", line.replace("""'"'"'""", "")).replace("> ", "")
        assert re.fullmatch(r"(?:[\w@%+=:,./ -]|'[^']*')+", bare), bare


@pytest.mark.parametrize(
    ("data", "remark"),
    [(bytes(range(256)) * 4, "binary"), (b"a\nb\x1b[31m", "control characters"), (b"x" * 40_000, "longer than a word")],
)
def test_other_bodies_travel_as_base64(data, remark):
    """Also in the background, where the command's end and the data's beginning meet."""
    attempt = of_request(make.request("PUT", "/f", body=Body(data, "application/octet-stream")))
    lines = script(*(replace(attempt, part=Part.JUDGED, copy=n) for n in range(2))).splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith("base64 -d <<'END' | curl ")]
    assert [lines[n].endswith(" &") for n in starts] == [True, False], remark
    for n in starts:
        assert base64.b64decode("".join(lines[n + 1 : lines.index("END", n)])) == data, remark


def test_a_body_never_names_a_file():
    """`--data @name` would read one; `--data-raw` does not."""
    found = words(script(of_request(make.request("POST", "/x", body=Body(b"@/etc/passwd", "text/plain")))))
    assert found[found.index("@/etc/passwd") - 1] == "--data-raw"


def test_headers_that_curl_writes_itself_are_left_out():
    headers = {"Host": "prod.example", "Content-Length": "3", "Accept": "*/*", "X-Empty": ""}
    found = words(script(of_request(make.request("GET", "/x", headers=headers))))
    assert "prod.example" not in " ".join(found)
    assert {"Accept: */*", "X-Empty;"} <= set(found)


CREDENTIALS = [
    ({"Api-Key": "live-key-1"}, "/x"),
    ({"X-Session-Token": "live-key-1"}, "/x"),
    ({"X-Acme-Secret": "live-key-1"}, "/x"),
    ({"Proxy-Authorization": "Basic live-key-1"}, "/x"),
    ({}, "/x?a=1&access_token=live-key-1&b=%22"),
    ({}, "/x?token=live-key-1"),
]


@pytest.mark.parametrize(("headers", "target"), CREDENTIALS)
def test_every_kind_of_credentials_is_a_variable_and_no_argument(headers, target):
    """By its name or its looks; with `reveal` it is written out, and still no argument that others read."""
    attempt = of_request(make.request("GET", target, headers=headers))
    assert "live-key-1" not in script(attempt)
    assert '"$TOKEN_1"' in script(attempt)
    shown = script(attempt, reveal=True)
    assert "live-key-1" in shown
    for text in (script(attempt), shown):
        (command,) = (line for line in text.splitlines() if line.startswith("curl "))
        assert "live-key-1" not in command
        assert "TOKEN_1" not in command


def test_a_token_against_forgery_and_a_page_are_no_credentials():
    """They are of the request; nobody has them at hand."""
    attempt = of_request(make.request("GET", "/x?page_token=abc", headers={"X-CSRF-Token": "forged-1"}))
    assert "TOKEN_1" not in script(attempt)


def test_what_looks_like_a_mark_of_ours_is_text():
    """A variable that nobody sets would end the script."""
    attempt = of_request(make.request("POST", "/zqReplayVar9Zq", body=Body(b"zqReplayVar9Zq", "text/plain")))
    assert "$V9" not in script(attempt)
    assert script(attempt).count("zqReplayVar9Zq") == 2
