"""track, animate --motion-from and measure reenact, end to end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gioconda import Sound, examples
from gioconda.motion import CHANNELS, INDEX, Motion
from gioconda.pipeline import render_motion
from gioconda.video.probe import probe


def gioconda(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gioconda", *map(str, args)],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines()
    assert done.returncode != 0
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("gioconda: ")
    return lines[0]


def nod(frames: int = 20) -> Motion:
    values = np.zeros((frames, len(CHANNELS)), np.float32)
    values[:, INDEX["headPitch"]] = 8 * np.sin(np.linspace(0, 2 * np.pi, frames))
    return Motion(values, 25.0)


@pytest.fixture(scope="session")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("videos") / "silent.mp4"
    render_motion(examples.portrait_path(), nod(), fps=25, size=256).save(path)
    return path


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("videos") / "spoken.mp4"
    tone = Sound.from_array(0.1 * np.sin(np.arange(12_800) / 5).astype(np.float32), 16_000)
    render_motion(examples.portrait_path(), nod(), tone, fps=25, size=256).save(path)
    return path


def test_track_writes_motion_and_says_how_it_went(silent: Path, tmp_path: Path) -> None:
    target = tmp_path / "motion.csv"
    done = gioconda("track", silent, "-o", target, "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    motion = Motion.load(target)
    assert data["rows"] == len(motion) == 20
    assert data["rate_hz"] == pytest.approx(25, abs=0.01)
    assert data["found_share"] == 1
    assert data["channels"] == list(CHANNELS)
    truth = nod()["headPitch"]
    assert np.corrcoef(motion["headPitch"], truth)[0, 1] > 0.9


def test_track_refined_corrects_lids_and_brows_alone(silent: Path, tmp_path: Path) -> None:
    plain, refined = tmp_path / "plain.npz", tmp_path / "refined.npz"
    for target, extra in ((plain, ()), (refined, ("--refine",))):
        done = gioconda("track", silent, "-o", target, "--json", "--reference", "first", *extra)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["refined"] == bool(extra)
    a, b = Motion.load(plain), Motion.load(refined)
    np.testing.assert_allclose(a["headPitch"], b["headPitch"], atol=1e-3)
    np.testing.assert_allclose(a["jawOpen"], b["jawOpen"], atol=0.1)
    upper = [n for n in CHANNELS if n.startswith(("eyeBlink", "eyeSquint", "brow"))]
    assert max(np.abs(a[n] - b[n]).max() for n in upper) > 0.005


def test_track_refuses_before_long_work(silent: Path, tmp_path: Path) -> None:
    assert ".npz or .csv" in refusal(gioconda("track", silent, "-o", tmp_path / "m.txt"))
    assert "no video file" in refusal(gioconda("track", "none.mp4", "-o", tmp_path / "m.npz"))
    assert "starts with 1 face" in refusal(
        gioconda("track", silent, "-o", tmp_path / "m.npz", "--face", 2)
    )
    assert not list(tmp_path.iterdir())


def test_animate_from_a_video_keeps_its_sound(spoken: Path, tmp_path: Path) -> None:
    target = tmp_path / "talk.mp4"
    done = gioconda(
        "animate", examples.portrait_path(), "--motion-from", spoken, "-o", target,
        "--size", "256", "--fps", "25", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    video = probe(target)
    assert video.frames == 20
    assert video.audio_rate_hz == 16_000


def test_a_silent_video_gives_a_silent_file_and_another_sound_is_used(
    silent: Path, tmp_path: Path
) -> None:
    common = (
        "animate", examples.portrait_path(), "--motion-from", silent, "--size", "256",
        "--fps", "25",
    )  # fmt: skip
    assert gioconda(*common, "-o", tmp_path / "a.mp4").returncode == 0
    assert probe(tmp_path / "a.mp4").audio_codec is None
    done = gioconda(*common, "--audio", examples.speech_path(), "-o", tmp_path / "b.mp4")
    assert done.returncode == 0, done.stderr
    assert probe(tmp_path / "b.mp4").audio_codec is not None
    assert probe(tmp_path / "b.mp4").frames == 20


@pytest.mark.parametrize(
    ("extra", "what"),
    [
        (("--emotion", "happy"), "--emotion"),
        (("--still",), "--still"),
        (("--language", "it"), "--language"),
        (("--gaze", "5,0"), "--gaze"),
        (("--head", "3"), "head is 3"),
    ],
)
def test_contradicting_controls_are_refused(
    silent: Path, tmp_path: Path, extra: tuple[str, ...], what: str
) -> None:
    done = gioconda(
        "animate", examples.portrait_path(), "--motion-from", silent, "-o", tmp_path / "x.mp4",
        *extra,
    )  # fmt: skip
    assert what in refusal(done)
    assert not list(tmp_path.iterdir())


def test_reenact_measures_and_draws_pairs(silent: Path, tmp_path: Path) -> None:
    done = gioconda("measure", "reenact", silent, "-o", tmp_path, "--size", "256", "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    (clip,) = data["clips"]
    # Our own frames, reenacted: near the pictures themselves.
    assert clip["face"]["psnr"]["ours"] > clip["face"]["psnr"]["still"] + 3
    assert clip["pose_deg"] < 0.6 * clip["pose_still_deg"]
    assert (tmp_path / "silent.png").exists()
    assert data["refined"] is True


def test_reenact_says_how_the_motion_was_made(silent: Path) -> None:
    done = gioconda("measure", "reenact", silent, "--size", "256", "--no-refine")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("no frame of ours was looked at to correct it")


def test_reenact_refuses_what_is_not_there(tmp_path: Path) -> None:
    assert "there is no video or folder" in refusal(gioconda("measure", "reenact", "none.mp4"))
    assert "no video in" in refusal(gioconda("measure", "reenact", tmp_path))


def test_reenact_keeps_pictures_and_says_that_it_failed(silent: Path, tmp_path: Path) -> None:
    taken = tmp_path / f"{silent.stem}.png"
    taken.write_bytes(b"mine")
    assert "exists" in refusal(gioconda("measure", "reenact", silent, "-o", tmp_path))
    assert taken.read_bytes() == b"mine"
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    done = gioconda("measure", "reenact", tmp_path / "broken.mp4", "--json")
    assert done.returncode == 1
    assert "broken" in done.stdout
    assert "--motion-from" in refusal(gioconda("animate", "a.png", "b.wav", "--motion-face", 2))
