"""Tracked curves: geometry on posed meshes, and a real picture."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.errors import OptionError
from gioconda.measure.tracking import CURVES, curves_of, track_frames, track_video
from gioconda.portrait.canonical import canonical_landmarks


def face() -> np.ndarray:
    """The canonical face with irises, in outer-eye distances."""
    points = canonical_landmarks().astype(np.float64)
    irises = np.zeros((10, 3))
    irises[:5] = 0.5 * (points[33] + points[133])
    irises[5:] = 0.5 * (points[362] + points[263])
    return np.concatenate([points, irises])


def posed(points, yaw=0.0, pitch=0.0, roll=0.0, scale=200.0) -> np.ndarray:
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = [[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    rotation = np.array(about_y) @ np.array(about_x) @ np.array(about_z)
    return scale * points @ rotation.T + [300.0, 250.0, 0.0]


def curve(meshes: np.ndarray, name: str) -> np.ndarray:
    return curves_of(meshes)[:, CURVES.index(name)]


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"), [(20, 0, 0), (0, 15, 0), (0, 0, -10), (-12, 8, 5)]
)
def test_angles_have_the_stated_signs(yaw, pitch, roll) -> None:
    mesh = posed(face(), yaw, pitch, roll)[None]
    nose, brow = mesh[0, 4], mesh[0, 168]
    assert curve(mesh, "yaw")[0] == pytest.approx(yaw, abs=1e-6)
    assert curve(mesh, "pitch")[0] == pytest.approx(pitch, abs=1e-6)
    assert curve(mesh, "roll")[0] == pytest.approx(-roll, abs=1e-6)
    if yaw and not pitch:
        assert (nose[0] - brow[0]) * yaw > 0


def test_lengths_do_not_depend_on_pose_or_size() -> None:
    opened = face()
    opened[[14, 87, 317, 178, 402], 1] += 0.1
    meshes = np.stack([posed(face()), posed(opened), posed(opened, 25, -10, 12, scale=90.0)])
    la = curve(meshes, "la")
    assert la[1] - la[0] == pytest.approx(0.1, abs=1e-9)
    assert la[2] == pytest.approx(la[1], abs=1e-9)
    np.testing.assert_allclose(curve(meshes, "scale"), [200, 200, 90], rtol=1e-9)


def test_gaze_and_lids_are_read() -> None:
    looking = face()
    looking[468:, 0] += 0.03
    shut = face()
    for upper, lower in ((159, 145), (158, 153), (160, 144)):
        shut[upper] = shut[lower]
    meshes = np.stack([posed(face()), posed(looking), posed(shut)])
    assert curve(meshes, "gazeX")[1] > curve(meshes, "gazeX")[0] + 0.05
    assert curve(meshes, "eyeL")[2] == pytest.approx(0, abs=1e-9)
    assert curve(meshes, "eyeR")[2] > 0.2


def test_a_face_in_frames_is_found(astronaut) -> None:
    face_ = track_frames((k / 25, astronaut) for k in range(3))
    assert len(face_.time_s) == 3
    assert face_.found_share == 1
    assert abs(float(face_["yaw"].mean())) < 20
    assert 40 < float(face_["scale"].mean()) < 160


def test_frames_without_a_face_are_refused() -> None:
    blank = np.full((64, 64, 3), 128, np.uint8)
    with pytest.raises(OptionError, match="no face"):
        track_frames([(0.0, blank)])


def test_a_file_that_is_no_video_is_refused(tmp_path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"nothing")
    with pytest.raises(OptionError, match="cannot be read"):
        track_video(path)
