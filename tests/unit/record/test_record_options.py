"""One table of options for both ways to run: what is not said is empty, whatever the default."""

from __future__ import annotations

from collections.abc import Sequence

from replay.record.address import parse_address
from replay.record.options import OPTIONS, said
from replay.record.settings import RecordSettings, with_options


def test_every_option_is_known_to_the_settings() -> None:
    """An option that nobody reads would be a promise without effect; `config` names the file, it is none itself."""
    for option in OPTIONS:
        if option.name != "config":
            assert with_options(RecordSettings(), {option.name: option.unsaid}) == RecordSettings()


def test_what_is_not_said_is_empty() -> None:
    kinds = {str: "", int: 0, bool: False, Sequence[str]: []}
    assert [option.unsaid for option in OPTIONS] == [kinds[option.kind] for option in OPTIONS]
    assert said({option.name: option.unsaid for option in OPTIONS}) == {}
    assert said({"queue_mb": 8, "include": ["/a"], "other": 1}) == {"queue_mb": 8, "include": ["/a"]}


def test_flags_and_help_are_made_from_the_table() -> None:
    options = {option.name: option for option in OPTIONS}
    assert options["request_body_kb"].flag == "--request-body-kb"
    assert options["queue_mb"].text.endswith("[default: 32]")
    assert len(options) == len(OPTIONS)


def test_an_address_without_a_host_is_this_machine_only() -> None:
    assert [parse_address(text) for text in ("9090", ":9090", "0.0.0.0:9090", "[::1]:9090")] == [
        ("127.0.0.1", 9090),
        ("127.0.0.1", 9090),
        ("0.0.0.0", 9090),
        ("::1", 9090),
    ]
