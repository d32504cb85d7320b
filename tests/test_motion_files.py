from __future__ import annotations

import csv
import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gioconda.errors import MotionError, OutputError
from gioconda.motion import BLENDSHAPES, CHANNELS, INDEX, Motion

JAW = INDEX["jawOpen"]


def ramp(rows: int, rate_hz: float = 50.0, start_s: float = 0.0) -> Motion:
    values = np.zeros((rows, len(CHANNELS)), np.float32)
    values[:, JAW] = np.linspace(0, 1, rows)
    return Motion(values, rate_hz, start_s)


def load(tmp_path: Path, text: str) -> Motion:
    path = tmp_path / "m.csv"
    path.write_text(text, encoding="utf-8")
    return Motion.load(path)


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(MotionError) as caught:
        load(tmp_path, text)
    return str(caught.value)


def save_npz(path: Path, **changes: Any) -> Path:
    arrays: dict[str, Any] = {
        "values": np.zeros((4, 1)), "channels": np.array(["jawOpen"]), "rate_hz": 50.0
    }  # fmt: skip
    kept = {k: v for k, v in {**arrays, **changes}.items() if v is not None}
    np.savez(path, **kept)
    return path


# What was saved comes back.


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
@pytest.mark.parametrize("rate_hz", [50.0, 30_000 / 1001, 1000.0])
def test_saving_and_loading_keep_the_motion(tmp_path: Path, suffix: str, rate_hz: float) -> None:
    motion = ramp(2000, rate_hz, start_s=0.5)
    path = tmp_path / f"böse: name{suffix}"
    motion.save(path)
    again = Motion.load(path)
    assert again.values.shape == motion.values.shape
    assert np.allclose(again.values, motion.values, atol=1e-4)
    assert again.rate_hz == pytest.approx(rate_hz, rel=1e-5)
    assert again.start_s == pytest.approx(0.5)


def test_motion_is_saved_in_two_formats_only(tmp_path: Path) -> None:
    with pytest.raises(MotionError, match=r"\.npz or \.csv"):
        ramp(2).save(tmp_path / "motion.txt")


@pytest.mark.parametrize("suffix", [".npz", ".csv", ".livelink.csv", ".bvh", ".glb", ".gltf"])
def test_a_motion_without_rows_is_not_saved(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(MotionError, match="without rows"):
        ramp(0).save(tmp_path / f"none{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".npz", ".csv", ".livelink.csv", ".bvh", ".glb", ".gltf"])
def test_a_file_that_exists_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"m{suffix}"
    ramp(2).save(path)
    before = path.read_bytes()

    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(OutputError, match="the disk is full"):
            ramp(5).save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    ramp(5).save(path)
    assert path.read_bytes() != before


def test_what_other_tools_need_is_loaded_only_for_their_files(tmp_path: Path) -> None:
    ramp(2).save(tmp_path / "m.npz")
    code = (
        "import sys, gioconda.motion as m; m.Motion.load(sys.argv[1]).save(sys.argv[2]);"
        "print([n for n in sys.modules if 'interchange' in n or n.startswith('scipy')])"
    )
    places = [str(tmp_path / name) for name in ("m.npz", "m.csv")]
    done = subprocess.run(
        [sys.executable, "-c", code, *places], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_half_a_table_is_never_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Torn:
        def __init__(self, file: Any) -> None:
            self.file = file

        def writerow(self, row: Any) -> None:
            self.file.write("time_s")
            raise KeyboardInterrupt

    monkeypatch.setattr(csv, "writer", Torn)
    with pytest.raises(KeyboardInterrupt):
        ramp(2).save(tmp_path / "m.csv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".npz", ".csv", ".bvh"])
def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(OutputError, match=r"the folder .*nowhere' does not exist"):
        ramp(2).save(tmp_path / "nowhere" / f"m{suffix}")
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        ramp(2).save(tmp_path / f"folder{suffix}")


# Files that cannot be read.


def test_files_for_other_tools_are_not_read_back(tmp_path: Path) -> None:
    for name in ("face.glb", "face.gltf"):
        ramp(2).save(tmp_path / name)
        with pytest.raises(MotionError, match=rf"read from \.npz, \.csv and \.bvh files, .*{name}"):
            Motion.load(tmp_path / name)


def test_an_archive_is_known_without_its_suffix(tmp_path: Path) -> None:
    ramp(2).save(tmp_path / "m.npz")
    (tmp_path / "m.npz").rename(tmp_path / "motion")
    assert len(Motion.load(tmp_path / "motion")) == 2


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
def test_a_missing_file_and_a_folder_are_named(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(MotionError, match="there is no motion file"):
        Motion.load(tmp_path / f"none{suffix}")
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(MotionError, match=f"folder{suffix}' is a folder"):
        Motion.load(tmp_path / f"folder{suffix}")


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
def test_a_file_that_may_not_be_read_says_why(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, os.strerror(13), str(self))

    path = tmp_path / f"locked{suffix}"
    ramp(2).save(path)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(MotionError, match=f"locked{suffix}' cannot be read: Permission denied"):
        Motion.load(path)


def test_a_truncated_archive_is_damaged_wherever_it_ends(tmp_path: Path) -> None:
    ramp(50).save(tmp_path / "m.npz")
    whole = (tmp_path / "m.npz").read_bytes()
    for end in [0, 2, *range(3, len(whole) - 1, 97)]:
        (tmp_path / "cut.npz").write_bytes(whole[:end])
        with pytest.raises(MotionError, match=r"'cut\.npz' is damaged, or not a motion file"):
            Motion.load(tmp_path / "cut.npz")


def test_a_flipped_byte_never_escapes_as_another_error(tmp_path: Path) -> None:
    ramp(50).save(tmp_path / "m.npz")
    whole = (tmp_path / "m.npz").read_bytes()
    refused = 0
    for place in range(0, len(whole), 11):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        (tmp_path / "broken.npz").write_bytes(broken)
        try:
            Motion.load(tmp_path / "broken.npz")
        except MotionError:
            refused += 1
    assert refused > len(whole) // 11 // 2


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"rate_hz": None}, "no array 'rate_hz'"),
        ({"values": np.zeros((4, 2))}, r"\(4, 2\) values for 1 channels"),
        ({"channels": np.array(["jawOpn"])}, "'jawOpn', which is not known"),
        ({"values": np.zeros((4, 2)), "channels": np.array(["jawOpen"] * 2)}, "'jawOpen' twice"),
        ({"values": np.array([[0], [0], [9]])}, "'jawOpen' is 9 at 0.04 s; .* between -1 and 2"),
        ({"values": np.array([[np.nan]]), "start_s": 2}, "'jawOpen' is nan at 2 s"),
        ({"values": np.array([[1e300]])}, r"'jawOpen' is 1e\+300 at 0 s"),
        ({"rate_hz": 0.0}, "rate of 0"),
        ({"rate_hz": np.zeros(3)}, "damaged, or not"),
        ({"values": np.array(["a"])}, "damaged, or not"),
    ],
)
def test_archives_that_hold_no_motion(tmp_path: Path, changes: dict[str, Any], text: str) -> None:
    path = save_npz(tmp_path / "m.npz", **changes)
    with pytest.raises(MotionError, match=text):
        Motion.load(path)


def test_a_bare_array_is_no_motion_file(tmp_path: Path) -> None:
    with (tmp_path / "m.npz").open("wb") as f:
        np.save(f, np.zeros((4, 59)))
    with pytest.raises(MotionError, match="not a motion file"):
        Motion.load(tmp_path / "m.npz")


def test_files_from_before_there_was_breath_load_as_they_were(tmp_path: Path) -> None:
    older = CHANNELS[: CHANNELS.index("breath")]
    assert len(older) == 59
    values = np.linspace(0, 1, 3 * 59, dtype=np.float32).reshape(3, 59)
    values[:, 52:58] = 2.5
    path = tmp_path / "older.npz"
    with path.open("wb") as f:
        np.savez_compressed(f, values=values, channels=np.array(older), rate_hz=50.0, start_s=0.5)
    table = tmp_path / "older.csv"
    lines = [f"{0.5 + i / 50},{','.join(map(str, row))}" for i, row in enumerate(values)]
    table.write_text("\n".join([",".join(("time_s", *older)), *lines]))
    for file in (path, table):
        motion = Motion.load(file)
        np.testing.assert_allclose(motion.values[:, :59], values, atol=1e-6)
        assert not motion["breath"].any()
        assert motion.start_s == 0.5


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
def test_breath_goes_out_and_comes_in(tmp_path: Path, suffix: str) -> None:
    values = np.zeros((4, len(CHANNELS)), np.float32)
    values[:, CHANNELS.index("breath")] = [0, 0.25, 0.5, 1]
    Motion(values, 50.0).save(tmp_path / f"m{suffix}")
    np.testing.assert_allclose(Motion.load(tmp_path / f"m{suffix}").values, values)


# The clock of a table.


def test_rows_keep_their_own_times_after_a_gap(tmp_path: Path) -> None:
    times = [0.1, 0.12, 0.14, 0.16, 1.16, 1.18, 1.20]
    jaws = [0, 0, 0, 0.2, 0.7, 1, 0]
    rows = [f"{t},{v}" for t, v in zip(times, jaws, strict=True)]
    motion = load(tmp_path, "\n".join(["time_s,jawOpen", *rows]))
    assert motion.rate_hz == 50
    assert motion.start_s == pytest.approx(0.1)
    assert len(motion) == 56
    for time_s, jaw in zip(times, jaws, strict=True):
        assert motion.at(time_s)[JAW] == pytest.approx(jaw, abs=1e-3)
    assert motion.at(0.66)[JAW] == pytest.approx(0.45, abs=1e-3)
    assert (motion["articulation"] == 1).all()


def test_an_uneven_table_is_resampled_to_its_end(tmp_path: Path) -> None:
    motion = load(tmp_path, "time_s,jawOpen\n0,0\n0.1,0.1\n0.2,0.2\n0.33,0.33\n")
    assert motion.rate_hz == 10
    assert motion["jawOpen"].tolist() == pytest.approx([0, 0.1, 0.2, 0.3, 0.33])


def test_even_rows_are_taken_as_they_are(tmp_path: Path) -> None:
    """Up to 1 % of a step beside the grid, also where all times are rounded."""
    jitter = np.random.default_rng(1).uniform(-0.009, 0.009, 300)
    jitter[0] = 0
    noise = np.random.default_rng(2).uniform(0, 1, 300).round(4)
    for step in (0.02, 1 / 60):
        times = (np.arange(300) + jitter) * step
        rows = [f"{t:.5f},{v}" for t, v in zip(times, noise, strict=True)]
        motion = load(tmp_path, "\n".join(["time_s,jawOpen", *rows]))
        assert motion["jawOpen"].tolist() == pytest.approx(noise.tolist())
        assert motion.rate_hz == pytest.approx(1 / step, rel=1e-4)


def test_rates_stay_between_1_and_1000_hz(tmp_path: Path) -> None:
    slow = load(tmp_path, "time_s,jawOpen\n0,0\n10,1\n20,0\n")
    assert (slow.rate_hz, len(slow)) == (1, 21)
    assert slow.at(5)[JAW] == pytest.approx(0.5)
    fast = load(tmp_path, "time_s,jawOpen\n0,0\n0.0001,0.5\n0.002,1\n")
    assert (fast.rate_hz, len(fast)) == (1000, 3)
    assert load(tmp_path, "time_s,jawOpen\n3,1\n").at(3)[JAW] == 1


@pytest.mark.parametrize(
    ("times", "text"),
    [
        ("0 0.02 0.02", "line 4 has the time 0.02 s after 0.02 s; times must rise"),
        ("0 0.02 0.01", "line 4 has the time 0.01 s after 0.02 s; times must rise"),
        ("0 nan 0.01", "line 3 has the time nan s"),
        ("1700000000 1700000001", "line 2 has the time 1.7e+09 s; times are counted in seconds"),
        ("0 0.001 0.002 80000", "2000000 are read at most"),
    ],
)
def test_times_that_make_no_clock(tmp_path: Path, times: str, text: str) -> None:
    rows = "".join(f"{t},0\n" for t in times.split())
    assert text in complaint(tmp_path, "time_s,jawOpen\n" + rows)


# What a table may look like.


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_separators_are_seen(tmp_path: Path, separator: str, newline: str) -> None:
    lines = ["", "\ufefftime_s|jawOpen|headYaw"[1:], "0|0.1|-4", "||", "0.02| 0.2 |5", ""]
    motion = load(tmp_path, newline.join(lines).replace("|", separator))
    assert motion["jawOpen"].tolist() == pytest.approx([0.1, 0.2])
    assert motion["headYaw"].tolist() == [-4, 5]


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    assert len(load(tmp_path, "\ufefftime_s,jawOpen\n0,0\n0.02,1\n")) == 2


def test_a_capture_without_articulation_drives_its_mouth_fully(tmp_path: Path) -> None:
    motion = load(tmp_path, "time_s,jawOpen\n0,0.1\n0.02,0.2\n")
    assert (motion["articulation"] == 1).all()
    assert motion["jawOpen"].tolist() == pytest.approx([0.1, 0.2])
    assert motion.rate_hz == pytest.approx(50)
    own = load(tmp_path, "time_s,jawOpen,articulation\n0,0.1,0.5\n0.02,0.2,0\n")
    assert own["articulation"].tolist() == [0.5, 0]


@pytest.mark.parametrize("name", ["time_s", "time", "Time", "timestamp"])
def test_capture_files_name_things_their_way(tmp_path: Path, name: str) -> None:
    spelled = [n[0].upper() + n[1:] for n in BLENDSHAPES]
    row = ",".join(f"{i / 100}" for i in range(52))
    text = f"{','.join(spelled)},{name}\n{row},0\n{row},0.0166667\n"
    motion = load(tmp_path, text)
    assert motion.rate_hz == pytest.approx(60, abs=0.01)
    assert motion.values[1, :52].tolist() == pytest.approx([i / 100 for i in range(52)])


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("", "no 'time_s' column"),
        ("jawOpen,headYaw", "no 'time_s' column"),
        ("Timecode,JawOpen", "'0' in the column 'Timecode'; HH:MM:SS:FF.fff is needed"),
        ("time_s,time", "two columns of time, 'time_s' and 'time'"),
        ("time_s,jawOpn", "'jawOpn', which is not known$"),
        ("time_s,BlendshapeCount", "'BlendshapeCount', which is not known"),
        ("time_s,HeadYaw", "'HeadYaw', which is not known; head angles are .* in degrees"),
        ("time_s,jawOpen,JawOpen", "'jawOpen' twice"),
        ("time_s,jawOpen,", "channel named '', which is not known"),
        ("time_s", "no motion channel"),
    ],
)
def test_headers_that_are_refused(tmp_path: Path, header: str, text: str) -> None:
    row = ",".join("0" for _ in header.split(","))
    path = tmp_path / "m.csv"
    path.write_text(f"{header}\n{row}\n" if header else "")
    with pytest.raises(MotionError, match=text):
        Motion.load(path)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("0.02,,0", "'m.csv' line 5 has an empty cell in the column 'jawOpen'"),
        ("0.02,0,x", "'m.csv' line 5 has 'x' in the column 'headYaw'; a number is needed"),
        ("0.02,0", "'m.csv' line 5 ends before the column 'headYaw': 2 cells, 3 columns"),
        ("0.02,0,0,1", "line 5 goes on after the last column 'headYaw': 4 cells, 3 columns"),
        ('0.02,"0,5",0', "line 5 has '0,5' in the column 'jawOpen'; decimals need a point"),
        ("0.42,9,0", "line 5: channel 'jawOpen' is 9 at 0.42 s; it must lie between -1 and 2"),
        ("0.42,-1.1,0", "'jawOpen' is -1.1 at 0.42 s"),
        ("0.42,nan,0", "'jawOpen' is nan at 0.42 s"),
        ("0.42,0,181", "'headYaw' is 181 at 0.42 s; it must lie between -180 and 180"),
        ("0.42,0,-inf", "'headYaw' is -inf at 0.42 s"),
    ],
)
def test_bad_cells_are_found_by_line_and_column(tmp_path: Path, row: str, text: str) -> None:
    assert text in complaint(tmp_path, f"time_s,jawOpen,headYaw\n0,0,0\n\n0.01,2,-180\n{row}\n")


def test_tables_without_rows_and_other_bytes(tmp_path: Path) -> None:
    assert "no rows of motion" in complaint(tmp_path, "time_s,jawOpen\n")
    for junk in (b"\xff\xfe\x00junk", b"PK\x03\x04\x80\x80"):
        (tmp_path / "junk.csv").write_bytes(junk)
        with pytest.raises(MotionError, match=r"'junk\.csv' is damaged, or not a motion file"):
            Motion.load(tmp_path / "junk.csv")
