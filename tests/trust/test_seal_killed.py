"""A process that is killed while it seals: never a file without a seal under its final name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.trust.outputs import Shelf, provenance

from gioconda.trust import log
from gioconda.trust.credentials.reading import read_credentials, sidecar_of
from gioconda.trust.seal import seal

#: Kills itself at the n-th event that Python tells auditors of while it seals and names a file:
#: each opening, renaming, deleting and connecting to the log. Prints how many there were.
CHILD = """
import os, shutil, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from tests.trust.outputs import provenance
from gioconda.trust.seal import move, seal
plain, folder, suffix = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
# Whatever is imported lazily is there before: the first round is not killed.
first = folder / f"first{suffix}"
shutil.copyfile(plain, first)
seal(first, suffix, provenance())
move(first, first.with_name("warm" + suffix))
seen, fatal = 0, 0
def audit(event, _):
    global seen
    if fatal and event.split(".")[0] in ("open", "os", "sqlite3", "shutil"):
        seen += 1
        if seen == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(audit)
number, status = 0, 1
while status:
    number += 1
    place = folder / str(number)
    place.mkdir()
    child = os.fork()
    if not child:
        stage = place / (".talk.part-1a2b3c" + suffix)
        shutil.copyfile(plain, stage)
        fatal = number
        seal(stage, suffix, provenance())
        move(stage, place / ("talk" + suffix))
        fatal = 0
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), status
print(number)
"""


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".ts"])
def test_killed_at_every_step(home: Path, tmp_path: Path, shelf: Shelf, suffix: str) -> None:
    plain = shelf.copy(suffix, tmp_path)
    folder = tmp_path / "work"
    folder.mkdir()
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(plain), str(folder), suffix, root],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    kills = int(done.stdout)
    assert kills > 10
    named = [folder / str(i) / f"talk{suffix}" for i in range(1, kills + 1)]
    for file in named:
        if file.exists():
            assert read_credentials(file, suffix).own
        else:
            # What is left is hidden, or waits for its file.
            assert all(
                path.name.startswith(".") or path == sidecar_of(file)
                for path in file.parent.iterdir()
            )
    assert named[-1].exists()
    assert not named[0].exists()
    # The log stands it, too.
    last = shelf.copy(".png", tmp_path)
    seal(last, ".png", provenance())
    assert log.entries(1)[0].media_type == "image/png"
