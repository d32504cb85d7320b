"""Piper, and any command, as voices; small programs stand in for them."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import gioconda
from gioconda.errors import OptionError, VoiceError
from gioconda.voices import Manner, Spoken, TextToSpeech, VoiceEntry, create, names, register
from gioconda.voices.command import CommandVoice
from gioconda.voices.piper import MODELS_VARIABLE, PROGRAM_VARIABLE, PiperVoice
from gioconda.voices.wave_files import read_wave

#: Writes a WAV of a tenth of a second for each letter that it reads, and its arguments beside it.
SPEAKER = """#!{python}
import sys, wave
arguments = sys.argv[1:]
out = arguments[arguments.index("--output_file") + 1]
text = sys.stdin.read().strip()
if text == "fail":
    sys.exit("the model is broken")
with wave.open(out, "wb") as file:
    file.setparams((1, 2, 22050, 0, "NONE", ""))
    file.writeframes(b"\\1\\0" * 2205 * len(text))
open({log!r}, "a").write(" ".join(arguments) + "|" + text + "\\n")
"""


@pytest.fixture
def piper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that behaves like Piper, with one Italian model; returns its log."""
    log = tmp_path / "log.txt"
    program = tmp_path / "piper"
    program.write_text(SPEAKER.format(python=sys.executable, log=str(log)))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "paola.onnx").write_bytes(b"model")
    (tmp_path / "paola.onnx.json").write_text(json.dumps({"espeak": {"voice": "it"}}))
    monkeypatch.setenv(PROGRAM_VARIABLE, str(program))
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    return log


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a #! line")
class TestPiper:
    def test_speaks_sentence_by_sentence(self, piper: Path) -> None:
        pieces = list(PiperVoice().speak("Ciao. Come va?", Manner("paola#3", rate=2.0)))
        assert [(p.text, len(p.samples)) for p in pieces] == [
            ("Ciao.", 11_025),
            ("Come va?", 17_640),
        ]
        assert pieces[0].phones is None
        assert pieces[0].language == "it"
        first = piper.read_text().splitlines()[0]
        assert "--length_scale 0.500" in first
        assert "--speaker 3" in first
        assert first.endswith("|Ciao.")

    def test_its_failure_is_told(self, piper: Path) -> None:
        with pytest.raises(VoiceError, match="the model is broken"):
            list(PiperVoice().speak("fail", Manner("paola")))

    def test_what_it_cannot_do_is_refused_at_once(self, piper: Path) -> None:
        with pytest.raises(OptionError, match="needs a voice"):
            PiperVoice().check(Manner())
        with pytest.raises(OptionError, match="pitch"):
            PiperVoice().check(Manner("paola", pitch=2))
        with pytest.raises(VoiceError, match="no piper model 'anna'"):
            PiperVoice().check(Manner("anna"))

    def test_its_models_are_listed(self, piper: Path) -> None:
        assert PiperVoice().voices("it") == [VoiceEntry("paola", "it")]
        assert PiperVoice().voices("de") == []


def test_without_piper_one_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROGRAM_VARIABLE, "no-such-piper")
    with pytest.raises(VoiceError, match="pip install piper-tts"):
        create("piper").check(Manner("voice.onnx"))


def test_a_command_takes_text_and_writes_a_file(tmp_path: Path) -> None:
    code = (
        "import sys, wave; out, text, voice = sys.argv[1:];"
        "f = wave.open(out, 'wb'); f.setparams((2, 2, 8000, 0, 'NONE', ''));"
        "f.writeframes(bytes(4 * 800 * len(text))); f.close()"
    )
    script = tmp_path / "speak it.py"
    script.write_text(code)
    command = f"'{sys.executable}' '{script}' {{out}} {{text}} {{voice}}"
    pieces = list(CommandVoice(command).speak("It's a $HOME. Two!", Manner("v; rm")))
    assert [len(p.samples) for p in pieces] == [800 * len("It's a $HOME."), 800 * 4]
    assert pieces[0].rate_hz == 8000


def test_text_is_never_an_option_of_the_command(tmp_path: Path) -> None:
    script = tmp_path / "s.py"
    script.write_text(
        "import sys, wave; given = sys.argv[1]; assert not given.startswith('-'), given\n"
        "f = wave.open(sys.stdout.buffer, 'wb'); f.setparams((1, 2, 16000, 9, 'NONE', ''));"
        "f.writeframesraw(bytes(18))"
    )
    voice = CommandVoice(f"'{sys.executable}' '{script}' {{text}}")
    pieces = list(voice.speak("-f/etc/passwd is what he said. - And she? --version!", Manner()))
    assert [p.text[:2] for p in pieces] == ["-f", "- ", "--"]


def test_what_no_program_takes_becomes_a_space(piper: Path) -> None:
    text = "One\0two \udcff three"
    assert [p.text for p in PiperVoice().speak(text, Manner("paola"))] == ["One two three"]
    assert piper.read_text().endswith("|One two three\n")
    runs = CommandVoice(f"'{sys.executable}' -c 'exit(3)' {{text}}")
    with pytest.raises(VoiceError, match="failed with 3"):
        next(runs.speak(text, Manner()))
    with pytest.raises(OptionError, match="characters that no name has"):
        Manner("it\0")


def test_a_program_that_cannot_be_run_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"no program at all")
    broken.chmod(0o755)
    with pytest.raises(VoiceError, match="cannot be run"):
        next(CommandVoice(f"'{broken}'").speak("Hello", Manner()))
    with pytest.raises(VoiceError, match="cannot be run"):
        gioconda.say("Hello", engine=CommandVoice(f"'{broken}'"))


def test_a_command_may_use_its_standard_streams(tmp_path: Path) -> None:
    script = tmp_path / "s.py"
    script.write_text(
        "import sys, wave; n = len(sys.stdin.read().strip());"
        "f = wave.open(sys.stdout.buffer, 'wb'); f.setparams((1, 2, 16000, 100 * n, 'NONE', ''));"
        "f.writeframesraw(bytes(200 * n))"
    )
    piece = next(CommandVoice(f"'{sys.executable}' '{script}'").speak("Hello", Manner()))
    assert len(piece.samples) == 500


@pytest.mark.parametrize(
    ("command", "manner", "message"),
    [
        ("", Manner(), "empty"),
        ("sh 'x", Manner(), "cannot be read"),
        ("no-such-program {text}", Manner(), "no program 'no-such-program'"),
        (f"'{sys.executable}' -V", Manner("it"), "no {voice}"),
        (f"'{sys.executable}' -V", Manner(rate=2), "no {rate}"),
        (f"'{sys.executable}' -V", Manner(pitch=2), "pitch"),
    ],
)
def test_commands_that_cannot_work_are_refused(command: str, manner: Manner, message: str) -> None:
    with pytest.raises((OptionError, VoiceError), match=message):
        CommandVoice(command).check(manner)


def test_a_command_that_fails_is_told() -> None:
    with pytest.raises(VoiceError, match="failed with 3"):
        next(CommandVoice(f"'{sys.executable}' -c 'exit(3)'").speak("Hello", Manner()))
    with pytest.raises(VoiceError, match="no WAV file"):
        next(CommandVoice(f"'{sys.executable}' -c 'print(1)'").speak("Hello", Manner()))


def test_only_wav_files_are_read() -> None:
    with pytest.raises(VoiceError, match="no WAV"):
        read_wave(b"ID3 mp3", "it")


@pytest.mark.parametrize(
    "how", [{"rate": 0.4}, {"rate": float("nan")}, {"pitch": 8}, {"voice": " "}]
)
def test_manners_out_of_range_are_refused(how: dict) -> None:
    with pytest.raises(OptionError):
        Manner(**how)


class Beeper:
    """An engine of one's own."""

    def check(self, manner: Manner) -> None:
        pass

    def speak(self, text: str, manner: Manner) -> Iterator[Spoken]:
        yield Spoken(text, np.zeros(1600, np.int16), 16_000)

    def voices(self, language: str | None = None) -> list[VoiceEntry]:
        return []


def test_an_engine_of_ones_own_plugs_in() -> None:
    register("beeper", Beeper)
    assert "beeper" in names()
    engine: TextToSpeech = create("beeper")
    assert next(engine.speak("hi", Manner())).duration_s == 0.1


def test_unknown_engines_are_refused() -> None:
    with pytest.raises(OptionError, match=r"'festival'.*espeak-ng, piper"):
        create("festival")
