"""Batches on a Ray of our own: killed workers, rows that kill, and the command line."""

from __future__ import annotations

import json
import math
import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gioconda import Controls, examples
from gioconda.cluster import batch
from gioconda.cluster.connection import Cluster
from gioconda.cluster.renderer import RayRenderer
from gioconda.cluster.tasks import FileBytes, Heard, RenderTask
from gioconda.video.probe import probe


class Mortal(RayRenderer):
    """A worker that is killed by row 1 each time, and by row 2 the first time."""

    def __call__(self, row: dict) -> dict:
        task = pickle.loads(row["task"])
        mark = Path(task.portrait.name)  # a path of this machine, for the test alone
        if task.number == 1 or (task.number == 2 and not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(row)


def task(number: int, portrait: FileBytes) -> RenderTask:
    return RenderTask(number, portrait, "sound", None, Controls(), ".mp4", fps=24, size=256)


def test_a_killed_workers_row_is_begun_again_and_the_others_are_made(
    cluster: Cluster, heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray.cloudpickle

    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    monkeypatch.setattr(batch, "RayRenderer", Mortal)
    monkeypatch.setattr(batch, "RETRIES", 1)  # each costs seconds
    data = FileBytes.read(examples.portrait_path())
    tasks = [
        task(number, FileBytes(str(tmp_path / f"{number}.png"), data.data, data.digest))
        for number in range(4)
    ]
    two = replace(cluster, cores=2)
    found = {o.number: o for o in batch.render_on(two, iter(tasks), {"sound": heard})}
    assert sorted(found) == [0, 1, 2, 3]
    assert (tmp_path / "2.png").exists()  # row 2 did kill its worker
    for number in (0, 2, 3):
        assert found[number].error == ""
        video = tmp_path / f"{number}.mp4"
        video.write_bytes(found[number].video)
        assert probe(video).frames == math.ceil(0.5 * 24)
    assert found[1].video is None
    assert "lost 2 times" in found[1].error


def test_the_command_line_makes_what_it_can_and_says_the_rest(
    cluster: Cluster, sound: Path, tmp_path: Path
) -> None:
    import ray

    (tmp_path / "ann.png").write_bytes(examples.portrait_path().read_bytes())
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    folder = tmp_path / "videos"
    folder.mkdir()
    (folder / "old.mp4").write_bytes(b"mine")
    (tmp_path / "old.png").write_bytes(b"whoever")
    done = subprocess.run(
        [
            sys.executable, "-m", "gioconda", "animate", "ann.png", "bad.jpg", "none.jpg",
            "old.png", str(sound), "-o", "videos/", "--size", "256", "--fps", "24", "--json",
            "--cluster", ray.get_runtime_context().gcs_address,
        ],
        capture_output=True, text=True, cwd=tmp_path, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    made = [s for s in said if "error" not in s]
    assert [s["output"] for s in made] == ["videos/ann.mp4"]
    errors = {s["portrait"]: s["error"] for s in said if "error" in s}
    assert "'bad.jpg' is not an image" in errors["bad.jpg"]
    assert "no file 'none.jpg'" in errors["none.jpg"]
    assert "exists already" in errors["old.png"]
    # One sentence for each, and nothing of Ray's own.
    assert len(done.stderr.splitlines()) == 3, done.stderr
    assert all(line.startswith("gioconda: ") for line in done.stderr.splitlines())
    assert sorted(p.name for p in folder.iterdir()) == ["ann.mp4", "old.mp4"]
    assert (folder / "old.mp4").read_bytes() == b"mine"
    assert probe(folder / "ann.mp4").frames == math.ceil(0.5 * 24)
