"""A script of stand-ins in a real `sh`: it takes the target's own tokens and ids from the answers that it gets."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import make
from replay.model.evidence import Attempt, Part, Role
from replay.report.repro import as_curl
from replay.report.repro_links import READER
from unit.oracle.evidence_make import NOBODY, sent, trace

# For machines without curl: the options that the script uses, and the whole answer on stdout.
STAND_IN = f"""#!{sys.executable}
import http.client, sys
from urllib.parse import urlsplit
words, fields, method, body, url = iter(sys.argv[1:]), {{}}, "GET", None, ""
for word in words:
    if word == "--request": method = next(words)
    elif word == "--header":
        line = next(words)
        for line in open(line[1:]).read().splitlines() if line[0] == "@" else [line]:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    elif word == "--data-raw": body = next(words).encode()
    elif word == "--data-binary" and next(words) == "@-": body = sys.stdin.buffer.read()
    elif word == "--url": url = next(words)
place = urlsplit(url)
wire = http.client.HTTPConnection(place.hostname, place.port)
wire.request(method, url.partition(place.netloc)[2], body, fields)
answer = wire.getresponse()
print("HTTP/1.1", answer.status, "x", end="\\r\\n")
for name, value in answer.getheaders(): print(f"{{name}}: {{value}}", end="\\r\\n")
print(end="\\r\\n", flush=True)
sys.stdout.buffer.write(answer.read())
"""
TOKEN = 'live "token" $(touch pwned) `touch pwned` /+'
NOTE = "live/../id ü'"
NUMBER = 990_000_001


@dataclass
class Target(ThreadingHTTPServer):
    """Gives values of its own, and wants exactly these back."""

    seen: list[tuple[str, str, str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)

    __hash__ = object.__hash__


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.seen.append(
            (self.path, self.headers.get("Authorization", ""), self.headers.get("Cookie", ""), body)
        )
        tree = {"token": TOKEN} if self.path == "/login" else {"id": NOTE, "account_id": NUMBER}
        data = json.dumps(tree).encode()
        self.send_response(201)
        if self.path == "/login":
            self.send_header("Set-Cookie", "sid=live-cookie-4711; Path=/")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def target() -> Iterator[Target]:
    with Target() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def attempts() -> list[Attempt]:
    """As a run file holds them: stand-ins that are equal where the target's values were."""
    token, note, number = "Xk93hfZq2Lq0aB7c", "5a1c2b1e-95c1-4f56-8a51-0e8f4a0f6c11", 480_213_001
    who = {"Authorization": f"Bearer {token}", "Cookie": "sid=Wq83jfhZk2Lq0aB7"}
    asked = [
        (
            make.request("POST", "/login", json={"user": "ann"}),
            {"token": token},
            {"Set-Cookie": "sid=Wq83jfhZk2Lq0aB7"},
        ),
        (make.request("POST", "/notes", json={"text": "x"}, headers=who), {"id": note, "account_id": number}, {}),
        (make.request("GET", f"/notes/{note}", headers=who), {}, {}),
        (make.request("POST", f"/copies?of={note}", json={"note": note, "account_id": number}, headers=who), {}, {}),
    ]
    out = []
    for n, (request, tree, fields) in enumerate(asked):
        answer = make.response(201, answer=tree, headers=fields)
        one = replace(sent("e", "POST", "/x", by=NOBODY), request=request, outcome=answer, part=Part.SETUP)
        out.append(replace(one, session_id="s1", sent=float(n), ended=n + 0.5))
    return out


def run(target: Target, folder: Path, text: str) -> subprocess.CompletedProcess[bytes]:
    (folder / "tools").mkdir()
    (folder / "cwd").mkdir()
    (folder / "tools" / "curl").write_text(STAND_IN)
    (folder / "tools" / "curl").chmod(0o755)
    (folder / "repro.sh").write_text(text)
    done = subprocess.run(
        ["sh", str(folder / "repro.sh")],
        cwd=folder / "cwd",
        env={"PATH": f"{folder / 'tools'}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(folder)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert list((folder / "cwd").iterdir()) == [], "something from traffic was run"
    return done


def test_the_targets_own_values_are_sent_back(target: Target, tmp_path: Path) -> None:
    """Token, cookie, id in path, query and body, number: of this run of the script, whatever is in them."""
    text = as_curl(trace(Role.MUTATED, 1, *attempts()), f"http://127.0.0.1:{target.server_address[1]}")
    done = run(target, tmp_path, text)
    assert (done.returncode, done.stderr) == (0, b"")
    login, notes, shown, copied = target.seen
    assert login[1] == ""
    assert {one[1] for one in (notes, shown, copied)} == {f"Bearer {TOKEN}"}
    assert {one[2] for one in (notes, shown, copied)} == {"sid=live-cookie-4711"}
    assert shown[0] == "/notes/live%2F..%2Fid%20%C3%BC%27"
    assert copied[0] == "/copies?of=live%2F..%2Fid%20%C3%BC%27"
    assert json.loads(copied[3]) == {"note": NOTE, "account_id": NUMBER}
    assert "TOKEN_" not in text
    assert "python3 -I -c" in text, "else a json.py in the folder of the script's reader would run"
    commands = [line.partition(" --url ")[0].rpartition("| ")[2] for line in text.splitlines() if " --url " in line]
    assert [one for one in commands if "$V" in one] == [], "tokens in arguments"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("tmp.")], "answers are removed"


def test_a_script_ends_where_an_answer_lacks_what_it_needs(target: Target, tmp_path: Path) -> None:
    """It says which, and sends nothing with a stand-in in it."""
    changed = attempts()
    changed[0] = replace(changed[0], request=make.request("POST", "/elsewhere", json={"user": "ann"}))
    done = run(
        target, tmp_path, as_curl(trace(Role.MUTATED, 1, *changed), f"http://127.0.0.1:{target.server_address[1]}")
    )
    assert done.returncode == 1
    assert b"this answer lacks" in done.stderr
    assert len(target.seen) == 1


def test_a_value_goes_into_a_body_that_no_word_can_hold(target: Target, tmp_path: Path) -> None:
    """Lines, or more than an argument takes: the parts around it travel as base64."""
    text = "y" * 40_000
    changed = attempts()
    request = changed[3].request
    tree = {**json.loads(request.body.data), "text": text}
    data = json.dumps(tree, indent=1).encode()
    changed[3] = replace(changed[3], request=replace(request, body=replace(request.body, data=data)))
    done = run(
        target, tmp_path, as_curl(trace(Role.MUTATED, 1, *changed), f"http://127.0.0.1:{target.server_address[1]}")
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(target.seen[3][3]) == {"note": NOTE, "account_id": NUMBER, "text": text}


HOSTILE_ANSWERS = [
    (b"HTTP/1.1 200 \x1b[31mred\x1b]0;t\x07\r\n\r\n{}", b"HTTP/1.1 200 [31mred"),
    (b"HTTP/1.1 200 OK\r\n\r\n\x1f\x8bnothing", b"HTTP/1.1 200 OK"),
    (b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000, b"HTTP/1.1 200 OK"),
    (b"HTTP/1.1 200 OK\r\n\r\n" + gzip.compress(b" " * (1 << 26) + b"1"), b"HTTP/1.1 200 OK"),
]


@pytest.mark.parametrize(("answer", "told"), HOSTILE_ANSWERS)
def test_a_hostile_answer_is_told_in_one_plain_line(tmp_path: Path, answer: bytes, told: bytes) -> None:
    """No escape for the terminal, no traceback, and no more memory than 64 MiB of a body; nothing beside it is read."""
    (tmp_path / "json.py").write_text("raise SystemExit('the module of the folder')")
    (tmp_path / "answer").write_bytes(answer)
    done = subprocess.run(
        [sys.executable, "-I", "-c", READER, "answer", '["body", "a\\u001b"]', "raw"],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(b"this answer lacks body.a: " + told)
    assert b"\x1b" not in done.stderr
