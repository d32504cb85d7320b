"""What is missing from our renders is added to lids and brows, in part and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.capture.conftest import RATE_HZ, known_motion

from gioconda import examples
from gioconda.capture import refinement
from gioconda.capture.fit import Fitter
from gioconda.capture.recording import record
from gioconda.capture.refinement import GAIN, LIMIT_MM, REFINED, missing, refined
from gioconda.capture.regions import REGIONS
from gioconda.capture.subject import Subject
from gioconda.motion import CHANNELS
from gioconda.portrait import Portrait
from gioconda.portrait.mediapipe_models import VideoMesh
from gioconda.render import MeshRenderer

FRAMES = 12


@pytest.fixture(scope="module")
def fitter() -> Fitter:
    portrait = Portrait.open(examples.portrait_path())
    return Fitter(Subject.of(portrait.view(256), portrait.face.landmarks.astype(float)), RATE_HZ)


@pytest.fixture(scope="module")
def still(fitter: Fitter) -> np.ndarray:
    """Landmarks of a face at rest, (T, 478, 3), pixels of the view."""
    camera, rest = fitter.subject.camera, fitter.subject.rest
    seen = np.concatenate([camera.project(rest), rest[:, 2:]], axis=1)
    return np.repeat(seen[None], FRAMES, axis=0)


def lowered(still: np.ndarray, by_px: float, region: str) -> np.ndarray:
    moved = still.copy()
    moved[:, list(REGIONS[region]), 1] += by_px
    return moved


def test_a_part_of_what_is_missing_is_added(fitter: Fitter, still: np.ndarray) -> None:
    mm = float(fitter.subject.mesh.mm)
    real = lowered(still, 2 * mm, "brows")  # 2 mm down
    added = missing(fitter, real, still, still[0])
    brows = np.isin(fitter.subject.mesh.handles, REGIONS["brows"])
    assert np.linalg.norm(added[:, brows], axis=2) == pytest.approx(2 * GAIN, abs=0.25)
    assert added[:, brows, 1].min() > 0.8 * 2 * GAIN
    np.testing.assert_allclose(added[:, ~brows], 0, atol=0.02)


def test_nothing_is_added_where_ours_do_as_the_real_ones(fitter: Fitter, still: np.ndarray) -> None:
    shown = lowered(still, 3, "eyes")
    np.testing.assert_allclose(missing(fitter, shown, shown, still[0]), 0, atol=1e-9)


def test_what_the_tracker_sees_differently_at_rest_is_no_motion(
    fitter: Fitter, still: np.ndarray
) -> None:
    ours = lowered(still, 2, "brows")  # in all our renders, the one at rest as well
    added = missing(fitter, still, ours, ours[0])
    np.testing.assert_allclose(added, 0, atol=0.03)


def test_lips_and_jaw_stay_and_the_rest_is_bounded(fitter: Fitter, still: np.ndarray) -> None:
    real = lowered(lowered(lowered(still, 60, "eyes"), 30, "lips"), 30, "jaw")
    added = missing(fitter, real, still, still[0])
    assert not added[:, ~np.isin(fitter.subject.mesh.handles, REFINED)].any()
    assert np.abs(added).max() == pytest.approx(LIMIT_MM)


def test_frames_without_a_face_are_as_their_neighbours(fitter: Fitter, still: np.ndarray) -> None:
    real = lowered(still, 2, "brows")
    ours = still.copy()
    ours[4:7] = np.nan
    np.testing.assert_allclose(
        missing(fitter, real, ours, still[0]), missing(fitter, real, still, still[0]), atol=1e-6
    )


@pytest.fixture(scope="module")
def driven(driven_video: Path) -> tuple[Fitter, np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    recorded = record(driven_video)
    view = Portrait.open(examples.portrait_path()).view(512)
    landmarks = recorded.landmarks.astype(float)
    # The video is the view itself; its first frame is the portrait.
    fitter = Fitter(Subject.of(replace(view, to_picture=np.eye(3)[:2]), landmarks[0]), RATE_HZ)
    renderer = MeshRenderer(view)
    return fitter, landmarks, lambda m: renderer.render(m.astype(np.float32))


def test_lids_come_nearer_to_the_real_ones(
    driven: tuple[Fitter, np.ndarray, Callable[[np.ndarray], np.ndarray]],
) -> None:
    """Frames of a known blink: the tracker takes our lids for half open, so a fit falls short."""
    fitter, landmarks, show = driven
    fitted = fitter.fit(landmarks)
    again = refined(fitter, fitted, landmarks, show)
    blink = [fitted.names.index("eyeBlinkLeft"), fitted.names.index("eyeBlinkRight")]
    truth = np.stack([known_motion()["eyeBlinkLeft"], known_motion()["eyeBlinkRight"]], axis=1)
    off, off_again = (np.sqrt(((f.weights[:, blink] - truth) ** 2).mean()) for f in (fitted, again))
    assert off_again < 0.97 * off
    lips = [i for i, n in enumerate(fitted.names) if n.startswith(("jaw", "mouth"))]
    assert np.abs(again.weights[:, lips] - fitted.weights[:, lips]).max() < 0.1
    assert again.unposed is fitted.unposed


def test_no_face_in_our_renders_leaves_the_fit(
    driven: tuple[Fitter, np.ndarray, Callable[[np.ndarray], np.ndarray]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fitter, landmarks, show = driven
    monkeypatch.setattr(VideoMesh, "find", lambda *_: [])
    fitted = fitter.fit(landmarks, 0)
    assert refined(fitter, fitted, landmarks, show) is fitted
    assert refinement.moments(fitter.subject, fitted, RATE_HZ).shape[1] == len(CHANNELS)
