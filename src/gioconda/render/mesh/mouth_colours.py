"""Colours of a mouth that suit a portrait, measured from its skin, eye whites, lips and light.

A mouth that is painted into a picture must share its exposure, its colour cast, its contrast and
its sharpness, whether the picture is a photograph, a faded painting or a drawing. Nothing here
looks at the mouth's inside; a subject's own teeth refine the result (see ``own_teeth``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from gioconda.portrait.types import View
from gioconda.render.mesh.dental_age import skin_texture
from gioconda.render.mesh.mouth_light import (
    SKIN,
    light_tint,
    luma,
    measure_light,
    patches,
    ramp,
    tooth_luma,
    unit,
)
from gioconda.render.mesh.types import ByteImage, FloatArray, HeadMesh

_CHEEK_IMAGE_LEFT: Final = (50, 205, 187)
_CHEEK_IMAGE_RIGHT: Final = (280, 425, 411)
_UPPER_INNER: Final = (191, 80, 81, 82, 13, 312, 311, 310, 415)
_UPPER_OUTER: Final = (185, 40, 39, 37, 0, 267, 269, 270, 409)
_LOWER_INNER: Final = (95, 88, 178, 87, 14, 317, 402, 318, 324)
_LOWER_OUTER: Final = (146, 91, 181, 84, 17, 314, 405, 321, 375)
_CORNERS: Final = (78, 308)
_MIDDLE: Final = (13, 14)
#: Where lips are sampled, from the inner edge to the outer; in a mouth open wider than this the fit
#: may put the inner edge of the lower lip onto the lower teeth.
_ACROSS_LIP: Final = (0.25, 0.40, 0.55)
_AWAY_FROM_TEETH: Final = (0.50, 0.65, 0.80)
_WIDE_MM: Final = 9.0
#: Grain beyond this would be texture of the skin, standard deviation in levels.
_MOST_GRAIN: Final = 6.0
#: Samples along each lip.
LIP_SAMPLES: Final = 17
_TONGUE_HUE: Final = np.array([1.28, 0.87, 0.97])
_CAVITY_HUE: Final = np.array([1.62, 0.70, 0.80])


@dataclass(frozen=True)
class MouthColours:
    """What the painter needs to know of a picture's light; colours are RGB, 0 to 255.

    Attributes:
        tooth: (3,) a bright, fully lit tooth.
        cavity, tongue: (3,) lit by an average opening.
        black: (3,) the deepest dark of the picture, which the mouth's may not undercut.
        lips: (2, 17, 3) along the upper and the lower lip, corner to corner, left to right.
        exposure: luma of lit skin, 1 at 150.
        light_side: -1 (light from the image's left) to 1 (right).
        saturation: 0 in grey and toned pictures, 1 in coloured ones.
        detail: 1 in a photograph, less where skin is rendered smooth, towards 0 in flat drawings.
        gloss: strength of wet highlights, 0 to 1.
        blur_px: spread of the picture's sharpest edges, as a Gaussian's sigma in view pixels.
        grain: standard deviation of the picture's grain on smooth skin, in levels.
    """

    tooth: FloatArray
    cavity: FloatArray
    tongue: FloatArray
    black: FloatArray
    lips: FloatArray
    exposure: float
    light_side: float
    saturation: float
    detail: float
    gloss: float
    blur_px: float
    grain: float


def measure_colours(view: View, mesh: HeadMesh) -> MouthColours:
    """Measure a portrait and choose the colours of its mouth."""
    gap = np.linalg.norm(mesh.landmarks[_MIDDLE[1], :2] - mesh.landmarks[_MIDDLE[0], :2]) / mesh.mm
    low = _AWAY_FROM_TEETH if gap > _WIDE_MM else _ACROSS_LIP
    lips = np.stack(
        [
            _lip_colours(view.image, mesh, _UPPER_INNER, _UPPER_OUTER, _ACROSS_LIP),
            _lip_colours(view.image, mesh, _LOWER_INNER, _LOWER_OUTER, low),
        ]
    )
    light = measure_light(view, mesh, lips)
    lip = np.median(lips.reshape(-1, 3), axis=0).astype(np.float64)
    tint = light_tint(light)
    flesh = unit(lip)
    own = float(1 - light.monochrome)
    tongue_hue = unit(own * 0.64 * _TONGUE_HUE * tint + (1 - own * 0.64) * flesh)
    cavity_hue = unit(own * 0.68 * _CAVITY_HUE * tint + (1 - own * 0.68) * flesh)
    lip_luma = float(luma(lip))
    tongue_luma = np.clip(
        0.62 * light.skin_luma + 0.24 * min(lip_luma, light.skin_luma) + 4, 26, 190
    )
    cavity_luma = np.clip(0.20 * light.skin_luma + 8, 10, 46)
    shaded = _detail(view.image, mesh)
    return MouthColours(
        tooth=(tint * tooth_luma(light)).astype(np.float32),
        cavity=(cavity_hue * cavity_luma).astype(np.float32),
        tongue=(tongue_hue * tongue_luma).astype(np.float32),
        black=(0.9 * np.maximum(light.darkest - 12, 0)).astype(np.float32),
        lips=lips.astype(np.float32),
        exposure=float(np.clip(light.skin_luma / 150.0, 0.35, 1.35)),
        light_side=_light_side(view.image, mesh),
        saturation=own,
        detail=shaded * _smooth_skin_detail(view, mesh),
        gloss=shaded,
        blur_px=_blur(view, mesh),
        grain=_grain(view.image, mesh),
    )


def _lip_colours(
    image: ByteImage,
    mesh: HeadMesh,
    inner: tuple[int, ...],
    outer: tuple[int, ...],
    across: tuple[float, ...],
) -> FloatArray:
    """Colours along one lip, (17, 3), from strips at parts of its way from inner to outer edge."""
    import cv2

    smooth = cv2.GaussianBlur(image, (0, 0), max(0.7, 0.6 * mesh.mm)).astype(np.float32)
    limit = image.shape[0] - 1
    p = mesh.landmarks[:, :2]
    samples = []
    for f in across:
        at = np.clip((p[list(inner)] * (1 - f) + p[list(outer)] * f).astype(int), 0, limit)
        samples.append(smooth[at[:, 1], at[:, 0]])
    colour = np.mean(samples, axis=0)
    padded = np.concatenate([colour[:1], colour, colour[-1:]])
    colour = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    first, last = p[_CORNERS[0]], p[_CORNERS[1]]
    axis = last - first
    along = (p[list(inner)] - first) @ axis / max(float(axis @ axis), 1e-6)
    order = np.argsort(along)
    at_samples = np.linspace(0, 1, LIP_SAMPLES)
    return np.stack(
        [np.interp(at_samples, along[order], colour[order, c]) for c in range(3)], axis=1
    ).astype(np.float32)


def _light_side(image: ByteImage, mesh: HeadMesh) -> float:
    reach = max(round(2.5 * mesh.mm), 1)
    left = luma(patches(image, mesh.landmarks[list(_CHEEK_IMAGE_LEFT)], reach)).mean()
    right = luma(patches(image, mesh.landmarks[list(_CHEEK_IMAGE_RIGHT)], reach)).mean()
    return float(np.clip(1.6 * (right - left) / max(right + left, 1.0), -1, 1))


def _detail(image: ByteImage, mesh: HeadMesh) -> float:
    """Return 0 where skin has no texture and no shading (flat drawings), 1 in photographs."""
    reach = max(round(3.0 * mesh.mm), 2)
    spreads = []
    for landmark in (205, 425, 50, 280, 199, 151):
        x, y = np.clip(mesh.landmarks[landmark, :2].astype(int), reach, image.shape[0] - 1 - reach)
        patch = image[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3)
        spreads.append(float(luma(patch.astype(np.float64)).std()))
    return ramp(float(np.median(spreads)), 0.6, 1.4)


def _smooth_skin_detail(view: View, mesh: HeadMesh) -> float:
    """Return how much of their modelling teeth keep beside skin as smooth as this, 0.55 to 1.

    Retouched photos and rendered cartoons have no pores; teeth with every separator drawn would
    come from another picture.
    """
    cheeks, forehead, _ = skin_texture(view, mesh)
    return 0.55 + 0.45 * ramp(0.5 * float(cheeks + forehead), 0.003, 0.005)


def _blur(view: View, mesh: HeadMesh) -> float:
    """Estimate the picture's blur: at least its enlargement, else the sharpness of eyes and lips.

    A step edge blurred by sigma loses the energy of its finest band first; the ratio of the
    bands under 1 and under 3 pixels falls from about 0.5 at sigma 0 to 0.1 at sigma 3.
    """
    import cv2

    scale = float(np.linalg.norm(view.to_picture[:, 0]))
    enlarged = 0.40 / max(scale, 1e-3) if scale < 1 else 0.0
    ids = [33, 133, 159, 145, 263, 362, 386, 374, 61, 291, 0, 17]
    p = mesh.landmarks[ids, :2]
    x0, y0 = np.maximum(p.min(0).astype(int) - 4, 0)
    x1, y1 = p.max(0).astype(int) + 5
    region = luma(view.image[y0:y1, x0:x1].astype(np.float64))
    fine = region - cv2.GaussianBlur(region, (0, 0), 1.0)
    coarse = region - cv2.GaussianBlur(region, (0, 0), 3.0)
    ratio = float(np.sqrt((fine**2).mean() / max(float((coarse**2).mean()), 1e-6)))
    measured = float(np.interp(ratio, [0.10, 0.16, 0.24, 0.34, 0.45], [3.0, 2.0, 1.2, 0.5, 0.0]))
    return float(np.clip(max(enlarged, measured), 0.0, 3.0))


def _grain(image: ByteImage, mesh: HeadMesh) -> float:
    """Estimate grain by the finest band of the smoothest skin; pores and hair count as none."""
    import cv2

    reach = max(round(2.5 * mesh.mm), 3)
    spreads = []
    for x, y in mesh.landmarks[list(SKIN), :2].astype(int):
        patch = image[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
        if min(patch.shape[:2]) > 4:
            lumas = luma(patch.astype(np.float64))
            fine = lumas - cv2.GaussianBlur(lumas, (0, 0), 1.2)
            spreads.append(1.48 * float(np.median(np.abs(fine))))
    # The band holds most of white noise.
    return float(np.clip(1.15 * np.percentile(spreads, 20) - 0.4, 0, _MOST_GRAIN))


def grain_tile(spread: float, seed: int) -> FloatArray:
    """Return grain of a standard deviation in levels, a (64, 64) tile that repeats."""
    noise = np.random.default_rng(seed).standard_normal((64, 64))
    # Sampling between pixels smooths; so does a lens.
    soft = 0.5 * noise + 0.125 * sum(np.roll(noise, s, a) for s in (-1, 1) for a in (0, 1))
    tile: FloatArray = (soft * (1.25 * spread / soft.std())).astype(np.float32)
    return tile
