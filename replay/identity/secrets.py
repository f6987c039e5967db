"""The live secrets of a run: exact values that identities know, and messages with these values taken out.

A password, an access token, a signed JWT: known here while the run lasts, in memory, so that whoever writes to disk can
replace them. The stand-in is made from what the secret is called, never from the secret, and stays the same when a
token is renewed: two clean replays then differ in nothing.

Rule: nothing in here has a repr. Texts that are too short to be anybody's secret are left alone, and of tokens that
were renewed many times over the latest are remembered.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b32encode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import quote, quote_plus

from replay.model.body import Body
from replay.model.exchange import Outcome, Response
from replay.model.headers import Headers

SHORTEST = 8  # characters; `admin` in an answer is a word, and taking it out would change what oracles see
MOST = 20_000  # tokens that were made in the run; the configuration's own secrets are never forgotten
_RUN = re.compile(r"[A-Za-z0-9_~+/=.%-]{8,}")  # what tokens are made of (RFC 6750 section 2.1), and their writings
_JOINTS = re.compile(r"%(?:25)*[0-9A-Fa-f]{2}|[=/.%+~-]")  # behind one of these a token may begin inside of a run
_ESCAPE = re.compile(r"u[0-9A-Fa-f]{4}|[bfnrt]")  # what stands behind a backslash of JSON

_PERCENT = re.compile(r"%[0-9A-F]{2}")
_MARKUP = re.compile(r"[<>&='+]")


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """`label` says what it is (`identity qa-admin: password`) and may be shown."""

    text: str
    label: str
    is_basic: bool = False  # a pair of user and password in base64: its stand-in is one, too

    @property
    def stand_in(self) -> str:
        """`withheld-` and 13 characters of base32 that depend on the label alone."""
        digest = hashlib.blake2b(self.label.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        name = f"withheld-{b32encode(digest).decode().rstrip('=').lower()}"
        return b64encode(f"{name}:withheld".encode()).decode() if self.is_basic else name


class LiveSecrets:
    """Grows while tokens are fetched. An expired token is still nobody's business.

    Most secrets are tokens: they are found by their first eight characters, in time that does not grow with their
    number. Those with other characters in them are looked for one by one.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._known: dict[str, Secret] = {}
        self._tokens: dict[str, str] = {}  # writing -> stand-in
        self._lengths: dict[str, set[int]] = {}  # first eight characters -> lengths of writings that begin so
        self._others: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self._configured = 0
        for secret in secrets:
            self.add(secret)
            self._configured = len(self._known)

    def add(self, secret: Secret) -> None:
        if len(secret.text) < SHORTEST or secret.text in self._known:
            return
        if len(self._known) - self._configured >= MOST:
            self._forget(next(islice(self._known, self._configured, None)))
        self._known[secret.text] = secret
        for writing in _writings(secret.text):
            if _RUN.fullmatch(writing):
                self._tokens.setdefault(writing, secret.stand_in)
                self._lengths.setdefault(writing[:SHORTEST], set()).add(len(writing))
            else:
                self._others.setdefault(writing, secret.stand_in)
                self._pattern = None

    def known(self) -> tuple[Secret, ...]:
        """Every secret that is remembered, in order of appearance."""
        return tuple(self._known.values())

    def configured(self) -> tuple[Secret, ...]:
        """Those that were known at the start: few, and the same for the whole run."""
        return tuple(islice(self._known.values(), self._configured))

    def made(self, most: int) -> tuple[Secret, ...]:
        """At most so many of those that came later, the oldest first."""
        return tuple(islice(self._known.values(), self._configured, self._configured + most))

    def conceal_text(self, text: str) -> str:
        """The text with stand-ins where a secret was written; the very same object when it holds none."""
        if self._tokens:
            text = self._without_tokens(text)
        if self._others:
            if self._pattern is None:
                ordered = sorted(self._others, key=len, reverse=True)  # a secret may hold another one as its part
                self._pattern = re.compile("|".join(map(re.escape, ordered)))
            if self._pattern.search(text):
                text = self._pattern.sub(lambda found: self._others[found[0]], text)
        return text

    def conceal_bytes(self, data: bytes) -> bytes:
        """The very same object when it holds none."""
        if not self._known or len(data) < SHORTEST:
            return data
        text = data.decode("utf-8", "surrogateescape")
        told = self.conceal_text(text)
        return data if told is text else told.encode("utf-8", "surrogateescape")

    def conceal(self, outcome: Outcome) -> Outcome:
        """The outcome without secrets; the very same object when it holds none."""
        if not self._known or not isinstance(outcome, Response):
            return outcome
        data = self.conceal_bytes(outcome.body.data)
        headers, trailers = self.conceal_headers(outcome.headers), self.conceal_headers(outcome.trailers)
        if data is outcome.body.data and headers is outcome.headers and trailers is outcome.trailers:
            return outcome
        return replace(outcome, headers=headers, trailers=trailers, body=_with_data(outcome.body, data))

    def conceal_headers(self, headers: Headers) -> Headers:
        fields = tuple((name, self.conceal_text(value)) for name, value in headers.fields)
        return headers if fields == headers.fields else Headers(fields)

    def _without_tokens(self, text: str) -> str:
        out: list[str] = []
        end = 0
        for start, stop in self._tokens_in(text):
            if start >= end:
                out += [text[end:start], self._tokens[text[start:stop]]]
                end = stop
        return "".join([*out, text[end:]]) if out else text

    def _tokens_in(self, text: str) -> Iterator[tuple[int, int]]:
        """Where a known writing stands, by its beginning, the longest first."""
        for run in _RUN.finditer(text):
            for start in _begins(text, run.start(), run.end()):
                lengths = self._lengths.get(text[start : start + SHORTEST])
                for length in sorted(lengths, reverse=True) if lengths else ():
                    if text[start : start + length] in self._tokens:
                        yield start, start + length
                        break

    def _forget(self, text: str) -> None:
        """The oldest token. Its first characters stay: they cost nothing but a look."""
        del self._known[text]
        for writing in _writings(text):
            self._tokens.pop(writing, None)
            if self._others.pop(writing, None) is not None:
                self._pattern = None

    def __repr__(self) -> str:
        return f"LiveSecrets({len(self._known)})"


def live_secrets(book: LiveSecrets) -> tuple[Secret, ...]:
    """For whoever writes to disk: the exact values known by now. They grow, so ask when you write, not before."""
    return book.known()


def _begins(text: str, first: int, stop: int) -> Iterator[int]:
    """Where a token may begin in a run. An escape of JSON (`\\n`, `\\u003d`) before it looks like a part of it."""
    yield first
    if text[first - 1 : first] == "\\" and (escape := _ESCAPE.match(text, first)):
        yield escape.end()
    for joint in _JOINTS.finditer(text, first, stop):
        if joint.end() - joint.start() > 1:
            yield joint.start() + 1  # no escape after all, but a percent sign
        yield joint.end()


def _with_data(body: Body, data: bytes) -> Body:
    if data == body.data:
        return body
    return Body(data, body.content_type, body.truncated, body.size_bytes if body.truncated else -1)


def _writings(text: str) -> tuple[str, ...]:
    """The text, in a URL, in a form, in JSON with and without escapes."""
    in_url = (quote(text, safe=""), quote_plus(text))
    small = (_PERCENT.sub(lambda found: found[0].lower(), one) for one in in_url)
    in_json = json.dumps(text)[1:-1]
    in_page = _MARKUP.sub(lambda found: f"\\u{ord(found[0]):04x}", in_json)  # as Gson and others write it
    return tuple(dict.fromkeys((text, *in_url, *small, in_json, in_page, text.replace("/", "\\/"))))
