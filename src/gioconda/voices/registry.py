"""Text-to-speech engines by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gioconda.errors import OptionError
from gioconda.voices.types import TextToSpeech


def _espeak() -> TextToSpeech:
    from gioconda.voices.espeak import EspeakVoice

    return EspeakVoice()


def _piper() -> TextToSpeech:
    from gioconda.voices.piper import PiperVoice

    return PiperVoice()


_FACTORIES: Final[dict[str, Callable[[], TextToSpeech]]] = {
    "espeak-ng": _espeak,
    "piper": _piper,
}


def names() -> tuple[str, ...]:
    """Return the names that :func:`create` knows."""
    return tuple(_FACTORIES)


def register(name: str, factory: Callable[[], TextToSpeech]) -> None:
    """Add an engine, or replace one.

    Args:
        name: what :func:`create` shall know it by.
        factory: called without arguments.
    """
    _FACTORIES[name] = factory


def create(name: str = "espeak-ng") -> TextToSpeech:
    """Return an engine by its name.

    Args:
        name: one of :func:`names`.

    Raises:
        OptionError: there is no engine of that name.
    """
    if name not in _FACTORIES:
        raise OptionError(f"engine {name!r} is not known; there are: {', '.join(names())}")
    return _FACTORIES[name]()
