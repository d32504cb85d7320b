"""gioconda measure: what is refused before long work, and one quick run each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gioconda import examples


def measure(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gioconda", "measure", *map(str, args)],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def test_the_commands_are_listed() -> None:
    text = measure("--help").stdout
    for command in ("lipsync", "motion", "closures", "controls", "reenact"):
        assert command in text


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("lipsync", "none", "none"), "there is no folder 'none'"),
        (("motion", "none", "none"), "there is no folder 'none'"),
        (("closures", "xx"), "no sentences in 'xx'"),
        (("closures", "de", "--size", "300"), "size is 300"),
        (("controls", "--only", "mood"), "no measure of 'mood'"),
        (("controls", "none.jpg"), "none.jpg"),
    ],
)
def test_mistakes_are_refused_in_a_sentence(args, said) -> None:
    done = measure(*args)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_options_that_exclude_each_other_are_refused(shared: Path, tmp_path: Path) -> None:
    data = shared / "data"
    places = (data / "clips", data / "tracked", "--clip", "grid_01")
    done = measure("motion", *places, "--ours", tmp_path, "--motion-only")
    assert done.returncode == 2
    assert "--ours" in done.stderr
    done = measure("lipsync", *places, "--keep", tmp_path, "--motion-only")
    assert "nothing is tracked" in done.stderr
    (tmp_path / "grid_01.npz").touch()
    done = measure("lipsync", *places, "--keep", tmp_path)
    assert done.returncode != 0
    assert "exists" in done.stderr


@pytest.mark.parametrize("command", ["lipsync", "motion"])
def test_no_force_replaces_the_curves_that_are_measured_against(
    shared: Path, tmp_path: Path, command: str
) -> None:
    curves = tmp_path / "grid_01.npz"
    curves.write_bytes((shared / "data/tracked/grid_01.npz").read_bytes())
    before = curves.read_bytes()
    done = measure(command, shared / "data/clips", tmp_path, "--keep", tmp_path, "--force")
    assert done.returncode == 2
    assert "'grid_01' is measured against" in done.stderr
    assert curves.read_bytes() == before


def test_lips_are_measured_without_rendering(shared: Path) -> None:
    data = shared / "data"
    done = measure(
        "lipsync", data / "clips", data / "tracked", "--rivals", data / "rivals",
        "--clip", "interview_man_beard", "--clip", "emo_yomir", "--motion-only", "--json",
    )  # fmt: skip
    sets = json.loads(done.stdout)["sets"]
    assert set(sets) == {"real", "EMO"}
    aperture = {m: s["r"]["aperture"][0] for m, s in sets["real"].items()}
    assert aperture["ours"] > aperture["loudness"] + 0.1
    assert sets["EMO"]["loudness"]["r"]["width"] == [None, None, None]


def test_movement_is_measured_from_curves_that_are_there(shared: Path) -> None:
    data = shared / "data"
    places = (data / "clips", data / "tracked", "--clip", "senate_woman")
    done = measure("motion", *places, "--ours", data / "tracked", "--json")
    moved = json.loads(done.stdout)
    assert set(moved["sets"]) == {"real", "ours", "ours, real"}
    assert moved["sets"]["ours"]["clips"] == 3
    assert moved["bounds"]["yaw std"] == [3.75, 7.125]


def test_an_empty_portrait_is_refused_by_controls(tmp_path: Path) -> None:
    from PIL import Image

    blank = tmp_path / "blank.png"
    Image.new("RGB", (300, 300), "grey").save(blank)
    done = measure("controls", examples.portrait_path(), blank)
    assert done.returncode == 1
    assert "face" in done.stderr
