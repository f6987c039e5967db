"""The pages keep their word: commands parse, examples run, links lead somewhere, words are the glossary's."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import click
import pytest

from docs import generate
from docs.fenced import ROOT, blocks, console_lines, readme_commands

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
ADRS = [page for page in PAGES if page.startswith("docs/decisions/")]


def test_the_readme_has_exactly_two_set_up_commands() -> None:
    """One ends in the demo, one in the tests; each makes its own environment."""
    demo, tests = readme_commands()
    assert demo == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/replay demo"
    assert (
        tests == "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest -n 2 --dist loadfile"
    )


def test_ci_runs_what_the_readme_says() -> None:
    """`.ci/run` takes the commands from the README by the same function; it holds no copy of its own."""
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert "tests/docs/fenced.py" in script
    assert "pip install -e '.[test]' && .venv/bin/pytest" not in script


def replay_lines() -> list[tuple[str, str]]:
    """Every `replay …` line of the tutorial, and every complete one in the README's table."""
    typed = [("docs/tutorial.md", line) for line in console_lines("docs/tutorial.md") if line.startswith("replay ")]
    table = re.findall(r"`(replay [^`]+)`", (ROOT / "README.md").read_text("utf-8"))
    return typed + [("README.md", line.replace("://…", "://h/d")) for line in table]


@pytest.mark.parametrize(("page", "line"), replay_lines())
def test_a_command_of_a_page_can_be_typed(page: str, line: str) -> None:
    """The command line accepts every word of it: commands, options, required arguments."""
    words = shlex.split(line.removesuffix(" &"))[1:]
    command: click.Command = generate.group()
    context = click.Context(command, info_name="replay", help_option_names=["-h", "--help"])
    while isinstance(command, click.Group):
        name, command, words = command.resolve_command(context, words)
        assert command is not None, f"{page}: {name}"
    with command.make_context(line.split()[1], words, parent=context):
        pass


def test_the_tutorial_shows_every_way() -> None:
    """Issue 2 asks for them: record, plain mitmdump, inspect, run, fuzz, judge, report."""
    text = (ROOT / "docs/tutorial.md").read_text("utf-8")
    ways = ["mitmdump -s", *(f"replay {name}" for name in ("record", "inspect", "run", "fuzz", "judge", "report"))]
    assert [way for way in ways if way not in text] == []


@pytest.mark.parametrize("page", [page for page in PAGES if Path(page).name.startswith("writing-")])
def test_the_first_example_of_a_guide_runs(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ten-line unit is real: it runs as it stands."""
    first = next(block for block in blocks(page) if block.language == "python")
    module = ModuleType("guide_example")
    monkeypatch.setitem(sys.modules, "guide_example", module)  # dataclasses look their module up
    exec(compile(first.text, page, "exec"), module.__dict__)


def test_both_guides_are_there() -> None:
    """A third party can write a mutator and an oracle."""
    assert {"docs/writing-a-mutator.md", "docs/writing-an-oracle.md"} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_toml_examples_are_toml(page: str) -> None:
    """A reader pastes them."""
    for block in blocks(page):
        if block.language == "toml":
            assert tomllib.loads(block.text)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Relative links point to files that are there."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [target for target in targets if target and "://" not in target]
    assert [target for target in local if not (ROOT / page).parent.joinpath(target).exists()] == []


BANNED = re.compile(
    r"\b(flows?|cassettes?|interactions?|scrub\w*|saniti[sz]\w*|anonymi[sz]\w*|pseudonymi[sz]er)\b", re.IGNORECASE
)


def strange_words(text: str) -> list[str]:
    """Banned words, but for lines that speak of mitmproxy's own flow, or name the words to ban them."""
    allowed = re.compile(r"mitmproxy|mitmdump|flow\.|Words that we do not use")
    return [line.strip() for line in text.splitlines() if BANNED.search(line) and not allowed.search(line)]


@pytest.mark.parametrize("page", PAGES)
def test_pages_use_the_glossary(page: str) -> None:
    """One word per thing: an exchange is no flow and no cassette; redaction is not anonymisation."""
    assert strange_words((ROOT / page).read_text("utf-8")) == []


def test_help_texts_use_the_glossary() -> None:
    """The command line speaks the same words."""
    texts = [generate.help_of(path, command) for path, command in generate.commands(generate.group())]
    assert [line for text in texts for line in strange_words(text)] == []


def glossary() -> list[str]:
    text = (ROOT / "docs/glossary.md").read_text("utf-8")
    return re.findall(r"^\| ([a-z][a-z -]+) \|", text, re.MULTILINE)[1:]


def test_the_glossary_has_every_word() -> None:
    """All words of the design, and those that came with the code; in the order of the alphabet."""
    words = """
        capture session exchange actor identity stand-in step case mutation site expectation control trace noise
        difference binding probe reading evidence oracle finding fingerprint run target origin dropped refused
        world scenario renewal marker
    """
    assert set(words.split()) | {"fresh value", "not judged"} <= set(glossary())
    assert glossary() == sorted(set(glossary()))


@pytest.mark.parametrize("page", ADRS)
def test_a_decision_fits_a_page(page: str) -> None:
    """Context, decision, consequences; one page."""
    text = (ROOT / page).read_text("utf-8")
    assert text.startswith(f"# {Path(page).name[:4]} ")
    assert [part for part in ("**Context.**", "**Decision.**", "**Consequences.**") if part not in text] == []
    assert len(text.splitlines()) <= 50
    assert max(map(len, text.splitlines())) <= 200


def test_decisions_are_numbered_without_gaps() -> None:
    """0001, 0002, … each once; and the code's pointers lead to one of them."""
    numbers = [int(Path(page).name[:4]) for page in ADRS]
    assert numbers == list(range(1, len(numbers) + 1))
    sources = [path.read_text("utf-8") for path in ROOT.glob("replay/**/*.py")]
    quoted = {int(number) for text in sources for number in re.findall(r"docs/decisions/(\d{4})", text)}
    assert quoted <= set(numbers)


def test_figures_are_given_not_promised() -> None:
    """The place for the demo's real output has been filled in."""
    assert "<!-- demo-output -->" not in (ROOT / "README.md").read_text("utf-8")
