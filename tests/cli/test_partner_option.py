"""``--partner``: a portrait listens, with or without a voice of its own."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from gioconda import examples
from gioconda.motion import Motion
from gioconda.speech.sound import Sound
from gioconda.video.probe import probe


def gioconda(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gioconda", *map(str, args)],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of the example speech."""
    path = tmp_path_factory.mktemp("sound") / "other.wav"
    with Sound.open(examples.speech_path()) as sound:
        pcm = np.concatenate(list(sound.chunks()))[: 2 * 16_000]
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes((pcm * 32767).astype(np.int16).tobytes())
    return path


def test_a_portrait_alone_listens_and_the_partner_is_heard(short: Path, tmp_path: Path) -> None:
    target = tmp_path / "listen.mp4"
    done = gioconda(
        "animate", examples.portrait_path(), "--partner", short, "-o", target,
        "--size", "256", "--fps", "25",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    video = probe(target)
    assert video.frames == 50
    assert video.audio_rate_hz == 16_000


def test_perform_listens_without_speaking(short: Path, tmp_path: Path) -> None:
    target = tmp_path / "listen.npz"
    done = gioconda("perform", "--partner", short, "-o", target)
    assert done.returncode == 0, done.stderr
    motion = Motion.load(target)
    assert motion.duration_s == pytest.approx(2.0)
    assert motion["articulation"].max() == 0


def test_a_longer_partner_is_noted(short: Path, tmp_path: Path) -> None:
    longer = tmp_path / "m.npz"
    done = gioconda("perform", short, "--partner", examples.speech_path(), "-o", longer)
    assert "the partner's sound is" in done.stderr
    assert "s longer; the result ends with one's own sound" in done.stderr
    assert Motion.load(longer).duration_s == pytest.approx(2.0)
    done = gioconda(
        "perform", examples.speech_path(), "--partner", short, "-qo", tmp_path / "n.npz"
    )
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["perform"], "a sound is needed"),
        (["perform", "-", "--partner", "-"], "one sound only"),
        (["perform", "--partner", "SHORT", "--text", "hello"], "--text"),
        (["animate", "a.jpg", "--motion-from", "b.mp4", "--partner", "SHORT"], "--partner"),
        (["perform", "--partner", "SHORT", "-o", "SHORT"], ".npz or .csv"),
    ],
)
def test_what_cannot_be_heard_is_refused_at_once(args: list[str], said: str, short: Path) -> None:
    done = gioconda(*[short if a == "SHORT" else a for a in args])
    assert done.returncode != 0
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
