"""Text of strangers: nothing in it moves a terminal's cursor or turns its text about."""

from __future__ import annotations

import pytest

from gioconda.plain_text import REPLACED, plain, plain_lines, plain_value


@pytest.mark.parametrize(
    "bad", ["\x1b", "\x9b", "\x07", "\r", "\n", "\u202e", "\u2066", "\u200b", "\x7f", "\udcff"]
)
def test_terminals_see_nothing_but_printable_text(bad: str) -> None:
    assert plain(f"a{bad}[2Jb") == f"a{REPLACED}[2Jb"
    assert plain(f"a{bad}b", instead=" ") == "a b"


def test_other_languages_stay_as_they_are() -> None:
    text = "Léo, 微笑み, Ольга, “quoted” – 100 %"
    assert plain(text) == plain_lines(text) == text


def test_lines_and_tabs_may_be_kept() -> None:
    assert plain_lines("a\tb\nc\x1b[2J\n") == f"a\tb\nc{REPLACED}[2J\n"


def test_values_are_texts_of_a_bounded_length_or_empty() -> None:
    assert plain_value("  a\x1bb\nc  ", 100) == "a b c"
    assert plain_value("abc", 2) == "ab"
    assert [plain_value(v, 9) for v in (None, 7, b"x", ["x"])] == [""] * 4
