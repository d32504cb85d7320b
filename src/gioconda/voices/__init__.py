"""Voices: from text to speech, by engines that plug in by name.

:class:`TextToSpeech` is the seam; ``espeak-ng`` is the default engine, a program of its own.
"""

from __future__ import annotations

from gioconda.voices.registry import create, names, register
from gioconda.voices.types import Manner, Spoken, TextToSpeech, TimedPhone, VoiceEntry

__all__ = [
    "Manner",
    "Spoken",
    "TextToSpeech",
    "TimedPhone",
    "VoiceEntry",
    "create",
    "names",
    "register",
]
