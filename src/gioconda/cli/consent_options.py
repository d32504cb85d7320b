"""The options by which a command is told on what basis a portrait may be animated."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, Final, get_type_hints

import typer

from gioconda.errors import OptionError

_PANEL: Final = "Consent"
#: Keeps their names apart from those of the command.
_PREFIX: Final = "consent_"


@dataclass(frozen=True)
class Stating:
    """What the options say, as it was typed.

    Attributes:
        basis: self, permission, artwork or synthetic; None where nothing is stated.
        of: of whom, or what.
        given, until: days.
        minor: whether the person is under 18; None where it is not said.
        guardian: ``NAME, RELATION``.
        statement: sound file of a recorded statement.
        phrase: that is said in it.
        phrase_language: of it.
        keep_statement: whether the sound is kept beside the ledger.
    """

    basis: str | None = None
    of: str | None = None
    given: str | None = None
    until: str | None = None
    minor: bool | None = None
    guardian: str | None = None
    statement: str | None = None
    phrase: str | None = None
    phrase_language: str | None = None
    keep_statement: bool | None = None

    def __post_init__(self) -> None:
        """Refuse what says nothing without a basis.

        Raises:
            OptionError: an option is given that only goes with another.
        """
        if self.basis is None:
            for name in (f.name for f in fields(self)):
                if getattr(self, name) is not None:
                    option = "adult" if (name, self.minor) == ("minor", False) else name
                    raise OptionError(f"--{option.replace('_', '-')} goes with --basis")
        if (self.statement is None) != (self.phrase is None):
            raise OptionError("a recorded statement needs both: --statement FILE --phrase WORDS")
        for name in ("phrase_language", "keep_statement"):
            if self.statement is None and getattr(self, name) is not None:
                raise OptionError(f"--{name.replace('_', '-')} goes with --statement")


NOTHING: Final = Stating()


def with_consent(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options; what they say comes as its argument ``consent``."""
    hints = get_type_hints(command, include_extras=True)
    own = [
        p.replace(annotation=hints[p.name])
        for p in inspect.signature(command).parameters.values()
        if p.name != "consent"
    ]
    added = [
        inspect.Parameter(_PREFIX + name, inspect.Parameter.KEYWORD_ONLY, default=None,
                          annotation=kind)
        for name, kind in _OPTIONS.items()
    ]  # fmt: skip

    @functools.wraps(command)
    def told(**given: Any) -> Any:
        said = {name: given.pop(_PREFIX + name) for name in _OPTIONS}
        return command(**given, consent=Stating(**said))

    told.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
    told.__annotations__ = {p.name: p.annotation for p in (*own, *added)}
    del told.__wrapped__  # whose signature would count instead
    return told


def _option(name: str, help: str, metavar: str | None = None) -> Any:
    return typer.Option(
        name, help=help, metavar=metavar, show_default=False, rich_help_panel=_PANEL
    )


_OPTIONS: Final[dict[str, Any]] = {
    "basis": Annotated[
        str | None,
        _option(
            "--basis",
            "On what basis the portrait is animated, kept in the ledger (gioconda consent): self, "
            "permission, artwork (public domain or yours) or synthetic (nobody). Asked once for "
            "each portrait if not given.",
            "BASIS",
        ),
    ],
    "of": Annotated[str | None, _option("--of", "Whose permission it is.", "NAME")],
    "given": Annotated[str | None, _option("--given", "When it was permitted.", "YYYY-MM-DD")],
    "until": Annotated[str | None, _option("--until", "Last day on which it holds.", "YYYY-MM-DD")],
    "minor": Annotated[
        bool | None,
        _option(
            "--minor/--adult",
            "Whether the person shown is a child or under 18; needed with self and permission.",
        ),
    ],
    "guardian": Annotated[
        str | None,
        _option("--guardian", "Who permitted it in a minor's place.", "'NAME, RELATION'"),
    ],
    "statement": Annotated[
        str | None,
        _option("--statement", "A recorded statement: a sound in which --phrase is said.", "SOUND"),
    ],
    "phrase": Annotated[
        str | None,
        _option("--phrase", "What is said in it (gioconda consent challenge).", "WORDS"),
    ],
    "phrase_language": Annotated[
        str | None, _option("--phrase-language", "Of the phrase: en, it, de, es or fr.", "CODE")
    ],
    "keep_statement": Annotated[
        bool | None,
        _option(
            "--keep-statement", "Keep the sound beside the ledger; else its salted hash alone."
        ),
    ],
}
