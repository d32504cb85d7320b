"""JSON and CSV files of controls: read alike, and every fault named by its line or key."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gioconda import Controls, ControlTrack
from gioconda.control_schema import ControlsFile, schema
from gioconda.errors import OptionError

DOCS = Path(__file__).resolve().parents[1] / "docs"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def of_json(folder: Path, data: object) -> ControlTrack:
    return ControlTrack.open(written(folder, "c.json", json.dumps(data)))


def test_json_and_csv_say_the_same(tmp_path: Path) -> None:
    data = {
        "gaze": [{"time_s": 0, "value": [0, 0]}, {"time_s": 2, "value": [10, -4], "jump": True}],
        "distance": [{"time_s": 0, "value": 1.2}],
        "emotion": [{"time_s": 2, "value": {"sad": 0.5, "tender": 0.3}}],
        "poses": [{"time_s": 2, "headYaw": 8, "mouthSmileLeft": 0.5, "hold_s": 0.4}],
    }
    one = of_json(tmp_path, data)
    for separator in ",;\t":
        table = (
            "time_s,gaze_yaw,gaze_pitch,distance,emotion,headYaw,mouthSmileLeft,hold_s,jump\n"
            "0,0,0,1.2,,,,,\n\n"
            "2,10,-4,,sad:0.5+tender:0.3,8,0.5,0.4,1\n"
        ).replace(",", separator)
        two = ControlTrack.open(written(tmp_path, "c.csv", table))
        times = np.linspace(0, 4, 60)
        for dial, curve in one.curves.items():
            np.testing.assert_array_equal(curve.at(times), two.curves[dial].at(times))
        assert [p.channels for p in one.poses] == [p.channels for p in two.poses]
        assert [p.hold_s for p in two.poses] == [0.4]


def test_one_value_holds_throughout(tmp_path: Path) -> None:
    said = {"gaze": [5, -2], "emotion": "happy:0.7", "head": 0.5, "seed": 4, "distance": 1.1}
    track = of_json(tmp_path, said)
    assert track.constant == Controls(
        gaze=(5, -2), emotion="happy", emotion_strength=0.7, head=0.5, seed=4, distance=1.1
    )
    two = of_json(tmp_path, {"emotion": {"sad": 0.4, "angry": 0.3}})
    assert two.curves["emotion"].at(np.zeros(1))[0].sum() == pytest.approx(0.7)
    still = of_json(
        tmp_path, {"still": True, "emotion": "sad", "distance": [{"time_s": 0, "value": 1}]}
    )
    assert still.still


def test_what_the_file_leaves_open_comes_from_the_constants(tmp_path: Path) -> None:
    path = written(tmp_path, "c.csv", "time_s,head\n0,0.5\n")
    track = ControlTrack.open(path, Controls(seed=8, blinks=0.3))
    assert (track.seed, track.constant.blinks) == (8, 0.3)


@pytest.mark.parametrize(
    ("text", "key"),
    [('{"head": 0.5, "head": 1.5}', "head"), ('{"head": [{"time_s": 0, "time_s": 1}]}', "time_s")],
)
def test_a_key_that_comes_twice_is_refused(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(OptionError, match=f"'c.json': '{key}' comes twice in one object"):
        ControlTrack.open(written(tmp_path, "c.json", text))


KEYFRAME = {"time_s": 0, "value": 1}


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ([1], "one object"),
        ({"gaz": [0, 0]}, "'gaz' is not known; there are: seed, still, gaze, distance"),
        ({"seed": "x"}, "seed is 'x'; it must be a whole number"),
        ({"seed": -1}, "seed is -1; it must be 0 or above"),
        ({"still": 1}, "still is 1; it must be true or false"),
        ({"distance": 3}, "distance is 3; it must lie between 0.7 and 2"),
        ({"distance": "near"}, "^'c.json': distance is 'near'; it must be a number"),
        ({"gaze": [1]}, "two angles"),
        ({"gaze": [{"time_s": 0, "value": 4}]}, "gaze, keyframe 1, value is 4; .*two angles"),
        ({"gaze": [{"time_s": 0, "value": [4, 90]}]}, "gaze, keyframe 1: gaze pitch is 90"),
        ({"head": []}, "head has no keyframes"),
        ({"head": [KEYFRAME, {"time_s": 1}]}, "head, keyframe 2: value is missing"),
        ({"head": [{"value": 1}]}, "head, keyframe 1: time_s is missing"),
        ({"head": [{"time_s": "1", "value": 1}]}, "keyframe 1, time_s is '1'; .*a number"),
        ({"head": [{**KEYFRAME, "ease": 1}]},
         "head, keyframe 1: 'ease' is not known; there are: time_s, value, jump"),
        ({"head": [KEYFRAME, KEYFRAME]}, "head, keyframe 2: .*rise by 0.2 s"),
        ({"head": [3]}, "head, keyframe 1 is 3; it must be an object"),
        ({"emotion": "glad"}, "'glad' is not known; there are: neutral"),
        ({"emotion": {"sad": 2}}, "strength of sad is 2; it must lie between 0 and 1"),
        ({"poses": [{"time_s": 1, "headYaw": 50}]}, "poses, pose 1: headYaw is 50; .*-20 and 20"),
        ({"poses": [{"time_s": 1, "headyaw": 5}]}, "poses, pose 1: 'headyaw' is not known"),
        ({"poses": [{"time_s": 1, "jawOpen": "wide"}]}, "jawOpen is 'wide'; it must be a number"),
        ({"poses": [{"headYaw": 5}]}, "poses, pose 1: time_s is missing"),
        ({"poses": {"time_s": 1}}, "poses is that; it must be a list"),
        ({"seed": None}, "seed is None; it must be a whole number"),
        ({"head": None}, "head is None; it must be a number"),
        ({"seed": 10**400}, "seed is too large; it must be 0 or above, and under 2"),
        ({"distance": 10**400}, "distance is inf; it must lie between"),
        ({"gaze": [-(10**400), 0]}, "gaze yaw is -inf; it must lie between"),
        ({"emotion": {"sad": 10**400}}, "strength of sad is inf"),
        ({"head": [{"time_s": 10**400, "value": 1}]}, "head, keyframe 1.*time_s is"),
        ({"poses": [{"time_s": 1, "jawOpen": 10**400}]}, "poses, pose 1.*jawOpen is"),
    ],
)  # fmt: skip
def test_faults_of_json_name_their_key(tmp_path: Path, data: object, complaint: str) -> None:
    with pytest.raises(OptionError, match=complaint) as e:
        of_json(tmp_path, data)
    assert str(e.value).startswith("'c.json': ")
    assert "\n" not in str(e.value)
    assert "validation" not in str(e.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no keyframes"),
        ("time_s,head\n", "no keyframes"),
        ("head\n1\n", "no column 'time_s'"),
        ("time_s,hed\n0,1\n", "column 'hed' is not known; there are: time_s, distance"),
        ("time_s,head,head\n0,1,1\n", "'head' comes twice"),
        ("time_s,head\n0,1\n2,much\n", "line 3: head is 'much'; it must be a number"),
        ("time_s,head\n0,1\n2,7\n", "line 3: head is 7; it must lie between 0 and 2"),
        ("time_s,head\n0,1\n0.1,1\n", "line 3: time_s is 0.1 after 0; .*0.2 s"),
        ("time_s,head\n,1\n", "line 2: time_s is missing"),
        ("time_s,head\n0,1,3\n", "line 2 has 3 cells for 2 columns"),
        ("time_s,head\nnan,1\n", "line 2: time_s is nan; it must be 0 or above"),
        ("time_s,gaze_yaw\n0,4\n", "line 2: gaze_yaw stands alone"),
        ("time_s,emotion\n0,glad\n", "line 2: emotion 'glad' is not known"),
        ("time_s,head,jump\n0,1,perhaps\n", "line 2: jump is 'perhaps'; it must be 1, 0 or empty"),
        ("time_s,headYaw\n0,99\n", "line 2: headYaw is 99; .*-20 and 20 degrees"),
        ("time_s,head,,\n0,1,,\n1,1,,7\n", "line 3: '7' stands in a column without a name"),
        ("time_s,head\n1e300,1\n", "line 2: time_s is 1e\\+300; .*1,000,000 seconds at most"),
        ("time_s,head,hold_s\n0,1,2\n", "line 2: hold_s is given, but no channel"),
    ],
)
def test_faults_of_csv_name_their_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(OptionError, match=f"^'c.csv': .*{complaint}"):
        ControlTrack.open(written(tmp_path, "c.csv", text))


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="there is no file"):
        ControlTrack.open(tmp_path / "none.json")
    with pytest.raises(OptionError, match=r"\.json or \.csv"):
        ControlTrack.open(tmp_path / "c.yaml")
    with pytest.raises(OptionError, match="line 2 is not JSON"):
        ControlTrack.open(written(tmp_path, "c.json", '{\n"head": }'))
    with pytest.raises(OptionError, match="too many digits"):
        ControlTrack.open(written(tmp_path, "c.json", '{"distance": 1' + 5000 * "0" + "}"))
    with pytest.raises(OptionError, match="nested too deeply"):
        ControlTrack.open(written(tmp_path, "c.json", "[" * 100_000))
    (tmp_path / "c.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OptionError, match="not text in UTF-8"):
        ControlTrack.open(tmp_path / "c.csv")
    (tmp_path / "d.json").mkdir()
    with pytest.raises(OptionError, match="cannot be read"):
        ControlTrack.open(tmp_path / "d.json")


def test_the_schema_in_the_docs_is_that_of_the_model() -> None:
    kept = json.loads((DOCS / "controls.schema.json").read_text(encoding="utf-8"))
    assert kept == schema()
    assert set(kept["properties"]) == set(ControlsFile.model_fields)
    for name in set(kept["properties"]) - {"poses"}:  # a file with null is refused
        assert "null" not in json.dumps(kept["properties"][name])
    assert kept["$defs"]["DistanceKeyframe"]["properties"]["value"]["maximum"] == 2.0
