"""What ``say`` does, and what a transcript adds to other commands."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gioconda.cli.consent_options import NOTHING, Stating
from gioconda.cli.hearing import note_late
from gioconda.cli.making import (
    Look,
    check_look,
    check_plain_target,
    is_folder,
    save_animation,
    video_target,
)
from gioconda.cli.voice import Voice
from gioconda.errors import OptionError, TranscriptError
from gioconda.voices.registry import create
from gioconda.voices.types import Manner, TextToSpeech

if TYPE_CHECKING:
    from gioconda.control_track import Direction
    from gioconda.speech.sound import Sound


#: Endings that say that a sound is wanted.
_SOUNDS: Final = (".mp3", ".ogg", ".oga", ".opus", ".flac", ".m4a", ".aac", ".aiff", ".aif", ".wma")


@dataclass(frozen=True)
class Speech:
    """What shall be said, and how."""

    text: str | None
    voice: str | None
    rate: float
    pitch: float
    engine: str
    command: str | None
    language: str | None


def say(
    speech: Speech,
    portrait: str | None,
    output: str | None,
    sound_out: str | None,
    controls: Direction,
    look: Look,
    voice: Voice,
    *,
    consent: Stating = NOTHING,
    force: bool,
) -> None:
    """Speak a text, and animate a portrait with it."""
    alone = output is not None and Path(output).suffix.lower() == ".wav"
    if portrait is None and output is not None and Path(output).suffix.lower() in _SOUNDS:
        raise OptionError(
            f"speech alone goes into a .wav, not into {Path(output).name!r}; "
            f"name it {Path(output).stem}.wav"
        )
    if portrait is None and not alone:
        raise OptionError("a portrait is needed (--portrait p.jpg), or a .wav as the output")
    if portrait is not None and alone:
        raise OptionError("the output is a sound; name a video, and keep the sound by --sound-out")
    inputs = [speech.text or "", portrait or ""]
    kept = [Path(path) for path in (output if alone else None, sound_out) if path is not None]
    for path in kept:
        if path.suffix.lower() != ".wav":
            raise OptionError(f"speech is kept in a .wav file, not in {path.name!r}")
        check_plain_target(path, force, inputs=inputs)
    target = None
    if portrait is not None:
        check_look(look, controls)
        if is_folder(output):
            raise OptionError(f"{output!r} is a folder; name the video")
        target = video_target(output, portrait, force, look, inputs=inputs)
    # Refused before the portrait is prepared, and the portrait before anything is said.
    text, engine = _words(speech.text), _engine(speech)
    engine.check(Manner(speech.voice, speech.rate, speech.pitch))
    from gioconda.speaking import save_speech
    from gioconda.speaking import say as make

    person = grant = None
    if portrait is not None:
        from gioconda.cli.consenting import granted
        from gioconda.portrait import Portrait

        person = Portrait.open(portrait, face=look.face)
        grant = granted(person, consent, voice)
    with voice.bar("speech", "characters") as bar:
        sound = make(
            text, speech.voice, rate=speech.rate, pitch=speech.pitch, engine=engine,
            language=speech.language, progress=bar,
        )  # fmt: skip
    with closing(sound):
        for path in kept:
            save_speech(sound, path)
        if person is None:
            _tell(kept[0], sound, voice)
            return
        from gioconda.pipeline import animate

        note_late(controls, sound.duration_s, voice)

        animation = animate(
            person, sound, controls, fps=look.fps, size=look.size, framing=look.framing,
            background=look.background, label=look.label, basis=grant,
        )  # fmt: skip
        assert target is not None
        save_animation(animation, target, look, voice, force=force)


def list_voices(language: str | None, engine: str, voice: Voice) -> None:
    """Print the voices of a language, or of all."""
    found = create(engine).voices(language)
    if not found:
        of = f" for {language!r}" if language else ""
        raise OptionError(f"{engine} has no voice{of}")
    width = max(len(entry.name) for entry in found)
    lines = [f"{entry.name:<{width}}  {entry.description}" for entry in found]
    voice.result(
        "\n".join(lines),
        {"voices": [{"name": e.name, "description": e.description} for e in found]},
    )


def _words(source: str | None) -> str:
    """Return the text: as given, of a file, or of standard input."""
    if source is None:
        raise OptionError(
            'a text is needed: gioconda say "Good morning" --portrait p.jpg, a text file, or - '
            "for standard input"
        )
    if source == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise TranscriptError("there is no text on standard input; pipe one into it")
        from gioconda.speech.transcript import decoded

        return decoded(sys.stdin.buffer.read(), "standard input")
    if len(source) < 250 and os.path.isdir(source):
        raise TranscriptError(
            f"{source!r} is a folder; name a text file in it, or pipe the word into: gioconda say -"
        )
    if Path(source).suffix.lower() == ".txt" or (len(source) < 250 and os.path.isfile(source)):
        from gioconda.speech.transcript import read_text

        return read_text(Path(source))
    return source


def _engine(speech: Speech) -> TextToSpeech:
    if speech.command is not None:
        from gioconda.voices.command import CommandVoice

        return CommandVoice(speech.command)
    return create(speech.engine)


def _tell(path: Path, sound: Sound, voice: Voice) -> None:
    seconds = sound.duration_s or 0.0
    voice.result(
        f"{path}: {seconds:.1f} s of speech",
        {"output": str(path), "duration_s": round(seconds, 4), "rate_hz": sound.rate_hz},
    )
