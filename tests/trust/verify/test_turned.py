"""Pictures that were turned by quarters, and how chance is counted over several looks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.trust.verify import media

from gioconda.trust.verify.turned import TurnedSearch
from gioconda.trust.watermark.detection import Detection, Segment
from gioconda.trust.watermark.detector import Detector
from gioconda.trust.watermark.keys import operator_keys, own_identifier


def luma(images: list[np.ndarray]) -> list[np.ndarray]:
    return [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images]


def whole_frames() -> TurnedSearch:
    keys = operator_keys()
    return TurnedSearch(
        Detector(keys, search=False), [Detector(keys, search=False) for _ in range(3)]
    )


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 30])
def test_turned_frames_are_found_and_their_identifier_read(
    astronaut: np.ndarray, quarters: int, count: int
) -> None:
    search = whole_frames()
    for i, frame in enumerate(luma(media.frames(astronaut[:320, :384], count, marked=True))):
        search.add(np.ascontiguousarray(np.rot90(frame, quarters)), 1 + i / 12)
    found = search.result()
    assert found.verdict == "detected"
    assert found.identifier == own_identifier()
    assert found.false_alarm < 1e-9
    assert [(s.start_s, s.end_s) for s in found.segments] == [
        (pytest.approx(1.0), pytest.approx(1 + (count - 1) / 12))
    ]


def test_a_turned_frame_without_a_mark_is_not(astronaut: np.ndarray) -> None:
    search = whole_frames()
    (frame,) = luma(media.frames(astronaut[:320, :384], 1, marked=False))
    search.add(np.ascontiguousarray(np.rot90(frame)), 0.0)
    assert search.result().verdict == "not_detected"


class Says:
    """A search that found what it is told."""

    def __init__(self, verdict: str, false_alarm: float) -> None:
        segments = (Segment(0.0, 1.0, 9.0, verdict),)  # type: ignore[arg-type]
        self.said = Detection(
            verdict,
            false_alarm,
            9.0,
            segments=segments,
            identifier=7 if verdict == "detected" else None,
        )  # type: ignore[arg-type]
        self.asked = False

    def add(self, luma: np.ndarray, time_s: float = 0.0) -> None:
        pass

    def result(self) -> Detection:
        self.asked = True
        return self.said


def told(upright: tuple[str, float], turned: tuple[str, float]) -> Detection:
    search = TurnedSearch(Says(*upright), [Says(*turned)])
    search.add(np.zeros((8, 8), np.uint8), 0.0)
    return search.result()


def test_more_looks_are_no_more_false_alarms() -> None:
    # What was just enough for one look is not for one of several.
    found = told(("not_detected", 0.5), ("detected", 5e-7))
    assert (found.verdict, found.identifier) == ("not_detected", None)
    found = told(("not_detected", 0.5), ("detected", 5e-9))
    assert found.verdict == "detected"
    assert found.false_alarm == pytest.approx(5e-7)
    found = told(("detected", 9.9e-7), ("not_detected", 1.0))
    assert (found.verdict, found.identifier) == ("inconclusive", None)
    assert [s.verdict for s in found.segments] == ["inconclusive"]
    assert told(("inconclusive", 9.9e-4), ("not_detected", 1.0)).verdict == "not_detected"


def test_what_is_found_upright_is_not_turned() -> None:
    turned = Says("detected", 1e-30)
    search = TurnedSearch(Says("detected", 1e-20), [turned])
    search.add(np.zeros((8, 8), np.uint8), 0.0)
    assert search.result().false_alarm == pytest.approx(1e-20, rel=0.1)
    assert not turned.asked
