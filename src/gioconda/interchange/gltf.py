"""Motion as a glTF 2.0 animation of a talking face, in one file: ``.glb``, or ``.gltf`` as text.

The node ``Head`` is turned and moved; its child ``Face`` carries a mesh with 52 morph targets by
their ARKit names, whose weights are animated. Gaze is in the eyeLook weights, which turn the
mesh's eyes. ``tongueOut`` moves nothing, and ``articulation`` and ``breath`` have no part in it.
Metres, y up, z towards the viewer, the animation in seconds of the sound.

Specification: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html
"""

from __future__ import annotations

import base64
import json
import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import MotionError
from gioconda.interchange import axes
from gioconda.interchange.face_model import FaceModel, face_model
from gioconda.motion import BLENDSHAPES, Motion

#: Of glTF: component types, and what a buffer view is for.
_FLOAT: Final = 5126
_UNSIGNED_SHORT: Final = 5123
_ARRAY_BUFFER: Final = 34962
_ELEMENT_ARRAY_BUFFER: Final = 34963
_GLB_MAGIC: Final = 0x46546C67
_JSON_CHUNK: Final = 0x4E4F534A
_BINARY_CHUNK: Final = 0x004E4942


class _Buffer:
    """Collects arrays; each gets a buffer view and an accessor."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(
        self,
        array: npt.NDArray[Any],
        kind: str,
        *,
        target: int | None = None,
        bounds: bool = False,
    ) -> int:
        """Append an array and return its accessor's index."""
        is_index = array.dtype.kind in "ui"
        stored = np.ascontiguousarray(array, "<u2" if is_index else "<f4")
        self.data += b"\0" * (-len(self.data) % 4)
        view: dict[str, Any] = {
            "buffer": 0, "byteOffset": len(self.data), "byteLength": stored.nbytes,
        }  # fmt: skip
        if target is not None:
            view["target"] = target
        self.data += stored.tobytes()
        self.views.append(view)
        accessor: dict[str, Any] = {
            "bufferView": len(self.views) - 1,
            "componentType": _UNSIGNED_SHORT if is_index else _FLOAT,
            "count": stored.size if kind == "SCALAR" else len(stored),
            "type": kind,
        }
        if bounds:
            flat = stored.reshape(accessor["count"], -1)
            accessor["min"] = [float(v) for v in flat.min(0)]
            accessor["max"] = [float(v) for v in flat.max(0)]
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def write_glb(motion: Motion) -> bytes:
    """Return a motion as a binary glTF file.

    Raises:
        MotionError: the motion has no rows.
    """
    document, data = _document(motion)
    document["buffers"] = [{"byteLength": len(data)}]
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    data += b"\0" * (-len(data) % 4)
    length = 12 + 8 + len(text) + 8 + len(data)
    return b"".join(
        (
            struct.pack("<III", _GLB_MAGIC, 2, length),
            struct.pack("<II", len(text), _JSON_CHUNK), text,
            struct.pack("<II", len(data), _BINARY_CHUNK), data,
        )
    )  # fmt: skip


def write_gltf(motion: Motion) -> bytes:
    """Return a motion as a glTF text file with its numbers inside.

    Raises:
        MotionError: the motion has no rows.
    """
    document, data = _document(motion)
    uri = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    document["buffers"] = [{"byteLength": len(data), "uri": uri}]
    return json.dumps(document, indent=1).encode()


def _document(motion: Motion) -> tuple[dict[str, Any], bytes]:
    from gioconda import __version__

    motion = axes.from_zero(motion, hold=False)
    if not len(motion):
        raise MotionError("a motion without rows cannot be written as glTF")
    model, buffer = face_model(), _Buffer()
    mesh, materials = _mesh(model, buffer)
    animation = _animation(motion, buffer)
    document = {
        "asset": {"version": "2.0", "generator": f"Gioconda {__version__}"},
        "scene": 0,
        "scenes": [{"name": "Scene", "nodes": [0]}],
        "nodes": [
            {"name": "Head", "children": [1], "rotation": [0, 0, 0, 1], "translation": [0, 0, 0]},
            {"name": "Face", "mesh": 0},
        ],
        "meshes": [mesh],
        "materials": materials,
        "animations": [animation],
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
    }
    return document, bytes(buffer.data)


def _mesh(model: FaceModel, buffer: _Buffer) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    attributes = {
        "POSITION": buffer.add(model.points, "VEC3", target=_ARRAY_BUFFER, bounds=True),
        "NORMAL": buffer.add(model.normals, "VEC3", target=_ARRAY_BUFFER),
    }
    targets = [
        {"POSITION": buffer.add(shape, "VEC3", target=_ARRAY_BUFFER, bounds=True)}
        for shape in model.shapes
    ]
    primitives, materials = [], []
    for k, part in enumerate(model.parts):
        indices = part.triangles.astype(np.uint16).ravel()
        primitives.append(
            {
                "attributes": attributes, "targets": targets, "material": k, "mode": 4,
                "indices": buffer.add(indices, "SCALAR", target=_ELEMENT_ARRAY_BUFFER),
            }
        )  # fmt: skip
        materials.append(
            {
                "name": part.name, "doubleSided": True,
                "pbrMetallicRoughness": {
                    "baseColorFactor": [*part.colour, 1.0], "metallicFactor": 0.0,
                    "roughnessFactor": part.roughness,
                },
            }
        )  # fmt: skip
    mesh = {
        "name": "Face", "primitives": primitives, "weights": [0.0] * len(BLENDSHAPES),
        "extras": {"targetNames": list(BLENDSHAPES)},
    }  # fmt: skip
    return mesh, materials


def _animation(motion: Motion, buffer: _Buffer) -> dict[str, Any]:
    times = motion.start_s + np.arange(len(motion)) / motion.rate_hz
    rotation = axes.rotations(motion.values).as_quat()
    # A rotation has two quaternions; neighbours must be the near ones to be interpolated.
    turns = np.cumprod(np.where((rotation[1:] * rotation[:-1]).sum(1) < 0, -1.0, 1.0))
    rotation[1:] *= turns[:, None]
    time = buffer.add(times[:, None].astype(np.float32), "SCALAR", bounds=True)
    outputs = [
        (0, "translation", buffer.add(axes.translations(motion.values), "VEC3")),
        (0, "rotation", buffer.add(rotation, "VEC4")),
        (1, "weights", buffer.add(motion.values[:, : len(BLENDSHAPES)], "SCALAR")),
    ]
    return {
        "name": "Performance",
        "samplers": [
            {"input": time, "output": out, "interpolation": "LINEAR"} for _, _, out in outputs
        ],
        "channels": [
            {"sampler": k, "target": {"node": node, "path": path}}
            for k, (node, path, _) in enumerate(outputs)
        ],
    }
