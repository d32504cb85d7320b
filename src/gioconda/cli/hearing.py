"""The sounds of a command: one's own voice, and a partner's to listen to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from gioconda.cli.voice import Voice
from gioconda.cli.words import Words, align_words
from gioconda.errors import OptionError

if TYPE_CHECKING:
    from gioconda.control_track import Direction
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


#: Lengths that differ by less are the same: headers round them.
_SAME_S: Final = 0.1


def note_lengths(own: Sound | None, partner: Sound | None, voice: Voice) -> None:
    """Note a partner's sound that is longer than one's own, which sets the length."""
    if own is None or partner is None or own.duration_s is None or partner.duration_s is None:
        return
    longer_s = partner.duration_s - own.duration_s
    if longer_s > _SAME_S:
        voice.note(
            f"the partner's sound is {longer_s:.1f} s longer; the result ends with one's own sound"
        )


def note_late(controls: Direction, end_s: float | None, voice: Voice) -> None:
    """Note keyframes and poses that come after the end of what is made, if that is known."""
    from gioconda.control_track import track_of

    late = () if end_s is None else track_of(controls).after(end_s + _SAME_S)
    if late:
        many = "1 keyframe or pose comes" if len(late) == 1 else (
            f"{len(late)} keyframes or poses come"
        )  # fmt: skip
        voice.note(
            f"{many} after the end at {end_s:.1f} s (the first at {late[0]:g} s); "
            "times are in seconds"
        )


@contextmanager
def opened_voices(
    sound: str | None,
    partner: str | None,
    words: Words,
    voice: Voice,
    controls: Direction,
) -> Iterator[tuple[Sound | None, Sound | None]]:
    """Open one's own sound, with its words aligned, and the partner's; close them after use.

    What of the partner and of the controls lies beyond the length is noted.
    """
    from gioconda.speech.sound import Sound

    with ExitStack() as stack:
        own = None if sound is None else stack.enter_context(Sound.open(sound))
        other = None if partner is None else stack.enter_context(Sound.open(partner))
        note_lengths(own, other, voice)
        heard = own or other
        note_late(controls, heard.duration_s if heard else None, voice)
        if own is not None:
            align_words(own, words, voice)
        yield own, other
