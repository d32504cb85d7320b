"""Files of a session on another machine come home whole, or not at all."""

from __future__ import annotations

from multiprocessing import Pipe
from pathlib import Path

import pytest

from gioconda.cluster.far_files import FarConnection, FilePart, Incoming, is_file
from gioconda.live.host.commands import OutputChanged, StartOutput


class Home:
    """The gateway's end of a pipe, and what it was told."""

    def __init__(self) -> None:
        self.connection, theirs = Pipe()
        self.far = FarConnection(theirs)
        self.incoming = Incoming()
        self.told: list = []

    def start(self, target: Path | str) -> StartOutput:
        """Begin an output; return the command as the worker sees it."""
        command = StartOutput("recording", str(target))
        self.incoming.started(command)
        self.connection.send(command)
        return self.far.recv()

    def hear(self) -> None:
        """Take reports in until something is told."""
        before = len(self.told)
        while len(self.told) == before:
            assert self.connection.poll(10)
            self.incoming.take(self.connection.recv(), self.told.append)


@pytest.fixture
def home():
    made = Home()
    yield made
    made.far.close()


def test_a_file_is_written_there_and_comes_home(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "mine.mp4"
    seen = home.start(target)
    there = Path(seen.target)
    assert there.suffix == ".mp4"
    assert there.parent != tmp_path
    content = bytes(range(256)) * 4000  # several parts
    there.write_bytes(content)
    closed = OutputChanged("recording", "closed", seconds=2.5)
    home.far.send(closed)
    home.hear()
    assert home.told == [closed]
    assert target.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["mine.mp4"]
    home.far.send("later")  # the one that brings it deletes it, then others go on
    home.hear()
    assert home.told[-1] == "later"


def test_a_worker_that_is_lost_leaves_nothing_half_written(home: Home, tmp_path: Path) -> None:
    home.start(tmp_path / "mine.mp4")
    home.incoming.take(FilePart("recording", b"half"), home.told.append)
    assert len(list(tmp_path.iterdir())) == 1
    home.incoming.close()
    assert list(tmp_path.iterdir()) == []


def test_what_failed_there_is_told_and_brings_nothing(home: Home, tmp_path: Path) -> None:
    seen = home.start(tmp_path / "mine.mp4")
    Path(seen.target).write_bytes(b"half")
    failed = OutputChanged("recording", "failed", "the disk is full")
    home.far.send(failed)
    home.hear()
    assert home.told == [failed]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_put_in_place_is_told(home: Home, tmp_path: Path) -> None:
    seen = home.start(tmp_path / "gone" / "mine.mp4")
    Path(seen.target).write_bytes(b"whole")
    home.far.send(OutputChanged("recording", "closed"))
    home.hear()
    assert home.told[0].state == "failed"
    assert "could not be written" in home.told[0].message


def test_parts_of_what_nobody_asked_for_are_dropped(home: Home, tmp_path: Path) -> None:
    home.incoming.take(FilePart("other", b"data"), home.told.append)
    assert home.told == []


def test_addresses_and_cameras_are_left_to_the_worker(home: Home) -> None:
    for target in ("rtmp://host/live", "srt://host:9000", "camera", "camera:/dev/video3"):
        assert not is_file(target)
        assert home.start(target).target == target
    assert is_file("out/talk.mp4")


def test_what_was_written_there_goes_with_the_worker(home: Home, tmp_path: Path) -> None:
    there = Path(home.start(tmp_path / "mine.mp4").target)
    there.write_bytes(b"data")
    home.far.close()
    assert not there.exists()
    assert not there.parent.exists()
