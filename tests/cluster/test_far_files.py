"""Files of a session on another machine come home whole, or not at all."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest

from gioconda.cluster import far_files
from gioconda.cluster.far_files import FarConnection, FilePart, Incoming, is_file
from gioconda.cluster.far_video import FarVideoWriter
from gioconda.errors import TrustError
from gioconda.live.host.commands import OpenSession, OutputChanged, StartOutput
from gioconda.live.told import UNREADY_SENTENCE
from gioconda.trust.credentials.reading import read_credentials
from gioconda.trust.provenance import Grant, Provenance
from gioconda.trust.watermark.keys import OperatorKey
from gioconda.trust.watermark.marks import marks_of
from gioconda.video import check_target
from gioconda.video.encoder import Job
from gioconda.video.probe import probe

GRANT = Grant("artwork", "00", "", carried=True)
MADE_FROM = Provenance(grant=GRANT, identifier=1, live=True)
SENT = OpenSession("example", grant=GRANT, marks=marks_of(1, OperatorKey(1, bytes(32))))


class Home:
    """The gateway's end of a pipe, and what it was told."""

    def __init__(self) -> None:
        self.connection, theirs = Pipe()
        self.far = FarConnection(theirs)
        self.incoming = Incoming()
        self.incoming.opened(SENT)
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
        end = time.monotonic() + 10
        while len(self.told) == before:
            assert time.monotonic() < end
            # What is whole is signed in a thread of its own before it is told.
            if self.connection.poll(0.05):
                self.incoming.take(self.connection.recv(), self.told.append)


@pytest.fixture
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A video as a worker has made it."""
    path = tmp_path_factory.mktemp("far") / "made.mp4"
    job = Job(64, 64, Fraction(25))
    with FarVideoWriter(check_target(path), job, MADE_FROM) as writer:
        for value in range(50):
            writer.write(np.full((64, 64, 3), value, np.uint8))
    return path.read_bytes()


@pytest.fixture
def home():
    made = Home()
    yield made
    made.far.close()


def test_a_file_is_written_there_comes_home_and_is_signed(
    home: Home, tmp_path: Path, video: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "mine.mp4"
    seen = home.start(target)
    there = Path(seen.target)
    assert there.suffix == ".mp4"
    assert there.parent != tmp_path
    assert seen.away
    monkeypatch.setattr(far_files, "_PART_BYTES", 1000)  # several parts
    there.write_bytes(video)
    closed = OutputChanged("recording", "closed", seconds=2.5)
    home.far.send(replace(closed, provenance=MADE_FROM))
    home.hear()
    assert home.told == [closed]
    found = read_credentials(target, ".mp4")
    assert found.valid
    assert (found.watermark, found.basis) == (1, "artwork")
    assert probe(target).frames == 50
    assert [p.name for p in tmp_path.iterdir()] == ["mine.mp4"]
    home.far.send("later")  # the one that brings it deletes it, then others go on
    home.hear()
    assert home.told[-1] == "later"


def test_what_was_sent_out_is_signed_and_not_what_the_worker_says(
    home: Home, tmp_path: Path, video: bytes
) -> None:
    target = tmp_path / "mine.mp4"
    Path(home.start(target).target).write_bytes(video)
    lie = replace(MADE_FROM, grant=Grant("self", "ff", ""), identifier=2, live=False)
    home.far.send(OutputChanged("recording", "closed", provenance=lie))
    home.hear()
    assert home.told[0].state == "closed"
    found = read_credentials(target, ".mp4")
    assert (found.watermark, found.basis, found.consent) == (1, "artwork", "00")
    [making] = (
        a["data"] for a in found.said["assertions"] if a["label"] == "org.gioconda.making"
    )  # fmt: skip
    assert making["live"] is True


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
    home.far.send(OutputChanged("recording", "closed", provenance=MADE_FROM))
    home.hear()
    assert home.told[0].state == "failed"
    assert "could not be written" in home.told[0].message


def test_a_file_that_cannot_be_signed_is_told_and_not_kept(
    home: Home, tmp_path: Path, video: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise TrustError("'/home/ann/keys' cannot be read")

    monkeypatch.setattr("gioconda.trust.seal.seal", refuse)
    seen = home.start(tmp_path / "mine.mp4")
    Path(seen.target).write_bytes(video)
    home.far.send(OutputChanged("recording", "closed", provenance=MADE_FROM))
    home.hear()
    assert (home.told[0].state, home.told[0].message) == ("failed", UNREADY_SENTENCE)
    assert list(tmp_path.iterdir()) == []


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
