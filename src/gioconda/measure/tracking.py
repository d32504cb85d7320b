"""Lip, eye and head curves of a talking face, tracked in video with MediaPipe's face mesh.

Every frame's 478 landmarks are aligned rigidly (rotation, scale, shift) to the canonical face on
eyes, nose and forehead, which takes the head's motion out; lengths are then read in outer-eye
distances. Angles are those of the alignment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.follower import FaceFollower
from gioconda.errors import OptionError, VideoDecodeError

FloatArray = npt.NDArray[np.float64]
ByteImage = npt.NDArray[np.uint8]

#: Names of the curves. ``la`` is the aperture of the inner lips (mean of 5 pairs), ``la_out`` of
#: the outer ones; ``width`` and ``width_in`` of the mouth; ``protr`` lip less nose-base depth;
#: ``jaw`` nose base to chin; ``up``, ``lo`` nose base to inner upper and lower lip; ``corner``
#: height of the mouth corners; ``eyeL``, ``eyeR`` opening over width of the eye on the image's
#: left and right; ``browL``, ``browR`` height over the eye; ``browIn`` distance of the inner
#: brows; ``gazeX``, ``gazeY`` offset of the irises in eye widths, right and up; ``yaw`` (+ nose to
#: the image's right), ``pitch`` (+ nose down), ``roll`` (+ counter-clockwise) in degrees; ``tx``,
#: ``ty`` (up) position in outer-eye distances; ``scale`` pixels in one outer-eye distance.
CURVES: Final = (
    "la", "la_out", "width", "width_in", "protr", "jaw", "up", "lo", "corner", "eyeL", "eyeR",
    "browL", "browR", "browIn", "gazeX", "gazeY", "yaw", "pitch", "roll", "tx", "ty", "scale",
)  # fmt: skip
#: Landmarks that hardly move against the skull: eye corners, nose bridge, forehead, temples.
RIGID: Final = (
    33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 10, 151, 9, 8, 127, 356, 21, 251, 54, 284, 162, 389,
)  # fmt: skip
INNER_LIP_PAIRS: Final = ((13, 14), (82, 87), (312, 317), (81, 178), (311, 402))


@dataclass(frozen=True)
class TrackedFace:
    """Curves over time.

    Attributes:
        time_s: (N,) instants of the frames in which a face was found.
        curves: (N, 22) in the order of :data:`CURVES`.
        found_share: share of all frames in which a face was found.
    """

    time_s: FloatArray
    curves: FloatArray
    found_share: float = 1.0

    def __getitem__(self, name: str) -> FloatArray:
        """Return one curve, (N,)."""
        return self.curves[:, CURVES.index(name)]

    @classmethod
    def load(cls, path: str | PathLike[str]) -> TrackedFace:
        """Read curves on their 25 fps grid from an ``.npz`` with ``t``, ``curves``, ``names``."""
        with np.load(path, allow_pickle=False) as data:
            names = [str(n) for n in data["names"]]
            curves = np.asarray(data["curves"], np.float64)[:, [names.index(n) for n in CURVES]]
            return cls(np.asarray(data["t"], np.float64), curves)


def track_video(path: str | PathLike[str]) -> TrackedFace:
    """Track the largest face of a video file.

    Raises:
        OptionError: the file has no picture stream, or no face is found in any frame.
    """
    return track_frames(_decoded(path))


def track_frames(frames: Iterable[tuple[float, ByteImage]]) -> TrackedFace:
    """Track the face in frames given as (instant in seconds, (H, W, 3) uint8 RGB), in order.

    Raises:
        OptionError: no face is found in any frame.
    """
    times: list[float] = []
    meshes: list[FloatArray] = []
    count = 0
    with FaceFollower() as follower:
        for time_s, image in frames:
            count += 1
            landmarks = follower.landmarks(image)
            if landmarks is not None:
                times.append(time_s)
                meshes.append(landmarks)
    if not meshes:
        raise OptionError(f"no face was found in {count} frames, so nothing can be tracked")
    return TrackedFace(np.array(times), curves_of(np.stack(meshes)), len(meshes) / count)


def curves_of(landmarks: npt.NDArray[np.floating]) -> FloatArray:
    """Return the curves, (N, 22), of meshes (N, 478, 3) in pixels, x right, y down, z away."""
    meshes = landmarks.astype(np.float64)
    a, rotation, scale = aligned(meshes)
    y, z = a[..., 1], a[..., 2]
    yaw, pitch, roll = _angles(rotation)
    centre = meshes[:, list(RIGID)].mean(axis=1) * scale[:, None]
    gaze = 0.5 * (_iris_offset(a, 468, 33, 133) + _iris_offset(a, 473, 362, 263))

    def distance(i: int, j: int) -> FloatArray:
        length: FloatArray = np.linalg.norm(a[:, i] - a[:, j], axis=1)
        return length

    def opening(pairs: tuple[tuple[int, int], ...], corners: tuple[int, int]) -> FloatArray:
        return sum((distance(u, l) for u, l in pairs), np.zeros(len(a))) / 3 / distance(*corners)

    def over_eye(brow: tuple[int, ...], corners: tuple[int, ...]) -> FloatArray:
        height: FloatArray = y[:, list(corners)].mean(axis=1) - y[:, list(brow)].mean(axis=1)
        return height

    return np.stack(
        [
            sum((y[:, l] - y[:, u] for u, l in INNER_LIP_PAIRS), np.zeros(len(a))) / 5,
            y[:, 17] - y[:, 0],
            distance(61, 291),
            distance(78, 308),
            z[:, 2] - z[:, [0, 13, 14, 17]].mean(axis=1),
            y[:, 152] - y[:, 2],
            y[:, 13] - y[:, 2],
            y[:, 14] - y[:, 2],
            y[:, 2] - y[:, [61, 291]].mean(axis=1),
            opening(((159, 145), (158, 153), (160, 144)), (33, 133)),
            opening(((386, 374), (385, 380), (387, 373)), (362, 263)),
            over_eye((105, 66, 107), (33, 133)),
            over_eye((334, 296, 336), (362, 263)),
            distance(107, 336),
            gaze[:, 0],
            -gaze[:, 1],
            yaw,
            pitch,
            -roll,
            centre[:, 0],
            -centre[:, 1],
            1.0 / scale,
        ],
        axis=1,
    )


def aligned(meshes: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return meshes laid onto the canonical face, which takes the head's motion out.

    Args:
        meshes: (N, 478, 3) pixels, x right, y down, z away.

    Returns:
        (N, 478, 3) in outer-eye distances, (N, 3, 3) rotations onto the face, (N,) scales.
    """
    from gioconda.portrait.canonical import canonical_landmarks

    rotation, scale, shift = _alignment(meshes, canonical_landmarks().astype(np.float64))
    laid = np.einsum("nij,nkj->nki", rotation, meshes) * scale[:, None, None] + shift[:, None]
    return laid, rotation, scale


def _alignment(
    meshes: FloatArray, reference: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return rotations (N, 3, 3), scales (N,) and shifts (N, 3) from meshes to the reference.

    Least squares on the rigid landmarks (Umeyama 1991).
    """
    rigid = list(RIGID)
    source, target = meshes[:, rigid], reference[rigid]
    source_mean, target_mean = source.mean(axis=1), target.mean(axis=0)
    a, b = source - source_mean[:, None], target - target_mean
    u, s, vt = np.linalg.svd(np.einsum("nki,kj->nij", a, b))
    sign = np.ones((len(meshes), 3))
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    rotation = np.einsum("nji,nj,nkj->nik", vt, sign, u)
    scale = (s * sign).sum(axis=1) / (a * a).sum(axis=(1, 2))
    shift = target_mean - scale[:, None] * np.einsum("nij,nj->ni", rotation, source_mean)
    return rotation, scale, shift


def _angles(to_reference: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return yaw, pitch, roll (clockwise) in degrees of heads, yaw about y outermost."""
    head = np.swapaxes(to_reference, 1, 2)
    yaw = np.arctan2(-head[:, 0, 2], head[:, 2, 2])
    pitch = np.arcsin(np.clip(-head[:, 1, 2], -1.0, 1.0))
    roll = np.arctan2(head[:, 1, 0], head[:, 1, 1])
    return np.degrees(yaw), np.degrees(pitch), np.degrees(roll)


def _iris_offset(a: FloatArray, iris: int, corner: int, other: int) -> FloatArray:
    """Return the offset of an iris from the middle of its eye, (N, 3), in eye widths."""
    middle = 0.5 * (a[:, corner] + a[:, other])
    width = np.linalg.norm(a[:, other] - a[:, corner], axis=1)
    offset: FloatArray = (a[:, iris] - middle) / width[:, None]
    return offset


def _decoded(path: str | PathLike[str]) -> Iterator[tuple[float, ByteImage]]:
    from gioconda.video import read_frames

    try:
        yield from read_frames(path)
    except VideoDecodeError as e:
        raise OptionError(f"{str(path)!r} cannot be read as video: {e}") from e
