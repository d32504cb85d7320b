"""A process that is killed while it seals: never a file without a seal under its final name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.trust.outputs import Shelf, provenance

from gioconda.trust import log
from gioconda.trust.credentials.reading import read_credentials, sidecar_of
from gioconda.trust.seal import move, seal

#: Kills itself at the n-th event that Python tells auditors of while it seals and names a file:
#: each opening, renaming, deleting and connecting to the log. Prints how many there were.
CHILD = """
import os, shutil, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from tests.trust.outputs import provenance
from gioconda.trust.credentials.reading import sidecar_of
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
        final = place / ("talk" + suffix)
        if sys.argv[5]:  # it replaces another
            warm = first.with_name("warm" + suffix)
            for old in (warm, sidecar_of(warm)):
                if old.exists():
                    shutil.copyfile(old, place / old.name.replace("warm", "talk"))
        fatal = number
        seal(stage, suffix, provenance())
        move(stage, final)
        fatal = 0
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), status
print(number)
"""


def killed(suffix: str, tmp_path: Path, shelf: Shelf, *, replaces: bool) -> list[Path]:
    """Return the names that a file was to have, each in its folder, by the step it came to."""
    plain = shelf.copy(suffix, tmp_path)
    folder = tmp_path / "work"
    folder.mkdir()
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(plain), str(folder), suffix, root, "x" * replaces],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    kills = int(done.stdout)
    assert kills > 10
    return [folder / str(i) / f"talk{suffix}" for i in range(1, kills + 1)]


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".ts"])
def test_killed_at_every_step(home: Path, tmp_path: Path, shelf: Shelf, suffix: str) -> None:
    named = killed(suffix, tmp_path, shelf, replaces=False)
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


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".flv"])
def test_killed_while_a_file_is_replaced(
    home: Path, tmp_path: Path, shelf: Shelf, suffix: str
) -> None:
    named = killed(suffix, tmp_path, shelf, replaces=True)
    old = (tmp_path / "work" / f"warm{suffix}").read_bytes()
    for file in named:
        # Never a file beside the credentials of another, and never is the old one lost.
        if file.exists():
            assert read_credentials(file, suffix).own
        else:
            assert suffix != ".mp4"
            (kept,) = file.parent.glob(f".talk.old-*{suffix}")
            assert kept.read_bytes() == old
    assert named[0].read_bytes() == old
    assert named[-1].exists()
    assert {path.name for path in named[-1].parent.iterdir()} <= {
        f"talk{suffix}", f"talk{suffix}.c2pa"
    }  # fmt: skip


def test_what_cannot_be_moved_leaves_the_old_file_as_it_was(
    home: Path, tmp_path: Path, shelf: Shelf
) -> None:
    final = tmp_path / "final.ts"
    for each in ("old", "new"):
        stage = shelf.copy(".ts", tmp_path)
        seal(stage, ".ts", provenance())
        if each == "old":
            move(stage, final)
    old = final.read_bytes(), sidecar_of(final).read_bytes()
    stage.unlink()
    with pytest.raises(FileNotFoundError):
        move(stage, final)
    assert (final.read_bytes(), sidecar_of(final).read_bytes()) == old
    assert not [path for path in tmp_path.iterdir() if ".old-" in path.name]
