"""Speech: from sound to features on a 50 Hz clock.

:class:`SpeechAnalyser` turns 16 kHz samples into :class:`SpeechFeatures` as a stream;
:func:`analyse` does a whole sound; :class:`Sound` opens files.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gioconda.speech.analyser import SpeechAnalyser, analyse
    from gioconda.speech.sound import Sound
    from gioconda.speech.types import SpeechFeatures

__all__ = ["Sound", "SpeechAnalyser", "SpeechFeatures", "analyse"]

_HOMES: Final = {
    "Sound": "gioconda.speech.sound",
    "SpeechAnalyser": "gioconda.speech.analyser",
    "SpeechFeatures": "gioconda.speech.types",
    "analyse": "gioconda.speech.analyser",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
