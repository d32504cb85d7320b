"""The place of a file is judged before any work, and a file is never half written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from gioconda.errors import GiocondaError, OptionError, OutputError
from gioconda.targets import check_file_target, replacing


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A folder with a file, a folder and links."""
    (tmp_path / "taken.csv").write_text("precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "folder" / "a.csv")
    (tmp_path / "circle.csv").symlink_to(tmp_path / "circle.csv")
    return tmp_path


def test_good_targets(room: Path) -> None:
    assert check_file_target(room / "new.csv") == room / "new.csv"
    assert check_file_target(str(room / "taken.csv"), overwrite=True) == room / "taken.csv"
    assert check_file_target(room / "link.csv") == room / "folder" / "a.csv"
    assert sorted(p.name for p in room.iterdir()) == [
        "circle.csv", "folder", "link.csv", "taken.csv",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("", OptionError, "does not name a file"),
        ("-", OptionError, "does not name a file"),
        ("{}/taken.csv", OutputError, "--force"),
        ("{}/folder", OutputError, "is a folder; name a file in it"),
        ("{}/new/", OutputError, "is a folder; name a file in it"),
        ("{}/none/a.csv", OutputError, "does not exist"),
        ("{}/taken.csv/a.csv", OutputError, "is not a folder"),
        ("{}/" + "x" * 300, OutputError, "(?i)too long"),
        ("{}/a\0b.csv", OutputError, "zero byte"),
        ("{}/circle.csv", OutputError, "cannot be written"),
        ("/dev/null", OutputError, "device"),
    ],
)
def test_bad_targets(room: Path, name: str, error: type[GiocondaError], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        check_file_target(name.format(room))
    assert "\n" not in str(caught.value)


def test_a_folder_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(OutputError, match="cannot be written to"):
        check_file_target(tmp_path / "a.csv")


def test_what_is_whole_takes_the_name(room: Path) -> None:
    with replacing(room / "taken.csv") as stage:
        assert stage.suffix == ".csv"
        stage.write_text("new")
        assert (room / "taken.csv").read_text() == "precious"
    assert (room / "taken.csv").read_text() == "new"
    assert not stage.exists()


def test_a_link_is_written_through(room: Path) -> None:
    with replacing(room / "link.csv") as stage:
        stage.write_text("new")
    assert (room / "folder" / "a.csv").read_text() == "new"
    assert (room / "link.csv").is_symlink()


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_what_is_not_whole_is_removed(room: Path, interruption: type[BaseException]) -> None:
    with pytest.raises(interruption), replacing(room / "taken.csv") as stage:  # noqa: PT012
        stage.write_text("half")
        raise interruption
    assert (room / "taken.csv").read_text() == "precious"
    assert not stage.exists()


def test_a_full_disk_is_named(room: Path) -> None:
    with pytest.raises(OutputError, match="the disk is full"), replacing(room / "a.csv"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert not list(room.glob(".*part*"))


def test_a_folder_that_is_gone_is_told(room: Path) -> None:
    with pytest.raises(OutputError, match="No such file"), replacing(room / "none" / "a.csv"):
        pass
