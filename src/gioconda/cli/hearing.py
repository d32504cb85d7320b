"""The sounds of a command: one's own voice, and a partner's to listen to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from gioconda.cli.voice import Voice
from gioconda.cli.words import Words, align_words
from gioconda.errors import OptionError

if TYPE_CHECKING:
    from gioconda.speech.sound import Sound


def check_voices(sound: str | None, partner: str | None, words: Words) -> None:
    """Refuse what cannot be heard, before any long work.

    Raises:
        OptionError: there is no sound, standard input is named twice, or words have no sound.
    """
    if sound is None and partner is None:
        raise OptionError("a sound is needed: one's own, or a --partner's to listen to")
    if sound is None and words.text is not None:
        raise OptionError("--text is what one's own sound says; there is none")
    if sound == partner == "-":
        raise OptionError("standard input can be one sound only: one's own or the --partner's")


@contextmanager
def opened_voices(
    sound: str | None, partner: str | None, words: Words, voice: Voice
) -> Iterator[tuple[Sound | None, Sound | None]]:
    """Open one's own sound, with its words aligned, and the partner's; close them after use."""
    from gioconda.speech.sound import Sound

    with ExitStack() as stack:
        own = None if sound is None else stack.enter_context(Sound.open(sound))
        other = None if partner is None else stack.enter_context(Sound.open(partner))
        if own is not None:
            align_words(own, words, voice)
        yield own, other
