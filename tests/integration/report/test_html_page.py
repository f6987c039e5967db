"""The HTML report as a file: nothing in it runs, fetches or reveals; it stays small, and the rest lies beside it."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from integration.report.page_make import HOSTILE, SECRETS, finding, write_run
from replay.cli import replay

_VOID = {"meta", "link", "input", "img", "br"}


class Page(HTMLParser):
    """Elements and attributes as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in self.texts:
            self.texts[self._open[-1]].append(data)


def written(run_file: Path, page: Path, *more: str, status: int = 0) -> str:
    done = CliRunner().invoke(replay, ["report", str(run_file), "--html", str(page), *more])
    assert done.exit_code == status, done.output
    return page.read_text(encoding="utf-8")


@pytest.fixture
def text(tmp_path: Path) -> str:
    return written(write_run(tmp_path / "run.db"), tmp_path / "report.html")


def test_only_its_own_script_and_style_may_run(text: str) -> None:
    """The policy names both by their digests, and everything else is refused."""
    page = Page(text)
    policy = next(value for tag, name, value in page.attributes if tag == "meta" and "default-src" in value)
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for kind in ("script", "style"):
        (own,) = page.texts[kind]
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_what_traffic_holds_makes_no_element(text: str) -> None:
    """Hostile text is in every field of the run file; none of it became a tag, an attribute or a link."""
    page = Page(text)
    assert page.tags.count("script") == page.tags.count("style") == page.tags.count("link") == 1
    assert not {"img", "iframe", "animate", "object", "embed", "base", "b-"} & set(page.tags)
    assert not [one for one in page.attributes if one[1].startswith("on") or one[1] == "style"]
    for _tag, name, value in page.attributes:
        if name in {"href", "src", "action"}:
            assert value.startswith(("#", "data:,")), value
    assert "&lt;script&gt;window.taken=1&lt;/script&gt;" in text


def test_what_a_screen_would_hide_or_obey_is_written_out(text: str) -> None:
    """Direction marks, zero-width characters and escapes are evidence: seen, and not obeyed."""
    assert "⟨U+202E⟩" in text
    assert "⟨U+200B⟩" in text
    assert "⟨U+001B⟩" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)


def test_no_credential_stands_in_it(tmp_path: Path) -> None:
    """Tokens, cookies, keys, passwords of headers, query, bodies and rows, of a run that kept them live."""
    text = written(write_run(tmp_path / "run.db", keeps_live=True), tmp_path / "report.html")
    assert not [secret for secret in SECRETS if secret in text]
    assert "as a script of curl" not in text, "its bodies would hold live passwords; the command is there"
    assert "(credentials of ten_bbbbbbbbbbbbbbbb 2)" in text


def test_both_sides_rows_and_steps_are_there(text: str) -> None:
    """The clean request beside the mutated one: who sent it, the new key of the answer, the changed column."""
    assert re.search(r'<tr class="changed"><td>Authorization: \(credentials of ten_a{16} 1\)</td>', text)
    assert re.search(r'<tr class="added"><td></td><td class="sign">\+</td><td>  &#34;total&#34;', text)
    assert re.search(r'<tr class="changed"><th scope="row">note ', text)
    assert '<svg class="sequence"' in text
    assert "replay repro run.db 0000000000000001" in text
    assert 'class="varies"' not in text or "&#34;at&#34;" in text, "noise is no change"
    assert not re.search(r'<tr class="changed"><td>[^<]*&#34;at&#34;', text)


def test_the_head_answers_by_the_asked_limit(tmp_path: Path) -> None:
    """The same run, two limits: the page and the exit status say the same."""
    run_file = write_run(tmp_path / "run.db")
    assert "Do not ship" in written(run_file, tmp_path / "a.html", "--fail-on", "high", status=1)
    open_question = written(run_file, tmp_path / "b.html", "--fail-on", "never", status=3)
    assert "Cannot say" in open_question
    assert "Do not ship" not in open_question


def test_many_findings_stay_below_two_megabytes_and_the_rest_lies_beside(tmp_path: Path) -> None:
    """What does not fit is a page of its own, as private as the first; an older report's pages go."""
    more = tuple(finding(n, "swap-1", endpoint=f"/notes/{n}") for n in range(10, 90))
    run_file = write_run(tmp_path / "run.db", more=more)
    folder = tmp_path / "report.evidence"
    folder.mkdir()
    (folder / "ffffffffffffffff.html").write_text("of an older report")
    (folder / "notes.txt").write_text("mine")
    text = written(run_file, tmp_path / "report.html")
    assert len(text.encode()) < 2_000_000
    beside = sorted(folder.glob("*.html"))
    assert beside
    assert not (folder / "ffffffffffffffff.html").exists()
    assert (folder / "notes.txt").read_text() == "mine"
    assert {one.stat().st_mode & 0o777 for one in (*beside, tmp_path / "report.html")} == {0o600}
    for one in beside:
        assert f'href="report.evidence/{one.name}"' in text
        page = one.read_text(encoding="utf-8")
        assert "Side by side" in page
        assert not [hostile for hostile in HOSTILE if "<" in hostile and hostile in page]


def test_it_writes_over_no_run_file(tmp_path: Path) -> None:
    """Evidence is not made twice."""
    run_file = write_run(tmp_path / "run.db")
    done = CliRunner().invoke(replay, ["report", str(run_file), "--html", str(run_file)])
    assert done.exit_code != 0
    assert run_file.read_bytes()[:15] == b"SQLite format 3"
