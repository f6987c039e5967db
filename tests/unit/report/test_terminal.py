"""printable: what a stranger sent cannot move a cursor, hide, or turn text around."""

from __future__ import annotations

import pytest

from replay.report.terminal import printable, shortened


@pytest.mark.parametrize(
    ("text", "shown", "remark"),
    [
        ("plain text", "plain text", "untouched"),
        ("Ünïcode 日本語 🎉 e\u0301", "Ünïcode 日本語 🎉 e\u0301", "letters of any script, and an accent"),
        ("[bold]x[/bold]", "[bold]x[/bold]", "markup is text"),
        ("a\x1b[31mred\x1b[0mb", "aredb", "colours"),
        ("a\x1b[2J\x1b[Hb", "ab", "clear the screen"),
        ("a\x1b]0;title\x07b", "ab", "the window's title, ended by BEL"),
        ("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b", "alinkb", "a hyperlink, ended by ST"),
        ("a\x1b]0;never ended", "a", "an unfinished string"),
        ("a\x1bPq#0\x1b\\b", "ab", "a device control string"),
        ("a\x9b31mb", "ab", "CSI as a single C1 character"),
        ("a\x9d0;t\x9cb", "ab", "OSC as C1"),
        ("a\x1bcb", "ab", "terminal reset"),
        ("a\x00\x08\x7fb", "ab", "other control characters"),
        ("a\r\nb\tc\u2028d", "a b c d", "line breaks become spaces: a line stays a line"),
        ("user\u202egpj.exe", "usergpj.exe", "text that runs backwards"),
        ("\u2066a\u2069\u200f\u061c", "a", "isolates and marks"),
        ("z\u200be\u200dr\u2060o\ufeff", "zero", "zero-width"),
        ("t\U000e0061g", "tg", "tag characters"),
        ("h\ud800i", "hi", "half a character"),
        ("\u3164\u2800x", "x", "blank letters"),
        ("e" + "\u0301" * 20, "e" + "\u0301" * 3, "a tower of accents"),
    ],
)
def test_printable(text, shown, remark):
    """What is shown is what is left, and a second pass takes nothing more."""
    assert printable(text) == shown, remark
    assert printable(printable(text)) == shown


def test_shortened_says_that_something_is_missing():
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
