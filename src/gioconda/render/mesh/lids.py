"""The texture of a closed eyelid, made from the skin round the eye.

Stretching the photo's open lid over the eye drags its lashes down with it. Instead a blink fades
to a painted lid: its colour runs, column by column, from the skin above the crease to the skin
below the eye; it is convex, with a darker crease and a darker root of the lashes, and carries
grain as fine as the photo's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import View
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.eye_regions import EyeRegion
from gioconda.render.mesh.types import ByteImage, FloatArray, HeadMesh

Array = npt.NDArray[np.float64]

#: Blink weight at which the painted lid begins to show, and the range to full effect.
BLINK_BEGIN: Final = 0.15
BLINK_RANGE: Final = 0.6
#: The fade is quantised, so that a still lid costs nothing.
FADE_STEPS: Final = 64
#: Columns of skin samples across the eye.
COLUMNS: Final = np.linspace(0.08, 0.92, 7)
#: Band of luminance ranks that counts as skin: without lashes below and glints above.
SKIN_RANKS: Final = (0.28, 0.72)
#: A closed lid is at least this bright, as part of the brighter of the skin above and below.
LEAST_LIGHT: Final = 0.72
#: How much faster than the mean each channel darkens on skin in shade.
WARM_SHADE: Final = np.array([-0.2, 0.05, 0.2])
CREASE_DARK: Final = 0.085
LASH_ROOT_DARK: Final = 0.14
CONVEX_LIGHT: Final = 0.055

_LUMA: Final = np.array([0.299, 0.587, 0.114])
_CHEEKS_AND_FOREHEAD: Final = (50, 280, 151)
_CHEEKS: Final = (50, 280)


@dataclass(frozen=True)
class _EyeFrame:
    """Pixels round an eye in eye widths: x from outer to inner corner, y down; and the lid lines.

    All arrays have the shape of the box at (x0, y0).
    """

    x0: int
    y0: int
    width: float
    x: Array
    y: Array
    crease: Array
    upper: Array
    lower: Array
    under: Array
    brow: Array

    @property
    def box(self) -> tuple[slice, slice]:
        h, w = self.x.shape
        return slice(self.y0, self.y0 + h), slice(self.x0, self.x0 + w)


class Eyelid:
    """Fades a box of the surface's texture between the photo and the closed lid.

    Args:
        view: the portrait's square view.
        mesh: its mesh.
        eye: which eye.
        texture: (size, size, 4) premultiplied texture of the surface.
    """

    def __init__(self, view: View, mesh: HeadMesh, eye: EyeRegion, texture: ByteImage) -> None:
        frame = _eye_frame(view, mesh, eye)
        rows, columns = frame.box
        self._target = texture[rows, columns]
        self._open = self._target.astype(np.float32)
        cover = _cover(view, frame)[..., None]
        colour = _lid_colour(view, mesh, frame)
        closed = self._open.copy()
        closed[..., :3] = closed[..., :3] * (1 - cover) + colour * cover
        self._closed = closed.astype(np.float32)
        self._step = 0

    def fade(self, blink: float) -> None:
        """Write the lid for a blink weight, 0 to 1, into the texture."""
        share = min(max((blink - BLINK_BEGIN) / BLINK_RANGE, 0.0), 1.0)
        step = round(share * FADE_STEPS)
        if step != self._step:
            self._step = step
            k = step / FADE_STEPS
            self._target[:] = cv2.addWeighted(self._open, 1 - k, self._closed, k, 0.5)


def _eye_frame(view: View, mesh: HeadMesh, eye: EyeRegion) -> _EyeFrame:
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
    return _EyeFrame(
        x0=int(low[0]),
        y0=int(low[1]),
        width=width,
        x=x,
        y=y,
        crease=np.minimum(line(eye.crease, corners=False), upper - 0.05),
        upper=upper,
        lower=line(eye.lower, corners=True),
        under=line(eye.under, corners=False),
        brow=line(eye.brow, corners=False),
    )


def _lid_colour(view: View, mesh: HeadMesh, f: _EyeFrame) -> FloatArray:
    photo = view.image[f.box].astype(np.float64)
    luma = photo @ _LUMA
    band_height = f.crease - f.brow
    above = (f.y < f.crease - 0.12 * band_height) & (f.y > f.crease - 0.62 * band_height)
    below = (f.y > f.under - 0.02) & (f.y < f.under + 0.14)
    spare = _skin_samples(view, mesh, _CHEEKS_AND_FOREHEAD)
    high = _skin_columns(photo[above], f.x[above], spare)
    low = _skin_columns(photo[below], f.x[below], spare)

    def across(columns: Array) -> Array:
        return np.stack([np.interp(f.x, COLUMNS, columns[:, c]) for c in range(3)], 2)

    # 0 at the crease, 1 at the edge of the lid
    down = np.clip((f.y - f.crease) / np.maximum(f.upper - f.crease, 0.03), 0, 1)
    mix = 0.15 + 0.25 * down[..., None]
    upper_skin, lower_skin = across(high), across(low)
    colour = upper_skin * (1 - mix) + lower_skin * mix
    # a lid that comes down from a deep socket comes into the light
    upper_lit = ((upper_skin @ _LUMA) > (lower_skin @ _LUMA))[..., None]
    bright = np.where(upper_lit, upper_skin, lower_skin)
    colourful = np.clip(np.ptp(bright, axis=2, keepdims=True) / 20, 0, 1)
    colour = np.maximum(colour, bright * LEAST_LIGHT ** (1 + colourful * WARM_SHADE))
    arch = np.sin(np.pi * np.clip(f.x, 0, 1))
    relief = (
        1
        + CONVEX_LIGHT * np.sin(np.pi * down) * arch
        - CREASE_DARK * np.exp(-((down / 0.16) ** 2)) * np.sqrt(arch)
        - LASH_ROOT_DARK * np.exp(-(((1 - down) / 0.13) ** 2))
        - 0.06 * (1 - arch)
    )
    colour = colour * relief[..., None]

    # never brighter than the skin right round the eye
    sigma = 0.16 * f.width
    skin = ((f.y < f.crease - 0.05) | (f.y > f.lower + 0.05) | (f.x < -0.05) | (f.x > 1.05)) & (
        luma > 0.8 * cv2.GaussianBlur(luma, (0, 0), 0.2 * f.width)
    )
    weight = skin.astype(np.float64)
    total = cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-3
    around = (cv2.GaussianBlur(photo * weight[..., None], (0, 0), sigma) / total[..., None]) @ _LUMA
    limit = np.clip(around / np.maximum(colour @ _LUMA, 1), 0.90, 1.0)
    colour *= (0.35 + 0.65 * limit)[..., None]
    colour += _grain(view, mesh, luma.shape)[..., None]
    result: FloatArray = np.clip(colour, 0, 255).astype(np.float32)
    return result


def _skin_columns(colours: Array, x: Array, spare: Array) -> Array:
    """Return robust skin colours at :data:`COLUMNS`, smoothed across the eye, (7, 3)."""
    if len(colours) < 12:
        colours, x = spare, np.full(len(spare), 0.5)
    luma = colours @ _LUMA
    order = np.argsort(luma)
    found = np.zeros((len(COLUMNS), 3))
    for k, centre in enumerate(COLUMNS):
        weight = np.exp(-(((x - centre) / 0.16) ** 2))
        rank = np.cumsum(weight[order])
        rank /= rank[-1] + 1e-9
        chosen = order[(rank > SKIN_RANKS[0]) & (rank < SKIN_RANKS[1])]
        if not len(chosen):
            chosen = order
        found[k] = np.average(colours[chosen], axis=0, weights=weight[chosen] + 1e-6)
    kernel = np.exp(-(((COLUMNS[:, None] - COLUMNS[None]) / 0.22) ** 2))
    return np.asarray(kernel @ found / kernel.sum(1, keepdims=True))


def _skin_samples(view: View, mesh: HeadMesh, landmarks: tuple[int, ...]) -> Array:
    samples = []
    for x, y in mesh.landmarks[list(landmarks), :2].astype(int):
        x, y = (int(np.clip(v, 2, view.size - 3)) for v in (x, y))
        samples.append(view.image[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3))
    return np.vstack(samples).astype(np.float64)


def _grain(view: View, mesh: HeadMesh, shape: tuple[int, ...]) -> Array:
    """Return noise of the strength that the cheeks' own grain has."""
    luma = cv2.cvtColor(view.image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = luma - cv2.GaussianBlur(luma, (0, 0), 0.9 * mesh.mm + 0.8)
    reach = max(round(6 * view.size / 512), 2)
    spread = []
    for x, y in mesh.landmarks[list(_CHEEKS), :2].astype(int):
        x, y = (int(np.clip(v, reach, view.size - 1 - reach)) for v in (x, y))
        spread.append(np.median(np.abs(fine[y - reach : y + reach, x - reach : x + reach])))
    noise = np.random.default_rng(1).standard_normal(shape)
    sigma = 0.7 * view.size / 512
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma) * 1.9 * min(1.3 * min(spread), 3.0))


def _cover(view: View, f: _EyeFrame) -> Array:
    """Where the painted lid lies: from the crease to just past the lower lid, corner to corner."""
    cover = (
        smoothstep((f.y - (f.crease - 0.035)) / 0.07)
        * smoothstep((f.lower + 0.035 - f.y) / 0.05)
        * smoothstep((f.x + 0.11) / 0.11)
        * smoothstep((1.11 - f.x) / 0.11)
    )
    # lashes that stand out above the lid go as well
    luma = view.image[f.box].astype(np.float64) @ _LUMA
    dark = luma < 0.72 * cv2.GaussianBlur(luma, (0, 0), 0.22 * f.width)
    lash = dark & (f.y < f.upper + 0.02) & (f.y > f.crease - 0.10)
    wide = cv2.dilate(lash.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float64)
    wide = cv2.GaussianBlur(wide, (0, 0), view.size / 512)
    wide *= smoothstep((f.y - (f.crease - 0.14)) / 0.06)
    wide *= smoothstep((f.x + 0.16) / 0.12) * smoothstep((1.16 - f.x) / 0.12)
    return np.asarray(np.clip(np.maximum(cover, wide), 0, 1))
