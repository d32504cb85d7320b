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
    """A folder with a file, a picture of a sequence, a sound, and folders."""
    for name in ("taken.mp4", "s_0001.png", "voice.wav", "full/other.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "f_00000.png").mkdir()
    (tmp_path / "circle.mp4").symlink_to(tmp_path / "circle.mp4")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "overwrite", "suffix"),
    [
        *((f"new{suffix}", False, suffix) for suffix in FORMATS if suffix != ".png"),
        ("NEW.MP4", False, ".mp4"),
        ("taken.mp4", True, ".mp4"),
        ("new_%05d.png", False, ".png"),
        ("s_%04d.png", True, ".png"),
        ("s_%05d.png", False, ".png"),
        ("100%_%02d.png", False, ".png"),
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
        ("a_%5d.png", OptionError, r"as in a_%05d\.png"),
        ("new", OptionError, r"\.mp4, .* PNG sequence is named like frames_%05d\.png"),
        ("new/", OptionError, r"frames_%05d\.png"),
        ("-", OptionError, r"frames_%05d\.png"),
        ("none/a.mp4", OutputError, "does not exist"),
        ("taken.mp4/a.mp4", OutputError, "folder"),
        ("taken.mp4", OutputError, "--force"),
        ("s_%04d.png", OutputError, "--force"),
        ("folder.mp4", OutputError, "is a folder"),
        ("full", OutputError, "is a folder; name a file in it"),
        ("full/", OutputError, "is a folder; name a file in it"),
        ("new.mp4/", OutputError, "is a folder; name a file in it"),
        ("voice_%d.png", OutputError, r"voice\.wav' exists already; use --force"),
        ("a\0b.mp4", OutputError, "cannot be written"),
        ("x" * 300 + ".mp4", OutputError, "(?i)too long"),
        ("x" * 245 + "_%09d.png", OutputError, "(?i)too long"),
        ("circle.mp4", OutputError, "cannot be written"),
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


@pytest.mark.parametrize("name", ["", "-"])
def test_no_file_at_all_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match=r"\.mp4, .* PNG sequence is named like frames_%05d\.png"):
        check_target(name, overwrite=True)


def test_a_folder_named_like_a_picture_is_refused(room: Path) -> None:
    with pytest.raises(OutputError, match=r"f_00000\.png' is a folder"):
        check_target(room / "f_%05d.png", overwrite=True)


def written(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text("before")


def commit(folder: Path, pattern: str, count: int, *, sound: bool = False) -> list[str]:
    """Replace by a sequence of some pictures; return the names of what was not replaced."""
    target = check_target(folder / pattern, overwrite=True)
    stage = target.stage()
    for i in range(count):
        (stage / f"frame_{i:05d}.png").write_text("new")
    if sound:
        (stage / "sound.wav").write_text("new")
    assert target.commit(stage) == folder / pattern
    assert not stage.exists()
    return sorted(p.name for p in folder.iterdir() if p.read_text() == "before")


def test_what_may_be_replaced_is_what_the_pattern_can_name(tmp_path: Path) -> None:
    other = (
        "name_0001.png", "name_000001.png", "name_1.png", "name_.png", "name_0000a.png",
        "name_00001.PNG", "name_00001.png.bak", "my_name_00001.png", "name_١١١١١.png",
    )  # fmt: skip
    own = ("name_00000.png", "name_00002.png", "name_00003.png", "name_100000.png", "name.wav")
    written(tmp_path, *other, *own)
    target = check_target(tmp_path / "name_%05d.png", overwrite=True)
    assert target.occupied() == tuple(tmp_path / name for name in own)
    with pytest.raises(OutputError, match=r"name_00000\.png' exists already"):
        check_target(tmp_path / "name_%05d.png")
    # 2, 3 and 100000 are nobody's continuation; without sound, the .wav stays as well
    assert commit(tmp_path, "name_%05d.png", 1) == sorted({*other, *own[1:]})
    assert commit(tmp_path, "name_%05d.png", 3, sound=True) == sorted(
        {*other, "name_00003.png", "name_100000.png"}
    )


def test_files_with_free_numbers_are_not_those_of_a_padded_pattern(tmp_path: Path) -> None:
    written(tmp_path, "7.png", "07.png", "0.png", "12.png")
    assert [p.name for p in check_target(tmp_path / "%d.png", True).occupied()] == [
        "0.png", "7.png", "12.png",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "count", "kept"),
    [
        (range(10), 4, []),  # the end of a longer sequence goes
        (range(10), 12, []),
        ([0, 1, 2, 5, 6], 2, [5, 6]),  # up to the first gap
        ([0, 1, 5, 6], 4, [5, 6]),
        ([3, 4, 5], 3, [3, 4, 5]),  # no sequence that began at 0
        ([2, 3, 4, 5], 3, [3, 4, 5]),
    ],
)
def test_only_the_rest_of_an_earlier_sequence_is_deleted(
    tmp_path: Path, before: list[int], count: int, kept: list[int]
) -> None:
    written(tmp_path, *(f"s_{i:03d}.png" for i in before), "notes.txt")
    left = commit(tmp_path, "s_%03d.png", count)
    assert left == ["notes.txt", *(f"s_{i:03d}.png" for i in kept)]
    assert {f"s_{i:03d}.png" for i in range(count)} <= {p.name for p in tmp_path.iterdir()}


def test_a_file_is_the_only_one_that_is_replaced(room: Path) -> None:
    assert check_target(room / "taken.mp4", overwrite=True).occupied() == (room / "taken.mp4",)
    assert check_target(room / "new.mp4").occupied() == ()


def test_a_file_has_the_usual_permissions(tmp_path: Path) -> None:
    target = check_target(tmp_path / "a.mp4")
    stage = target.stage()
    assert stage.name.startswith(".a.part-")
    assert stage.suffix == ".mp4"
    (tmp_path / "plain").write_text("")
    target.commit(stage)
    assert (tmp_path / "a.mp4").stat().st_mode == (tmp_path / "plain").stat().st_mode
