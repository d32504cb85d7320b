"""The phones of a sound whose words are known."""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from gioconda.errors import VoiceError
from gioconda.speech.alignment import Alignment, Mismatch, align
from gioconda.speech.analyser import SpeechAnalyser
from gioconda.speech.known_phones import PhoneTrack
from gioconda.speech.transcript import Transcript
from gioconda.speech.types import FEATURE_RATE_HZ
from gioconda.voices.espeak import find_program, phonemes
from gioconda.voices.sentences import language_of

if TYPE_CHECKING:
    from gioconda.speech.sound import Sound

logger = logging.getLogger(__name__)

#: Under this share of words found, a text is taken for that of another sound.
LEAST_MATCH: Final = 0.25
#: Under this share of a text found, that is told. Of the right text .94 to 1 is found in the
#: example speech, be noise as loud, and in 7 of 8 GRID sentences; of half-wrong texts .6 at most.
WHOLE_MATCH: Final = 0.8
#: Phones under this trust are not found.
_FOUND_TRUST: Final = 0.5
#: Trust in an aligned phone at most. Real lips follow a mean of what is heard and what is known
#: better than either (r of the aperture in 20 clips: .52 heard, .53 both in halves).
MOST_TRUST: Final = 0.6
#: Shorter stretches that do not match are not worth a word.
_REPORTED_S: Final = 0.6


def transcribed_phones(
    sound: Sound,
    transcript: str | os.PathLike[str] | Transcript,
    language: str | None = None,
) -> PhoneTrack:
    """Find when each phone of a transcript sounds; where they differ, nothing is known.

    Memory grows by 0.5 MB a minute of sound. The worst stretch in which text and sound differ is
    logged as a warning, or, where no sentence stands out, how much of the text is heard.

    Args:
        sound: read once; it is told the hash of its text.
        transcript: the words, the name of a .txt, .srt or .vtt file, or one that was read.
        language: as espeak-ng names it; by the script, or English, if None.

    Raises:
        TranscriptError: the transcript cannot be used.
        VoiceError: espeak-ng, which tells the phones, is not installed or lacks the language.
        SoundError: the sound cannot be used.
    """
    words = transcript if isinstance(transcript, Transcript) else Transcript.of(transcript)
    said = "\n".join(cue.text for cue in words.cues)
    sound.text_sha256 = sound.text_sha256 or hashlib.sha256(said.encode()).digest()
    voice = language or language_of(" ".join(cue.text for cue in words.cues[:200]))
    check_language(voice)  # before the long work
    analyser = SpeechAnalyser()
    state = analyser.start()
    heard = [analyser.step(state, pcm).posteriors for pcm in sound.chunks()]
    heard.append(analyser.finish(state).posteriors)
    posteriors = np.concatenate(heard)
    seconds = len(posteriors) / FEATURE_RATE_HZ
    found = align(posteriors, words, partial(phonemes, voice=voice))
    if found.matched < LEAST_MATCH:
        logger.warning(
            "%s; the lips follow the sound alone",
            _late(words, seconds)
            or f"the transcript, read as {voice!r}, does not match the sound "
            f"({100 * found.matched:.0f} % of it is heard)",
        )
        return PhoneTrack.of_segments(())
    late = _late(words, seconds)
    if late:
        logger.warning("%s", late)
    worst = [
        m
        for m in found.mismatches
        if m.start_s < seconds and (m.end_s - m.start_s >= _REPORTED_S or not m.end_s)
    ]
    if worst:
        logger.warning("%s", _told(worst[0], len(worst) - 1))
    elif found.matched < WHOLE_MATCH and not late:
        logger.warning("%s", _part(found))
    return replace(found.track, trust=MOST_TRUST * found.track.trust).with_closures()


def check_language(language: str) -> None:
    """Refuse a language whose words espeak-ng cannot read.

    Raises:
        VoiceError: it has none of that name, or is not installed.
    """
    find_program()
    try:
        phonemes("", language)
    except VoiceError as e:
        raise VoiceError(
            f"espeak-ng has no language {language!r}; gioconda say --list-voices shows those "
            "there are"
        ) from e


def _late(words: Transcript, seconds: float) -> str | None:
    """Tell that cues begin after the sound ends, if some do."""
    starts = [cue.start_s for cue in words.cues if cue.start_s is not None]
    late = [start for start in starts if start >= seconds]
    if not late:
        return None
    which = f"{len(late)} of the {len(starts)}" if len(late) < len(starts) else "all"
    return (
        f"{which} cues of the transcript begin after the sound, which lasts {seconds:.1f} s "
        f"(from {min(late):.1f} s)"
    )


def _part(found: Alignment) -> str:
    """Say how much of a text is heard, and where least of it is."""
    doubtful = np.concatenate([[False], found.track.trust < _FOUND_TRUST, [False]])
    edges = np.flatnonzero(np.diff(doubtful))
    runs = [
        (float(found.track.start_s[first]), float(found.track.end_s[last - 1]))
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]
    start_s, end_s = max(runs, key=lambda run: run[1] - run[0], default=(0.0, 0.0))
    where = f", least from {start_s:.1f} to {end_s:.1f} s" if end_s - start_s > _REPORTED_S else ""
    return (
        f"only {100 * found.matched:.0f} % of the transcript is heard{where}; the lips follow the "
        "sound where it is not"
    )


def _told(worst: Mismatch, others: int) -> str:
    """Say where text and sound differ most."""
    words = worst.text if len(worst.text) <= 50 else worst.text[:47].rstrip() + "..."
    places = "place" if others == 1 else "places"
    more = f", and in {others} more {places}" if others else ""
    return (
        f"transcript and sound differ from {worst.start_s:.1f} to {worst.end_s:.1f} s "
        f"({words!r}){more}; the lips follow the sound there"
    )
