"""A trace as a shell script of curl commands, so that a person can do by hand what replay did.

Rule: nothing from traffic is ever code. Values are single words of the shell, files are never read (`@name`), and a
request can only go to the named target. Credentials of headers and query are no arguments of a program, where every
user of the machine reads them: they pass through files of a private folder, which goes when the script ends.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from replay.identity.places import credentials_in
from replay.model.conversation import MEDIA_TYPE as CONVERSATION
from replay.model.evidence import Attempt, Part, Trace
from replay.model.exchange import Request
from replay.model.headers import Headers
from replay.model.message import split_authorization
from replay.report.repro_fresh import with_fresh_values
from replay.report.repro_links import READER, Linked, has_mark, linked, pieces, word
from replay.report.terminal import printable

_TOKEN_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_SECRET_HEADER = re.compile(r"cookie2?|(?!.*(?:csrf|xsrf)).*(?:authorization|passw|secret|token|api-?key|credential).*")
_SECRET_PARAMETERS = frozenset(
    {"token", "jwt", "id_token", "refresh_token", "password", "secret", "client_secret", "assertion", "signature"}
)
# curl writes these itself, or they speak of a single connection.
_DROPPED = frozenset(
    {"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "keep-alive", "te", "upgrade",
     "expect", "proxy-connection", "content-encoding"}
)  # fmt: skip
_INLINE_BYTES = 32_768  # Linux takes 128 KiB per argument
_LINE_CHARS = 76


@dataclass(frozen=True, slots=True)
class _Script:
    """What all commands share. `names`: variables of the credentials that the reader of the script sets."""

    target: str
    names: dict[str, str] = field(default_factory=dict, repr=False)


def as_curl(trace: Trace, target: str, *, reveal: bool = False, seed: int | None = None) -> str:
    """A script for `sh`. Credentials are variables that its reader sets, unless `reveal` writes them out.

    `seed`: of other client-made values than those that were sent; None keeps them.
    """
    made = 0
    if seed is not None:
        trace, made = with_fresh_values(trace, seed)
    requests = linked(trace)
    sources = {n for one in requests for _, n, _, _ in one.takes}
    script = _Script(target.rstrip("/"), {} if reveal else _name_secrets(requests))
    out = ["#!/bin/sh", "# Made by replay: the requests of one trace, in the order in which they were sent."]
    if made:
        values = "1 value" if made == 1 else f"{made} values"
        out.append(f"# {values} that clients make (e-mails, names, keys) made anew, from --seed {seed}: send it once.")
    out.append("set -u")
    out += [f'{name}="${{{name}:?set it to live credentials of the target}}"' for name in script.names.values()]
    if sources or any(_secrets_of(one.request) for one in requests):
        out += ["answers=$(mktemp -d) || exit 1", "trap 'rm -rf \"$answers\"' EXIT", "trap 'exit 130' INT TERM HUP"]
    if sources:
        # -I: no module of the current folder is read.
        out += [f"reader={shlex.quote(READER)}", 'value() { python3 -I -c "$reader" "$answers/$1" "$2" "$3"; }']
    previous: Attempt | None = None
    for n, attempt in enumerate(trace.attempts):
        following = trace.attempts[n + 1] if n + 1 < len(trace.attempts) else None
        at_once = _overlaps(attempt, following)
        out += ["", *_comments(n + 1, attempt), *requests[n].assignments()]
        after = f' | tee "$answers/{n + 1}"' if n + 1 in sources else ""
        out += _command(requests[n], n + 1, script, after + (" &" if at_once else ""))
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


def _command(one: Linked, n: int, script: _Script, behind: str) -> list[str]:
    """Lines of the shell: what only files may hold, then the command."""
    request = one.request
    if request.body.content_type == CONVERSATION:
        return ["echo 'a WebSocket was left out: curl cannot play it' >&2"]
    # No ~/.curlrc and no proxy from the environment: the request goes to the target as it stands here.
    words = ["curl", "--disable", "--noproxy", "'*'", "--silent", "--show-error", "--include", "--globoff"]
    words += ["--path-as-is"]
    method = request.method if _TOKEN_NAME.fullmatch(request.method) else "GET"
    words += ["--head"] if method == "HEAD" else ["--request", shlex.quote(method)]
    before: list[str] = []
    fields = [
        _header(name, value, one.names, script)
        for name, value in request.headers.fields
        if _TOKEN_NAME.fullmatch(name) and name.lower() not in _DROPPED
    ]
    if any(place[0] == "header" for place in _secrets_of(request)):
        before.append(f"printf '%s\\n' {' '.join(fields)} > \"$answers/{n}.fields\"")
        words += ["--header", f'@"$answers/{n}.fields"']
    else:
        words += [part for line in fields for part in ("--header", line)]
    feed, after = "", ""
    if request.body.data:
        if "content-type" not in request.headers:
            words += ["--header", "Content-Type:"]  # curl would call it a form
        option, feed, after = _body(one)
        words += option
    # The target's own host stands first and a slash behind it: no path can name another host.
    path = printable(request.target if request.target.startswith("/") else f"/{request.target}")
    if any(place[0] == "query" for place in _secrets_of(request)):
        before.append(f'printf \'url = "%s"\\n\' {_url(script, path, one.names)} > "$answers/{n}.url"')
        words += ["--config", f'"$answers/{n}.url"']
    else:
        words += ["--url", word(script.target + path, one.names)]
    return [*before, feed + " ".join(words) + behind + after]


def _body(one: Linked) -> tuple[list[str], str, str]:
    """Words of curl, what stands before the command, and what stands behind its line."""
    data = one.request.body.data
    is_filled = has_mark(data.decode("latin-1"), one.names)
    if not is_filled and not _is_plain(data):
        return ["--data-binary", "@-"], "base64 -d <<'END' | ", f"\n{_wrapped(data)}\nEND"
    if not is_filled:
        return ["--data-raw", word(data.decode())], "", ""
    if _is_plain(data):
        return ["--data-binary", "@-"], f"printf %s {word(data.decode(), one.names)} | ", ""
    parts = [
        f'printf %s "${text}"' if is_name else f"base64 -d <<'END'\n{_wrapped(text.encode('latin-1'))}\nEND"
        for is_name, text in pieces(data.decode("latin-1"), one.names)
        if text
    ]
    return ["--data-binary", "@-"], "{ " + "\n".join(parts) + "\n} | ", ""


def _header(name: str, value: str, marks: frozenset[str], script: _Script) -> str:
    """`--header` takes one word; a secret's variable stands outside the single quotes, inside double ones."""
    secret = _secret_of(name, value)
    if secret and secret in script.names:
        prefix = value[: len(value) - len(secret)]
        return shlex.quote(f"{name}: {printable(prefix)}") + f'"${script.names[secret]}"'
    value = printable(value).strip()
    return word(f"{name}: {value}" if value else f"{name};", marks)


def _url(script: _Script, path: str, marks: frozenset[str]) -> str:
    """One word, as it stands between the quotes of a line of curl's own configuration."""
    head, _, query = path.partition("?")
    parts = [word(_in_quotes(f"{script.target}{head}?"), marks)]
    for n, piece in enumerate(query.split("&")):
        name, _, value = piece.partition("=")
        between = "&" if n else ""
        if _is_secret_piece(piece) and value in script.names:
            parts.append(f'{word(_in_quotes(f"{between}{name}="))}"${script.names[value]}"')
        elif between or piece:
            parts.append(word(_in_quotes(between + piece), marks))
    return "".join(parts)


def _in_quotes(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _name_secrets(requests: Sequence[Linked]) -> dict[str, str]:
    """$TOKEN_1, $TOKEN_2 ... for every credential that no answer of the script gives, in order of first use."""
    names: dict[str, str] = {}
    for one in requests:
        for _, secret in _secrets_of(one.request):
            if not has_mark(secret, one.names):
                names.setdefault(secret, f"TOKEN_{len(names) + 1}")
    return names


def _secrets_of(request: Request) -> list[tuple[str, str]]:
    """(header or query, text as it stands there) of every credential, by names and looks."""
    found = [("header", secret) for name, value in request.headers.fields if (secret := _secret_of(name, value))]
    pieces_of_query = request.query.split("&") if request.query else []
    return found + [("query", one.partition("=")[2]) for one in pieces_of_query if _is_secret_piece(one)]


def _secret_of(name: str, value: str) -> str:
    field_name = name.lower()
    if field_name in _DROPPED or not _TOKEN_NAME.fullmatch(name):
        return ""
    if field_name.endswith("authorization"):
        return split_authorization(value)[1]
    is_key = bool(credentials_in(Request("GET", "/", Headers.of([(name, value)]))))
    return value if value and (is_key or _SECRET_HEADER.fullmatch(field_name)) else ""


def _is_secret_piece(piece: str) -> bool:
    """Of a query: `access_token=...`."""
    name, _, value = piece.partition("=")
    is_named = unquote_plus(name).lower().replace("-", "_") in _SECRET_PARAMETERS
    return bool(value) and (is_named or bool(credentials_in(Request("GET", f"/?{piece}"))))


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
