"""A trace as a shell script of curl commands, so that a person can do by hand what replay did.

Rule: nothing from traffic is ever code. Values are single words of the shell, files are never read (`@name`), and a
request can only go to the named target.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterator, Sequence

from replay.model.conversation import MEDIA_TYPE as CONVERSATION
from replay.model.evidence import Attempt, Part, Trace
from replay.model.exchange import Request
from replay.model.message import split_authorization
from replay.report.repro_links import READER, has_mark, linked, word
from replay.report.terminal import printable

_TOKEN_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_SECRET_HEADERS = frozenset({"authorization", "cookie", "x-api-key", "x-auth-token", "x-access-token"})
# curl writes these itself, or they speak of a single connection.
_DROPPED = frozenset(
    {"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "keep-alive", "te", "upgrade",
     "expect", "proxy-connection", "content-encoding"}
)  # fmt: skip
_INLINE_BYTES = 32_768  # Linux takes 128 KiB per argument
_LINE_CHARS = 76


def as_curl(trace: Trace, target: str, *, reveal: bool = False) -> str:
    """A script for `sh`. Credentials are variables that its reader sets, unless `reveal` writes them out."""
    requests = linked(trace)
    sources = {n for one in requests for _, n, _, _ in one.takes}
    names = {} if reveal else _name_secrets([one.request for one in requests])
    out = ["#!/bin/sh", "# Made by replay: the requests of one trace, in the order in which they were sent.", "set -u"]
    out += [f'{name}="${{{name}:?set it to live credentials of the target}}"' for name in names.values()]
    if sources:
        out += ["answers=$(mktemp -d) || exit 1", "trap 'rm -rf \"$answers\"' EXIT", f"reader={shlex.quote(READER)}"]
        out.append('value() { python3 -c "$reader" "$answers/$1" "$2" "$3"; }')
    previous: Attempt | None = None
    for n, attempt in enumerate(trace.attempts):
        following = trace.attempts[n + 1] if n + 1 < len(trace.attempts) else None
        at_once = _overlaps(attempt, following)
        out += ["", *_comments(n + 1, attempt), *requests[n].assignments()]
        after = f' | tee "$answers/{n + 1}"' if n + 1 in sources else ""
        out.append(_command(requests[n].request, target.rstrip("/"), names, after + (" &" if at_once else "")))
        if _overlaps(previous, attempt) and not at_once:
            out.append("wait")
        previous = attempt
    return "\n".join(out) + "\n"


def _comments(n: int, attempt: Attempt) -> Iterator[str]:
    who = attempt.sent_as.tenant if attempt.sent_as else "nobody"
    copy = f", copy {attempt.copy + 1}" if attempt.copy else ""
    mark = "  <- the site" if attempt.part is Part.JUDGED else ""
    outcome = f"fault: {attempt.fault.kind}" if attempt.fault else str(attempt.status)
    yield f"# {n}. {printable(attempt.endpoint)}, as tenant {printable(who)}{copy}; was answered {outcome}{mark}"


def _command(request: Request, target: str, names: dict[str, str], behind: str) -> str:
    if request.body.content_type == CONVERSATION:
        return "echo 'a WebSocket was left out: curl cannot play it' >&2"
    # No ~/.curlrc and no proxy from the environment: the request goes to the target as it stands here.
    words = ["curl", "--disable", "--noproxy", "'*'", "--silent", "--show-error", "--include", "--globoff"]
    words += ["--path-as-is"]
    method = request.method if _TOKEN_NAME.fullmatch(request.method) else "GET"
    words += ["--head"] if method == "HEAD" else ["--request", shlex.quote(method)]
    for name, value in request.headers.fields:
        if _TOKEN_NAME.fullmatch(name) and name.lower() not in _DROPPED:
            words += ["--header", _header(name, value, names)]
    body = request.body.data
    before, after = "", ""
    if body and "content-type" not in request.headers:
        words += ["--header", "Content-Type:"]  # curl would call it a form
    if body:
        if _is_plain(body):
            words += ["--data-raw", word(body.decode())]
        else:
            words += ["--data-binary", "@-"]
            before, after = "base64 -d <<'END' | ", f"\n{_wrapped(body)}\nEND"
    # The target's own host stands first and a slash behind it: no path can name another host.
    path = request.target if request.target.startswith("/") else f"/{request.target}"
    words += ["--url", word(target + printable(path))]
    return before + " ".join(words) + behind + after


def _header(name: str, value: str, names: dict[str, str]) -> str:
    """`--header` takes one word; a secret's variable stands outside the single quotes, inside double ones."""
    secret = _secret_of(name, value)
    if secret and secret in names:
        prefix = value[: len(value) - len(secret)]
        return shlex.quote(f"{name}: {printable(prefix)}") + f'"${names[secret]}"'
    value = printable(value).strip()
    return word(f"{name}: {value}" if value else f"{name};")


def _name_secrets(requests: Sequence[Request]) -> dict[str, str]:
    """$TOKEN_1, $TOKEN_2 ... for every credential that no answer of the script gives, in order of first use."""
    names: dict[str, str] = {}
    for request in requests:
        for name, value in request.headers.fields:
            secret = _secret_of(name, value)
            if secret and not has_mark(secret):
                names.setdefault(secret, f"TOKEN_{len(names) + 1}")
    return names


def _secret_of(name: str, value: str) -> str:
    if name.lower() not in _SECRET_HEADERS:
        return ""
    return split_authorization(value)[1] if name.lower() == "authorization" else value


def _is_plain(body: bytes) -> bool:
    if len(body) > _INLINE_BYTES:
        return False
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return printable(text) == text


def _wrapped(body: bytes) -> str:
    text = base64.b64encode(body).decode()
    return "\n".join(text[i : i + _LINE_CHARS] for i in range(0, len(text), _LINE_CHARS))


def _overlaps(one: Attempt | None, other: Attempt | None) -> bool:
    """True when the second was sent before the first had ended: they belong to one group."""
    if one is None or other is None:
        return False
    return one.part is Part.JUDGED and other.part is Part.JUDGED and other.sent < one.ended
