"""Asking at the terminal on what basis a portrait may be animated."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Final, TypeVar, cast

from gioconda.cli.voice import tell_people, wrapped
from gioconda.errors import ConsentError, OptionError
from gioconda.plain_text import plain

if TYPE_CHECKING:
    from gioconda.trust.consent.statement import Guardian, Statement
    from gioconda.trust.provenance import BasisName

_CHOICES: Final = {
    "self": "it shows me",
    "permission": "the person shown has permitted it",
    "artwork": "an artwork, in the public domain or mine; no living person",
    "synthetic": "it was generated, and shows nobody",
}
_T = TypeVar("_T")


def can_ask() -> bool:
    """Tell whether somebody sits at a terminal."""
    return all(s is not None and s.isatty() for s in (sys.stdin, sys.stderr))


def asked(name: str) -> Statement:
    """Ask the user at the terminal on what basis a portrait may be animated.

    Args:
        name: what the portrait is called.

    Raises:
        ConsentError: they do not say, or do not agree to the text.
    """
    from gioconda.trust.consent.statement import Statement
    from gioconda.trust.consent.wording import HONESTLY

    tell_people(f"On what basis may {plain(name)} be animated?")
    for number, (key, words) in enumerate(_CHOICES.items(), 1):
        tell_people(f"  {number}  {key:<11} {words}")
    tell_people(wrapped(HONESTLY["en"]))
    basis = _until_read("Number or name (Enter for none): ", _choice)
    if basis is None:
        raise ConsentError("nothing was stated, so nothing is made")
    of, given, until, minor, guardian = "", None, None, None, None
    if basis in ("self", "permission"):
        minor = _until_read("Is the person shown a child or under 18? (yes/no) ", _yes_or_no)
    if basis == "permission":
        of = _until_read("Who has permitted it? ", _needed)
        given = _until_read(
            f"When? (YYYY-MM-DD; Enter for today, {date.today()}) ",
            _past_day,
        )
        until = _until_read(
            "Until when? (YYYY-MM-DD; Enter for no end) ",
            functools.partial(_end, given=given),
        )
    if minor:
        guardian = _asked_guardian()
    statement = Statement(cast("BasisName", basis), of, given, until, minor, guardian)
    tell_people(wrapped(statement.text))
    if not _until_read("Do you state this? (yes/no) ", _yes_or_no):
        raise ConsentError("it was not stated, so nothing is made")
    return statement


def _asked_guardian() -> Guardian:
    from gioconda.trust.consent.statement import Guardian

    tell_people("Then a parent or legal guardian must have permitted it.")
    return Guardian(
        _until_read("Name of the guardian: ", _needed),
        _until_read("Relation to the child (mother, father, ...): ", _needed),
        _until_read(
            "When did they permit it? (YYYY-MM-DD; Enter for today) ",
            _past_day,
        ),
    )


def _choice(text: str) -> str | None:
    names = list(_CHOICES)
    if not text:
        return None
    if text in names:
        return text
    if text.isdigit() and 1 <= int(text) <= len(names):
        return names[int(text) - 1]
    raise OptionError(f"there is no {text!r}; 1 to {len(names)}, or one of {', '.join(names)}")


def _yes_or_no(text: str) -> bool:
    if text.lower() in ("yes", "y", "no", "n"):
        return text.lower().startswith("y")
    raise OptionError("say yes or no")


def _needed(text: str) -> str:
    from gioconda.trust.consent.statement import one_line

    if not text:
        raise OptionError("this must be said")
    one_line("the name", text)
    return text


def _past_day(text: str) -> date:
    from gioconda.trust.consent.statement import day_of

    day = day_of("the day", text) if text else date.today()
    if day > date.today():
        raise OptionError(f"it cannot have been given on {day}, which is to come")
    return day


def _end(text: str, given: date) -> date | None:
    from gioconda.trust.consent.statement import day_of

    if not text:
        return None
    day = day_of("the day", text)
    if day < given:
        raise OptionError(f"it ends on {day}, before it was given on {given}")
    if day < date.today():
        raise OptionError(f"it ended on {day} already; ask again, and say the new end")
    return day


def _until_read(question: str, read: Callable[[str], _T]) -> _T:
    """Ask until the answer can be read.

    Raises:
        ConsentError: the input ends.
    """
    while True:
        tell_people(question, end="")
        try:
            line = sys.stdin.readline()
        except KeyboardInterrupt:
            tell_people("")  # what is said of it goes on a line of its own
            raise
        if not line:
            tell_people("")
            raise ConsentError("nothing was stated, so nothing is made")
        try:
            return read(line.strip())
        except OptionError as e:
            tell_people(wrapped(f"  {e}"))
