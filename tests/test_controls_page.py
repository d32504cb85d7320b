"""Everything that docs/controls.md shows runs."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.test_animate import write_wav

from gioconda import ControlTrack, Sound, examples

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "controls.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(examples.portrait_path(), folder / "portrait.jpg")
    with Sound.open(examples.speech_path()) as sound:
        write_wav(folder / "speech.wav", next(iter(sound.chunks(1.5))))
    (folder / "directed.json").write_text(blocks("json")[0])
    for name, text in zip(("directed.csv", "zoom.csv"), blocks("csv"), strict=True):
        (folder / name).write_text(text)
    return folder


def test_both_forms_of_the_example_agree(desk: Path) -> None:
    one, two = (ControlTrack.open(desk / f"directed.{kind}") for kind in ("json", "csv"))
    assert one.curves["distance"].values.tolist() == [[1.2], [0.9]]
    assert two.distances == (0.9, 1.2)
    assert len(one.poses) == len(two.poses) == 2


def test_every_command_and_example_runs(desk: Path) -> None:
    commands = [c for block in blocks("sh") for c in block.splitlines() if c.strip()]
    assert len(commands) == 3
    for command in commands:
        words = [sys.executable, "-m", *shlex.split(command)]
        words += [] if "perform" in words else ["--size", "256", "--fps", "24"]
        done = subprocess.run(words, cwd=desk, capture_output=True, timeout=300)
        assert done.returncode == 0, (command, done.stderr.decode())
    for block in blocks("python"):
        done = subprocess.run([sys.executable, "-c", block], cwd=desk, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        yaw, distance = map(float, done.stdout.split())
        assert abs(yaw - 10) < 0.5
        assert 0.9 < distance < 1.2
