from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gioconda.errors import MotionError
from gioconda.interchange import axes
from gioconda.interchange.face_model import face_model, opening_rows
from gioconda.motion import BLENDSHAPES, CHANNELS, INDEX, Motion
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.deform import head_rotation

TYPES = {5126: np.dtype("<f4"), 5123: np.dtype("<u2")}
SIZES = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
SHAPE = {name: i for i, name in enumerate(BLENDSHAPES)}


def performance(rows: int = 60, start_s: float = 0.0) -> Motion:
    rng = np.random.default_rng(2)
    values = np.zeros((rows, len(CHANNELS)), np.float32)
    values[:, :52] = rng.uniform(0, 1, (rows, 52))
    values[:, 52:55] = rng.uniform(-20, 20, (rows, 3))
    values[:, 55:58] = rng.uniform(-0.2, 0.2, (rows, 3))
    return Motion(values, 50.0, start_s)


class Document:
    """A glTF file, read as the specification says and checked on the way."""

    def __init__(self, data: bytes) -> None:
        if data[:1] == b"{":
            self.json = json.loads(data)
            uri = self.json["buffers"][0]["uri"]
            self.binary = base64.b64decode(uri.split(",", 1)[1])
        else:
            magic, version, length = struct.unpack("<4sII", data[:12])
            assert (magic, version, length) == (b"glTF", 2, len(data))
            size, kind = struct.unpack("<I4s", data[12:20])
            assert kind == b"JSON"
            assert size % 4 == 0
            self.json = json.loads(data[20 : 20 + size])
            at = 20 + size
            size, kind = struct.unpack("<I4s", data[at : at + 8])
            assert kind == b"BIN\0"
            assert size % 4 == 0
            assert at + 8 + size == len(data)
            self.binary = data[at + 8 :]
            assert "uri" not in self.json["buffers"][0]
        assert self.json["asset"]["version"] == "2.0"
        length = self.json["buffers"][0]["byteLength"]
        assert length <= len(self.binary) < length + 4
        for i in range(len(self.json["accessors"])):
            self.array(i)

    def array(self, index: int) -> np.ndarray:
        accessor = self.json["accessors"][index]
        view = self.json["bufferViews"][accessor["bufferView"]]
        dtype, width = TYPES[accessor["componentType"]], SIZES[accessor["type"]]
        size = accessor["count"] * width * dtype.itemsize
        assert accessor["count"] > 0
        assert size == view["byteLength"]
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] + size <= self.json["buffers"][0]["byteLength"]
        flat = np.frombuffer(self.binary, dtype, accessor["count"] * width, view["byteOffset"])
        array = flat.reshape(-1, width)
        assert np.isfinite(array).all()
        for bound, least in (("min", array.min(0)), ("max", array.max(0))):
            if bound in accessor:
                np.testing.assert_array_equal(np.float32(accessor[bound]), least)
        return array

    def animated(self) -> dict[tuple[int, str], tuple[np.ndarray, np.ndarray]]:
        (animation,) = self.json["animations"]
        found = {}
        for channel in animation["channels"]:
            sampler = animation["samplers"][channel["sampler"]]
            assert sampler["interpolation"] == "LINEAR"
            assert {"min", "max"} <= set(self.json["accessors"][sampler["input"]])
            target = channel["target"]
            pair = self.array(sampler["input"])[:, 0], self.array(sampler["output"])
            assert (target["node"], target["path"]) not in found
            found[target["node"], target["path"]] = pair
        return found


def written(motion: Motion, tmp_path: Path, suffix: str = ".glb") -> Document:
    motion.save(tmp_path / f"face{suffix}")
    return Document((tmp_path / f"face{suffix}").read_bytes())


@pytest.mark.parametrize("suffix", [".glb", ".gltf"])
def test_the_file_is_built_as_the_specification_says(tmp_path: Path, suffix: str) -> None:
    document = written(performance(), tmp_path, suffix)
    doc = document.json
    (mesh,) = doc["meshes"]
    assert mesh["extras"]["targetNames"] == list(BLENDSHAPES)
    assert len(mesh["weights"]) == 52
    positions = set()
    for primitive in mesh["primitives"]:
        assert len(primitive["targets"]) == 52
        attributes = primitive["attributes"]
        positions.add(attributes["POSITION"])
        points = document.array(attributes["POSITION"])
        lengths = np.linalg.norm(document.array(attributes["NORMAL"]), axis=1)
        np.testing.assert_allclose(lengths, 1, atol=1e-5)
        indices = document.array(primitive["indices"])[:, 0]
        assert len(indices) % 3 == 0
        assert indices.max() < len(points)
        for target in primitive["targets"]:
            assert {"min", "max"} <= set(doc["accessors"][target["POSITION"]])
            assert document.array(target["POSITION"]).shape == points.shape
        assert 0 <= primitive["material"] < len(doc["materials"])
    for index in positions:
        assert {"min", "max"} <= set(doc["accessors"][index])
    head, face = doc["nodes"]
    assert doc["scenes"][doc["scene"]]["nodes"] == [0]
    assert (head["children"], face["mesh"]) == ([1], 0)


def test_weights_and_times_are_the_motions(tmp_path: Path) -> None:
    motion = performance(start_s=0.5)
    animated = written(motion, tmp_path).animated()
    assert set(animated) == {(0, "translation"), (0, "rotation"), (1, "weights")}
    for times, _ in animated.values():
        assert (np.diff(times) > 0).all()
        np.testing.assert_allclose(times, 0.5 + np.arange(60) / 50, atol=1e-6)
    np.testing.assert_array_equal(animated[1, "weights"][1].reshape(60, 52), motion.values[:, :52])
    shift = animated[0, "translation"][1][0]
    expected = motion.values[0, 55:58] * (0.09, -0.09, -0.09)
    np.testing.assert_allclose(shift, expected, atol=1e-6)


def test_the_head_turns_as_the_renderer_turns_it(tmp_path: Path) -> None:
    motion = performance()
    quaternions = written(motion, tmp_path).animated()[0, "rotation"][1].astype(float)
    np.testing.assert_allclose(np.linalg.norm(quaternions, axis=1), 1, atol=1e-6)
    assert ((quaternions[1:] * quaternions[:-1]).sum(1) > 0).all()
    flip = np.diag([1, -1, -1])
    for row, (x, y, z, w) in zip(motion.values, quaternions, strict=True):
        turned = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        yaw, pitch, roll = row[52:55].tolist()
        np.testing.assert_allclose(turned, flip @ head_rotation(yaw, pitch, roll) @ flip, atol=1e-5)


def test_both_forms_hold_the_same(tmp_path: Path) -> None:
    binary, text = (written(performance(), tmp_path, s) for s in (".glb", ".gltf"))
    assert binary.json["accessors"] == text.json["accessors"]
    size = text.json["buffers"][0]["byteLength"]
    assert binary.binary[:size] == text.binary[:size]


def test_time_does_not_go_below_zero(tmp_path: Path) -> None:
    motion = performance(start_s=-0.1)
    times, weights = written(motion, tmp_path).animated()[1, "weights"]
    assert times[0] == 0
    np.testing.assert_allclose(weights[:52, 0], motion.values[5, :52])


def test_a_motion_without_rows_has_no_animation(tmp_path: Path) -> None:
    with pytest.raises(MotionError, match="without rows"):
        Motion(np.zeros((0, len(CHANNELS)), np.float32)).save(tmp_path / "none.glb")


# The face that moves.


def moved(**weights: float) -> np.ndarray:
    model = face_model()
    w = np.zeros(52)
    for name, value in weights.items():
        w[SHAPE[name]] = value
    result: np.ndarray = np.tensordot(w, model.shapes, 1)
    return result


def test_the_face_looks_along_z_with_its_left_at_positive_x() -> None:
    points = face_model().points
    assert points[topo.NOSE_TIP, 2] > points[: topo.LANDMARKS, 2].max() - 0.003
    assert points[topo.FOREHEAD_TOP, 1] > points[topo.CHIN, 1]
    assert points[topo.LEFT_EYE_CORNERS[0], 0] > 0 > points[topo.RIGHT_EYE_CORNERS[0], 0]
    span = points[topo.LEFT_EYE_CORNERS[0], 0] - points[topo.RIGHT_EYE_CORNERS[0], 0]
    assert span == pytest.approx(axes.EYE_SPAN_M, abs=1e-3)
    skin = face_model().parts[0].triangles
    a, b, c = (points[skin[:, k]] for k in range(3))
    assert np.mean(np.cross(b - a, c - a)[:, 2] > 0) > 0.9


def test_shapes_do_what_their_names_say() -> None:
    assert moved(jawOpen=1)[topo.CHIN, 1] < -0.01
    left, right = topo.CORNER_LEFT_OUTER, topo.CORNER_RIGHT_OUTER
    smile = moved(mouthSmileLeft=1)
    assert smile[left, 1] > 0.003 > abs(smile[right, 1])
    lid = topo.LEFT_UPPER_LID[3]
    assert moved(eyeBlinkLeft=1)[lid, 1] < -0.004
    assert moved(eyeLookDownLeft=1)[lid, 1] < -0.001
    assert moved(browInnerUp=1)[topo.LEFT_BROW_UPPER[-1], 1] > 0.002
    assert not moved(tongueOut=1).any()


@pytest.mark.parametrize(
    ("look", "axis", "sign"),
    [("Out", 0, 1), ("In", 0, -1), ("Up", 1, 1), ("Down", 1, -1)],
)
def test_the_pupils_go_where_the_gaze_does(look: str, axis: int, sign: int) -> None:
    for side, outward in (("Left", 1), ("Right", -1)):
        (pupil,) = [p for p in face_model().parts if p.name == f"Pupil{side}"]
        step = moved(**{f"eyeLook{look}{side}": 1.0})[np.unique(pupil.triangles)].mean(0)
        wanted = sign * (outward if axis == 0 else 1)
        assert step[axis] * wanted > 0.005
        other = "Right" if side == "Left" else "Left"
        (still,) = [p for p in face_model().parts if p.name == f"Pupil{other}"]
        assert not moved(**{f"eyeLook{look}{side}": 1.0})[np.unique(still.triangles)].any()


def test_the_two_sides_are_alike() -> None:
    from gioconda.portrait.canonical import mirror_index

    mirrored = mirror_index()
    for name in BLENDSHAPES:
        if name.endswith("Left"):
            left = moved(**{name: 1.0})[: topo.LANDMARKS]
            right = moved(**{name[:-4] + "Right": 1.0})[: topo.LANDMARKS]
            np.testing.assert_allclose(left[mirrored] * (-1, 1, 1), right, atol=1.5e-3)


def test_lips_are_measured_in_millimetres() -> None:
    opening, width, forward = opening_rows()
    assert 10 < opening[INDEX["jawOpen"]] < 40
    assert opening[INDEX["jawOpen"]] + opening[INDEX["mouthClose"]] == pytest.approx(0, abs=1.5)
    assert width[INDEX["mouthPucker"]] < -5 < 0 < width[INDEX["mouthStretchLeft"]]
    assert forward[INDEX["mouthPucker"]] > 3


def test_every_part_has_triangles_and_all_points_are_used() -> None:
    model: Any = face_model()
    used = np.unique(np.concatenate([p.triangles.ravel() for p in model.parts]))
    assert all(len(p.triangles) for p in model.parts)
    assert len(used) == len(model.points)
