"""Performers by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gioconda.errors import OptionError
from gioconda.performance.types import Performer


def _rules(lookahead_ms: float | None) -> Performer:
    from gioconda.performance.performer import DEFAULT_LOOKAHEAD_MS, RulePerformer

    return RulePerformer(DEFAULT_LOOKAHEAD_MS if lookahead_ms is None else lookahead_ms)


_FACTORIES: Final[dict[str, Callable[[float | None], Performer]]] = {"rules": _rules}


def names() -> tuple[str, ...]:
    """Return the names that :func:`create` knows."""
    return tuple(_FACTORIES)


def register(name: str, factory: Callable[[float | None], Performer]) -> None:
    """Add a performer, or replace one.

    Args:
        name: what :func:`create` shall know it by.
        factory: called with the look-ahead in milliseconds, or None for its own default.
    """
    _FACTORIES[name] = factory


def create(name: str = "rules", *, lookahead_ms: float | None = None) -> Performer:
    """Return a performer by its name.

    Args:
        name: one of :func:`names`.
        lookahead_ms: its look-ahead; None takes the performer's own default.

    Raises:
        OptionError: there is no performer of that name, or the look-ahead is out of range.
    """
    if name not in _FACTORIES:
        raise OptionError(f"performer {name!r} is not known; there are: {', '.join(names())}")
    return _FACTORIES[name](lookahead_ms)
