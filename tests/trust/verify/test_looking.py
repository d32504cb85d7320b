"""Frames without instants, and identifiers that only the marked stretches name."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

import av
import numpy as np
import pytest
from tests.trust.verify import media

from gioconda.sandbox.file_reader import FileReader
from gioconda.trust.verify.check import verify_file
from gioconda.trust.verify.means import Means, own_means
from gioconda.trust.watermark.detection import Detection, Segment


@pytest.fixture(scope="module")
def reader() -> Iterator[FileReader]:
    whole = FileReader()
    yield whole
    whole.close()


@pytest.fixture(scope="module")
def picture(astronaut: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(astronaut[:256, :256])


def without_instants(data: bytes, format_: str) -> bytes:
    """The same packets, all at 0."""
    file = io.BytesIO()
    with av.open(io.BytesIO(data)) as given, av.open(file, "w", format=format_) as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.size:
                packet.pts = packet.dts = 0
                packet.stream = stream
                made.mux(packet)
    return file.getvalue()


class Searches:
    """Searches that keep the instants of their frames, and answer one after another."""

    def __init__(self, *answers: Detection) -> None:
        self.answers = list(answers)
        self.given: list[list[float]] = []

    def __call__(self, quick: bool, progress: object) -> Searches:
        self.given.append([])
        return self

    def add(self, luma: np.ndarray, time_s: float = 0.0) -> None:
        self.given[-1].append(time_s)

    def result(self) -> Detection:
        return self.answers.pop(0)


@pytest.mark.parametrize("format_", ["matroska", "mpegts", "h264"])
def test_frames_without_instants_are_counted(
    picture: np.ndarray, reader: FileReader, format_: str
) -> None:
    data = media.video(media.frames(picture, 121, marked=True), fps=25)
    searches = Searches(Detection("not_detected", 0.5, 0.0))
    found = verify_file(without_instants(data, format_), Means(reader, searches))
    (times,) = searches.given
    assert len(times) >= 60  # 12.5 a second of 4.84 s
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(4.8, abs=0.1)
    looked = found.watermark.looked
    assert looked.counted
    assert (looked.of_s, found.file.length_s) == (pytest.approx(4.84), pytest.approx(4.84))
    assert "25 a second are assumed" in found.watermark.sentence
    assert "0 s" not in found.watermark.sentence


def test_frames_with_instants_are_not_counted(picture: np.ndarray, reader: FileReader) -> None:
    searches = Searches(Detection("not_detected", 0.5, 0.0))
    found = verify_file(media.video([picture] * 12), Means(reader, searches))
    assert not found.watermark.looked.counted
    assert "assumed" not in found.watermark.sentence


def parts(identifier: int | None = None) -> Detection:
    return Detection(
        "detected", 1e-20, 15.0,
        segments=(
            Segment(0.0, 1.0, 0.0, "not_detected"), Segment(1.0, 2.0, 15.0, "detected"),
            Segment(2.0, 3.0, 0.0, "not_detected"),
        ),
        identifier=identifier,
    )  # fmt: skip


def test_marked_stretches_alone_are_asked_for_the_identifier(
    picture: np.ndarray, reader: FileReader
) -> None:
    data = media.video([picture] * 36)
    searches = Searches(parts(), Detection("detected", 1e-20, 15.0, identifier=7, epoch=2))
    means = Means(reader, searches, identifier=7, holds_keys=True)
    mark = verify_file(data, means).watermark
    assert (mark.identifier, mark.epoch, mark.own) == (f"{7:016x}", 2, True)
    assert len(searches.given[0]) == 36
    assert len(searches.given[1]) == 12
    assert all(1.0 <= t < 2.0 for t in searches.given[1])
    assert len(mark.stretches) == 3


@pytest.mark.parametrize(
    "second", [Detection("detected", 1e-20, 9.0), Detection("not_detected", 0.5, 0.0, identifier=7)]
)
def test_what_they_do_not_name_for_certain_is_not_told(
    picture: np.ndarray, reader: FileReader, second: Detection
) -> None:
    means = Means(reader, Searches(parts(), second), holds_keys=True)
    mark = verify_file(media.video([picture] * 36), means).watermark
    assert (mark.status, mark.identifier, mark.own) == ("detected", None, False)


def test_without_a_key_or_a_need_nothing_is_decoded_twice(
    picture: np.ndarray, reader: FileReader
) -> None:
    data = media.video([picture] * 36)
    for answer, held in ((parts(), False), (parts(7), True)):
        searches = Searches(answer)
        verify_file(data, Means(reader, searches, holds_keys=held))
        assert len(searches.given) == 1


def test_whose_identifier_it_is_is_said_in_words(picture: np.ndarray, reader: FileReader) -> None:
    data = media.video(media.frames(picture, 24, marked=True))
    means = own_means(reader)
    mark = verify_file(data, means, quick=True).watermark
    assert mark.own
    assert "names this installation as the one that made it" in mark.sentence
    assert "chance alone" in mark.sentence
    mark = verify_file(data, replace(means, identifier=None), quick=True).watermark
    assert not mark.own
    assert "an operator whose key is held here" in mark.sentence
