"""Weakened rules of redaction: each turns the canary red, or another layer that is named here catches what it lets by.

The second look is off for all of them, so that it is the canary's search that finds what a weakened rule lets through.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import replay.redact
from replay.canary import in_process
from replay.canary.campaign import Campaign
from replay.canary.case import Loss
from replay.canary.records import missing_parts
from replay.canary.suite import CASES
from replay.redact.atoms import _MAKERS
from replay.redact.builtin import BUILTIN
from replay.redact.contract import Change, ValueClass
from replay.redact.policy import Policy, Refused
from replay.redact.pseudonyms import Pseudonym

CAMPAIGN = Campaign.of(CASES, seed=0)
Weaken = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """`caught_by`: the layer because of which nothing leaks all the same; empty: the canary must turn red."""

    name: str
    weaken: Weaken
    caught_by: str = ""


def module(name: str) -> Any:
    return importlib.import_module(f"replay.redact.{name}")


def replaced(where: str, what: object) -> Weaken:
    """`where`: module and attribute, such as `urls._fragment`."""
    owner, _, name = where.rpartition(".")
    return lambda patch: patch.setattr(_owner(owner), name, what)


def _owner(path: str) -> Any:
    name, _, rest = path.partition(".")
    return getattr(module(name), rest) if rest else module(name)


def unmade(kind: ValueClass) -> Weaken:
    """The stand-in of a class is the value itself."""
    return lambda patch: patch.setitem(_MAKERS, kind, lambda _, text: text)


def as_it_came(where: str) -> Weaken:
    """What this opener would open stays as it is."""
    owner, _, name = where.rpartition(".")

    def weaken(patch: pytest.MonkeyPatch) -> None:
        old = getattr(_owner(owner), name)

        def lazy(*words: Any) -> Change | None:
            return None if old(*words) is None else Change(words[-1])

        patch.setattr(_owner(owner), name, lazy)

    return weaken


def opener(kind: ValueClass) -> Weaken:
    return lambda patch: patch.setitem(module("openers").OPENERS, kind, lambda desk, role, text: Change(text))


def _lines(desk: Any, line: str, *_: Any) -> Iterator[str]:
    yield line


NOT_IN_STRICT = {ValueClass.LONG}  # `strict` takes such numbers for ids

MUTANTS = (
    *(Mutant(f"stand-in of {kind.value} is the value", unmade(kind)) for kind in _MAKERS if kind not in NOT_IN_STRICT),
    Mutant("stand-in of a text is the text", replaced("pseudonyms.Pseudonym.text", lambda self, text: text)),
    Mutant("stand-in of a host is the host", replaced("pseudonyms.Pseudonym.host", lambda self, name: name)),
    Mutant("stand-in of IPv4 is the address", replaced("pseudonyms.Pseudonym.ipv4", lambda self, text: text)),
    Mutant("stand-in of IPv6 is the address", replaced("pseudonyms.Pseudonym.ipv6", lambda self, text: text)),
    *(
        Mutant(f"{kind.value} in a value stays as it is", opener(kind))
        for kind in (
            ValueClass.JSON,
            ValueClass.BASE64,
            ValueClass.JWT,
            ValueClass.URL,
            ValueClass.PERCENT,
            ValueClass.CREDENTIALS,
        )
    ),
    *(
        Mutant(f"opener {name} leaves the text as it is", as_it_came(f"openers.{name}"))
        for name in ("_hex", "_base64", "_entities", "_form", "_data_url", "_mime", "_extended", "_signed", "_express")
    ),
    Mutant("names that look written stay", replaced("lexicon.Lexicon.is_strict", property(lambda _: False))),
    Mutant("every name stays", replaced("rewriter.Rewriter._name_stays", lambda self, name: True)),
    Mutant("every path word is a route", replaced("lexicon.Lexicon.knows_route", lambda self, word: True)),
    Mutant("every number stays", replaced("rewriter.kind_of", lambda *_: ValueClass.KEPT)),
    Mutant("every word of a header is known", replaced("header_words.is_known", lambda *_: True)),
    Mutant("attributes of cookies stay", replaced("cookies._attribute", lambda desk, text: text)),
    Mutant("pairs of credentials stay", replaced("credentials._redact_pairs", lambda desk, rest, place: rest)),
    Mutant("fragments of URLs stay", replaced("urls._fragment", lambda desk, fragment, place: fragment)),
    Mutant("queries stay", replaced("urls._piece", lambda desk, piece, kind: piece)),
    Mutant("path segments stay", replaced("urls._stays", lambda *_: True)),
    Mutant("every relation of a Link stays", replaced("locations._relation", lambda desk, word, place: word)),
    Mutant("every scheme of a URL stays", replaced("urls._is_everybodys", lambda scheme: True)),
    Mutant("hosts in URLs stay", replaced("rewriter.Rewriter.host", lambda self, authority, place: authority)),
    Mutant("links stay", replaced("locations._link", lambda desk, found, place: found.group())),
    Mutant("attributes of HTML stay", replaced("html_text._value", lambda desk, tag, key, value, place: value)),
    Mutant("scripts of HTML stay", replaced("html_text._data", lambda desk, tag, text, place: text)),
    Mutant("lines of events stay", replaced("event_body._line", _lines)),
    Mutant("headers of STOMP stay", replaced("stomp_text._field", lambda desk, name, value, body, place: value)),
    Mutant("literals of GraphQL stay", replaced("graphql_text._literal", lambda desk, arg, kind, text, place: text)),
    Mutant("names of GraphQL stay", replaced("graphql_text._name", lambda desk, argument, text, place: text)),
    Mutant("rows of tables stay", replaced("table_body._row", lambda desk, row, names, place: row)),
    Mutant("scripts stay", replaced("script_body._rewritten", lambda desk, text, place: text)),
    Mutant("nothing nested is opened", replaced("rewriter.MAX_NESTING", 0), "the scramble of whole texts"),
    Mutant("cards are no numbers of their own", replaced("rewriter.is_card_digits", lambda _: False), "long numbers"),
    Mutant("nothing is found inside text", replaced("rewriter.find_embedded", lambda _: ()), "the scramble of texts"),
    Mutant("ids inside text are not found", replaced("rewriter.find_ids", lambda *_: ()), "the scramble of texts"),
    Mutant(
        "no name tells a password", replaced("vocabulary._SECRET", frozenset()), "the scramble: a token, no constant"
    ),
    Mutant("the second look alone", lambda _: None, "nothing is weakened: redaction needs no second look"),
)

UNNEEDED = {  # redactors whose part no case can see leak alone, and why
    "origin-facts": "hides the client's connection and faults' texts, in which nothing is planted",
    "framing": "drops digests and writes lengths anew; values of such fields are scrambled before",
    "refused-passwords": "makes refused logins fail again; passwords are masked before",
}


@pytest.fixture(autouse=True)
def _fresh_caches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What was decided under a weakened rule must not be remembered, and the second look is off."""
    monkeypatch.setattr("replay.redact.policy.has_survivor", lambda *_: False)
    _clear()
    yield
    monkeypatch.undo()
    _clear()


def _clear() -> None:
    for found in pkgutil.iter_modules(replay.redact.__path__):
        for thing in vars(module(found.name)).values():
            if callable(getattr(thing, "cache_clear", None)):
                thing.cache_clear()


def first_red(policy: Policy) -> str:
    """The first case that turns red; empty when all are green."""
    for one in CAMPAIGN.planted:
        try:
            redacted = policy.redact(in_process.exchange(one))
        except Refused:
            if one.case.may_lose is not Loss.EXCHANGE:
                return one.case.id
            continue
        if CAMPAIGN.detector.search(one.case.id, in_process.outcome_of(redacted).written):
            return one.case.id
        if list(missing_parts(one.case, one.plan, redacted.exchange)):
            return one.case.id
    return ""


@pytest.mark.parametrize("mutant", [pytest.param(one, id=one.name) for one in MUTANTS])
def test_a_weakened_rule_turns_the_canary_red(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the layer that catches it is named, and does."""
    mutant.weaken(monkeypatch)
    red = first_red(Policy(Pseudonym(CAMPAIGN.key)))
    assert bool(red) is not bool(mutant.caught_by), f"{mutant.name}: {red or 'survives'}"


@pytest.mark.parametrize("name", [redactor.name for redactor in BUILTIN])
def test_no_redactor_is_there_for_nothing(name: str) -> None:
    """Without any one of them a secret is found, or a body is missing that must be there."""
    rest = [redactor for redactor in BUILTIN if redactor.name != name]
    red = first_red(Policy(Pseudonym(CAMPAIGN.key), rest))
    assert bool(red) is not (name in UNNEEDED), f"without {name}: {red or 'all green'}"
