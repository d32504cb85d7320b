"""A video of known motion gives that motion back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.capture.conftest import RATE_HZ, known_motion

import gioconda
from gioconda import examples
from gioconda.capture import Capture, capture
from gioconda.errors import NoFaceError, OptionError, VideoDecodeError
from gioconda.motion import INDEX, Motion, gaze_of
from gioconda.portrait import Portrait
from gioconda.render.mesh.blendshapes import build_shapes
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.deform import Deformer
from gioconda.video import open_writer, read_frames


@pytest.fixture(scope="session")
def from_first(driven_video: Path) -> Capture:
    return capture(driven_video, reference="first")


@pytest.fixture(scope="session")
def from_rest(driven_video: Path) -> Capture:
    return capture(driven_video)


def r(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def gaze(motion: Motion) -> np.ndarray:
    return np.array([gaze_of(row)[0] for row in motion.values])


def test_rows_are_the_videos_frames(from_first: Capture) -> None:
    assert from_first.motion.rate_hz == pytest.approx(RATE_HZ, abs=0.01)
    assert len(from_first.motion) == len(known_motion())
    assert from_first.motion.start_s == pytest.approx(0, abs=0.001)
    assert from_first.found_share == 1
    assert from_first.warnings == ()


def test_the_first_frame_is_neutral(from_first: Capture) -> None:
    row = from_first.motion.values[0]
    assert np.abs(row[: INDEX["headYaw"]]).max() < 0.25
    assert np.abs(row[INDEX["headYaw"] : INDEX["headX"]]).max() < 1.0


def test_head_and_gaze_come_back_in_their_units(from_first: Capture) -> None:
    truth, found = known_motion(), from_first.motion
    for name, least in (("headYaw", 0.8), ("headX", 0.6)):
        assert r(truth[name], found[name]) > 0.95
        gain = found[name].std() / truth[name].std()
        assert least < gain < 1.35, name
    assert r(gaze(truth), gaze(found)) > 0.85
    assert 0.6 < gaze(found).std() / gaze(truth).std() < 1.5


def test_the_mouth_opens_when_it_did(from_first: Capture) -> None:
    """Shapes share an opening out among them; how far the lips part tells it whole."""
    truth, found = (_aperture(m) for m in (known_motion(), from_first.motion))
    assert r(truth, found) > 0.9
    assert 0.6 < found.std() / truth.std() < 1.5


def _aperture(motion: Motion) -> np.ndarray:
    """How far the lips of the example portrait part, in pixels."""
    view = Portrait.open(examples.portrait_path()).view(256)
    mesh = build_mesh(view)
    deformer = Deformer(mesh, build_shapes(mesh, view))
    still = motion.values.copy()
    still[:, INDEX["headYaw"] : INDEX["headZ"] + 1] = 0
    screens = np.stack([deformer.pose(row).screen for row in still])
    return screens[:, 14, 1] - screens[:, 13, 1]


def test_a_blink_is_not_smoothed_away(from_first: Capture, from_rest: Capture) -> None:
    truth = known_motion()["eyeBlinkLeft"]
    for found in (from_first.motion, from_rest.motion):
        for name in ("eyeBlinkLeft", "eyeBlinkRight"):
            curve = found[name]
            assert abs(int(np.argmax(curve)) - int(np.argmax(truth))) <= 1
            # The tracker sees our lids less closed than they are, those of real eyes fully.
            assert curve.max() > np.median(curve) + 0.3


def test_from_rest_the_mouth_is_under_control_and_medians_rest(from_rest: Capture) -> None:
    motion = from_rest.motion
    assert (motion["articulation"] == 1).all()
    for name in ("headYaw", "headPitch", "headX", "browInnerUp"):
        assert np.median(motion[name]) == pytest.approx(0, abs=0.3 if name[0] == "h" else 0.01)
    assert motion["mouthLeft"].min() >= 0
    assert r(known_motion()["headYaw"], motion["headYaw"]) > 0.95


def test_the_rate_can_be_chosen(driven_video: Path, from_rest: Capture) -> None:
    fine = gioconda.track(driven_video, rate_hz=50)
    assert fine.rate_hz == 50
    assert abs(len(fine) - 2 * len(from_rest.motion)) <= 1
    np.testing.assert_allclose(fine.values[::2][:40], from_rest.motion.values[:40], atol=0.02)


def test_the_shapes_explain_most_of_the_motion(from_first: Capture) -> None:
    assert from_first.explained["lips"] > 0.9
    assert from_first.explained["all"] > 0.7


def test_a_long_gap_rests_and_is_told(driven_video: Path, tmp_path: Path) -> None:
    path = tmp_path / "gap.mp4"
    frames = [image for _, image in read_frames(driven_video)]
    with open_writer(path, 512, 512, 25) as writer:
        for i in range(60):
            away = 20 <= i < 48
            writer.write(np.full_like(frames[0], 90) if away else frames[i])
    found = capture(path)
    assert 0.4 < found.found_share < 0.6
    assert any("no face" in w for w in found.warnings)
    assert any("cuts" in w for w in found.warnings)
    assert np.abs(found.motion.values[34]).max() == pytest.approx(0, abs=1e-6)


def test_bad_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoDecodeError, match="there is no video file"):
        gioconda.track(tmp_path / "none.mp4")
    blank = tmp_path / "blank.mp4"
    with open_writer(blank, 256, 256, 25) as writer:
        for _ in range(5):
            writer.write(np.full((256, 256, 3), 128, np.uint8))
    with pytest.raises(NoFaceError, match="no face was found"):
        gioconda.track(blank)
    with pytest.raises(OptionError, match="counted from 1"):
        gioconda.track(blank, face=0)
    with pytest.raises(OptionError, match="the rate"):
        gioconda.track(blank, rate_hz=0.5)
    with pytest.raises(OptionError, match="reference"):
        gioconda.track(blank, reference="last")
