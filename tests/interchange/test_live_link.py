from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda.errors import MotionError
from gioconda.interchange import live_link
from gioconda.motion import BLENDSHAPES, CHANNELS, HEAD_CHANNELS, INDEX, Motion, gaze_of, moment
from gioconda.render.mesh.deform import head_rotation

#: The first columns of recordings made by the app, up to the mouth's sides.
APP_HEADER = (
    "Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft,"
    "EyeLookUpLeft,EyeSquintLeft,EyeWideLeft,EyeBlinkRight,EyeLookDownRight,EyeLookInRight,"
    "EyeLookOutRight,EyeLookUpRight,EyeSquintRight,EyeWideRight,JawForward,JawRight,JawLeft,"
    "JawOpen,MouthClose,MouthFunnel,MouthPucker,MouthRight,MouthLeft,MouthSmileLeft,"
)
APP_END = (
    "NoseSneerLeft,NoseSneerRight,TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,"
    "LeftEyeRoll,RightEyeYaw,RightEyePitch,RightEyeRoll"
)


def rows_of(motion: Motion) -> list[dict[str, str]]:
    header, *lines = live_link.write(motion).decode().splitlines()
    return [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]


def load(tmp_path: Path, header: str, *rows: str) -> Motion:
    path = tmp_path / "take.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return Motion.load(path)


def times_of(motion: Motion) -> list[float]:
    return [motion.start_s + i / motion.rate_hz for i in range(len(motion))]


def test_columns_are_those_of_the_app() -> None:
    header = live_link.write(Motion(moment()[None])).decode().splitlines()[0]
    assert header.startswith(APP_HEADER)
    assert header.endswith(APP_END)
    assert header.count(",") == 62


def test_a_row_reads_as_the_app_writes_it() -> None:
    (row,) = rows_of(Motion(moment(jawLeft=0.25, mouthRight=0.5)[None], 60.0, 83.75))
    assert row["Timecode"] == "00:01:23:45.000"
    assert row["BlendShapeCount"] == "61"
    assert row["JawLeft"] == "0.2500000000"
    assert row["MouthRight"] == "0.5000000000"


def test_angles_have_the_signs_of_recordings() -> None:
    """Where a person looks to their own left, recordings have negative yaw; down is positive."""
    to_own_left = moment(eyeLookOutLeft=0.5, eyeLookInRight=0.5, eyeLookDownLeft=0.2)
    (row,) = rows_of(Motion(to_own_left[None]))
    assert float(row["LeftEyeYaw"]) == pytest.approx(-np.radians(15))
    assert float(row["RightEyeYaw"]) == pytest.approx(-np.radians(15))
    assert float(row["LeftEyePitch"]) == pytest.approx(np.radians(6))
    for name, ours, sign in (
        ("HeadYaw", "headYaw", -1), ("HeadPitch", "headPitch", 1), ("HeadRoll", "headRoll", 1),
    ):  # fmt: skip
        (row,) = rows_of(Motion(moment(**{ours: 12.0})[None]))
        assert float(row[name]) == pytest.approx(sign * np.radians(12))


def test_a_turn_about_several_axes_is_the_same_turn() -> None:
    yaw, pitch, roll = 25.0, -18.0, 14.0
    (row,) = rows_of(Motion(moment(headYaw=yaw, headPitch=pitch, headRoll=roll)[None]))
    a, b, c = (float(row[n]) for n in ("HeadYaw", "HeadPitch", "HeadRoll"))
    # With y up and z to the viewer: yaw about -y, pitch about x, roll about -z, roll first.
    cy, sy, cp, sp, cr, sr = np.cos(a), np.sin(a), np.cos(b), np.sin(b), np.cos(c), np.sin(c)
    turned = (
        np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
        @ np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        @ np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    )
    flip = np.diag([1, -1, -1])
    np.testing.assert_allclose(turned, flip @ head_rotation(yaw, pitch, roll) @ flip, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 90),
    rate_hz=st.sampled_from([24.0, 25.0, 30.0, 50.0, 59.94, 60.0, 120.0]),
    start_s=st.sampled_from([0.0, 0.5, 59.9, 500.0]),
)
def test_a_motion_comes_back(
    tmp_path_factory: pytest.TempPathFactory, seed: int, rows: int, rate_hz: float, start_s: float
) -> None:
    rng = np.random.default_rng(seed)
    values = np.zeros((rows, len(CHANNELS)), np.float32)
    values[:, :52] = rng.uniform(0, 1, (rows, 52))
    values[:, 52:55] = rng.uniform(-70, 70, (rows, 3))
    path = tmp_path_factory.mktemp("take") / "take.livelink.csv"
    Motion(values, rate_hz, start_s).save(path)
    again = Motion.load(path)
    np.testing.assert_allclose(again.values[:, :55], values[:, :55], atol=1e-4)
    assert again.start_s == pytest.approx(start_s, abs=1e-4)
    if rows > 1:
        assert again.rate_hz == pytest.approx(rate_hz, rel=2e-3)
    assert (again["articulation"] == 1).all()


@pytest.mark.parametrize("start_s", [599.999995, 600.0, 4000.0])
def test_a_start_that_the_codes_cannot_tell_is_refused(tmp_path: Path, start_s: float) -> None:
    late = Motion(np.zeros((3, len(CHANNELS)), np.float32), 50.0, start_s)
    with pytest.raises(MotionError, match="first 10 minutes"):
        late.save(tmp_path / "take.livelink.csv")
    assert not list(tmp_path.iterdir())
    Motion(late.values, 50.0, 599.9).save(tmp_path / "take.livelink.csv")
    assert Motion.load(tmp_path / "take.livelink.csv").start_s == pytest.approx(599.9, abs=1e-4)


def test_a_take_of_30_frames_has_codes_of_60(tmp_path: Path) -> None:
    codes = [f"13:13:{s:02d}:{f:02d}.652" for s in (4, 5, 6) for f in range(1, 60, 2)]
    motion = load(
        tmp_path,
        "Timecode,BlendShapeCount,JawOpen",
        *(f"{c},61,0.{i:02d}" for i, c in enumerate(codes)),
    )
    assert motion.rate_hz == pytest.approx(30)
    assert motion.start_s == 0
    assert len(motion) == 90
    assert motion["jawOpen"][33] == pytest.approx(0.33)


@pytest.mark.parametrize(("base", "step"), [(24, 1), (25, 1), (30, 1), (60, 1), (60, 2), (120, 2)])
def test_the_frames_of_a_second_are_seen_where_it_ends(
    tmp_path: Path, base: int, step: int
) -> None:
    codes = [f"09:00:{s:02d}:{f:02d}" for s in range(3) for f in range(0, base, step)]
    motion = load(tmp_path, "Timecode,JawOpen", *(f"{c},0" for c in codes))
    assert motion.rate_hz == pytest.approx(base / step)


def test_a_take_within_one_second_has_the_apps_frames(tmp_path: Path) -> None:
    motion = load(tmp_path, "Timecode,JawOpen", *(f"10:00:00:{f:02d},0" for f in range(10)))
    assert motion.rate_hz == pytest.approx(60)


def test_a_take_runs_through_midnight(tmp_path: Path) -> None:
    codes = ["23:59:59:58", "23:59:59:59", "00:00:00:00", "00:00:00:01"]
    motion = load(tmp_path, "Timecode,JawOpen", *(f"{c},0.{i}" for i, c in enumerate(codes)))
    assert motion.rate_hz == pytest.approx(60)
    assert motion["jawOpen"].tolist() == pytest.approx([0, 0.1, 0.2, 0.3])


def test_drop_frames_keep_an_even_pace(tmp_path: Path) -> None:
    """After 14:00:59;29 comes 14:01:00;02: two numbers are left out, no time is."""
    codes = [f"14:00:59;{f:02d}" for f in range(30)] + [f"14:01:00;{f:02d}" for f in range(2, 30)]
    codes += [f"14:01:01;{f:02d}" for f in range(30)]
    motion = load(tmp_path, "Timecode,JawOpen", *(f"{c},0" for c in codes))
    assert len(motion) == len(codes)
    assert motion.rate_hz == pytest.approx(30_000 / 1001, rel=1e-4)


def test_rows_without_a_face_are_bridged(tmp_path: Path) -> None:
    motion = load(
        tmp_path, "Timecode,BlendShapeCount,JawOpen,HeadYaw",
        "10:00:00:00.0,61,0,0", "10:00:00:01.0,61,0.1,0", "10:00:00:02.0,0", "10:00:00:03.0,0,,",
        "10:00:00:04.0,61,0.4,-0.1", "10:00:00:05.0,61,0.5,-0.1",
    )  # fmt: skip
    assert motion["jawOpen"].tolist() == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert motion["headYaw"][-1] == pytest.approx(np.degrees(0.1))


def test_eye_angles_stand_in_for_gaze_that_is_missing(tmp_path: Path) -> None:
    eyes = "LeftEyeYaw,LeftEyePitch,LeftEyeRoll,RightEyeYaw,RightEyePitch,RightEyeRoll"
    row = "10:00:00:00,0.5,-0.2,0.1,0,-0.2,0.1,0"
    gaze = gaze_of(load(tmp_path, f"Timecode,JawOpen,{eyes}", row).values[0])
    assert gaze == pytest.approx((np.degrees(0.2), np.degrees(0.1)), abs=1e-3)
    both = load(tmp_path, f"Timecode,EyeLookOutLeft,{eyes}", row)
    assert both["eyeLookOutLeft"][0] == 0.5
    assert both["eyeLookInRight"][0] == 0


@pytest.mark.parametrize(
    ("header", "row", "text"),
    [
        ("Timecode,JawOpen", "soon,0", "line 2 has 'soon' in the column 'Timecode'"),
        ("Timecode,JawOpen", "10:00:00:00,", "line 2 has an empty cell in the column 'JawOpen'"),
        ("Timecode,JawOpen", "10:00:00:00,x", "line 2 has 'x' in the column 'JawOpen'"),
        ("Timecode,JawOpen", "10:00:00:00", "line 2 ends before the column 'JawOpen'"),
        ("Timecode,JawOpen,JawOpen", "10:00:00:00,0,0", "the channel 'JawOpen' twice"),
        ("Timecode,Jaw", "10:00:00:00,0", "a channel named 'Jaw', which is not known"),
        (
            "Timecode,HeadYaw",
            "10:00:00:00,12",
            "line 2 has 12 in the column 'HeadYaw'; angles .* radians",
        ),
        ("Timecode,time_s,JawOpen", "10:00:00:00,0,0", "two columns of time"),
        ("Timecode,BlendShapeCount,JawOpen", "10:00:00:00,0,0", "has no row with a face"),
        ("Timecode,BlendShapeCount", "10:00:00:00,61", "no motion channel"),
    ],
)
def test_other_tables_are_refused_in_a_sentence(
    tmp_path: Path, header: str, row: str, text: str
) -> None:
    with pytest.raises(MotionError, match=text):
        load(tmp_path, header, row)


def test_odd_frame_counts_are_refused(tmp_path: Path) -> None:
    codes = [f"10:00:0{s}:{f:02d},0" for s in range(2) for f in range(17)]
    with pytest.raises(MotionError, match="counts 17 frames a second in its time codes"):
        load(tmp_path, "Timecode,JawOpen", *codes)


def test_what_has_no_column_is_left_out_and_nothing_else() -> None:
    names = set(rows_of(Motion(moment()[None]))[0])
    lower = {n[0].lower() + n[1:] for n in names}
    assert set(BLENDSHAPES) <= lower
    assert set(HEAD_CHANNELS[:3]) <= lower
    assert not lower & {"headX", "articulation", "breath"}
    assert set(CHANNELS) == set(INDEX)


def test_rows_before_the_sound_have_no_code() -> None:
    motion = Motion(np.stack([moment(jawOpen=k / 10) for k in range(5)]), 50.0, -0.04)
    rows = rows_of(motion)
    assert [row["JawOpen"][:3] for row in rows] == ["0.2", "0.3", "0.4"]
    assert rows[0]["Timecode"] == "00:00:00:00.000"
