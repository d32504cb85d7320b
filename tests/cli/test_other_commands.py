from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gioconda import examples
from gioconda.motion import CHANNELS, Motion
from gioconda.video.probe import probe


def gioconda(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gioconda", *map(str, args)],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="session")
def motion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("motion") / "motion.csv"
    done = gioconda("perform", examples.speech_path(), "-o", path, "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["rate_hz"] == 50
    assert data["channels"] == list(CHANNELS)
    return path


def test_perform_writes_motion(motion: Path) -> None:
    loaded = Motion.load(motion)
    assert loaded.duration_s == pytest.approx(191_760 / 16_000, abs=0.03)
    assert loaded["jawOpen"].max() > 0.2


def test_perform_refuses_other_formats(tmp_path: Path) -> None:
    done = gioconda("perform", examples.speech_path(), "-o", tmp_path / "motion.txt")
    assert done.returncode == 2
    assert ".npz or .csv" in done.stderr


def test_render_shows_motion_with_sound(motion: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.npz"
    whole = Motion.load(motion)
    Motion(whole.values[:60], whole.rate_hz).save(short)
    target = tmp_path / "talk.mp4"
    done = gioconda(
        "render", examples.portrait_path(), short, "--sound", examples.speech_path(),
        "-o", target, "--size", "256", "--fps", "30",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    video = probe(target)
    assert video.frames == 36
    assert video.audio_rate_hz == 16_000


def test_inspect_says_what_it_sees_and_draws_a_sheet(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    done = gioconda("inspect", examples.portrait_path(), "-o", sheet, "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert len(data["faces"]) == 1
    assert abs(data["faces"][0]["yaw_deg"]) < 25
    picture = np.asarray(Image.open(sheet))
    assert picture.shape == (4 * 256, 5 * 256, 3)
    cells = picture.reshape(4, 256, 5, 256, 3).swapaxes(1, 2).reshape(20, 256, 256, 3)
    rest = cells[0].astype(int)
    for cell in cells[1:]:
        assert np.abs(cell - rest).mean() > 0.2


def test_inspect_refuses_a_picture_without_a_face(tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    Image.new("RGB", (300, 300), "grey").save(blank)
    done = gioconda("inspect", blank, "-o", tmp_path / "sheet.png")
    assert done.returncode == 1
    assert "face" in done.stderr
    assert not (tmp_path / "sheet.png").exists()


def test_doctor_finds_a_working_installation() -> None:
    done = gioconda("doctor", "--json")
    findings = json.loads(done.stdout)
    assert [f for f in findings if not f["ok"]] == []
    assert done.returncode == 0
    assert {"encoders", "face finder", "phonetic net", "renderer"} <= {f["name"] for f in findings}


def test_version_and_help() -> None:
    assert gioconda("--version").stdout.startswith("gioconda ")
    text = gioconda("--help").stdout
    for command in ("animate", "perform", "render", "inspect", "doctor", "bench", "measure"):
        assert command in text
    assert "--source_image" not in gioconda("animate", "--help").stdout
