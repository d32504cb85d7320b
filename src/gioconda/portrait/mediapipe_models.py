"""MediaPipe's models behind plain functions: made on first use, kept, quiet, and safe in threads.

MediaPipe 0.10.14 carries these models in its wheel, so nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np

from gioconda.portrait.types import ByteImage, FloatArray

#: A graph holds state while it runs, so one call at a time.
_LOCK: Final = threading.RLock()
_MESH_CONFIDENCE: Final = 0.3
_DETECTION_CONFIDENCE: Final = 0.3
_VIDEO_CONFIDENCE: Final = 0.4


@dataclass(frozen=True)
class Detection:
    """One box of the face detector.

    Attributes:
        score: 0 to 1.
        box: (4,) left, top, width, height in pixels.
        keypoints: (6, 2) right eye, left eye, nose tip, mouth, right ear, left ear, in pixels.
    """

    score: float
    box: FloatArray
    keypoints: FloatArray


def face_meshes(image: ByteImage, most: int = 1) -> list[FloatArray]:
    """Return up to ``most`` meshes, each (478, 3), in pixels; z in the same unit."""
    height, width = image.shape[:2]
    unit = np.array([width, height, width], np.float32)
    with _LOCK:
        found = _face_mesh(most).process(np.ascontiguousarray(image)).multi_face_landmarks or []
        return [
            np.array([(p.x, p.y, p.z) for p in face.landmark], np.float32) * unit - (0.5, 0.5, 0.0)
            for face in found
        ]


def detect_faces(image: ByteImage, *, full_range: bool) -> list[Detection]:
    """Return what BlazeFace finds: the short-range model or the full-range (sparse) one."""
    height, width = image.shape[:2]
    with _LOCK:
        result = _face_detector(full_range).process(np.ascontiguousarray(image)).detections or []
    detections = []
    for d in result:
        b = d.location_data.relative_bounding_box
        keypoints = [(k.x * width, k.y * height) for k in d.location_data.relative_keypoints]
        detections.append(
            Detection(
                float(d.score[0]),
                np.array(
                    [b.xmin * width, b.ymin * height, b.width * width, b.height * height],
                    np.float32,
                ),
                np.array(keypoints, np.float32),
            )
        )
    return detections


def person_probability(image: ByteImage) -> FloatArray:
    """Return the selfie segmentation of an image, its (H, W), 0 background to 1 person."""
    with _LOCK:
        mask = _selfie_segmentation().process(np.ascontiguousarray(image)).segmentation_mask
        return np.clip(np.asarray(mask, np.float32), 0.0, 1.0)


class VideoMesh:
    """The face mesh in video mode: it follows faces from frame to frame.

    One for each video; use it as a context.

    Args:
        most: faces to follow.
    """

    def __init__(self, most: int = 1) -> None:
        self._most = most

    def __enter__(self) -> VideoMesh:
        with _quiet():
            self._mesh = _warmed(
                _solutions().face_mesh.FaceMesh(
                    static_image_mode=False,
                    max_num_faces=self._most,
                    refine_landmarks=True,
                    min_detection_confidence=_VIDEO_CONFIDENCE,
                    min_tracking_confidence=_VIDEO_CONFIDENCE,
                )
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._mesh.close()

    def find(self, image: ByteImage) -> list[FloatArray]:
        """Return the meshes in the next frame, each (478, 3) in pixels; z in the same unit."""
        height, width = image.shape[:2]
        unit = np.array([width, height, width], np.float32)
        found = self._mesh.process(np.ascontiguousarray(image)).multi_face_landmarks or []
        return [
            np.array([(p.x, p.y, p.z) for p in face.landmark], np.float32) * unit - (0.5, 0.5, 0.0)
            for face in found
        ]


def face_presence(images: Sequence[ByteImage]) -> list[float]:
    """Return, for each (192, 192, 3) image, the mesh model's own log-odds that a face fills it.

    MediaPipe's mesh graph thresholds this figure and throws it away; a graph of our own keeps it.
    It is that of the plain mesh model (without irises), so also a second opinion.
    """
    with _LOCK:
        return [_presence_graph().log_odds(np.ascontiguousarray(image)) for image in images]


class _PresenceGraph:
    """The plain face landmark model, from which only the face flag is read."""

    _CONFIG: Final = """
        input_stream: "image"
        output_stream: "presence"
        node {
          calculator: "ImageToTensorCalculator"
          input_stream: "IMAGE:image"
          output_stream: "TENSORS:input_tensors"
          options { [mediapipe.ImageToTensorCalculatorOptions.ext] {
            output_tensor_width: 192 output_tensor_height: 192
            output_tensor_float_range { min: 0.0 max: 1.0 } } }
        }
        node {
          calculator: "InferenceCalculator"
          input_stream: "TENSORS:input_tensors"
          output_stream: "TENSORS:output_tensors"
          options { [mediapipe.InferenceCalculatorOptions.ext] {
            model_path: "mediapipe/modules/face_landmark/face_landmark.tflite"
            delegate { xnnpack {} } } }
        }
        node {
          calculator: "SplitTensorVectorCalculator"
          input_stream: "output_tensors"
          output_stream: "landmarks"
          output_stream: "flag"
          options { [mediapipe.SplitVectorCalculatorOptions.ext] {
            ranges { begin: 0 end: 1 } ranges { begin: 1 end: 2 } } }
        }
        node {
          calculator: "TensorsToFloatsCalculator"
          input_stream: "TENSORS:flag"
          output_stream: "FLOATS:presence"
        }
    """

    def __init__(self) -> None:
        # importing solution_base also tells MediaPipe where its model files lie
        from google.protobuf import text_format  # type: ignore[import-untyped]
        from mediapipe.calculators.core import split_vector_calculator_pb2  # noqa: F401
        from mediapipe.calculators.tensor import (  # noqa: F401
            image_to_tensor_calculator_pb2,
            inference_calculator_pb2,
        )
        from mediapipe.framework import calculator_pb2
        from mediapipe.python import packet_creator, packet_getter, solution_base
        from mediapipe.python._framework_bindings import calculator_graph, resource_util

        root = Path(solution_base.__file__).resolve().parents[2]
        resource_util.set_resource_dir(str(root))
        config = text_format.Parse(self._CONFIG, calculator_pb2.CalculatorGraphConfig())
        self._graph = calculator_graph.CalculatorGraph(graph_config=config)
        self._make = packet_creator.create_image_frame
        self._format = solution_base.image_frame.ImageFormat.SRGB
        self._results: list[float] = []
        self._time_us = 0

        def keep(_: str, packet: Any) -> None:
            self._results.append(float(packet_getter.get_float_list(packet)[0]))

        self._graph.observe_output_stream("presence", keep)
        self._graph.start_run({})

    def log_odds(self, image: ByteImage) -> float:
        self._results.clear()
        self._time_us += 1
        packet = self._make(image_format=self._format, data=image).at(self._time_us)
        self._graph.add_packet_to_input_stream("image", packet)
        self._graph.wait_until_idle()
        return self._results[-1]


@lru_cache(maxsize=1)
def _presence_graph() -> _PresenceGraph:
    with _quiet():
        _solutions()
        graph = _PresenceGraph()
        graph.log_odds(np.zeros((192, 192, 3), np.uint8))
        return graph


@lru_cache(maxsize=2)
def _face_mesh(most: int) -> Any:
    with _quiet():
        model = _solutions().face_mesh.FaceMesh(
            static_image_mode=True,
            max_num_faces=most,
            refine_landmarks=True,
            min_detection_confidence=_MESH_CONFIDENCE,
        )
        return _warmed(model)


@lru_cache(maxsize=2)
def _face_detector(full_range: bool) -> Any:
    with _quiet():
        return _warmed(
            _solutions().face_detection.FaceDetection(
                model_selection=int(full_range), min_detection_confidence=_DETECTION_CONFIDENCE
            )
        )


@lru_cache(maxsize=1)
def _selfie_segmentation() -> Any:
    with _quiet():
        return _warmed(_solutions().selfie_segmentation.SelfieSegmentation(model_selection=0))


def _solutions() -> Any:
    """Import MediaPipe, which takes over a second, only here."""
    os.environ.setdefault("GLOG_minloglevel", "3")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # one line a call from inside protobuf, about nothing a user could change
    warnings.filterwarnings("ignore", message=r"SymbolDatabase\.GetPrototype\(\)")
    with _without_pyplot():
        import mediapipe

        return mediapipe.solutions


@contextlib.contextmanager
def _without_pyplot() -> Iterator[None]:
    """Keep an import from loading matplotlib.pyplot, which is loaded once somebody plots.

    MediaPipe's drawing helpers import it, which nothing here uses and which takes a third of a
    second. They are handed a module that passes everything on to the real one; all other imports
    find the real one, as ever.
    """
    name = "matplotlib.pyplot"
    if name in sys.modules:
        yield
        return
    stand_in = ModuleType(name)
    vars(stand_in)["__getattr__"] = lambda attribute: getattr(import_module(name), attribute)
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]


def _warmed(model: Any) -> Any:
    """Run a model once on nothing: its first call is the one that logs."""
    model.process(np.zeros((64, 64, 3), np.uint8))
    return model


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Send file descriptor 2 nowhere: the native libraries log there whatever they are told."""
    try:
        kept = os.dup(2)
    except OSError:  # no stderr at all
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
