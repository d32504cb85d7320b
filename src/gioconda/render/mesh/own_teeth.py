"""A subject's own upper teeth, cut out of a photo that shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import View
from gioconda.render.mesh import lip_table_kernels as lip_table
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.mouth_colours import MouthColours
from gioconda.render.mesh.mouth_frame import MouthFrame
from gioconda.render.mesh.mouth_light import luma
from gioconda.render.mesh.types import FloatArray, HeadMesh

BoolArray = npt.NDArray[np.bool_]

#: A mouth that is open less than this shows no teeth worth keeping.
LEAST_GAP_MM: Final = 2.5
# The part of the mouth frame that is searched.
_HALF_WIDTH_MM: Final = 30.0
_TOP_MM: Final = -14.0
_BOTTOM_MM: Final = 40.0
#: Teeth start within this distance of the upper lip, and are no longer than this.
_START_MM: Final = 4.0
_LONGEST_MM: Final = 10.0
#: Bright pixels are teeth only where the mouth is this much darker elsewhere.
_LEAST_CONTRAST: Final = 1.25
#: Least width of a row worth keeping, from its first column to its last, and of its columns.
_LEAST_WIDTH_MM: Final = 14.0
#: Gaps between columns up to this width belong to the row.
_BRIDGED_MM: Final = 3.0
#: The row's ends fade over this width.
_FADED_MM: Final = 3.0
#: Shade between teeth is judged against what lies this near, and is lifted below this share.
_SHADE_MM: Final = 1.8
_DARKEST_SHADE: Final = 0.85
#: A break in a column that ends a tooth.
_BREAK_MM: Final = 0.9


@dataclass(frozen=True)
class OwnTeeth:
    """The upper row of a subject, in the mouth frame.

    Attributes:
        sprite: premultiplied float32 RGBA, colours 0 to 255, alpha 0 to 1.
        origin: mouth coordinates of pixel (0, 0), mm.
        px_per_mm: density of the sprite.
        colour: (3,) of a well-lit tooth, RGB.
        edge_mm: y of the incisal edge near the midline.
        columns_mm: (n,) x of the columns where teeth were found.
        edges_mm: (n,) y of the incisal edge there, smoothed to the dental arch.
        certainty: (n,) 0 to 1, how solid the sprite is there.
    """

    sprite: FloatArray
    origin: tuple[float, float]
    px_per_mm: float
    colour: FloatArray
    edge_mm: float
    columns_mm: FloatArray
    edges_mm: FloatArray
    certainty: FloatArray

    def edge_table(self) -> FloatArray:
        """Return the edge over the grid of the lip tables, (2, n): y, and certainty 0 to 1."""
        x = np.arange(lip_table.TABLE_LENGTH) * lip_table.TABLE_STEP - lip_table.TABLE_REACH
        y = np.interp(x, self.columns_mm, self.edges_mm)
        sure = np.interp(x, self.columns_mm, self.certainty, left=0.0, right=0.0)
        return np.stack([y, sure]).astype(np.float32)


def calibrated(colours: MouthColours, own: OwnTeeth) -> tuple[MouthColours, float]:
    """Let the subject's own teeth set the colour of the drawn ones.

    Returns:
        The colours, and the weight, 0 to 1, that the sprite deserves: none where the "teeth"
        are too dark to be teeth.
    """
    expected = float(luma(colours.tooth))
    found = float(luma(own.colour))
    weight = float(np.clip((found / max(expected, 1.0) - 0.42) / 0.2, 0, 1))
    if weight <= 0:
        return colours, 0.0
    tint = 0.3 * colours.tooth / max(expected, 1.0) + 0.7 * own.colour / max(found, 1.0)
    tint[1] = max(tint[1], 0.88 * 0.5 * (tint[0] + tint[2]))
    tint /= max(float(luma(tint)), 1e-3)
    tooth_luma = 0.25 * expected + 0.75 * float(np.clip(1.08 * found, 40, 244))
    tooth_luma = expected + weight * (tooth_luma - expected)
    return replace(colours, tooth=(tint * tooth_luma).astype(np.float32)), weight


def find_own_teeth(
    view: View, mesh: HeadMesh, frame: MouthFrame, colours: MouthColours, own_gap_mm: float
) -> OwnTeeth | None:
    """Look for clear upper teeth in a portrait; None where there are none.

    Args:
        view: the portrait's view.
        mesh: its mesh.
        frame: its mouth frame.
        colours: what teeth should look like in its light.
        own_gap_mm: how far its lips are parted.
    """
    if own_gap_mm < LEAST_GAP_MM:
        return None
    import cv2

    density = float(np.clip(2.0 * mesh.mm, 3.0, 8.0))
    mouth = _rectified(view, frame, density)
    inner = _region(mesh, frame, topo.LIPS_INNER, density, mouth.shape)
    lips = _region(mesh, frame, topo.LIPS_OUTER, density, mouth.shape) & ~inner
    cross = np.ones((3, 3), np.uint8)
    inside = cv2.erode(inner.astype(np.uint8), cross, iterations=max(round(0.3 * density), 1)) > 0
    lips = cv2.erode(lips.astype(np.uint8), cross, iterations=2) > 0
    if inside.sum() < 12 * density**2 or lips.sum() < 8 * density**2:
        return None
    white = _tooth_pixels(mouth, inside, lips, density)
    if white is None:
        return None
    found = _upper_row(luma(mouth.astype(np.float64)), white, inner, density)
    if found is None:
        return None
    columns, tops, edges = found
    height, width = white.shape
    row = np.zeros((height, width), np.float32)
    for c, top, edge in zip(columns, tops, edges, strict=True):
        row[max(round(top), 0) : max(round(edge), 0), c] = 1
    soft = cv2.GaussianBlur(row, (0, 0), 0.30 * density)
    soft *= cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.2 * density)
    bridge = np.ones((max(round(0.6 * density), 3), max(round(_BRIDGED_MM * density), 3)), np.uint8)
    closed = cv2.morphologyEx(white.astype(np.uint8), cv2.MORPH_CLOSE, bridge)
    sure = cv2.GaussianBlur(closed.astype(np.float32), (0, 0), 0.3 * density)
    alpha = _smooth((soft - 0.25) / 0.55) * _smooth((sure - 0.30) / 0.45)
    # The drawn row goes on where the own one ends: not from one pixel to the next.
    ends = np.minimum(np.arange(width) - columns[0], columns[-1] - np.arange(width))
    alpha = alpha * _smooth((ends / (_FADED_MM * density)).astype(np.float32))[None]
    colour = _tooth_colour(mouth, alpha, colours.tooth)
    if colour is None:
        return None
    teeth = _without_specks(mouth, alpha, density)
    x = (columns + 0.5) / density - _HALF_WIDTH_MM
    y = edges / density + _TOP_MM
    central = np.abs(x) < 8
    if central.sum() < 2.5 * density:
        return None
    return OwnTeeth(
        sprite=np.dstack([teeth * alpha[..., None], alpha]).astype(np.float32),
        origin=(0.5 / density - _HALF_WIDTH_MM, 0.5 / density + _TOP_MM),
        px_per_mm=density,
        colour=colour,
        edge_mm=float(np.median(y[central])),
        columns_mm=x.astype(np.float32),
        edges_mm=_arch(x, y).astype(np.float32),
        certainty=_solid(alpha[:, columns], density),
    )


def _arch(x: npt.NDArray[np.floating], y: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Smooth an incisal line without letting it rise into the row."""
    curve = np.polyval(np.polyfit(x, y, 2), x)
    line: npt.NDArray[np.floating] = np.maximum(y, curve - 0.3)
    return line


def _solid(alpha: FloatArray, density: float) -> FloatArray:
    """Return how solid each column of a sprite is, 0 at the row's ends."""
    import cv2

    solid = np.clip((alpha.max(0) - 0.6) / 0.3, 0, 1)
    solid[0] = solid[-1] = 0
    blurred = cv2.GaussianBlur(solid[None], (0, 0), 0.5 * density, borderType=cv2.BORDER_CONSTANT)
    certainty: FloatArray = np.minimum(blurred[0], solid).astype(np.float32)
    return certainty


def _smooth(x: FloatArray) -> FloatArray:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def _rectified(view: View, frame: MouthFrame, density: float) -> FloatArray:
    """Resample the portrait in the mouth frame, (h, w, 3) float32."""
    import cv2

    w, h = int(2 * _HALF_WIDTH_MM * density), int((_BOTTOM_MM - _TOP_MM) * density)
    to_mm = np.array(
        [
            [1 / density, 0, 0.5 / density - _HALF_WIDTH_MM],
            [0, 1 / density, 0.5 / density + _TOP_MM],
            [0, 0, 1],
        ]
    )
    to_view = frame.to_view.astype(np.float64) @ to_mm
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(
        view.image, to_view, (w, h), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.float32)


def _region(
    mesh: HeadMesh,
    frame: MouthFrame,
    ring: tuple[int, ...],
    density: float,
    shape: tuple[int, ...],
) -> BoolArray:
    """Fill a ring of landmarks in the rectified picture."""
    import cv2

    to_view = frame.to_view.astype(np.float64)
    mm = np.linalg.solve(to_view[:, :2], (mesh.landmarks[list(ring), :2] - to_view[:, 2]).T).T
    pixels = (mm - (-_HALF_WIDTH_MM, _TOP_MM)) * density - 0.5
    filled = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(filled, [np.round(pixels * 16).astype(np.int32)], 1, cv2.LINE_8, 4)
    return filled > 0


def _redness(pixels: FloatArray, lumas: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    result: npt.NDArray[np.float64] = (
        pixels[..., 0] - 0.5 * pixels[..., 1] - 0.5 * pixels[..., 2]
    ) / np.maximum(lumas, 12)
    return result


def _tooth_pixels(
    mouth: FloatArray, inside: BoolArray, lips: BoolArray, density: float
) -> BoolArray | None:
    """Mark pixels that are as bright and as little red as teeth; None where nothing is."""
    lumas = luma(mouth.astype(np.float64))
    red = _redness(mouth, lumas)
    lip_red = float(np.median(red[lips]))
    # Look under the upper lip: deeper down a tongue may be the brightest thing, or the darkest.
    lip = np.where(inside.any(0), inside.argmax(0), inside.shape[0])
    rows = np.arange(inside.shape[0])[:, None]
    band = inside & (rows - lip[None] < round(_LONGEST_MM * density))
    bright = float(np.percentile(lumas[band], 92))
    dark = float(np.percentile(lumas[band], 15))
    if bright < _LEAST_CONTRAST * dark + 20:
        return None
    threshold = 0.55 * bright + 0.45 * dark
    white: BoolArray = inside & (lumas > threshold)
    if lip_red > 0.12:
        brightest_red = float(np.percentile(red[inside & (lumas > 0.9 * bright)], 50))
        white &= red < 0.5 * (lip_red + brightest_red)
    return white


def _upper_row(
    lumas: npt.NDArray[np.float64], white: BoolArray, inner: BoolArray, density: float
) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray] | None:
    """Find the columns of teeth that hang from the upper lip: columns, tops and edges in pixels.

    A column that runs on into the lower row, or into a light tongue, would become a fang: the
    edges are held to a robust parabola and to their neighbours' median.
    """
    import cv2

    smooth = cv2.GaussianBlur(lumas, (0, 0), 0.25 * density)
    start, longest = round(_START_MM * density), round(_LONGEST_MM * density)
    gap = max(round(_BREAK_MM * density), 1)
    found: list[tuple[int, int, int]] = []
    for c in range(white.shape[1]):
        lip = np.flatnonzero(inner[:, c])
        if not len(lip):
            continue
        on = np.flatnonzero(white[lip[0] : lip[0] + start, c])
        if not len(on):
            continue
        top = int(lip[0] + on[0])
        run = np.flatnonzero(white[top : top + longest, c])
        breaks = np.flatnonzero(np.diff(run) > gap)
        edge = top + int(run[breaks[0]] if len(breaks) else run[-1]) + 1
        edge = _cut_at_dip(smooth[:, c], top, edge, density)
        found.append((c, top, edge))
    if len(found) < 0.6 * _LEAST_WIDTH_MM * density:
        return None
    table = np.array(found, np.float64)
    columns, tops, edges = table[:, 0], table[:, 1], table[:, 2]
    x = columns / density
    x = x - x.mean()
    weight = np.ones(len(x))
    fitted = edges
    for _ in range(8):
        fitted = np.polyval(np.polyfit(x, edges, 2, w=weight), x)
        off = (edges - fitted) / density
        weight = 1 / (1 + np.where(off > 0, off / 0.4, off / 0.7) ** 2)
    edges = np.minimum(edges, fitted + 0.5 * density)
    reach = 1.3 * density
    tops_smooth, edges_smooth = np.empty_like(tops), np.empty_like(edges)
    for k, c in enumerate(columns):
        near = np.abs(columns - c) <= reach
        tops_smooth[k], edges_smooth[k] = np.median(tops[near]), np.median(edges[near])
    # Shorter than a millimetre is a gleam on the lip.
    keep = edges_smooth - tops_smooth > 1.0 * density
    # Far above the curve hangs no tooth but a light corner of the lip.
    keep &= edges_smooth > fitted - 1.6 * density
    if keep.sum() < 0.6 * _LEAST_WIDTH_MM * density:
        return None
    if np.ptp(columns[keep]) < _LEAST_WIDTH_MM * density:
        return None
    lip_top = tops_smooth[keep] - 0.5 * density
    return _bridged(columns[keep], lip_top, edges_smooth[keep], density)


def _bridged(
    columns: npt.NDArray[np.float64],
    tops: npt.NDArray[np.float64],
    edges: npt.NDArray[np.float64],
    density: float,
) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
    """Fill short gaps between columns: shade between two teeth, or a dull one."""
    everywhere = np.arange(columns[0], columns[-1] + 1)
    right = np.searchsorted(columns, everywhere)
    left = np.maximum(np.where(columns[right] == everywhere, right, right - 1), 0)
    near = everywhere[columns[right] - columns[left] <= _BRIDGED_MM * density]
    return (
        near.astype(np.intp),
        np.interp(near, columns, tops).astype(np.float32),
        np.interp(near, columns, edges).astype(np.float32),
    )


def _cut_at_dip(column: npt.NDArray[np.float64], top: int, edge: int, density: float) -> int:
    """Return the first dark dip in a run of bright pixels (rows that nearly meet), else its end."""
    first, last = top + round(2.0 * density), edge - round(0.8 * density)
    if last - first < 2:
        return edge
    run = column[top:edge]
    before = np.maximum.accumulate(run)
    after = np.maximum.accumulate(run[::-1])[::-1]
    dip = run / np.minimum(before, after)
    inner = dip[first - top : last - top]
    k = int(np.argmin(inner))
    return first + k if inner[k] < 0.86 else edge


def _without_specks(mouth: FloatArray, alpha: FloatArray, density: float) -> FloatArray:
    """Lift what is far darker than the teeth round it.

    In the photo the dark of the mouth shows between the ends of side teeth; cut out with them,
    it would show as specks on a lip.
    """
    import cv2

    sigma = _SHADE_MM * density
    weight = cv2.GaussianBlur(alpha, (0, 0), sigma)[..., None]
    around = cv2.GaussianBlur(mouth * alpha[..., None], (0, 0), sigma) / np.maximum(weight, 1e-3)
    here = luma(mouth.astype(np.float64)) / np.maximum(luma(around.astype(np.float64)), 1.0)
    # From the level of faint separators down, shades are squeezed into a third of their range.
    lack = np.maximum(_DARKEST_SHADE - here, 0.0)[..., None]
    lifted: FloatArray = (mouth + 0.67 * lack * around).astype(np.float32)
    return lifted


def _tooth_colour(mouth: FloatArray, alpha: FloatArray, expected: FloatArray) -> FloatArray | None:
    """Median colour of the better-lit teeth; None where it is no tooth's colour."""
    solid = mouth[alpha > 0.6].astype(np.float64)
    if len(solid) < 20:
        return None
    lumas = luma(solid)
    colour = np.median(solid[lumas > np.percentile(lumas, 45)], axis=0)
    # Compared with a white thing in this picture's light.
    relative = (colour / max(float(luma(colour)), 1.0)) / (expected / max(float(luma(expected)), 1))
    warmth = relative[0] / max(relative[2], 1e-3)
    magenta = relative[1] < 0.82 * 0.5 * (relative[0] + relative[2])
    if magenta or not 0.75 < warmth < 1.45:
        return None
    return colour.astype(np.float32)
