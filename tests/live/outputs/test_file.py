"""Files hold what was given: in step, without gaps of sound, whole or not there at all."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.live.outputs.media import FPS, SIDE, decode, feed, picture

from gioconda.errors import OptionError, OutputError
from gioconda.live.outputs import OutputEvent, open_output
from gioconda.trust.credentials.reading import read_credentials

MARKS = (0.5, 1.25, 2.0)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".flv"])
def test_flashes_and_clicks_meet_though_frames_are_missing(tmp_path: Path, suffix: str) -> None:
    events: list[OutputEvent] = []
    target = tmp_path / f"talk{suffix}"
    output = open_output(str(target), SIDE, SIDE, FPS, on_event=events.append)
    feed(
        output, 2.5, marks=MARKS, start_s=12.35, missing=lambda i: 30 <= i < 40 or i % 13 == 3
    )  # fmt: skip
    output.close()
    assert output.path == target
    assert [e.state for e in events] == ["live", "closed"]
    names = {target.name}
    if suffix in (".ts", ".flv"):  # these can hold no credentials
        names.add(f"{target.name}.c2pa")
    assert {p.name for p in tmp_path.iterdir()} == names
    assert read_credentials(target, suffix).valid
    seen = decode(target)
    expected = 100 - 10 - len([i for i in range(3, 100, 13) if not 30 <= i < 40])
    assert len(seen.frames) == output.figures.frames == expected
    begin = seen.frames[0]
    assert begin - seen.sound[0] == pytest.approx(0, abs=0.022)  # the encoder's priming at most
    assert np.allclose(np.array(seen.flashes) - begin, MARKS, atol=0.0011)
    assert np.allclose(seen.clicks, seen.flashes, atol=0.0015)
    # The gap is there, neither closed nor filled, and the sound goes through it to the end.
    steps = np.diff(seen.frames)
    assert steps.max() == pytest.approx(12 / FPS, abs=0.0015)
    assert seen.sound[1] - begin == pytest.approx(2.5, abs=0.03)


def test_an_mp4_is_plain_with_its_index_first(tmp_path: Path) -> None:
    output = open_output(str(tmp_path / "talk.mp4"), SIDE, SIDE, FPS)
    feed(output, 1.0)
    output.close()
    data = (tmp_path / "talk.mp4").read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")
    assert b"moof" not in data


def test_colours_are_true(tmp_path: Path) -> None:
    import av

    output = open_output(str(tmp_path / "talk.mp4"), SIDE, SIDE, FPS)
    image = np.empty((SIDE, SIDE, 3), np.uint8)
    image[:] = 200, 60, 40
    for i in range(20):
        output.write_frame(image, i / FPS)
    output.close()
    with av.open(str(tmp_path / "talk.mp4")) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(shown[32:96, 32:96].mean((0, 1)) - (200, 60, 40)).max() < 3


def test_sound_is_never_dropped_though_frames_are(tmp_path: Path) -> None:
    output = open_output(str(tmp_path / "talk.mp4"), SIDE, SIDE, FPS)
    feed(output, 20.0, marks=(19.0,), hurried=True)  # far faster than can be encoded
    output.close()
    seen = decode(tmp_path / "talk.mp4")
    figures = output.figures
    assert figures.dropped > 0
    assert figures.frames + figures.dropped == 20 * FPS
    assert seen.sound[1] - seen.sound[0] == pytest.approx(20.0, abs=0.03)
    assert seen.clicks[-1] == pytest.approx(19.0, abs=0.002)


def test_nothing_given_leaves_nothing(tmp_path: Path) -> None:
    output = open_output(str(tmp_path / "talk.mp4"), SIDE, SIDE, FPS)
    with pytest.raises(OutputError, match="nothing was there"):
        output.close()
    assert output.state == "failed"
    assert not list(tmp_path.iterdir())


def test_a_file_that_appeared_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    output = open_output(str(tmp_path / "talk.mp4"), SIDE, SIDE, FPS)
    (tmp_path / "talk.mp4").write_bytes(b"precious")
    feed(output, 0.7)
    output.close()
    assert (tmp_path / "talk.mp4").read_bytes() == b"precious"
    assert output.path == tmp_path / "talk-2.mp4"


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    output = open_output(str(tmp_path / "talk.mp4"), SIDE, SIDE, FPS)
    with pytest.raises(OptionError, match="is needed"):
        output.write_frame(np.zeros((SIDE, SIDE * 2, 3), np.uint8), 0.0)
    with pytest.raises(OptionError, match="one channel"):
        output.write_audio(np.zeros((10, 2), np.float32), 0)
    output.write_frame(picture(0), 0.0)
    output.close()


KILLED = """
import sys, time
from tests.live.outputs.media import FPS, SIDE, feed
from gioconda.live.outputs import open_output
output = open_output(sys.argv[1], SIDE, SIDE, FPS)
feed(output, 4.0, marks=(1.0, 2.0), start_s=3.0)
while output.figures.frames < 4 * FPS - output.figures.dropped:
    time.sleep(0.02)
print("fed", flush=True)
time.sleep(60)
"""


def test_a_killed_recording_plays_up_to_its_last_second(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "talk.mp4")],
        stdout=subprocess.PIPE, text=True,
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "fed\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert [p.name for p in tmp_path.iterdir()] == ["talk.partial.mp4"]
    seen = decode(tmp_path / "talk.partial.mp4")
    assert seen.frames[-1] > 2.9
    assert seen.sound[1] > 2.9
    assert np.allclose(seen.flashes, (1.0, 2.0), atol=0.001)
    assert np.allclose(seen.clicks, (1.0, 2.0), atol=0.002)
