from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.cli.test_animate import complaint, gioconda

from gioconda import ControlTrack, Keyframe, examples, perform
from gioconda.motion import Motion

SPEECH = examples.speech_path()


@pytest.fixture
def head_file(tmp_path: Path) -> Path:
    path = tmp_path / "c.csv"
    path.write_text("time_s,head,headYaw\n0,0.5,\n1,,12\n")
    return path


def test_a_file_directs_and_options_fill_the_rest(head_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.npz"
    code, _, error = gioconda(
        "perform", SPEECH, "-o", out, "--controls", head_file, "--blinks", "0", "--emotion", "auto"
    )
    assert code == 0, error
    motion = Motion.load(out)
    assert motion["headYaw"][50] == pytest.approx(12, abs=0.5)
    assert motion["eyeBlinkLeft"].max() < 0.3


def test_what_comes_after_the_sound_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text("time_s,head,headYaw\n0,0.5,\n1500,1,\n2500,,12\n")
    code, said, error = gioconda(
        "perform", SPEECH, "-o", tmp_path / "m.npz", "--controls", file, "--json"
    )
    assert code == 0, error
    (note,) = json.loads(said)["warnings"]
    assert note.startswith("2 keyframes or poses come after the end at")
    assert "(the first at 1500 s); times are in seconds" in note


def test_two_emotions_at_once_go_with_a_file_and_without(head_file: Path, tmp_path: Path) -> None:
    blend = {"sad": 0.5, "tender": 0.3}
    for beside in (["--controls", head_file], []):
        out = tmp_path / f"{len(beside)}.npz"
        code, _, error = gioconda(
            "perform", SPEECH, "-o", out, "--emotion", "Sad:0.5+tender:0.3", *beside
        )
        assert code == 0, error
        given = ControlTrack.open(head_file) if beside else ControlTrack()
        expected = perform(SPEECH, replace(given, emotion=[Keyframe(0.0, blend)]))
        np.testing.assert_array_equal(Motion.load(out).values, expected.values)


@pytest.mark.parametrize("command", ["perform", "animate"])
def test_an_option_and_a_file_do_not_set_the_same(
    command: str, head_file: Path, tmp_path: Path
) -> None:
    inputs = [examples.portrait_path()] if command == "animate" else []
    target = tmp_path / ("m.mp4" if command == "animate" else "m.npz")
    # also where the option names its default
    code, _, error = gioconda(
        command, *inputs, SPEECH, "-o", target, "--controls", head_file, "--head", "1"
    )
    assert code == 2
    assert "it sets head, which is given beside it too" in complaint(error)
    assert not target.exists()


def test_bad_files_are_one_sentence_before_any_work(tmp_path: Path) -> None:
    bad = tmp_path / "c.csv"
    bad.write_text("time_s,head\n0,9\n")
    code, _, error = gioconda("perform", SPEECH, "-o", tmp_path / "m.npz", "--controls", bad)
    assert code == 2
    assert "line 2: head is 9" in complaint(error)
    assert list(tmp_path.iterdir()) == [bad]


def test_the_file_is_an_input_and_is_not_replaced(head_file: Path) -> None:
    code, _, error = gioconda(
        "perform", SPEECH, "-o", head_file, "--controls", head_file, "--force"
    )
    assert code != 0
    assert "is an input" in complaint(error)


def test_the_whole_picture_has_no_distance_over_time(tmp_path: Path) -> None:
    zoom = tmp_path / "c.csv"
    zoom.write_text("time_s,distance\n0,1\n1,0.8\n")
    code, _, error = gioconda(
        "animate", examples.portrait_path(), SPEECH, "-o", tmp_path / "a.mp4", "--framing", "full",
        "--controls", zoom,
    )  # fmt: skip
    assert code == 2
    assert "framing 'full'" in complaint(error)


def test_a_person_in_a_video_takes_no_file(head_file: Path, tmp_path: Path) -> None:
    code, _, error = gioconda(
        "animate", examples.portrait_path(), "--motion-from", "none.mp4", "--controls", head_file
    )
    assert code == 2
    assert "--controls shapes a performance" in complaint(error)
