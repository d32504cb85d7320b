"""Pixels round an eye in the eye's own coordinates, and how far the eye itself is seen there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import View
from gioconda.render.mesh.eye_regions import EyeRegion
from gioconda.render.mesh.types import HeadMesh

Array = npt.NDArray[np.float64]

#: The eye is looked for so far under its landmarks, counts from this depth on (both in eye widths),
#: its white differs in tint from the skin by so many units of Lab, and what counts as eye is
#: nearer to its colours than to the skin's by this part.
BELOW_REACH: Final = 0.10
LEAST_BELOW: Final = 0.025
LEAST_COLOUR: Final = 10.0
EYE_COLOUR: Final = 0.6


@dataclass(frozen=True)
class EyeFrame:
    """Pixels round an eye in eye widths: x from outer to inner corner, y down; and the lid lines.

    All arrays have the shape of the box at (x0, y0), but ``down``, the unit vector of y.
    """

    x0: int
    y0: int
    width: float
    down: Array
    x: Array
    y: Array
    crease: Array
    upper: Array
    lower: Array
    under: Array
    brow: Array

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the view."""
        h, w = self.x.shape
        return slice(self.y0, self.y0 + h), slice(self.x0, self.x0 + w)


def eye_frame(view: View, mesh: HeadMesh, eye: EyeRegion) -> EyeFrame:
    """Lay coordinates through the corners of an eye, in a box from brow to cheek."""
    points = mesh.landmarks[:, :2].astype(np.float64)
    start, end = points[eye.corners[0]], points[eye.corners[1]]
    width = max(float(np.linalg.norm(end - start)), 2.0)
    across = (end - start) / width
    down = np.array([-across[1], across[0]])
    if down @ mesh.axes[1, :2] < 0:
        down = -down

    ids = [*eye.crease, *eye.lower, *eye.under, *eye.brow, *eye.corners]
    low = np.clip(points[ids].min(0) - 0.12 * width, 0, view.size - 4).astype(int)
    high = np.clip(points[ids].max(0) + 0.12 * width, low + 4, view.size).astype(int)
    rows, columns = np.mgrid[low[1] : high[1], low[0] : high[0]]
    x = ((columns - start[0]) * across[0] + (rows - start[1]) * across[1]) / width
    y = ((columns - start[0]) * down[0] + (rows - start[1]) * down[1]) / width

    def line(landmarks: tuple[int, ...], corners: bool) -> Array:
        local = np.c_[(points[list(landmarks)] - start) @ across,
                      (points[list(landmarks)] - start) @ down] / width  # fmt: skip
        if corners:
            local = np.vstack([local, [[0.0, 0.0], [1.0, 0.0]]])
        local = local[np.argsort(local[:, 0])]
        return np.asarray(np.interp(x, local[:, 0], local[:, 1]))

    upper = line(eye.upper, corners=True)
    return EyeFrame(
        x0=int(low[0]),
        y0=int(low[1]),
        width=width,
        down=down,
        x=x,
        y=y,
        crease=np.minimum(line(eye.crease, corners=False), upper - 0.05),
        upper=upper,
        lower=line(eye.lower, corners=True),
        under=line(eye.under, corners=False),
        brow=line(eye.brow, corners=False),
    )


def eye_below(view: View, f: EyeFrame) -> tuple[Array, float]:
    """Return where the eye shows under the lower lid's landmarks, 0 to 1, and how deep, in widths.

    The white and the iris have another colour than skin; in a picture without colour nothing can
    be told.
    """
    lab = cv2.cvtColor(view.image[f.box], cv2.COLOR_RGB2LAB) * np.array([0.4, 1.0, 1.0])
    skin = (f.y > f.under + 0.02) & (f.y < f.under + 0.16) & (f.x > 0.1) & (f.x < 0.9)
    inside = (f.y > f.upper + 0.02) & (f.y < f.lower - 0.02)
    white = inside & (np.abs(f.x - 0.5) > 0.25) & (np.abs(f.x - 0.5) < 0.42)
    iris = inside & (np.abs(f.x - 0.5) < 0.12)
    nothing = np.zeros(f.x.shape)
    if min(skin.sum(), white.sum(), iris.sum()) < 8:
        return nothing, 0.0
    colours = [np.median(lab[where], axis=0) for where in (skin, white, iris)]
    to_skin, to_white, to_iris = (np.linalg.norm(lab - c, axis=2) for c in colours)
    if np.linalg.norm((colours[1] - colours[0])[1:]) < LEAST_COLOUR:
        return nothing, 0.0
    eye = np.minimum(to_white, to_iris) < EYE_COLOUR * to_skin
    eye &= (f.x > -0.08) & (f.x < 1.08) & (f.y < f.lower + BELOW_REACH)
    seen = (f.y <= f.lower) & (f.y > f.upper) & (f.x > 0) & (f.x < 1)  # between the landmarks
    start = seen.copy()
    corner = ((f.x < 0.1) | (f.x > 0.9)) & (f.y > f.upper - 0.06)
    for _ in range(round(BELOW_REACH * f.width) + 1):
        grown = cv2.dilate(seen.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        seen = start | (grown & eye & ((f.y > f.lower - 0.02) | corner))
    found = seen & ((f.y > f.lower) | corner) & ~start
    middle = (f.x > 0.25) & (f.x < 0.75)
    deep = float((found & middle).sum()) / (0.5 * f.width * f.width)
    if deep < LEAST_BELOW:
        return nothing, 0.0
    reach = 2 * max(round(0.03 * f.width), 1) + 1
    wide = cv2.dilate(found.astype(np.float64), np.ones((reach, reach), np.uint8))
    return cv2.GaussianBlur(wide, (0, 0), max(0.012 * f.width, 0.5)), min(deep, BELOW_REACH)
