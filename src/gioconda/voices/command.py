"""Any program that reads text and writes a WAV file, as a voice."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gioconda.errors import OptionError, VoiceError
from gioconda.voices.programs import run_program
from gioconda.voices.sentences import sentences
from gioconda.voices.types import Manner, Spoken, VoiceEntry
from gioconda.voices.wave_files import read_wave


class CommandVoice:
    """Runs a command line for each sentence.

    ``{text}`` in it becomes the sentence, ``{in}`` a file that holds it, ``{out}`` the file that
    the command has to write, ``{voice}`` the voice and ``{rate}`` the rate (1 is usual). Without
    ``{text}`` and ``{in}`` the sentence comes on standard input; without ``{out}`` the WAV is
    taken from standard output. No shell is involved; where the command is one itself (``sh -c '...
    {text}'``), ``{text}`` is put into its line as it is, unquoted, so that words in the text would
    be read as commands: give it ``{in}`` or an argument of its own instead. A sentence that begins
    with ``-`` and is an argument of its own gets a space before it, or it would be an option.

    Args:
        command: as in ``flite -voice slt -t {text} -o {out}``.

    Raises:
        OptionError: the command is empty or its quotes do not match.
        VoiceError: there is no such program.
    """

    def __init__(self, command: str) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as e:
            raise OptionError(f"the command {command!r} cannot be read: {e}") from e
        if not self._words:
            raise OptionError("the command that is to speak is empty")
        if shutil.which(self._words[0]) is None:
            raise VoiceError(f"there is no program {self._words[0]!r} to speak with")

    def check(self, manner: Manner) -> None:
        """Refuse what has no place in the command."""
        for given, name, changed in (
            (manner.voice is not None, "voice", "{voice}"),
            (manner.rate != 1, "rate", "{rate}"),
        ):
            if given and not any(changed in word for word in self._words):
                raise OptionError(f"a {name} is given, but the command has no {changed} in it")
        if manner.pitch:
            raise OptionError("a command of your own sets its pitch itself; leave the pitch at 0")

    def speak(self, text: str, manner: Manner) -> Iterator[Spoken]:
        """Yield the speech of each sentence; see :class:`gioconda.voices.types.TextToSpeech`."""
        self.check(manner)
        for sentence in sentences(text):
            yield self._said(sentence, manner)

    def voices(self, language: str | None = None) -> list[VoiceEntry]:
        """Refuse: a command does not tell."""
        raise OptionError("a command of your own cannot list its voices")

    def _said(self, sentence: str, manner: Manner) -> Spoken:
        with tempfile.TemporaryDirectory(prefix="gioconda-voice-") as folder:
            source, out = Path(folder) / "text.txt", Path(folder) / "speech.wav"
            source.write_text(sentence + "\n", encoding="utf-8")
            values = {
                "{in}": str(source), "{out}": str(out), "{voice}": manner.voice or "",
                "{rate}": f"{manner.rate:g}", "{text}": sentence,
            }  # fmt: skip
            line = " ".join(self._words)
            command = [_filled(word, values) for word in self._words]
            if sentence.startswith("-"):
                command = [
                    f" {sentence}" if word == "{text}" else done
                    for word, done in zip(self._words, command, strict=True)
                ]
            by_name = "{text}" in line or "{in}" in line
            given = b"" if by_name else sentence.encode() + b"\n"
            done = run_program(command, given)
            if done.returncode:
                said = done.stderr.decode("utf-8", "replace").strip().splitlines()
                raise VoiceError(
                    f"{self._words[0]!r} failed with {done.returncode}: "
                    f"{said[-1] if said else 'it said nothing'}"
                )
            if "{out}" in line and not out.exists():
                raise VoiceError(f"{self._words[0]!r} wrote no sound file")
            raw = out.read_bytes() if "{out}" in line else done.stdout
        samples, rate_hz = read_wave(raw, repr(self._words[0]))
        return Spoken(sentence, samples, rate_hz)


def _filled(word: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(name, value)
    return word
