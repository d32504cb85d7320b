"""Where rendered eyes look: read off the pixels of both eyes, by examples of the same face.

Appearance-based, as in Tan, Kriegman and Ahuja (2002) and Williams, Blake and Cipolla (2006): both
eyes are cut out of the frame in coordinates laid through the face, and a kernel regression learns
from frames of known gaze what they look like. It sees iris, white and lids at once, which tracked
iris landmarks do not: those follow an eye by three quarters across and a third up and down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
ByteImage = npt.NDArray[np.uint8]

#: Corners of the eyes on the image's left and right, each from its left to its right.
_CORNERS: Final = ((33, 133), (362, 263))
#: A patch in eye widths about the middle of an eye, and its pixels.
_REACH: Final = (0.65, 0.30)
_PATCH: Final = (48, 24)
#: It fades towards lids and brows with this spread, in eye widths: they move for other reasons.
_WINDOW: Final = (0.35, 0.20)
#: Frames are softened by this part of an eye width, so that jitter of the patch counts little.
_SOFT: Final = 0.012
#: Principal components that the regression sees.
_COMPONENTS: Final = 120
#: Widths of the kernel and ridges tried, by leaving each known frame out.
_WIDTHS: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
_RIDGES: Final = (1e-4, 1e-3, 1e-2, 1e-1)


def eye_patches(image: ByteImage, landmarks: npt.NDArray[np.floating]) -> FloatArray:
    """Return the pixels of both eyes, (n,), each with its mean taken out and of unit spread.

    Args:
        image: (H, W, 3) frame.
        landmarks: (478, 3) of it, in pixels.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    points = landmarks[:, :2].astype(np.float64)
    across = points[263] - points[33]
    angle, width = float(np.arctan2(across[1], across[0])), float(np.hypot(*across)) / 3.0
    soft = cv2.GaussianBlur(grey, (0, 0), max(_SOFT * width, 0.5))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    columns, rows = np.meshgrid(
        np.linspace(-_REACH[0], _REACH[0], _PATCH[0]),
        np.linspace(-_REACH[1], _REACH[1], _PATCH[1]),
    )
    window = np.exp(-0.5 * ((columns / _WINDOW[0]) ** 2 + (rows / _WINDOW[1]) ** 2))
    patches = []
    for corners in _CORNERS:
        middle = points[list(corners)].mean(axis=0)
        at = middle + width * np.stack([columns, rows], axis=-1) @ turn.T
        patch = cv2.remap(
            soft, at[..., 0].astype(np.float32), at[..., 1].astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ).astype(np.float64)  # fmt: skip
        patch = (patch - np.average(patch, weights=window)) * window
        patches.append((patch / max(float(patch.std()), 1.0)).ravel())
    return np.concatenate(patches)


@dataclass(frozen=True)
class GazeReader:
    """Reads eyes by examples; made by :func:`learn_gaze`.

    Attributes:
        error_deg: (2,) root mean square error in yaw and pitch, each known frame left out.
    """

    mean: FloatArray
    axes: FloatArray
    known: FloatArray
    width: float
    weights: FloatArray
    straight: FloatArray
    error_deg: FloatArray

    def read(self, patches: FloatArray, head_deg: FloatArray) -> FloatArray:
        """Return the eyes' yaw and pitch in the head, (N, 2) degrees.

        Args:
            patches: (N, n) of :func:`eye_patches`.
            head_deg: (N, 3) yaw, pitch and roll of the head.
        """
        seen = _seen((patches - self.mean) @ self.axes, head_deg)
        raw = _kernel(seen, self.known, self.width) @ self.weights
        return _straightened(raw, self.straight)


def learn_gaze(patches: FloatArray, head_deg: FloatArray, eyes_deg: FloatArray) -> GazeReader:
    """Learn what eyes of known gaze look like.

    Args:
        patches: (N, n) of :func:`eye_patches`.
        head_deg: (N, 3) yaw, pitch and roll of the head.
        eyes_deg: (N, 2) yaw and pitch of the eyes in the head.
    """
    mean = patches.mean(axis=0)
    _, spread, axes = np.linalg.svd(patches - mean, full_matrices=False)
    count = min(_COMPONENTS, len(patches) - 1)
    # One scale for all components: the large ones are what gaze moves.
    scale = spread[0] / np.sqrt(len(patches))
    axes = axes[:count].T / scale
    seen = _seen((patches - mean) @ axes, head_deg)
    best: tuple[float, float, FloatArray, FloatArray] | None = None
    for width in _WIDTHS:
        kernel = _kernel(seen, seen, width)
        for ridge in _RIDGES:
            inverse = np.linalg.inv(kernel + ridge * np.eye(len(seen)))
            weights = inverse @ eyes_deg
            left_out = eyes_deg - weights / np.diag(inverse)[:, None]
            error = float(np.mean((left_out - eyes_deg) ** 2))
            if best is None or error < best[0]:
                best = (error, width, weights, left_out)
    assert best is not None
    _, width, weights, left_out = best
    # A regression draws far gazes towards the middle; the frames left out say by how much.
    design = np.column_stack([np.ones(len(seen)), eyes_deg])
    straight = np.asarray(np.linalg.lstsq(design, left_out, rcond=None)[0], np.float64)
    errors = _straightened(left_out, straight) - eyes_deg
    rms = np.asarray(np.sqrt((errors**2).mean(axis=0)), np.float64)
    return GazeReader(mean, axes, seen, width, weights, straight, rms)


def _straightened(raw: FloatArray, straight: FloatArray) -> FloatArray:
    result: FloatArray = (raw - straight[0]) @ np.linalg.inv(straight[1:])
    return result


def _seen(components: FloatArray, head_deg: FloatArray) -> FloatArray:
    return np.column_stack([components, head_deg / 10.0])


def _kernel(a: FloatArray, b: FloatArray, width: float) -> FloatArray:
    """Return a radial kernel and a linear one together, (len(a), len(b))."""
    square = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2.0 * a @ b.T
    near = np.exp(-np.maximum(square, 0.0) / (2.0 * width * width))
    result: FloatArray = near + 0.1 * (1.0 + a @ b.T) / width
    return result
