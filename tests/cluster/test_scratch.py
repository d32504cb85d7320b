"""What a killed worker leaves is deleted by the next one."""

from __future__ import annotations

import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gioconda.cluster.scratch import scratch_folder


def test_folders_of_the_dead_are_deleted_and_of_the_living_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = (
        "import os, signal; from gioconda.cluster.scratch import scratch_folder;"
        "(scratch_folder() / 'video.mp4').touch(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], env={"TMPDIR": str(tmp_path), **_path()})
    (left,) = tmp_path.iterdir()
    assert (left / "video.mp4").exists()
    other = tmp_path / "gioconda-clusters"
    other.mkdir()
    first = scratch_folder()
    second = scratch_folder()
    assert sorted(tmp_path.iterdir()) == sorted([other, first, second])
    assert stat.S_IMODE(first.stat().st_mode) == 0o700


def _path() -> dict[str, str]:
    import gioconda

    return {"PYTHONPATH": str(Path(gioconda.__file__).parents[1])}
