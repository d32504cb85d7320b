"""A target is judged before any work, and judging creates nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gioconda.errors import GiocondaError, OptionError, OutputError
from gioconda.video import FORMATS, check_target


def snapshot(folder: Path) -> list[tuple[str, bytes | None]]:
    return [(str(p), p.read_bytes() if p.is_file() else None) for p in sorted(folder.rglob("*"))]


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A folder with a file, a picture sequence, an empty and a full folder."""
    for name in ("taken.mp4", "s_0001.png", "full/other.txt", "frames/frame_00001.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder.mp4").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "overwrite", "suffix"),
    [
        *((f"new{suffix}", False, suffix) for suffix in FORMATS if suffix != ".png"),
        ("NEW.MP4", False, ".mp4"),
        ("taken.mp4", True, ".mp4"),
        ("new_%05d.png", False, ".png"),
        ("s_%04d.png", True, ".png"),
        ("new", False, ".png"),
        ("v1.2/", False, ".png"),
        ("empty", False, ".png"),
        ("full", True, ".png"),
        ("frames", True, ".png"),
    ],
)
def test_good_targets(room: Path, name: str, overwrite: bool, suffix: str) -> None:
    before = snapshot(room)
    target = check_target(f"{room}/{name}", overwrite)
    assert target.suffix == suffix
    assert target.path == room / name
    assert snapshot(room) == before


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("a.avi", OptionError, r"\.mp4, \.mov, \.mkv, \.webm, \.gif, \.png"),
        ("a.png", OptionError, r"a_%05d\.png"),
        ("a_%d_%d.png", OptionError, "number them"),
        ("none/a.mp4", OutputError, "does not exist"),
        ("taken.mp4/a.mp4", OutputError, "folder"),
        ("taken.mp4", OutputError, "--force"),
        ("s_%04d.png", OutputError, "--force"),
        ("folder.mp4", OutputError, "is a folder"),
        ("full", OutputError, "name a file in it"),
        ("full/", OutputError, "name a file in it"),
        ("a\0b.mp4", OutputError, "cannot be written"),
        ("x" * 300 + ".mp4", OutputError, "cannot be written"),
    ],
)
def test_bad_targets(room: Path, name: str, error: type[GiocondaError], words: str) -> None:
    before = snapshot(room)
    with pytest.raises(error, match=words) as caught:
        check_target(f"{room}/{name}")
    assert "\n" not in str(caught.value)
    assert snapshot(room) == before


def test_devices_are_refused() -> None:
    with pytest.raises(OutputError):
        check_target("/dev/null", overwrite=True)


def test_a_folder_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(OutputError, match="cannot be written to"):
        check_target(tmp_path / "a.mp4")


def test_a_link_is_written_through(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link.mp4").symlink_to(real / "a.mp4")
    assert check_target(tmp_path / "link.mp4").path == real / "a.mp4"


def test_replacing_pictures_removes_stale_ones_and_spares_others(room: Path) -> None:
    (room / "frames" / "notes.txt").write_text("mine")
    (room / "frames" / "frame_00009.png").write_text("stale")
    target = check_target(room / "frames", overwrite=True)
    stage = target.stage()
    (stage / "frame_00000.png").write_text("new")
    assert target.commit(stage) == room / "frames"
    assert [(p.name, p.read_text()) for p in sorted((room / "frames").iterdir())] == [
        ("frame_00000.png", "new"),
        ("notes.txt", "mine"),
    ]
    assert not stage.exists()


def test_a_file_has_the_usual_permissions(tmp_path: Path) -> None:
    target = check_target(tmp_path / "a.mp4")
    stage = target.stage()
    assert stage.name.startswith(".a.part-")
    assert stage.suffix == ".mp4"
    (tmp_path / "plain").write_text("")
    target.commit(stage)
    assert (tmp_path / "a.mp4").stat().st_mode == (tmp_path / "plain").stat().st_mode
