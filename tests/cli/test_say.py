"""Type instead of speak, and transcripts, on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from tests.cli.test_animate import write_wav

from gioconda import Motion, Sound, examples
from gioconda.video.probe import probe

FAST = ("--size", "256", "--fps", "24")


def gioconda(
    *args: object, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gioconda", *map(str, args)],
        capture_output=True, text=True, timeout=300, input=stdin, encoding="utf-8",
        env=os.environ | environment,
    )  # fmt: skip


@pytest.mark.usefixtures("espeak_program")
class TestSay:
    def test_a_text_becomes_a_talking_face(self, tmp_path: Path) -> None:
        target, kept = tmp_path / "out.mp4", tmp_path / "speech.wav"
        done = gioconda(
            "say", "Buongiorno!", "--portrait", examples.portrait_path(), "--voice", "it",
            "-o", target, "--sound-out", kept, "--json", *FAST,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        with wave.open(str(kept), "rb") as file:
            seconds = file.getnframes() / file.getframerate()
        video = probe(target)
        assert video.frames == pytest.approx(seconds * 24, abs=1)
        assert video.audio_rate_hz == 22_050
        assert json.loads(done.stdout)["output"] == str(target)

    @pytest.mark.parametrize("way", ["argument", "file", "stdin"])
    def test_the_text_may_come_in_three_ways(self, way: str, tmp_path: Path) -> None:
        target, file = tmp_path / "a.wav", tmp_path / "words.txt"
        file.write_text("Ciao, mamma.", encoding="utf-8")
        source = {"argument": "Ciao, mamma.", "file": file, "stdin": "-"}[way]
        stdin = "Ciao, mamma." if way == "stdin" else None
        done = gioconda("say", source, "--voice", "it", "-o", target, stdin=stdin)
        assert done.returncode == 0, done.stderr
        with wave.open(str(target), "rb") as spoken:
            assert 0.6 < spoken.getnframes() / spoken.getframerate() < 2

    def test_voices_are_listed(self) -> None:
        assert gioconda("say", "--list-voices", "it").stdout.split() == ["it", "Italian"]
        assert gioconda("say", "--list-voices", "Italian").stdout.split() == ["it", "Italian"]
        assert "Mandarin" not in gioconda("say", "--list-voices", "ENGLISH").stdout
        assert "English (America)" in gioconda("say", "--list-voices", "ENGLISH").stdout
        every = json.loads(gioconda("say", "--list-voices", "--json").stdout)["voices"]
        assert len(every) > 90

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            ((), "a portrait is needed"),
            (("-o", "x.wav"), "or - for standard input"),
            (("Hi", "-o", "x.mp4"), "a portrait is needed"),
            (("junk.txt", "-o", "x.wav"), "'junk.txt' is not a text file"),
            (("junk", "-o", "x.wav"), "'junk' is not a text file"),
            ((".", "-o", "x.wav"), "'.' is a folder"),
            (("Hi", "-o", "x.mp3"), "speech alone goes into a .wav, not into 'x.mp3'"),
            (("...", "-o", "x.wav"), "nothing to say"),
            (("none.txt", "-o", "x.wav"), "there is no text file 'none.txt'"),
            (("Hi", "-o", "x.wav", "--voice", "xx"), "no voice 'xx'"),
            (("Hi", "-o", "x.wav", "--rate", "5"), "rate is 5"),
            (("Hi", "-o", "x.wav", "--engine", "harp"), "'harp'"),
            (("Hi", "-o", "x.wav", "-p", "p.jpg"), "--sound-out"),
            (("Hi", "-o", "x.mp4", "-p", "p.jpg", "--sound-out", "s.mp3"), ".wav"),
            (("--list-voices", "xx"), "no voice for 'xx'"),
        ],
    )
    def test_refusals_are_one_sentence(
        self, args: tuple, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        for name in ("junk", "junk.txt"):
            Path(name).write_bytes(bytes(range(1, 256)))
        done = gioconda("say", *args)
        assert done.returncode in (1, 2)
        assert done.stderr.count("\n") == 1
        assert message in done.stderr
        assert {p.name for p in tmp_path.iterdir()} == {"junk", "junk.txt"}

    def test_files_are_not_replaced(self, tmp_path: Path) -> None:
        kept = tmp_path / "kept.wav"
        kept.write_bytes(b"mine")
        assert "--force" in gioconda("say", "Hi", "-o", kept).stderr
        assert kept.read_bytes() == b"mine"


def test_without_espeak_one_sentence_says_how_to_get_it(tmp_path: Path) -> None:
    done = gioconda("say", "Hi", "-o", tmp_path / "x.wav", PATH=str(tmp_path), GIOCONDA_ESPEAK="")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    for hint in ("apt-get install espeak-ng", "brew install espeak-ng", "winget"):
        assert hint in done.stderr


@pytest.mark.usefixtures("espeak_program")
class TestTranscript:
    SRT = "1\n00:00:00,200 --> 00:00:01,400\nGood morning.\n"

    def test_text_and_subtitles_sharpen_a_performance(self, tmp_path: Path) -> None:
        short = tmp_path / "short.wav"
        with Sound.open(examples.speech_path()) as sound:
            pcm = np.concatenate(list(sound.chunks()))[:40_000]
        write_wav(short, pcm)
        srt = tmp_path / "talk.srt"
        srt.write_text(self.SRT)
        motions = []
        for i, extra in enumerate(((), ("--text", srt), ("--text", "Good morning."))):
            path = tmp_path / f"{i}.npz"
            done = gioconda("perform", short, "-o", path, *extra)
            assert done.returncode == 0, done.stderr
            motions.append(Motion.load(path)["jawOpen"])
        alone, cued, told = motions
        assert not np.array_equal(alone[:70], cued[:70])
        assert not np.array_equal(alone[:70], told[:70])
        np.testing.assert_array_equal(alone[90:], cued[90:])

    def test_what_is_noted_is_in_the_json(self, tmp_path: Path) -> None:
        words = "La vispa Teresa avea tra l'erbetta"
        done = gioconda(
            "perform", examples.speech_path(), "-o", tmp_path / "m.npz", "--text", words,
            "--language", "it", "--json",
        )  # fmt: skip
        assert done.stderr == ""
        (warning,) = json.loads(done.stdout)["warnings"]
        assert "read as 'it', does not match the sound" in warning

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (("--text", "none.srt"), "there is no text file 'none.srt'"),
            (("--text", "bad.srt"), "'bad.srt', line 2"),
            (("--text", "..."), "no words"),
            (("--language", "it"), "give one with --text"),
            (("--text", "Hello", "--language", "xx"), "espeak-ng has no language 'xx'"),
        ],
    )
    def test_refusals_are_one_sentence(
        self, args: tuple, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "bad.srt").write_text("1\n00:00:01 --> 00:00:02,000\nHi\n")
        done = gioconda("perform", examples.speech_path(), "-o", "m.npz", "--quiet", *args)
        assert done.returncode in (1, 2)
        assert done.stderr.count("\n") == 1
        assert message in done.stderr
        assert not (tmp_path / "m.npz").exists()
