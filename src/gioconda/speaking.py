"""From text to a sound whose phones are known: :func:`say`, and :func:`speak` as a stream."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import wave
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from gioconda.errors import OutputError, TranscriptError, VoiceError
from gioconda.voices.registry import create
from gioconda.voices.sentences import cleaned, speakable
from gioconda.voices.types import Manner, Spoken, TextToSpeech

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from gioconda.speech.known_phones import PhoneTrack
    from gioconda.speech.sound import Sound

    FloatArray = npt.NDArray[np.float32]

logger = logging.getLogger(__name__)


def speak(
    text: str,
    voice: str | None = None,
    *,
    rate: float = 1.0,
    pitch: float = 0.0,
    engine: str | TextToSpeech = "espeak-ng",
) -> Iterator[Spoken]:
    """Speak a text sentence by sentence, each as soon as it is made.

    For a live face::

        for piece in gioconda.speak("Good morning. How are you?"):
            for frame in session.push(gioconda.at_16k(piece), piece.phones):
                show(frame)

    Args:
        text: what is to be said, of any length.
        voice: as the engine names it; by the text's script, or English, if None.
        rate: 0.5 to 2 times the usual speed.
        pitch: semitones above the voice's usual pitch, -7 to 7.
        engine: name in the registry of engines, or an engine.

    Raises:
        OptionError: a value is out of range, or there is no such engine.
        TranscriptError: there is nothing to say in the text.
        VoiceError: the engine is not installed, lacks the voice, or fails.
    """
    manner = Manner(voice, rate, pitch)
    speaker = create(engine) if isinstance(engine, str) else engine
    if not speakable(text):
        raise TranscriptError("there is nothing to say: the text has no words in it")
    speaker.check(manner)
    return speaker.speak(cleaned(text), manner)


def say(
    text: str,
    voice: str | None = None,
    *,
    rate: float = 1.0,
    pitch: float = 0.0,
    engine: str | TextToSpeech = "espeak-ng",
    language: str | None = None,
    progress: Callable[[float, float | None], None] | None = None,
) -> Sound:
    """Speak a text, and return the sound; its phones are known, and animating it uses them.

    Args:
        text: what is to be said, of any length.
        voice: as the engine names it; by the text's script, or English, if None.
        rate: 0.5 to 2 times the usual speed.
        pitch: semitones above the voice's usual pitch, -7 to 7.
        engine: name in the registry of engines, or an engine.
        language: of the text, for engines that do not tell phones, as espeak-ng names it.
        progress: told the characters spoken, and of how many.

    Raises:
        OptionError, TranscriptError, VoiceError: as in :func:`speak`.
        OutputError: the sound does not fit into the temporary folder.
    """
    from gioconda.speech.sound import Sound

    pieces = speak(text, voice, rate=rate, pitch=pitch, engine=engine)
    handle, path = tempfile.mkstemp(prefix="gioconda-speech-", suffix=".wav")
    os.close(handle)
    try:
        times = _written(pieces, path, progress, len(text))
    except BaseException as e:
        with suppress(OSError):
            os.unlink(path)
        if isinstance(e, OSError):
            raise OutputError(f"cannot write speech to a temporary file: {e.strerror}") from e
        raise
    sound = Sound.of_temporary(path, "speech")
    sound.synthetic = "algorithmic" if _by_rules(engine) else "trained"
    sound.text_sha256 = hashlib.sha256(text.encode()).digest()
    sound.phones = _phones_of(sound, times, language)
    return sound


def at_16k(piece: Spoken) -> FloatArray:
    """Return a piece of speech as a session takes it: float32 at 16 kHz."""
    import numpy as np
    import soxr

    samples = piece.samples.astype(np.float32) / np.float32(32768)
    if piece.rate_hz == 16_000:
        return samples
    return np.clip(np.asarray(soxr.resample(samples, piece.rate_hz, 16_000), np.float32), -1, 1)


def save_speech(sound: Sound, path: str | os.PathLike[str]) -> None:
    """Write speech that :func:`say` made as a 16-bit mono WAV, replacing a file.

    Its credentials say that it is synthetic.

    Raises:
        OutputError: it cannot be written.
        TrustError: it cannot be signed.
    """
    import numpy as np

    from gioconda.speech.sound_file import samples_of
    from gioconda.targets import replacing
    from gioconda.trust.origins import text_of
    from gioconda.trust.provenance import Provenance
    from gioconda.trust.seal import seal

    with replacing(path) as stage:
        with wave.open(str(stage), "wb") as file:
            file.setparams((1, 2, sound.rate_hz, 0, "NONE", ""))
            for frame in sound.original_frames():
                mono = samples_of(frame).mean(axis=0)
                file.writeframes(np.rint(np.clip(mono, -1, 1) * 32767).astype("<i2").tobytes())
        seal(stage, ".wav", Provenance(ingredients=text_of(sound), voice=sound.synthetic))


def _by_rules(engine: str | TextToSpeech) -> bool:
    """Tell whether rules alone make the voice; of other engines a net is taken to."""
    from gioconda.voices.espeak import EspeakVoice

    return isinstance(create(engine) if isinstance(engine, str) else engine, EspeakVoice)


@dataclass(frozen=True)
class _Piece:
    """A piece that was written: when it starts, and all of it but its samples."""

    start_s: float
    end_s: float
    spoken: Spoken


def _written(
    pieces: Iterator[Spoken],
    path: str,
    progress: Callable[[float, float | None], None] | None,
    characters: int,
) -> list[_Piece]:
    """Write pieces into a WAV file, one after the other."""
    import numpy as np

    pieces = _heard(pieces)
    first = next(pieces, None)
    if first is None:
        raise VoiceError("the voice said nothing of the text")
    done: list[_Piece] = []
    samples = said = 0
    with wave.open(path, "wb") as file:
        file.setparams((1, 2, first.rate_hz, 0, "NONE", ""))
        for piece in chain([first], pieces):
            if piece.rate_hz != first.rate_hz:
                raise VoiceError(
                    f"the voice changed its sample rate from {first.rate_hz} to {piece.rate_hz} Hz"
                )
            file.writeframes(piece.samples.astype("<i2").tobytes())
            start, samples = samples, samples + len(piece.samples)
            bare = replace(piece, samples=np.zeros(0, np.int16))
            done.append(_Piece(start / piece.rate_hz, samples / piece.rate_hz, bare))
            said += len(piece.text)
            if progress is not None:
                progress(said, max(characters, said))
    if not samples:
        raise VoiceError("the voice made no sound of the text")
    return done


def _heard(pieces: Iterator[Spoken]) -> Iterator[Spoken]:
    """Yield what an engine says; its trouble with the system is not that of writing."""
    try:
        yield from pieces
    except OSError as e:
        raise VoiceError(f"the voice failed: {e.strerror or e}") from e


def _phones_of(sound: Sound, pieces: list[_Piece], language: str | None) -> PhoneTrack | None:
    """Return the phones that the engine told, or else those found by alignment."""
    from gioconda.speech.known_phones import PhoneTrack

    told = [p for p in pieces if p.spoken.phones is not None]
    if len(told) == len(pieces):
        return PhoneTrack.joined(
            PhoneTrack.spoken(p.spoken.phones or ()).shifted(p.start_s) for p in pieces
        )
    from gioconda.speech.transcribed import transcribed_phones
    from gioconda.speech.transcript import Cue, Transcript

    cues = tuple(Cue(p.spoken.text, p.start_s, p.end_s) for p in pieces)
    try:
        return transcribed_phones(sound, Transcript(cues), language or pieces[0].spoken.language)
    except VoiceError as e:
        logger.info("the lips follow the sound alone: %s", e)
        return None
