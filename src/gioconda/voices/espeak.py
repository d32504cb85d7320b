"""The default engine: espeak-ng, offline, over a hundred languages, run as a program of its own.

The program itself does not tell when phones sound, so a small worker process asks its shared
library (:mod:`gioconda.voices.espeak_worker`). Where that library is not found, the program speaks
alone and phones come without times.
"""

from __future__ import annotations

import ctypes.util
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gioconda.errors import VoiceError
from gioconda.voices.programs import run_program
from gioconda.voices.sentences import language_of, sentences
from gioconda.voices.types import Manner, Spoken, TimedPhone, VoiceEntry
from gioconda.voices.wave_files import read_wave

logger = logging.getLogger(__name__)

#: Names another espeak-ng program than the one on the PATH.
PROGRAM_VARIABLE: Final = "GIOCONDA_ESPEAK"
WORDS_A_MINUTE: Final = 175
_USUAL_PITCH: Final = 50
#: Steps of espeak-ng's pitch in a semitone, measured on its speech.
_STEPS_UP: Final = 5.6
_STEPS_DOWN: Final = 6.6
_INSTALL: Final = (
    "install it (Debian: sudo apt-get install espeak-ng; macOS: brew install espeak-ng; Windows: "
    "winget install espeak-ng) or name its program in the environment variable " + PROGRAM_VARIABLE
)
_LIBRARIES: Final = ("libespeak-ng.so.1", "libespeak-ng.so", "libespeak-ng.dylib")
_VOICELESS_STOPS: Final = frozenset("ptkcqʈʦʧ")
_STEP_S: Final = 0.005
_QUIET: Final = 0.006
_LONGEST_STOP_S: Final = 0.14
_SHORTEST_PAUSE_S: Final = 0.03


def find_program() -> str:
    """Return the path of the espeak-ng program.

    Raises:
        VoiceError: there is none; the message says how to install it.
    """
    named = os.environ.get(PROGRAM_VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise VoiceError(f"{PROGRAM_VARIABLE} names {named!r}, which is no program")
        return found
    found = shutil.which("espeak-ng")
    if found is None:
        raise VoiceError(f"speech from text needs the program espeak-ng; {_INSTALL}")
    return found


def phonemes(text: str, voice: str) -> list[list[str]]:
    """Return the words of a text as lists of IPA phones, stress marks taken off.

    Words that are spoken as one (``of the``) come as one.

    Raises:
        VoiceError: espeak-ng is not installed, or has no such voice.
    """
    program = find_program()
    options = ["-q", "-x", "--ipa", "--sep=_", "-v", _file_of(program, voice), "--stdin"]
    said = _run(program, options, voice, plain(text).encode()).decode("utf-8", "replace")
    found = []
    for word in said.split():
        phones = (p.strip("ˈˌ") for p in word.split("_"))
        kept = [p for p in phones if p and not p.startswith("(")]
        if kept:
            found.append(kept)
    return found


class EspeakVoice:
    """Speaks with espeak-ng; voices are named as it names them, ``it`` or ``en-gb+f3``."""

    def __init__(self) -> None:
        self._worker: _Worker | None = None
        self._without_worker = False

    def check(self, manner: Manner) -> None:
        """Refuse voices that there are not; see :class:`gioconda.voices.types.TextToSpeech`."""
        program = find_program()
        if manner.voice is not None:
            _check_variant(program, manner.voice)
            options = ["-q", "-v", _file_of(program, manner.voice), "--stdin"]
            _run(program, options, manner.voice)

    def speak(self, text: str, manner: Manner) -> Iterator[Spoken]:
        """Yield the speech of each sentence; see :class:`gioconda.voices.types.TextToSpeech`."""
        program = find_program()
        voice = manner.voice or language_of(text)
        if voice.split("+")[0] == "ja" and any("\u4e00" <= c <= "\u9fff" for c in text):
            logger.warning("espeak-ng cannot read kanji and says 'Chinese letter'; write kana")
        language = voice.split("+")[0]
        for sentence in sentences(text):
            samples, rate_hz, phones = self._say(program, plain(sentence), voice, manner)
            yield Spoken(sentence, samples, rate_hz, phones, language)

    def voices(self, language: str | None = None) -> list[VoiceEntry]:
        """Return the voices of a language, or of all; timbres (``+f3``) go with each of them.

        A language is named as in ``it`` or as in ``Italian``, and in any case of letters.
        """
        program = find_program()
        found = _listed(program, language.lower() if language else None)
        if language and not found:
            wanted = language.casefold().replace(" ", "_")
            named = re.compile(rf"(?:^|\(){re.escape(wanted)}", re.IGNORECASE)
            found = tuple(v for v in _listed(program, None) if named.search(v[1]))
        return [VoiceEntry(name, description.replace("_", " ")) for name, description, _ in found]

    def _say(
        self, program: str, text: str, voice: str, manner: Manner
    ) -> tuple[npt.NDArray[np.int16], int, tuple[TimedPhone, ...] | None]:
        wpm = round(WORDS_A_MINUTE * manner.rate)
        steps = _STEPS_UP if manner.pitch > 0 else _STEPS_DOWN
        pitch = min(max(round(_USUAL_PITCH + steps * manner.pitch), 0), 99)
        answer = self._asked(program, text, _file_of(program, voice), wpm, pitch)
        if answer is not None:
            samples, rate_hz, onsets = answer
            return samples, rate_hz, timed_phones(samples, rate_hz, onsets)
        options = [
            "-v",
            _file_of(program, voice),
            "-s",
            str(wpm),
            "-p",
            str(pitch),
            "--stdin",
            "--stdout",
        ]
        return *read_wave(_run(program, options, voice, text.encode()), "espeak-ng"), None

    def _asked(self, program: str, text: str, voice: str, wpm: int, pitch: int) -> _Answer | None:
        """Return the worker's answer, None without one; one that died is started once more."""
        for last in (False, True):
            if self._worker is None and not self._without_worker:
                self._worker = _Worker.started(program)
                self._without_worker = self._worker is None
            worker = self._worker
            if worker is None:
                return None
            try:
                return worker.say(text, voice, wpm, pitch)
            except VoiceError:  # there is no such voice; the worker is well
                raise
            except BaseException as e:
                # Half an answer may lie in its pipe, an interrupted one too: no more of this one.
                self._worker = None
                worker.stop()
                if not isinstance(e, _WorkerDiedError):
                    raise
                if last:
                    raise VoiceError(f"espeak-ng failed while it spoke {text[:40]!r}") from e
        raise AssertionError("both turns return or raise")


def plain(text: str) -> str:
    """Take out what espeak-ng would read as phoneme names, and control characters."""
    return "".join(c if c.isprintable() else " " for c in text).replace("[[", "[ [")


def timed_phones(
    samples: npt.NDArray[np.int16], rate_hz: int, onsets: list[tuple[float, str]]
) -> tuple[TimedPhone, ...]:
    """Turn espeak-ng's phone events into phones without gaps.

    It marks voiceless stops at the burst; they are moved back over their silent closure. Events
    without a name are pauses where it is quiet, else they lengthen the phone before them. Marks
    of a change of language are taken out.
    """
    kept = [(s, p.strip("ˈˌ")) for s, p in onsets if not p.startswith("(")]
    loud = _levels(samples, rate_hz) >= _QUIET
    phones: list[tuple[float, str]] = [(0.0, "")]
    for i, (onset, symbol) in enumerate(kept):
        if symbol[:1] in _VOICELESS_STOPS and i and kept[i - 1][1]:
            k = round(onset / _STEP_S) - 1
            first = max(int(phones[-1][0] / _STEP_S) + 4, int((onset - _LONGEST_STOP_S) / _STEP_S))
            while first < k < len(loud) and not loud[k]:
                k -= 1
            onset = min(onset, (k + 1) * _STEP_S)
        elif not symbol and phones[-1][1]:
            end = kept[i + 1][0] if i + 1 < len(kept) else len(samples) / rate_hz
            sounding = np.flatnonzero(loud[round(onset / _STEP_S) : round(end / _STEP_S)])
            onset += (int(sounding[-1]) + 1) * _STEP_S if len(sounding) else 0.0
            if end - onset < _SHORTEST_PAUSE_S:
                continue
        if symbol or phones[-1][1]:
            phones.append((max(onset, phones[-1][0]), symbol))
    ends = [start for start, _ in phones[1:]] + [len(samples) / rate_hz]
    return tuple(
        TimedPhone(start, end, symbol)
        for (start, symbol), end in zip(phones, ends, strict=True)
        if end > start
    )


def _levels(samples: npt.NDArray[np.int16], rate_hz: int) -> npt.NDArray[np.float32]:
    """Return the level of every 5 ms against the loudest sample, which counts as a half."""
    frame = int(_STEP_S * rate_hz)
    count = len(samples) // frame
    floats = samples[: count * frame].reshape(count, frame).astype(np.float32)
    level = np.sqrt((floats**2).mean(1))
    return np.asarray(level * (0.5 / (np.abs(floats).max(initial=0.0) + 1e-9)), np.float32)


#: Samples, their rate, and (onset in seconds, IPA) of each phone.
_Answer: TypeAlias = tuple[npt.NDArray[np.int16], int, list[tuple[float, str]]]


class _WorkerDiedError(Exception):
    """The worker gave no whole answer."""


class _Worker:
    """The process that holds the library; one sentence at a time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.stop = weakref.finalize(self, _stop, process)

    @classmethod
    def started(cls, program: str) -> _Worker | None:
        """Start it; None where the library is not found."""
        worker = Path(__file__).with_name("espeak_worker.py")
        library, data = _library(program)
        if library is None:
            logger.info("espeak-ng's library was not found; its phones come without times")
            return None
        command = [sys.executable, "-I", str(worker), library, *data]
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError as e:
            raise VoiceError(f"a process for espeak-ng cannot be started: {e.strerror}") from e
        assert process.stdout is not None
        if b"ready" not in process.stdout.readline():
            _stop(process)
            logger.info("espeak-ng's library could not be used; its phones come without times")
            return None
        return cls(process)

    def say(self, text: str, voice: str, wpm: int, pitch: int) -> _Answer:
        """Return what it answers.

        Raises:
            VoiceError: there is no such voice.
            _WorkerDiedError: it gives no whole answer; stop it, as after any other error.
        """
        asked = {"text": text, "voice": voice, "wpm": wpm, "pitch": pitch}
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps(asked).encode() + b"\n")
            stdin.flush()
            answer: dict[str, Any] = json.loads(stdout.readline())
            if "error" in answer:
                raise _no_voice(voice)
            wanted = 2 * int(answer["samples"])
            raw = stdout.read(wanted)
        except VoiceError:
            raise
        except (OSError, ValueError) as e:
            raise _WorkerDiedError from e
        if len(raw) != wanted:
            raise _WorkerDiedError
        samples = np.frombuffer(raw, np.int16)
        return samples, int(answer["rate_hz"]), [(float(t), str(p)) for t, p in answer["phones"]]


def _stop(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):  # what it was to read is lost with it
                stream.close()
    process.terminate()
    process.wait()


def _library(program: str) -> tuple[str | None, list[str]]:
    """Return the shared library of a program, and the folder of its data if that must be told."""
    place = Path(program).resolve().parent
    beside = place / "libespeak-ng.dll"
    if beside.exists():
        return str(beside), [str(place)]
    for folder in (place.parent / "lib", place.parent / "lib64"):
        for name in _LIBRARIES:
            if (folder / name).exists():
                return str(folder / name), []
    found = ctypes.util.find_library("espeak-ng")
    return found, []


def _run(program: str, options: list[str], voice: str, given: bytes = b"") -> bytes:
    """Run the program once; return its standard output."""
    done = run_program([program, *options], given)
    if done.returncode or b"does not exist" in done.stderr:
        if b"voice" in done.stderr and voice:
            raise _no_voice(voice)
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise VoiceError(f"espeak-ng failed: {said[-1] if said else 'it said nothing'}")
    return done.stdout


def _no_voice(voice: str) -> VoiceError:
    return VoiceError(
        f"espeak-ng has no voice {voice!r}; gioconda say --list-voices shows those there are"
    )


@lru_cache(maxsize=8)
def _listed(program: str, language: str | None) -> tuple[tuple[str, str, str], ...]:
    """Return language, name and file of voices, but for those that need MBROLA, and timbres."""
    listed = _run(program, [f"--voices={language}" if language else "--voices"], "")
    rows = (line.split() for line in listed.decode("utf-8", "replace").splitlines()[1:])
    kept = (r for r in rows if len(r) >= 5 and not r[4].startswith(("mb/", "!v/")))
    return tuple((r[1], r[3], r[4]) for r in kept)


def _file_of(program: str, voice: str) -> str:
    """Return the file of a voice that is named by its language, for that takes timbres, too."""
    language, plus, variant = voice.partition("+")
    for name, _, file in _listed(program, None):
        if name == language:
            return file + plus + variant
    return voice


@lru_cache(maxsize=2)
def _variants(program: str) -> frozenset[str]:
    listed = _run(program, ["--voices=variant"], "").decode("utf-8", "replace")
    fields = [line.split() for line in listed.splitlines()[1:] if line.strip()]
    names = {field[-1].removeprefix("!v/") for field in fields}
    return frozenset(names | {field[3] for field in fields if len(field) > 3})


def _check_variant(program: str, voice: str) -> None:
    """Refuse a timbre that espeak-ng does not have; itself, it would ignore it."""
    _, plus, variant = voice.partition("+")
    known = _variants(program)
    if plus and variant not in known:
        some = ", ".join(sorted(n for n in known if re.fullmatch(r"[fm]\d", n)))
        raise VoiceError(f"espeak-ng has no timbre {variant!r}; there are {some} and more")
