"""The questions at the terminal, without one."""

from __future__ import annotations

import io
import sys

import pytest

from gioconda.cli.consent_questions import asked
from gioconda.errors import ConsentError


def test_the_question_shows_a_name_without_its_controls(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    with pytest.raises(ConsentError):
        asked("me\x1b[1A\x9b2K\u202egnp.png\nOn what basis")
    text = capsys.readouterr().err
    assert "[1A" in text
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "\nOn what" not in text


def test_a_wrong_day_is_asked_again_and_the_other_answers_stay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [
        "permission", "no", "x" * 300, "Ann", "2999-01-01", "2026-01-02", "2026-01-01",
        "2026-01-03", "2998-01-01", "yes",
    ]  # fmt: skip
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(answers) + "\n"))
    statement = asked("a")
    assert (statement.of, str(statement.given)) == ("Ann", "2026-01-02")
    assert str(statement.until) == "2998-01-01"
    heard = capsys.readouterr().err
    for words in ("one line of up to", "which is to come", "before it was given", "ended on"):
        assert words in heard
    assert all(len(line) <= 80 for line in heard.splitlines() if "?" not in line)


def test_an_interrupted_question_ends_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(io.StringIO):
        def readline(self, *_: object) -> str:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        asked("a")
    assert capsys.readouterr().err.endswith("(Enter for none): \n")
