"""The detector says where a mark is, whose it is, and how sure that is."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from gioconda.trust.watermark.chance import false_alarm, false_reading, tail
from gioconda.trust.watermark.detection import FALSE_ALARM, Detection
from gioconda.trust.watermark.detector import Detector
from gioconda.trust.watermark.keys import OperatorKey
from gioconda.trust.watermark.layout import public_pilots
from gioconda.trust.watermark.marker import Marker
from gioconda.trust.watermark.marks import marks_of

ByteImage = npt.NDArray[np.uint8]

KEY = OperatorKey(3, b"a key of thirty-two bytes, here.")
OTHER = OperatorKey(1, b"another key of thirty-two bytes.")
IDENTIFIER = 0xFEDCBA9876543210


def luma(rgb: ByteImage) -> ByteImage:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY), np.uint8)


def seen(
    *frames: ByteImage, keys: tuple[OperatorKey, ...] = (KEY,), fps: float = 25.0
) -> Detection:
    detector = Detector(keys)
    for i, frame in enumerate(frames):
        detector.add(frame, i / fps)
    return detector.result()


@pytest.fixture(scope="module")
def plain(astronaut: ByteImage) -> ByteImage:
    return luma(astronaut)


@pytest.fixture(scope="module")
def marked(astronaut: ByteImage) -> ByteImage:
    return luma(Marker(512, 512, marks_of(IDENTIFIER, KEY)).marked(astronaut))


def turned(image: ByteImage, degrees: float) -> ByteImage:
    matrix = cv2.getRotationMatrix2D((255.5, 255.5), -degrees, 1.0)
    return np.asarray(
        cv2.warpAffine(image, matrix, (512, 512), borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def test_a_marked_frame_gives_the_identifier_and_the_key_s_epoch(marked: ByteImage) -> None:
    found = seen(marked)
    assert found.verdict == "detected"
    assert found.false_alarm < FALSE_ALARM
    assert (found.identifier, found.epoch) == (IDENTIFIER, 3)
    assert found.geometry is not None
    assert (found.geometry.chip_x, found.geometry.chip_y) == (4.0, 4.0)
    assert not found.geometry.mirrored


def test_an_unmarked_picture_is_not_detected(plain: ByteImage) -> None:
    found = seen(plain)
    assert found.verdict == "not_detected"
    assert found.false_alarm > 1e-3
    assert found.geometry is None
    assert found.identifier is None
    assert found.epoch is None
    assert found.usable


def test_without_the_key_the_public_mark_is_found_alone(marked: ByteImage) -> None:
    for keys in ((), (OTHER,)):
        found = seen(marked, keys=keys)
        assert found.verdict == "detected"
        assert found.identifier is None


def test_of_many_keys_the_right_one_is_found(marked: ByteImage) -> None:
    others = tuple(OperatorKey(i, bytes([i]) * 32) for i in range(1, 20))
    found = seen(marked, keys=(*others, KEY))
    assert (found.identifier, found.epoch) == (IDENTIFIER, 3)


@pytest.mark.parametrize("crop", [slice(0, 512), slice(30, 490)])
def test_a_key_reads_its_identifier_where_the_public_mark_was_removed(
    astronaut: ByteImage, crop: slice, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As somebody would who changes the program.
    monkeypatch.setattr("gioconda.trust.watermark.marker.has_public_mark", lambda marks: True)
    whole = marks_of(IDENTIFIER, KEY)
    chips = whole.chips.copy()
    places = public_pilots().places
    chips.ravel()[places] = np.random.default_rng(0).choice([-1, 1], len(places))
    frame = Marker(512, 512, replace(whole, chips=chips)).marked(astronaut)
    found = seen(luma(frame)[crop, crop].copy())
    assert found.verdict == "detected"
    assert found.identifier == IDENTIFIER
    assert found.z < 5


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda f: np.ascontiguousarray(f[:, ::-1]), id="mirrored"),
        pytest.param(lambda f: f[30:480, 45:500].copy(), id="cropped"),
        pytest.param(lambda f: cv2.resize(f, (640, 480)), id="squeezed"),
        pytest.param(lambda f: cv2.resize(f[20:470, 10:490], (640, 480)), id="cropped, squeezed"),
        pytest.param(lambda f: turned(f, 1.0), id="turned"),
        pytest.param(lambda f: np.ascontiguousarray(turned(f, -1.3)[:, ::-1]), id="turned back"),
        pytest.param(lambda f: cv2.copyMakeBorder(f, 0, 0, 200, 198, 0), id="between bars"),
        pytest.param(lambda f: cv2.resize(f, (768, 768)), id="enlarged"),
        pytest.param(lambda f: cv2.resize(f, (256, 256), interpolation=3), id="reduced"),
        pytest.param(lambda f: cv2.imdecode(cv2.imencode(".jpg", f, [1, 80])[1], 0), id="JPEG"),
    ],
)
def test_the_identifier_is_read_through_what_happens_to_pictures(
    marked: ByteImage, change: object
) -> None:
    assert callable(change)
    found = seen(change(marked))
    assert found.verdict == "detected"
    assert found.identifier == IDENTIFIER


@pytest.mark.parametrize(("width", "height"), [(256, 256), (288, 400), (380, 300)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_small_frame_is_read_without_a_search(
    astronaut: ByteImage, width: int, height: int, mirrored: bool
) -> None:
    small = np.asarray(cv2.resize(astronaut, (width, height), interpolation=cv2.INTER_AREA))
    frame = luma(Marker(width, height, marks_of(IDENTIFIER, KEY)).marked(small))
    detector = Detector((KEY,), search=False)
    for i in range(2):
        detector.add(np.ascontiguousarray(frame[:, ::-1]) if mirrored else frame, i)
    found = detector.result()
    assert found.verdict == "detected"
    assert found.identifier == IDENTIFIER
    assert found.geometry is not None
    assert found.geometry.chip_x == pytest.approx(3.0, rel=0.002)
    assert found.geometry.mirrored == mirrored
    assert [s.verdict for s in found.segments] == ["detected"]


def test_a_frame_made_small_later_is_read_without_a_search(marked: ByteImage) -> None:
    detector = Detector((KEY,), search=False)
    detector.add(cv2.resize(marked, (256, 256), interpolation=cv2.INTER_AREA))
    found = detector.result()
    assert found.identifier == IDENTIFIER
    assert found.geometry is not None
    assert found.geometry.chip_x == pytest.approx(2.0)


def test_the_geometry_says_what_was_done(marked: ByteImage) -> None:
    mirrored = seen(np.ascontiguousarray(marked[:, ::-1])).geometry
    assert mirrored is not None
    assert mirrored.mirrored
    tilted = seen(turned(marked, 1.0)).geometry
    assert tilted is not None
    assert tilted.rotation_deg == pytest.approx(1.0, abs=0.15)
    # Of the file's own pixels, although the picture is reduced to be searched.
    squeezed = seen(cv2.resize(marked, (1600, 1200)), np.zeros((1200, 1600), np.uint8) + 9)
    assert squeezed.frames == 2
    large = seen(cv2.resize(marked, (1600, 1200))).geometry
    assert large is not None
    assert large.chip_x == pytest.approx(12.5, rel=0.01)
    assert large.chip_y == pytest.approx(9.375, rel=0.01)


def test_a_spliced_file_shows_its_sections(astronaut: ByteImage) -> None:
    marker = Marker(512, 512, marks_of(IDENTIFIER, KEY))
    random = np.random.default_rng(0)
    frames = []
    for i in range(60):
        frame = np.roll(astronaut, i % 5, 1)
        noisy = frame if 20 <= i < 40 else marker.marked(frame)
        frames.append(luma(noisy) // 2 * 2 + random.integers(0, 2, (512, 512), np.uint8))
    found = seen(*frames, fps=10.0)
    assert found.verdict == "detected"
    assert found.identifier == IDENTIFIER
    assert [s.verdict for s in found.segments] == ["detected", "not_detected", "detected"]
    assert [s.start_s for s in found.segments] == pytest.approx([0.0, 2.0, 4.0])
    assert found.segments[-1].end_s == pytest.approx(6.0)
    assert found.segments[0].z > found.segments[1].z + 3


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(np.zeros((240, 320), np.uint8), id="black"),
        pytest.param(np.full((240, 320), 130, np.uint8), id="grey"),
        pytest.param(np.tile(np.arange(60, dtype=np.uint8), (60, 1)), id="small"),
        pytest.param(np.zeros((1, 1), np.uint8), id="a pixel"),
    ],
)
def test_nothing_can_be_said_of_an_empty_picture(frame: ByteImage) -> None:
    found = seen(frame)
    assert found.verdict == "inconclusive"
    assert not found.usable
    assert found.identifier is None


def test_no_frames_are_inconclusive() -> None:
    found = Detector().result()
    assert found.verdict == "inconclusive"
    assert found.segments == ()


def test_frames_may_change_their_size(marked: ByteImage) -> None:
    small = np.asarray(cv2.resize(marked, (400, 400), interpolation=cv2.INTER_AREA), np.uint8)
    assert seen(marked, small, marked).identifier == IDENTIFIER


def test_more_can_be_added_after_a_result(plain: ByteImage, marked: ByteImage) -> None:
    detector = Detector((KEY,))
    detector.add(marked, 0.0)
    assert detector.result().identifier == IDENTIFIER
    detector.add(marked, 0.04)
    again = detector.result()
    assert again.identifier == IDENTIFIER
    assert again.frames == 2


def test_the_search_tells_how_far_it_is(plain: ByteImage) -> None:
    shares: list[float] = []
    detector = Detector(progress=shares.append)
    detector.add(np.asarray(cv2.resize(plain, (140, 140)), np.uint8))
    detector.result()
    assert shares[-1] == 1.0
    assert all(0 <= s <= 1 for s in shares)
    assert shares == sorted(shares)


def test_false_alarms_grow_with_trials_and_fall_with_strength() -> None:
    strengths = np.linspace(-2, 12, 57)
    for trials in (1, 1e3, 1e9):
        chances = [false_alarm(float(z), trials) for z in strengths]
        assert chances == sorted(chances, reverse=True)
        assert all(0 <= c <= 1 for c in chances)
    for z in (2.0, 5.0, 9.0):
        assert false_alarm(z, 10) <= false_alarm(z, 1e4) <= false_alarm(z, 1e9)
        assert false_alarm(z, 1e4, share=0.5) >= false_alarm(z, 1e4)
        assert false_reading(z, 10) <= false_reading(z, 1e4)


def test_the_tail_bounds_sums_of_random_signs() -> None:
    random = np.random.default_rng(5)
    # One value outweighs the others: far from a normal distribution.
    values = np.array([4.0, 1, 1, 1, 1, 0.5, 0.5, 0.25])
    signs = random.choice([-1.0, 1.0], (200_000, len(values)))
    readings = signs @ values / np.sqrt(values @ values)
    for z in (0.5, 1.0, 1.5, 2.0):
        assert np.mean(readings >= z) <= tail(z)
