"""Puts the page together: parts, templates, the policy that lets nothing else run, and what does not fit into it.

Rule: whatever a value holds, a template escapes it. Only the page's own style and script are marked as safe, and the
content security policy names both by their digests: no other script or style runs, and nothing is fetched.
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from replay.diff.explaining import enforced
from replay.model.finding import Finding
from replay.report.answer import answer_of
from replay.report.detail import Detail
from replay.report.html import charts, coverage
from replay.report.html.card import Card, card_of
from replay.report.html.causes import causes_of
from replay.report.html.visible import finalize
from replay.report.view import RunView, count_reasons, tally_of, worst_first

_INLINE_BYTES = 1_100_000  # of evidence in the page itself: with the rest it stays below 2 MB
_MOST_CARDS = 2_000  # findings whose evidence is shown at all
_MOST_NOISE = 1_500  # rules that are listed
_DETAILS = 8


@dataclass(frozen=True, slots=True, repr=False)
class Pages:
    """`page`, and `beside`: name -> the evidence of a finding that did not fit into it, for the folder `folder`."""

    page: bytes
    beside: dict[str, bytes]


def pages_of(view: RunView, folder: str = "") -> Pages:
    """`folder`: where evidence that does not fit goes, relative to the page; empty: nowhere, it is left out."""
    detail = view.detail or Detail()
    looks = _Looks()
    cards, beside = _cards(view, detail, looks, folder)
    page = looks.environment.get_template("page.html").render(
        **looks.common(view), **_parts(view, detail), cards=cards, folder=folder, file_name=detail.file_name
    )
    return Pages(page.encode("utf-8", "replace") + b"\n", beside)


class _Looks:
    """Templates, style and script, and the policy that is made of their digests."""

    def __init__(self) -> None:
        self.environment = _environment()
        self._style = self._read("style.css")
        self._script = self._read("page.js")

    def common(self, view: RunView) -> dict[str, object]:
        policy = (
            f"default-src 'none'; style-src '{_digest(self._style)}'; script-src '{_digest(self._script)}'; "
            "img-src data:; base-uri 'none'; form-action 'none'"
        )
        style, script = Markup(self._style), Markup(self._script)  # noqa: S704 - files of this package
        return {"policy": policy, "style": style, "script": script, "run": view.run}

    def _read(self, name: str) -> str:
        loader = self.environment.loader
        assert loader is not None
        return loader.get_source(self.environment, name)[0]


def _cards(view: RunView, detail: Detail, looks: _Looks, folder: str) -> tuple[dict[str, Markup], dict[str, bytes]]:
    """The worst findings' evidence in the page, as long as it fits; the others' beside it."""
    inline: dict[str, Markup] = {}
    beside: dict[str, bytes] = {}
    left = _INLINE_BYTES
    noisy = _noisy(view)
    is_live = dict(view.run.settings).get("keep_live_values") == "True"  # bodies then hold passwords that open QA
    body = looks.environment.get_template("card.html")
    for finding, name in _first_ones(view):
        card = card_of(finding, detail.scene(finding), noisy, "" if is_live else view.run.target)
        text = body.render(card=card, file_name=detail.file_name, script_limit=True)
        size = len(text.encode("utf-8", "replace"))
        if size <= left:
            inline[finding.fingerprint] = Markup(text)  # noqa: S704 - rendered by a template that escapes
            left -= size
        elif folder:
            beside[name] = _page_of(card, Markup(text), looks, view)  # noqa: S704 - as above
    return inline, beside


def _first_ones(view: RunView) -> Iterator[tuple[Finding, str]]:
    for finding in worst_first(view.findings)[:_MOST_CARDS]:
        yield finding, beside_name(finding.fingerprint)


def beside_name(fingerprint: str) -> str:
    """A file name: fingerprints are hexadecimal, but a run file may come from anybody."""
    if fingerprint.isascii() and fingerprint.isalnum() and len(fingerprint) <= 64:
        return f"{fingerprint}.html"
    return hashlib.blake2b(fingerprint.encode("utf-8", "replace"), digest_size=8).hexdigest() + ".html"


def _page_of(card: Card, text: Markup, looks: _Looks, view: RunView) -> bytes:
    template = looks.environment.get_template("evidence.html")
    return template.render(**looks.common(view), card=card, body=text).encode("utf-8", "replace")


def _parts(view: RunView, detail: Detail) -> dict[str, object]:
    mutators, tried = coverage.tried_of(view, detail)
    tally = tally_of(view.summary, view.findings, view.not_judged) if view.summary else None
    return {
        "summary": view.summary,
        "fidelity": view.fidelity,
        "unfaithful": detail.unfaithful,
        "tally": tally,
        "answer": answer_of(view, detail),
        "causes": causes_of(view.findings),
        "filters": _filters(view),
        "accepted": view.accepted,
        "reasons": count_reasons(view.not_judged),
        "most_details": _DETAILS,
        "risks": coverage.risks_of(view, detail),
        "assertions": view.compared,
        "mutators": mutators,
        "tried": tried,
        "matrix": coverage.matrix_of(view, detail),
        "latencies": charts.latencies_of(detail.figures),
        "course": charts.course_of(detail.figures),
        "lag": charts.lag_of(view.load.lag),
        "load": view.load,
        "duration": charts.duration,
        "budget": [one.detail for one in view.not_judged if one.reason == "budget"],
        "noise": [(rule, enforced(rule)) for rule in view.noise[:_MOST_NOISE]],
        "noise_left_out": max(0, len(view.noise) - _MOST_NOISE),
        "sent": detail.figures.sent,
        "remains": view.remains,
        "beside_name": beside_name,
    }


def _filters(view: RunView) -> dict[str, tuple[str, ...]]:
    """The words that a reader can choose from, by what they belong to."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in view.findings:
        found["severity"].add(one.severity.value)
        found["level"].add(one.level.value)
        found["oracle"].add(one.oracle)
        found["tenant"].add(one.tenant)
    order = ("high", "medium", "low", "confirmed", "probable", "info")
    ranks = {word: n for n, word in enumerate(order)}
    names = ("severity", "level", "oracle", "tenant")
    return {name: tuple(sorted(found[name] - {""}, key=lambda word: (ranks.get(word, 99), word))) for name in names}


def _noisy(view: RunView) -> dict[str, frozenset[str]]:
    places: dict[str, set[str]] = defaultdict(set)
    for rule in view.noise:
        places[rule.endpoint].add(rule.place)
    return {endpoint: frozenset(found) for endpoint, found in places.items()}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("replay.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _digest(text: str) -> str:
    """As a policy names an element by its text (CSP Level 3, section 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
