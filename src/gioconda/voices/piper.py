"""Piper, a neural engine with natural voices, as a program of its own if it is installed."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gioconda.errors import OptionError, VoiceError
from gioconda.voices.programs import run_program
from gioconda.voices.sentences import sentences
from gioconda.voices.types import Manner, Spoken, VoiceEntry
from gioconda.voices.wave_files import read_wave

#: Names another piper program than the one on the PATH.
PROGRAM_VARIABLE: Final = "GIOCONDA_PIPER"
#: A folder of models, where voices may be named without their path.
MODELS_VARIABLE: Final = "GIOCONDA_PIPER_VOICES"


class PiperVoice:
    """Speaks with Piper; a voice is the path of its model, ``it_IT-paola-medium.onnx``.

    ``MODEL#3`` takes speaker 3 of a model with several. Piper tells no phone times: the phones
    of the text are aligned with its sound instead.
    """

    def check(self, manner: Manner) -> None:
        """Refuse what Piper cannot do; see :class:`gioconda.voices.types.TextToSpeech`."""
        _program()
        if manner.pitch:
            raise OptionError("piper cannot change a voice's pitch; leave the pitch at 0")
        if manner.voice is None:
            raise OptionError("piper needs a voice: the path of its model, as in voice.onnx")
        _model(manner.voice.partition("#")[0])

    def speak(self, text: str, manner: Manner) -> Iterator[Spoken]:
        """Yield the speech of each sentence; see :class:`gioconda.voices.types.TextToSpeech`."""
        self.check(manner)
        program = _program()
        path, _, speaker = (manner.voice or "").partition("#")
        model = _model(path)
        command = [program, "--model", str(model), "--length_scale", f"{1 / manner.rate:.3f}"]
        if speaker:
            command += ["--speaker", speaker]
        language = _language(model)
        for sentence in sentences(text):
            with tempfile.TemporaryDirectory(prefix="gioconda-piper-") as folder:
                out = Path(folder) / "speech.wav"
                done = run_program([*command, "--output_file", str(out)], sentence.encode() + b"\n")
                if done.returncode or not out.exists():
                    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
                    raise VoiceError(f"piper failed: {said[-1] if said else 'it said nothing'}")
                samples, rate_hz = read_wave(out.read_bytes(), "piper")
            yield Spoken(sentence, samples, rate_hz, None, language)

    def voices(self, language: str | None = None) -> list[VoiceEntry]:
        """Return the models in the folder that the environment names."""
        folder = os.environ.get(MODELS_VARIABLE)
        if not folder:
            raise OptionError(
                f"piper's voices are files; name their folder in the variable {MODELS_VARIABLE}"
            )
        found = []
        for path in sorted(Path(folder).glob("*.onnx")):
            spoken = _language(path) or "?"
            if language is None or spoken.startswith(language):
                found.append(VoiceEntry(path.stem, spoken))
        return found


def _program() -> str:
    named = os.environ.get(PROGRAM_VARIABLE, "piper")
    found = shutil.which(named)
    if found is None:
        raise VoiceError(
            f"there is no program {named!r}; install Piper with: pip install piper-tts, or name "
            f"its program in the environment variable {PROGRAM_VARIABLE}"
        )
    return found


def _model(name: str) -> Path:
    """Find a model by its path, or by its name in the folder of models."""
    folder = Path(os.environ.get(MODELS_VARIABLE, "."))
    for path in (Path(name), folder / name, folder / f"{name}.onnx"):
        if path.is_file():
            return path
    raise VoiceError(f"there is no piper model {name!r}; name the path of a .onnx file")


def _language(model: Path) -> str | None:
    """Return the language that a model's description tells, as espeak-ng names it."""
    try:
        told = json.loads(model.with_name(model.name + ".json").read_text("utf-8"))
        return str(told["espeak"]["voice"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
