from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gioconda.errors import MotionError
from gioconda.motion import CHANNELS, HEAD_CHANNELS, INDEX, Motion, moment
from gioconda.render.mesh.deform import head_rotation

HEAD = [INDEX[n] for n in HEAD_CHANNELS]
SKELETON = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Spine
  {
    OFFSET 0 10 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    JOINT mixamo:Head
    {
      OFFSET 0 50 0
      CHANNELS 6 Xposition Yposition Zposition Yrotation Xrotation Zrotation
      End Site
      { OFFSET 0 10 0 }
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.0333333
1 2 3 4 5 6 7 8 9 0 50 0 20 10 0
1 2 3 4 5 6 7 8 9 0 50 0 20 10 -5
"""


def nodding() -> Motion:
    rng = np.random.default_rng(3)
    values = np.zeros((40, len(CHANNELS)), np.float32)
    values[:, HEAD[:3]] = rng.uniform(-60, 60, (40, 3))
    values[:, HEAD[3:]] = rng.uniform(-1, 1, (40, 3))
    return Motion(values, 50.0)


def numbers(path: Path) -> np.ndarray:
    lines = path.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Frame Time:"))
    return np.array([[float(w) for w in line.split()] for line in lines[start + 1 :]])


@pytest.mark.parametrize("rate_hz", [50.0, 60.0, 30_000 / 1001])
def test_the_head_comes_back(tmp_path: Path, rate_hz: float) -> None:
    motion = Motion(nodding().values, rate_hz)
    motion.save(tmp_path / "head.bvh")
    again = Motion.load(tmp_path / "head.bvh")
    np.testing.assert_allclose(again.values[:, HEAD], motion.values[:, HEAD], atol=1e-4)
    assert again.rate_hz == pytest.approx(rate_hz, rel=1e-6)
    others = np.delete(again.values, HEAD, axis=1)
    assert not others.any()


def test_angles_are_in_the_order_the_file_states(tmp_path: Path) -> None:
    Motion(moment(headYaw=25, headPitch=-18, headRoll=14)[None]).save(tmp_path / "head.bvh")
    z, y, x = np.radians(numbers(tmp_path / "head.bvh")[0, 3:])
    turned = (
        np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
        @ np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
        @ np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    )
    flip = np.diag([1, -1, -1])
    np.testing.assert_allclose(turned, flip @ head_rotation(25, -18, 14) @ flip, atol=1e-6)


def test_translation_is_in_centimetres_with_y_up(tmp_path: Path) -> None:
    Motion(moment(headX=1, headY=0.5, headZ=-0.25)[None]).save(tmp_path / "head.bvh")
    assert numbers(tmp_path / "head.bvh")[0, :3].tolist() == pytest.approx([9, -4.5, 2.25])


def test_frames_count_from_the_start_of_the_sound(tmp_path: Path) -> None:
    late = Motion(np.stack([moment(headYaw=5), moment(headYaw=6)]), 50.0, 0.1)
    late.save(tmp_path / "head.bvh")
    assert numbers(tmp_path / "head.bvh")[:, 4].tolist() == pytest.approx([5] * 6 + [6])
    early = Motion(np.stack([moment(headYaw=k) for k in range(4)]), 50.0, -0.04)
    early.save(tmp_path / "head.bvh")
    assert numbers(tmp_path / "head.bvh")[:, 4].tolist() == pytest.approx([2, 3])


def test_a_skeletons_head_gives_its_turn_alone(tmp_path: Path) -> None:
    (tmp_path / "walk.bvh").write_text(SKELETON)
    motion = Motion.load(tmp_path / "walk.bvh")
    assert len(motion) == 2
    assert motion.rate_hz == 30
    yaw, pitch, roll, *shift = motion.values[0, HEAD].tolist()
    assert not any(shift)
    flip = np.diag([1, -1, -1])
    y, x = np.radians(20), np.radians(10)
    expected = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]) @ (
        np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    )
    np.testing.assert_allclose(flip @ head_rotation(yaw, pitch, roll) @ flip, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("HIERARCHY", "HIERACHY", "'walk.bvh' is damaged, or not a BVH file"),
        ("Frames: 2", "Frames: 3", "damaged"),
        ("Frames: 2", "Frames: two", "damaged"),
        ("20 10 -5", "20 10", "damaged"),
        ("20 10 -5", "20 10 nan", "NaN or infinite"),
        ("Zrotation Xrotation Yrotation", "Wrotation Xrotation Yrotation", "damaged"),
        ("mixamo:Head", "Neck", r"no joint named Head that turns \(its joints: Hips, Spine, Neck"),
        ("MOTION", "", "damaged"),
    ],
)
def test_other_files_are_refused_in_a_sentence(
    tmp_path: Path, old: str, new: str, text: str
) -> None:
    (tmp_path / "walk.bvh").write_text(SKELETON.replace(old, new))
    with pytest.raises(MotionError, match=text):
        Motion.load(tmp_path / "walk.bvh")


def test_other_bytes_are_no_bvh(tmp_path: Path) -> None:
    for junk in (b"", b"\xff\xfe\x00", b"HIERARCHY"):
        (tmp_path / "junk.bvh").write_bytes(junk)
        with pytest.raises(MotionError, match=r"'junk\.bvh' is damaged"):
            Motion.load(tmp_path / "junk.bvh")
