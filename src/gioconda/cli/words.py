"""The words of a sound, where a command is told them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gioconda.cli.voice import Voice
from gioconda.errors import OptionError

if TYPE_CHECKING:
    from gioconda.speech.sound import Sound


@dataclass(frozen=True)
class Words:
    """The words of a sound, if they are known: a text or the name of its file, and its language."""

    text: str | None = None
    language: str | None = None


NO_WORDS: Final = Words()


def check_words(words: Words) -> None:
    """Refuse a bad transcript, or a missing espeak-ng, before any long work.

    Raises:
        OptionError: there is a language without a text.
        TranscriptError: the text cannot be used.
        VoiceError: espeak-ng is not installed, or lacks the language.
    """
    if words.text is not None:
        from gioconda.speech.transcript import Transcript
        from gioconda.voices.espeak import find_program

        Transcript.of(words.text)
        find_program()
        if words.language is not None:
            from gioconda.speech.transcribed import check_language

            check_language(words.language)
    elif words.language is not None:
        raise OptionError("--language is that of a transcript; give one with --text")


def align_words(sound: Sound, words: Words, voice: Voice) -> None:
    """Find when each phone of the words sounds; whatever plays the sound knows them then."""
    if words.text is not None:
        from gioconda.speech.transcribed import transcribed_phones

        voice.say("aligning the text with the sound")
        sound.phones = transcribed_phones(sound, words.text, words.language)
