"""The curl script in a real `sh`, against a real server: what strangers sent arrives, and none of it is run."""

from __future__ import annotations

import os
import shutil
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import make
from replay.model.body import Body
from replay.model.evidence import Attempt, Part, Role
from replay.report.repro import as_curl
from replay.report.terminal import printable
from unit.oracle.evidence_make import NOBODY, sent, trace
from unit.report.run_view_make import HOSTILE

TEXT = "text/plain"
TOKEN = 'live "$(touch pwned)" `touch pwned` $HOME'  # credentials are text from outside, too
# For machines without curl: knows the options that the script uses, and sends what the shell handed over.
STAND_IN = f"""#!{sys.executable}
import socket, sys
from urllib.parse import urlsplit
words, fields, method, body, url = iter(sys.argv[1:]), [], "GET", b"", ""
for word in words:
    if word == "--request": method = next(words)
    elif word == "--head": method = "HEAD"
    elif word == "--header":
        line = next(words)
        for line in open(line[1:], errors="surrogateescape").read().splitlines() if line[0] == "@" else [line]:
            name, _, value = line.partition(":")
            fields.append(name.rstrip(";") + ": " + value.strip())
    elif word == "--config": url = open(next(words)).read()[7:-2].replace(chr(92), "")
    elif word == "--data-raw": body = next(words).encode("utf-8", "surrogateescape")
    elif word == "--data-binary" and next(words) == "@-": body = sys.stdin.buffer.read()
    elif word == "--url": url = next(words)
place = urlsplit(url)
target = url.partition(place.netloc)[2]
lines = [method + " " + target + " HTTP/1.1", "Host: " + place.netloc, *fields, "Content-Length: " + str(len(body))]
with socket.create_connection((place.hostname, place.port)) as wire:
    wire.sendall("\\r\\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body)
    wire.recv(1024)
"""
SENDERS = ["stand-in", *(["curl"] if shutil.which("curl") else [])]


@dataclass
class Arrived:
    """One request as it stood on the wire."""

    line: bytes
    fields: dict[bytes, bytes]
    body: bytes


class _Reader(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        line = self.rfile.readline().strip()
        fields = {}
        while field_line := self.rfile.readline().strip():
            name, _, value = field_line.partition(b":")
            fields[name.lower()] = value.strip()
        if fields.get(b"expect"):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.rfile.read(int(fields.get(b"content-length", b"0")))
        self.server.arrived.append(Arrived(line, fields, body))
        self.wfile.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")


class _Server(socketserver.ThreadingTCPServer):
    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        super().__init__(("127.0.0.1", 0), _Reader)


@dataclass
class Desk:
    """Where a reader of a finding runs the script: an empty folder, a `sh`, a curl and the target."""

    server: _Server
    folder: Path
    tools: Path
    home: Path

    def run(self, *attempts: Attempt, reveal: bool = False, token: str = TOKEN) -> list[Arrived]:
        target = f"http://127.0.0.1:{self.server.server_address[1]}"
        script = self.home / "repro.sh"
        script.write_bytes(as_curl(trace(Role.MUTATED, 1, *attempts), target, reveal=reveal).encode())
        done = subprocess.run(
            ["sh", str(script)],
            cwd=self.folder,
            env={"PATH": f"{self.tools}{os.pathsep}{os.environ['PATH']}", "HOME": str(self.home), "TOKEN_1": token},
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert os.listdir(self.folder) == [], "something from traffic was run"
        return self.server.arrived


@pytest.fixture(params=SENDERS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    folders = [tmp_path / name for name in ("folder", "tools", "home")]
    for one in folders:
        one.mkdir()
    if request.param == "stand-in":
        (folders[1] / "curl").write_text(STAND_IN)
        (folders[1] / "curl").chmod(0o755)
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Desk(server, *folders)
        server.shutdown()
        thread.join()


def attempt(target: str = "/notes", *, method: str = "POST", body: bytes = b"", **more: str) -> Attempt:
    request = make.request(method, target, body=Body(body, TEXT), headers={"Content-Type": TEXT, **more})
    return replace(sent("e", "POST", "/notes", by=NOBODY), request=request)


TEXTS = [
    ("$(touch pwned)", "substitution"),
    ("`touch pwned`", "the old substitution"),
    ("$HOME ${PATH} $((1+1)) $$ $1", "variables and sums"),
    ("'; touch pwned; '", "out of single quotes"),
    ('"; touch pwned; "', "out of double quotes"),
    ("'\"'\"'; touch pwned #", "the way in which quotes are escaped here"),
    ("\\'; touch pwned; \\", "backslashes"),
    ("a; touch pwned & touch pwned | touch pwned > pwned", "all that ends a command"),
    ("~ * ? [a-z] {a,b} !! %s %n", "patterns, history, formats"),
    ("--output pwned", "an option of curl"),
    ("@/etc/hostname", "a file, to curl"),
    ("<pwned", "a file, to the forms of curl"),
    ("grüße, 東京 🚀", "not ASCII"),
    ('{"a": "it\'s", "b": "$(touch pwned)"}', "JSON"),
]


@pytest.mark.parametrize(("text", "remark"), TEXTS)
def test_hostile_text_arrives_as_it_was(desk: Desk, text: str, remark: str) -> None:
    """In a body and in a header field, byte for byte."""
    (arrived,) = desk.run(attempt(body=text.encode(), **{"X-Note": text}))
    assert (arrived.line, arrived.body) == (b"POST /notes HTTP/1.1", text.encode()), remark
    assert arrived.fields[b"x-note"] == text.encode(), remark


BODIES = [
    (b"a\ntouch pwned\n", "lines"),
    (b"END\ntouch pwned\n", "the word that ends the inline data"),
    (b"x\r\n\r\nGET /second HTTP/1.1\r\n\r\n", "another request"),
    (bytes(range(256)) * 3, "binary"),
    (b"\x00", "a single NUL"),
    (b"\xff\xfe$(touch pwned)`touch pwned`'\"", "not UTF-8"),
    (b"\x1b]0;$(touch pwned)\x07", "an escape sequence"),
    (b"'$(touch pwned)" * 3000, "longer than one word of a command line should be"),
    (HOSTILE.encode("utf-8", "replace"), "all of it"),
]


@pytest.mark.parametrize(("body", "remark"), BODIES)
def test_hostile_bytes_arrive_as_they_were(desk: Desk, body: bytes, remark: str) -> None:
    """What no word of a shell can hold travels as base64."""
    assert [one.body for one in desk.run(attempt(body=body))] == [body], remark


def test_copies_at_once_arrive_whole(desk: Desk) -> None:
    """In the background, too, each command gets its own data, and the script waits for all of them."""
    bodies = [b"one\n$(touch pwned)", b"two $(touch pwned)", b"three\n`touch pwned`"]
    copies = [replace(attempt(body=body), part=Part.JUDGED, copy=n) for n, body in enumerate(bodies)]
    assert sorted(one.body for one in desk.run(*copies)) == sorted(bodies)


@pytest.mark.parametrize(
    "target", ["/$(touch${IFS}pwned)?q=`touch${IFS}pwned`", "/a';touch${IFS}pwned;'", "/{a,b}[1-3]"]
)
def test_a_hostile_path_arrives_as_it_was(desk: Desk, target: str) -> None:
    """Neither the shell nor curl's own patterns read it."""
    assert [one.line for one in desk.run(attempt(target, body=b"x"))] == [f"POST {target} HTTP/1.1".encode()]


@pytest.mark.parametrize("reveal", [False, True])
def test_credentials_arrive_as_they_are(desk: Desk, reveal: bool) -> None:
    """From the variable or written out: the token is one word, whatever is in it."""
    recorded = TOKEN if reveal else "recorded $(touch pwned)"
    (arrived,) = desk.run(attempt(body=b"x", Authorization=f"Bearer {recorded}"), reveal=reveal)
    assert arrived.fields[b"authorization"] == f"Bearer {TOKEN}".encode()


@pytest.mark.parametrize("text", [HOSTILE, "a\ntouch pwned\n", "$(touch pwned)\r`touch pwned`", "'\n'touch' pwned\n'"])
def test_what_only_people_read_runs_nothing(desk: Desk, text: str) -> None:
    """Tenant and endpoint stand in a comment, which no line break may end; names of fields are names or absent."""
    said = replace(attempt(body=b"x", **{"X-Note": text, text: "1"}), endpoint=f"GET {text}")
    (arrived,) = desk.run(replace(said, sent_as=sent("e", "GET", "/", tenant=text).sent_as))
    assert arrived.fields[b"x-note"] == printable(text).strip().encode()
    assert set(arrived.fields) <= {b"host", b"user-agent", b"accept", b"content-type", b"content-length", b"x-note"}


@pytest.mark.parametrize("reveal", [False, True])
def test_a_credential_of_the_query_arrives_beside_whatever_stands_there(desk: Desk, reveal: bool) -> None:
    """It is told to curl in a file, whose own quotes and backslashes are no traffic's business."""
    target = '/a"b?x="&access_token=live-1&y=$(touch${IFS}pwned)'
    (arrived,) = desk.run(attempt(target, body=b"x", **{"Api-Key": "live-1"}), reveal=reveal, token="live-1")
    assert arrived.line == f"POST {target} HTTP/1.1".encode()
    assert arrived.fields[b"api-key"] == b"live-1"


def test_a_script_that_is_interrupted_removes_what_it_was_answered(tmp_path: Path) -> None:
    """A `sh` that ends by a signal runs no EXIT trap of its own accord."""
    text = as_curl(trace(Role.MUTATED, 1, attempt(Authorization="Bearer x")), "http://127.0.0.1:9", reveal=True)
    head = text[: text.index("# 1.")]
    done = subprocess.run(
        ["sh", "-c", head + '\n: > "$answers/1"; kill -INT $$; echo still here'],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (130, b"", [])
