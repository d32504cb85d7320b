"""The texture of a closed eyelid, made from the skin round the eye.

Stretching the photo's open lid over the eye drags its lashes down with it. Instead a blink fades
to a painted lid. Its colour is led in from the skin all round, so that it has no edge; where the
socket is dark the middle of the lid comes into the light, for it lies over the ball of the eye.
It has a darker crease and a darker root of the lashes, and the fine structure of the skin below
the eye. Lashes that stand up over the lid of the open eye give way to the skin between them.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import View
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.eye_frame import EyeFrame, eye_below, eye_frame
from gioconda.render.mesh.eye_regions import EyeRegion, polygon_mask
from gioconda.render.mesh.types import ByteImage, FloatArray, HeadMesh

Array = npt.NDArray[np.float64]

#: Blink weight at which the painted lid begins to show, and the range to full effect.
BLINK_BEGIN: Final = 0.1
BLINK_RANGE: Final = 0.45
#: The fade is quantised, so that a still lid costs nothing.
FADE_STEPS: Final = 64
#: Columns of skin samples across the eye.
COLUMNS: Final = np.linspace(0.08, 0.92, 7)
#: Band of luminance ranks that counts as skin: without lashes below and glints above.
SKIN_RANKS: Final = (0.28, 0.72)
#: Reaches, in eye widths, over which skin is led into the lid, and the trust in each.
SKIN_REACHES: Final = ((0.07, 1.0), (0.16, 0.05), (0.35, 0.004), (0.7, 0.0005))
#: The middle of a closed lid is at least this bright, as part of the brighter of the skin above
#: and below.
LEAST_LIGHT: Final = 0.86
#: ... and at most this bright: a lid does not shine.
MOST_LIGHT: Final = 0.96
#: How much faster than the mean each channel darkens on skin in shade.
WARM_SHADE: Final = np.array([-0.2, 0.05, 0.2])
CREASE_DARK: Final = 0.13
LASH_ROOT_DARK: Final = 0.16
CONVEX_LIGHT: Final = 0.07
CORNER_DARK: Final = 0.05
#: The skin's structure is what is finer than this, in eye widths; how much of it the lid takes,
#: and its greatest strength, as part of the brightness.
STRUCTURE_REACH: Final = 0.07
STRUCTURE_SHARE: Final = 0.8
STRUCTURE_LIMIT: Final = 0.10
#: Lashes are dark lines up to this wide, in eye widths, and this much darker than the skin.
LASH_WIDTH: Final = 0.09
LASH_CONTRAST: Final = (0.05, 0.13)
#: On grainy or wrinkled skin lashes must stand out by so many times its usual contrast more.
GRAIN_CONTRAST: Final = 2.5
#: The wing at the outer corner is so wide at most, in eye widths, and fades by this part.
WING_WIDTH: Final = 0.45
WING_SHARE: Final = 0.85
#: Lashes are looked for inside the face's outline by this margin.
FACE_MARGIN_MM: Final = 3.0

#: Structure of the cheeks, in grey levels, below and above which a picture is drawn flat, and not;
#: a flat lid has the light of the skin beside it, and this much less relief.
FLAT_STRUCTURE: Final = (0.2, 0.28)
FLAT_LIGHT: Final = 0.97
FLAT_RELIEF: Final = 0.7
#: Above a closing lid nothing is darker than this part of the skin; the most that it is lightened.
DARKEST_SOCKET: Final = 0.5
MOST_SOCKET_GAIN: Final = 5.0

_LUMA: Final = np.array([0.299, 0.587, 0.114])
_CHEEKS_AND_FOREHEAD: Final = (50, 280, 151)
_CHEEKS: Final = (50, 280)


class Eyelid:
    """Fades a box of the surface's texture between the photo and the closed lid.

    Args:
        view: the portrait's square view.
        mesh: its mesh.
        eye: which eye.
        texture: (size, size, 4) premultiplied texture of the surface.

    Attributes:
        box: rows and columns of the texture that it writes.
        frame: coordinates of the eye in the photo.
        flat: 1 where the portrait is a drawing of flat colours, else 0.
        below: how far the eye can be seen under the landmarks of its lower lid, in eye widths; a
            cartoon's eyes are larger than any face the landmarks were learnt from.
    """

    def __init__(self, view: View, mesh: HeadMesh, eye: EyeRegion, texture: ByteImage) -> None:
        frame = eye_frame(view, mesh, eye)
        self.frame, self.flat = frame, _flatness(view, mesh)
        self.box = frame.box
        self._target = texture[frame.box]
        self._open = self._target.astype(np.float32)
        photo = view.image[frame.box].astype(np.float64)
        lashes = _lashes(photo @ _LUMA, frame) * _face_cover(view, mesh)[frame.box]
        seen_below, self.below = eye_below(view, frame)
        lashes *= 1 - seen_below
        clear = _beside_eye(frame) * (1 - lashes) * (1 - seen_below)
        between = _led_in(photo, clear, frame, SKIN_REACHES)
        around = _led_in(photo, clear * _lit(photo @ _LUMA, clear, frame), frame, SKIN_REACHES[1:])
        cover = np.maximum(_cover(frame), seen_below)[..., None]
        bare = photo + (between - photo) * lashes[..., None]
        painted = bare * (1 - cover) + _lid_colour(view, mesh, frame, around, self.flat) * cover
        painted = painted * _socket_light(painted @ _LUMA, around @ _LUMA, frame)[..., None]
        opaque = self._open[..., 3:] / 255
        closed = self._open.copy()
        # premultiplied colour never exceeds its own cover
        closed[..., :3] = np.clip(closed[..., :3] + (painted - photo) * opaque, 0, 255 * opaque)
        self._closed = closed.astype(np.float32)
        self._step = 0

    def fade(self, blink: float) -> bool:
        """Write the lid for a blink weight, 0 to 1, into the texture; tell if that changed it."""
        step = round(painted_share(blink) * FADE_STEPS)
        if step == self._step:
            return False
        self._step = step
        k = step / FADE_STEPS
        self._target[:] = cv2.addWeighted(self._open, 1 - k, self._closed, k, 0.5)
        return True


def painted_share(blink: float) -> float:
    """Return how far the painted lid has replaced the photo at a blink weight, 0 to 1."""
    return min(max((blink - BLINK_BEGIN) / BLINK_RANGE, 0.0), 1.0)


def _lashes(luma: Array, f: EyeFrame) -> Array:
    """Return how much each pixel shows a lash above the lid or beyond the outer corner, 0 to 1."""
    # closed along the eye only: rims of glasses and folds of the lid lie that way and stay
    filled = cv2.morphologyEx(luma, cv2.MORPH_CLOSE, _line_across(f, LASH_WIDTH * f.width))
    contrast = (filled - luma) / np.maximum(filled, 8)
    below = (f.y > f.under) & (f.y < f.under + 0.2)
    usual = float(np.median(contrast[below])) if below.any() else 0.0
    begin, full = (limit + GRAIN_CONTRAST * usual for limit in LASH_CONTRAST)
    line = smoothstep((contrast - begin) / (full - begin))
    above = smoothstep((f.y - f.brow - 0.05) / 0.06) * smoothstep((f.upper + 0.03 - f.y) / 0.03)
    above *= smoothstep((f.y - f.crease + 0.32) / 0.1)
    # the wing of lashes at the outer corner is wider than a line, narrower than a socket in shade
    lit = _filled(luma, WING_WIDTH * f.width)
    dark = smoothstep((0.88 - luma / np.maximum(lit, 8)) / 0.2)
    wing = smoothstep((0.14 - f.x) / 0.1) * smoothstep((f.x + 0.34) / 0.1)
    wing *= smoothstep((f.y - f.crease + 0.2) / 0.1) * smoothstep((f.lower + 0.08 - f.y) / 0.05)
    wing = cv2.GaussianBlur(dark * wing, (0, 0), 0.04 * f.width)
    lashes = np.maximum(line * above, WING_SHARE * wing)
    lashes *= smoothstep((f.x + 0.36) / 0.1) * smoothstep((1.12 - f.x) / 0.1)
    grown = cv2.dilate(lashes, np.ones((3, 3), np.uint8))
    return np.asarray(np.clip(cv2.GaussianBlur(grown, (0, 0), 0.6) * 1.2, 0, 1))


def _filled(luma: Array, width: float) -> Array:
    """Return the picture without what is dark and narrower than so many pixels."""
    size = 2 * max(round(0.5 * width), 1) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(luma, cv2.MORPH_CLOSE, disc)
    return np.asarray(cv2.GaussianBlur(closed, (0, 0), 0.25 * size))


def _face_cover(view: View, mesh: HeadMesh) -> FloatArray:
    """Return 1 well inside the face, (size, size): what is dark beyond its contour is no lash."""
    inside = polygon_mask(mesh.vertices[mesh.rings["oval"], :2], (view.size, view.size))
    reach = 2 * max(round(FACE_MARGIN_MM * mesh.mm), 1) + 1
    eroded = cv2.erode(inside, np.ones((reach, reach), np.uint8))
    result: FloatArray = cv2.GaussianBlur(eroded, (0, 0), 0.5 * reach)
    return result


def _socket_light(luma: Array, skin: Array, f: EyeFrame) -> Array:
    """Return the gain that keeps a black socket from being drawn down over the lid as a blot.

    A lid that closes pulls the skin above its crease along; where that is painted nearly black it
    comes into some light as it does.
    """
    sigma = max(0.03 * f.width, 0.6)
    share = cv2.GaussianBlur(luma, (0, 0), sigma) / np.maximum(skin, 1)
    gain = np.maximum(DARKEST_SOCKET / np.maximum(share, 0.05), 1)
    gain = np.minimum(cv2.GaussianBlur(gain, (0, 0), sigma), MOST_SOCKET_GAIN)
    band = smoothstep((f.y - f.brow - 0.06) / 0.12) * smoothstep((f.upper - f.y) / 0.1)
    band *= smoothstep((f.x + 0.15) / 0.15) * smoothstep((1.15 - f.x) / 0.15)
    return np.asarray(1 + (gain - 1) * band)


def _line_across(f: EyeFrame, length: float) -> ByteImage:
    """Return a one pixel wide line along the eye, an odd square that a morphology takes."""
    half = max(round(0.5 * length), 1)
    line = np.zeros((2 * half + 1, 2 * half + 1), np.uint8)
    across = np.round(half * np.array([f.down[1], -f.down[0]])).astype(int)
    start, end = (half - across).tolist(), (half + across).tolist()
    cv2.line(line, start, end, 1)
    return line


def _beside_eye(f: EyeFrame) -> Array:
    """Return 1 where skin can be seen: below the brow, outside the lids and their lashes."""
    eye = (f.y > f.crease + 0.01) & (f.y < f.lower + 0.08) & (f.x > -0.06) & (f.x < 1.08)
    return (~eye & (f.y > f.brow + 0.03) & (f.y < f.under + 0.2)).astype(np.float64)


def _lit(luma: Array, clear: Array, f: EyeFrame) -> Array:
    """Return 0 on what is far darker than the skin near it: rims, folds, lashes."""
    typical = _led_in(luma[..., None], clear, f, SKIN_REACHES[-1:])[..., 0]
    return smoothstep((luma / np.maximum(typical, 1.0) - 0.68) / 0.2)


def _led_in(
    photo: Array, known: Array, f: EyeFrame, reaches: tuple[tuple[float, float], ...]
) -> Array:
    """Lead what is known into the rest, nearest first; like ``photo``, (h, w, channels)."""
    mean = np.average(photo.reshape(known.size, -1), axis=0, weights=known.ravel() + 1e-6)
    total, weight = np.full_like(photo, 1e-6) * mean, np.full(known.shape, 1e-6)
    for reach, trust in reaches:
        sigma = max(reach * f.width, 0.6)
        blurred = cv2.GaussianBlur(photo * known[..., None], (0, 0), sigma)
        total += trust * blurred.reshape(photo.shape)
        weight += trust * cv2.GaussianBlur(known, (0, 0), sigma)
    return np.asarray(total / weight[..., None])


def _lid_colour(view: View, mesh: HeadMesh, f: EyeFrame, skin: Array, flat: float) -> Array:
    # 0 at the crease, 1 at the edge of the lid
    down = np.clip((f.y - f.crease) / np.maximum(f.upper - f.crease, 0.03), 0, 1)
    arch = np.sin(np.pi * np.clip(f.x, 0, 1))
    ball = np.sin(np.pi * np.clip(0.1 + 0.9 * down, 0, 1)) * arch
    bright = _brighter_skin(view, mesh, f)
    least = _least_light(bright)
    darker = smoothstep(((least @ _LUMA) / np.maximum(skin @ _LUMA, 1) - 1) / 0.25)
    skin = skin + flat * (FLAT_LIGHT * bright - skin)
    colour = skin + (least - skin) * (darker * np.sqrt(ball))[..., None]
    relief = (
        1
        + CONVEX_LIGHT * ball
        - CREASE_DARK * np.exp(-((down / 0.2) ** 2)) * np.sqrt(arch)
        - LASH_ROOT_DARK * np.exp(-(((1 - down) / 0.16) ** 2)) * np.sqrt(arch)
        - CORNER_DARK * (1 - arch)
    )
    relief = 1 + (relief - 1) * (1 - FLAT_RELIEF * flat)
    relief *= np.minimum(
        MOST_LIGHT * (bright @ _LUMA) / np.maximum((colour @ _LUMA) * relief, 1), 1
    )
    colour = colour * (relief * _structure(view, f, down))[..., None]
    return np.asarray(np.clip(colour + _grain(view, mesh, down.shape)[..., None], 0, 255))


def _flatness(view: View, mesh: HeadMesh) -> float:
    """Return 1 for a drawing of flat colours, whose cheeks have no structure at all, else 0."""
    luma = cv2.cvtColor(view.image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = np.abs(luma - cv2.GaussianBlur(luma, (0, 0), 2 * view.size / 512))
    reach = max(round(8 * view.size / 512), 2)
    spread = []
    for x, y in mesh.landmarks[list(_CHEEKS), :2].astype(int):
        x, y = (int(np.clip(v, reach, view.size - 1 - reach)) for v in (x, y))
        spread.append(float(np.median(fine[y - reach : y + reach, x - reach : x + reach])))
    begin, end = FLAT_STRUCTURE
    return float(1 - smoothstep((min(spread) - begin) / (end - begin)))


def _brighter_skin(view: View, mesh: HeadMesh, f: EyeFrame) -> Array:
    """Return the brighter of the skin above and below the eye, column by column, (h, w, 3)."""
    photo = view.image[f.box].astype(np.float64)
    band_height = f.crease - f.brow
    above = (f.y < f.crease - 0.12 * band_height) & (f.y > f.crease - 0.62 * band_height)
    below = (f.y > f.under - 0.02) & (f.y < f.under + 0.14)
    spare = _skin_samples(view, mesh, _CHEEKS_AND_FOREHEAD)
    high = _skin_columns(photo[above], f.x[above], spare)
    low = _skin_columns(photo[below], f.x[below], spare)
    brighter = np.where(((high @ _LUMA) > (low @ _LUMA))[:, None], high, low)
    return np.stack([np.interp(f.x, COLUMNS, brighter[:, c]) for c in range(3)], 2)


def _least_light(bright: Array) -> Array:
    """Return the darkest that the middle of a lid may be: skin in shade is warmer."""
    colourful = np.clip(np.ptp(bright, axis=2, keepdims=True) / 20, 0, 1)
    return np.asarray(bright * LEAST_LIGHT ** (1 + colourful * WARM_SHADE))


def _structure(view: View, f: EyeFrame, down: Array) -> Array:
    """Return the fine structure of the skin below the eye, laid over the closed lid; 1 is flat.

    The lid is drawn out as it closes; so the structure is squeezed the other way beforehand.
    """
    luma = (view.image @ _LUMA).astype(np.float32)
    coarse = cv2.GaussianBlur(luma, (0, 0), max(STRUCTURE_REACH * f.width, 1.0))
    fine = luma / np.maximum(coarse, 8) - 1
    below = f.under + 0.05 + down * (f.lower - f.crease) - f.y
    step = below * f.width
    rows, columns = np.mgrid[: down.shape[0], : down.shape[1]]
    at_x = (columns + f.x0 + step * f.down[0]).astype(np.float32)
    at_y = (rows + f.y0 + step * f.down[1]).astype(np.float32)
    found = cv2.remap(fine, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    limit = STRUCTURE_LIMIT
    return np.asarray(1 + STRUCTURE_SHARE * limit * np.tanh(found / limit), np.float64)


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


def _cover(f: EyeFrame) -> Array:
    """Where the painted lid lies: from the crease to just past the lower lid, corner to corner."""
    return np.asarray(
        smoothstep((f.y - (f.crease - 0.06)) / 0.12)
        * smoothstep((f.lower + 0.065 - f.y) / 0.06)
        * smoothstep((f.x + 0.18) / 0.24)
        * smoothstep((1.11 - f.x) / 0.15)
    )
