"""Finding glasses: two rims and a bridge, by their edges alone.

Round each eye the closed curve of the strongest thin ridge, dark or bright, is traced by dynamic
programming; between the eyes the strongest ridge across the nose. Lids, bags and folds give such
curves too, but soft, close to the eye or broken ones, and no bridge: the product of contrast,
sharpness, size and symmetry tells glasses from all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import View
from gioconda.render.mesh.eye_regions import EYES
from gioconda.render.mesh.glasses_kernels import best_path
from gioconda.render.mesh.types import ByteImage, FloatArray, HeadMesh

Array = npt.NDArray[np.float64]

#: Edges are measured in a picture of this size, whatever the view's own.
NORMAL_PX: Final = 512
#: Rays round an eye, and the step along them; a rim's least and greatest radius.
RAYS: Final = 72
STEP_MM: Final = 0.4
RADII_MM: Final = (12.0, 40.0)
MARGIN_MM: Final = 8.0
#: A rim lies outside this ellipse round the eye (half width; half height above and below).
EYE_MM: Final = (18.0, 11.0, 11.5)
#: The rims are centred this far below the line of the eye corners.
BELOW_MM: Final = 3.0
#: Half widths of the lines looked for.
HALF_WIDTHS_MM: Final = (0.7, 1.3, 2.2, 3.6)
#: Contrast, as part of the brightness, at which a ridge counts nearly in full.
CLEAR_CONTRAST: Final = 0.08
SLOPE_COST: Final = 0.12
#: Difference of colour, in grey levels, over which a line stops being like the frame, and what
#: such a line still counts: metal glints.
ALIKE: Final = 45.0
LEAST_ALIKE: Final = 0.5
#: The lower half of a rim, where a bare face has nothing like it: sine of the rays' angle.
LOWER: Final = 0.25
#: The strip across the nose: half width, and rows above and below the nose's root.
BRIDGE_MM: Final = (9.0, 12.0, 17.0)
#: Typical values of glasses; a score of one means that all are just reached.
RIM_CONTRAST: Final = 0.05
BRIDGE_CONTRAST: Final = 0.10
SHARPNESS: Final = 0.30
LOW_RADIUS_MM: Final = 20.0
MOST_LOW: Final = 1.3
SYMMETRY_MM: Final = 8.0
#: Glasses have more than this sharpness (rise in one mm over the contrast) and this score. In
#: fifty portraits and sixty frames of videos the faintest rims found reach 2.4, the most wrinkled
#: bare eyes 1.3; rimless glasses reach less and are not found.
LEAST_SHARPNESS: Final = 0.25
LEAST_SCORE: Final = 2.0

_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Rim:
    """One rim as radii round a centre, at even angles from ``across`` towards ``down``.

    Attributes:
        centre: (2,) pixels of the view.
        radii: (RAYS,) mm.
        ridge: (RAYS,) contrast of the line there, dark > 0, bright < 0.
    """

    centre: Array
    radii: Array
    ridge: Array


@dataclass(frozen=True)
class Outline:
    """Where the glasses of a portrait lie; axes and centres in pixels of its view.

    Attributes:
        across: (2,) unit vector from the subject's right eye to the left one.
        down: (2,) unit vector at a right angle to it.
        mm: pixels in a millimetre.
        rims: right and left.
        nose: (2,) origin of the bridge.
        bridge: (n, 2) mm across and down from it.
        score: how clearly they are glasses; see :data:`LEAST_SCORE`.
    """

    across: Array
    down: Array
    mm: float
    rims: tuple[Rim, Rim]
    nose: Array
    bridge: Array
    score: float

    def at_size(self, size: int) -> Outline:
        """Return the same outline in a view of another size."""
        scale = size / NORMAL_PX

        def moved(point: Array) -> Array:
            return point * scale + 0.5 * (scale - 1)

        rims = tuple(replace(rim, centre=moved(rim.centre)) for rim in self.rims)
        return replace(
            self, mm=self.mm * scale, rims=(rims[0], rims[1]), nose=moved(self.nose)
        )  # fmt: skip


def normal_picture(view: View) -> ByteImage:
    """Return the view's picture at :data:`NORMAL_PX`, where edges are measured."""
    if view.size == NORMAL_PX:
        return view.image
    way = cv2.INTER_AREA if view.size > NORMAL_PX else cv2.INTER_LINEAR
    resized = cv2.resize(view.image, (NORMAL_PX, NORMAL_PX), interpolation=way)
    return np.asarray(resized, np.uint8)


def find_outline(view: View, mesh: HeadMesh) -> Outline:
    """Trace the curves that rims and bridge would be, and score how much they are glasses.

    The outline is one of the picture at :data:`NORMAL_PX`, see :meth:`Outline.at_size`.
    """
    scale = NORMAL_PX / view.size
    picture = normal_picture(view)
    luma = cv2.GaussianBlur(picture @ _LUMA, (0, 0), 0.6)
    mm = mesh.mm * scale
    points = mesh.landmarks[:, :2].astype(np.float64) * scale + 0.5 * (scale - 1)
    across = points[EYES[1].corners[0]] - points[EYES[0].corners[0]]
    across /= max(float(np.linalg.norm(across)), 1e-6)
    down = np.array([-across[1], across[0]])
    rims, sharp = [], []
    for eye in EYES:
        centre = points[list(eye.corners)].mean(0) + BELOW_MM * mm * down
        rim, edge = _trace_rim(luma, centre, mm, across, down)
        rims.append(rim)
        sharp.append(edge)
    bridge, bridge_contrast = _trace_bridge(luma, points[168], mm, across, down)
    score = _score(rims, min(sharp), bridge_contrast)
    if score >= LEAST_SCORE:
        rims = _traced_by_colour(picture, rims, mm, across, down)
    return Outline(across, down, mm, (rims[0], rims[1]), points[168], bridge, score)


def _traced_by_colour(
    picture: ByteImage, rims: list[Rim], mm: float, across: Array, down: Array
) -> list[Rim]:
    """Trace the rims once more, now that the colour of the frame is known."""
    image = cv2.GaussianBlur(picture, (0, 0), max(0.2 * mm, 0.3)).astype(np.float32)
    strips = [sampled(image, r.centre, mm, *_rays(), across, down) for r in rims]
    lower = np.flatnonzero(np.sin(angles()) > LOWER)
    radii = _radii()
    seen = [
        strip[np.searchsorted(radii, rim.radii[lower] - 1e-6), lower]
        for strip, rim in zip(strips, rims, strict=True)
    ]
    frame = np.median(np.vstack(seen), axis=0)
    again = []
    for strip, rim in zip(strips, rims, strict=True):
        unlike = np.linalg.norm(strip - frame, axis=2)
        alike = LEAST_ALIKE + (1 - LEAST_ALIKE) * np.exp(-((unlike / ALIKE) ** 2))
        path, ridge = _closed_path(strip @ _LUMA, alike)
        again.append(Rim(rim.centre, radii[path], ridge[path, np.arange(RAYS)]))
    return again


def angles() -> Array:
    """Return the angles of the rays, radians."""
    return np.arange(RAYS) * 2 * np.pi / RAYS


def in_eye_radii(x: Array, y: Array) -> Array:
    """Return the distance from a rim's centre as part of the ellipse that no rim enters.

    Args:
        x: mm across from the centre.
        y: mm down from it.
    """
    half = np.where(y > 0, EYE_MM[2], EYE_MM[1])
    return np.asarray(np.hypot(x / EYE_MM[0], y / half))


def _score(rims: list[Rim], sharpness: float, bridge_contrast: float) -> float:
    if sharpness < LEAST_SHARPNESS:
        return 0.0
    lower = np.sin(angles()) > LOWER
    contrast = min(float(np.percentile(np.abs(rim.ridge[lower]), 20)) for rim in rims)
    opposite = (RAYS // 2 - np.arange(RAYS)) % RAYS
    unlike = float(np.median(np.abs(rims[0].radii - rims[1].radii[opposite])[lower]))
    middle = slice(RAYS // 4 - 4, RAYS // 4 + 5)
    low = float(np.mean([np.median(rim.radii[middle]) for rim in rims]))
    return (
        contrast / RIM_CONTRAST
        * bridge_contrast / BRIDGE_CONTRAST
        * sharpness / SHARPNESS
        * min(low / LOW_RADIUS_MM, MOST_LOW) ** 4
        * float(np.exp(-((unlike / SYMMETRY_MM) ** 2)))
    )  # fmt: skip


def _trace_rim(
    luma: FloatArray, centre: Array, mm: float, across: Array, down: Array
) -> tuple[Rim, float]:
    strip = sampled(luma, centre, mm, *_rays(), across, down)
    path, ridge = _closed_path(strip, np.ones_like(strip))
    rim = Rim(centre, _radii()[path], ridge[path, np.arange(RAYS)])
    return rim, _sharpness(strip, path)


def _radii() -> Array:
    return np.arange(RADII_MM[0] - MARGIN_MM, RADII_MM[1] + MARGIN_MM, STEP_MM)


def _rays() -> tuple[Array, Array]:
    """Return mm across and down of all samples round an eye, (radii, RAYS) each."""
    r, t = np.meshgrid(_radii(), angles(), indexing="ij")
    return r * np.cos(t), r * np.sin(t)


def _closed_path(strip: Array, trust: Array) -> tuple[npt.NDArray[np.int64], Array]:
    """Return the row of the best closed curve on each ray, and the contrast everywhere."""
    turn, radii = angles(), _radii()
    ridge = line_contrast(strip)
    score = trust * np.tanh(np.abs(ridge) / CLEAR_CONTRAST)
    inner = 1 / in_eye_radii(np.cos(turn), np.sin(turn))
    score[radii[:, None] < inner] = -0.5
    allowed = (radii >= RADII_MM[0]) & (radii <= RADII_MM[1])
    # a curve that closes: the middle one of three rounds
    path = best_path(np.tile(score[allowed], 3), 6, SLOPE_COST)[RAYS : 2 * RAYS]
    return path + int(np.argmax(allowed)), ridge


def _sharpness(strip: Array, path: npt.NDArray[np.int64]) -> float:
    """Return the median of steepest rise (in a mm) over contrast, near the lower rim."""
    slope = np.abs(np.gradient(strip, axis=0)) / STEP_MM
    reach = np.arange(-9, 10)[:, None]
    near = np.clip(path + reach, 0, len(strip) - 1)
    column = np.arange(RAYS)
    values = strip[near, column]
    share = slope[near, column].max(0) / (np.ptp(values, axis=0) + 6)
    return float(np.median(share[np.sin(angles()) > LOWER]))


def _trace_bridge(
    luma: FloatArray, nose: Array, mm: float, across: Array, down: Array
) -> tuple[Array, float]:
    half, above, below = BRIDGE_MM
    xs = np.arange(-half, half + 0.01, 0.5)
    ys = np.arange(-above - 12 * STEP_MM, below + 12 * STEP_MM, STEP_MM)
    x, y = np.meshgrid(xs, ys)
    ridge = line_contrast(sampled(luma, nose, mm, x, y, across, down))[12:-12]
    path = best_path(np.tanh(np.abs(ridge) / CLEAR_CONTRAST), 3, SLOPE_COST)
    contrast = np.percentile(np.abs(ridge[path, np.arange(len(xs))]), 20)
    return np.c_[xs, ys[12:-12][path]], float(contrast)


def sampled(
    image: npt.NDArray[np.generic],
    origin: Array,
    mm: float,
    x: Array,
    y: Array,
    across: Array,
    down: Array,
) -> Array:
    """Sample an image at mm ``x`` across and ``y`` down from ``origin``, pixels; float64."""
    at_x = (origin[0] + mm * (x * across[0] + y * down[0])).astype(np.float32)
    at_y = (origin[1] + mm * (x * across[1] + y * down[1])).astype(np.float32)
    found = cv2.remap(image, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float64)


def line_contrast(strip: Array) -> Array:
    """Return the strongest contrast of a line along the columns' way, dark > 0, bright < 0.

    Columns of ``strip`` are profiles at :data:`STEP_MM`; a line differs from both of its sides.
    """
    count = len(strip)
    sums = np.vstack([np.zeros((1, strip.shape[1])), np.cumsum(strip, 0)])
    row = np.arange(count)

    def mean(start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> Array:
        start, end = np.clip(start, 0, count), np.clip(end, 0, count)
        return np.asarray((sums[end] - sums[start]) / np.maximum(end - start, 1)[:, None])

    best = np.zeros_like(strip)
    for width in HALF_WIDTHS_MM:
        k = max(round(width / STEP_MM), 1)
        side = max(round(max(width, 1.2) / STEP_MM), 2)
        line = mean(row - k, row + k + 1)
        before, after = mean(row - k - 1 - side, row - k - 1), mean(row + k + 2, row + k + 2 + side)
        dark = np.minimum(before, after) - line
        bright = np.maximum(line - np.maximum(before, after), 0)
        found = np.where(dark > bright, dark, -bright) / (0.5 * (before + after) + 25)
        best = np.where(np.abs(found) > np.abs(best), found, best)
    return best
