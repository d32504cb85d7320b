"""What is left behind when a run is interrupted, or may not write."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.cli.test_animate import complaint, face, short, write_wav

from gioconda.video.probe import probe

__all__ = ["face", "short"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_leaves_a_playable_file(
    face: Path, tmp_path: Path, number: int, code: int
) -> None:
    long = write_wav(tmp_path / "long.wav", np.zeros(16_000 * 600))
    target = tmp_path / "talk.mp4"
    process = subprocess.Popen(
        [sys.executable, "-m", "gioconda", "animate", str(face), str(long), "-o", str(target)],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        parts = [p for p in tmp_path.iterdir() if p.suffix == ".mp4"]
        if parts and parts[0].stat().st_size > 20_000:
            break
        time.sleep(0.1)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert err.strip().splitlines()[-1] == "gioconda: interrupted"
    assert "Traceback" not in err
    left = [p for p in tmp_path.iterdir() if p != long]
    assert len(left) == 1
    assert "partial" in left[0].name
    assert probe(left[0]).frames > 10


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
def test_an_unwritable_folder(face: Path, short: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    # Root may write anywhere; without these two capabilities it may not.
    drop = "-dac_override,-dac_read_search"
    guard = ["setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}"] if os.geteuid() == 0 else []
    command = [sys.executable, "-m", "gioconda", "animate", face, short, "-o", tmp_path / "t.mp4"]
    done = subprocess.run([*guard, *command], capture_output=True, text=True, check=False)
    tmp_path.chmod(0o700)
    assert done.returncode == 1
    assert "written" in complaint(done.stderr)
    assert list(tmp_path.iterdir()) == []
