"""Colours of a mouth that suit a portrait, measured from its skin, eye whites, lips and light.

A mouth that is painted into a picture must share its exposure, its colour cast, its contrast and
its sharpness, whether the picture is a photograph, a faded painting or a drawing. Nothing here
looks at the mouth's inside; a subject's own teeth refine the result (see ``own_teeth``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import View
from gioconda.render.mesh.dental_age import skin_texture
from gioconda.render.mesh.types import ByteImage, FloatArray, HeadMesh

Colour = npt.NDArray[np.float64]

_LUMA: Final = np.array([0.299, 0.587, 0.114])
_SKIN: Final = (205, 425, 50, 280, 164, 206, 426, 199)
_AROUND_MOUTH: Final = (164, 206, 426, 216, 436, 212, 432, 199, 200, 204, 424)
_CHEEK_IMAGE_LEFT: Final = (50, 205, 187)
_CHEEK_IMAGE_RIGHT: Final = (280, 425, 411)
_IRISES: Final = ((468, "eye_right"), (473, "eye_left"))
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


@dataclass(frozen=True)
class _Light:
    """Measurements behind the colours.

    Attributes:
        skin: at luma 1.
        skin_luma: of lit skin.
        eye_white: at luma 1; None where too little of it shows.
        eye_white_luma: its luma, or a guess from the skin.
        near_mouth: how well lit the mouth is against the cheeks, 0.65 to 1.
        image_white: the picture's lightest tones, at luma 1.
        darkest: (3,) level of the face's darks in each channel.
        brightest: luma of the picture's lights.
        monochrome: 1 for grey and toned pictures, 0 for coloured ones.
    """

    skin: Colour
    skin_luma: float
    eye_white: Colour | None
    eye_white_luma: float
    near_mouth: float
    image_white: Colour
    darkest: Colour
    brightest: float
    monochrome: float


def luma(colours: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return Rec. 601 luma of RGB colours along the last axis."""
    result: npt.NDArray[np.float64] = colours @ _LUMA
    return result


def _unit(colour: Colour) -> Colour:
    """Scale a colour to luma 1."""
    return colour / max(float(colour @ _LUMA), 1e-3)


def _ramp(x: float, start: float, width: float) -> float:
    return float(np.clip((x - start) / width, 0, 1))


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
    light = _measure_light(view, mesh, lips)
    lip = np.median(lips.reshape(-1, 3), axis=0).astype(np.float64)
    tint = _light_tint(light)
    tooth_luma = _tooth_luma(light)
    flesh = _unit(lip)
    own = float(1 - light.monochrome)
    tongue_hue = _unit(own * 0.64 * _TONGUE_HUE * tint + (1 - own * 0.64) * flesh)
    cavity_hue = _unit(own * 0.68 * _CAVITY_HUE * tint + (1 - own * 0.68) * flesh)
    lip_luma = float(luma(lip))
    tongue_luma = np.clip(
        0.62 * light.skin_luma + 0.24 * min(lip_luma, light.skin_luma) + 4, 26, 190
    )
    cavity_luma = np.clip(0.20 * light.skin_luma + 8, 10, 46)
    shaded = _detail(view.image, mesh)
    return MouthColours(
        tooth=(tint * tooth_luma).astype(np.float32),
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


def _patches(image: ByteImage, points: npt.NDArray[np.floating], reach: int) -> Colour:
    """Mean colours of square patches, (n, 3)."""
    size = image.shape[0]
    xy = np.clip(points[:, :2].astype(int), reach, size - 1 - reach)
    return np.array(
        [
            image[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3).mean(0)
            for x, y in xy
        ]
    )


def _measure_light(view: View, mesh: HeadMesh, lips: FloatArray) -> _Light:
    image = view.image
    reach = max(round(1.8 * mesh.mm), 1)
    skin = _patches(image, mesh.landmarks[list(_SKIN)], reach)
    skin_lumas = luma(skin)
    skin_luma = float(np.percentile(skin_lumas, 65))
    around = luma(_patches(image, mesh.landmarks[list(_AROUND_MOUTH)], reach))
    whites = _eye_whites(image, mesh)
    eye_white: Colour | None = None
    eye_white_luma = 0.95 * skin_luma
    if len(whites) > 8:
        lumas = luma(whites)
        bright = whites[lumas >= np.percentile(lumas, 50)]
        redness = (bright[:, 0] - bright[:, 2]) / np.maximum(luma(bright), 8)
        mean = bright[redness <= np.percentile(redness, 35)].mean(0)
        eye_white, eye_white_luma = _unit(mean), float(luma(mean))
    every = max(image.shape[0] * image.shape[1] // 50_000, 1)
    flat = image.reshape(-1, 3)[::every].astype(np.float64)
    x0, y0 = np.maximum(mesh.landmarks[:468, :2].min(0).astype(int), 0)
    x1, y1 = mesh.landmarks[:468, :2].max(0).astype(int) + 1
    face = image[y0:y1:2, x0:x1:2].reshape(-1, 3).astype(np.float64)
    white = np.percentile(flat, 99.0, axis=0)
    return _Light(
        skin=np.median(skin, axis=0) / max(float(np.median(skin_lumas)), 1.0),
        skin_luma=skin_luma,
        eye_white=eye_white,
        eye_white_luma=eye_white_luma,
        near_mouth=_light_near_mouth(around, lips, skin_luma),
        image_white=np.clip(white / max(float(luma(white)), 1.0), 0.55, 1.35),
        darkest=np.percentile(face, 1.0, axis=0),
        brightest=float(max(np.percentile(luma(flat), 99.5), np.percentile(luma(face), 99.5))),
        monochrome=_monochrome(flat),
    )


def _light_near_mouth(around: Colour, lips: FloatArray, skin_luma: float) -> float:
    """Return how well lit the mouth is against the cheeks, 0.65 to 1.

    Skin round it may be bearded and lips may be painted: only where both are dark is it shade.
    """
    skin = float(np.percentile(around, 65)) / max(skin_luma, 1.0)
    lip = float(np.median(luma(lips))) / max(0.62 * skin_luma, 1.0)
    return float(np.clip(max(skin, lip), 0.65, 1.0))


def _eye_whites(image: ByteImage, mesh: HeadMesh) -> Colour:
    """Pixels between the lids that are not iris, (n, 3)."""
    import cv2

    found = []
    for iris, ring in _IRISES:
        opening = np.zeros(image.shape[:2], np.uint8)
        cv2.fillPoly(opening, [mesh.vertices[mesh.rings[ring], :2].astype(np.int32)], 255)
        opening = cv2.erode(opening, np.ones((3, 3), np.uint8))
        y, x = np.nonzero(opening)
        centre = mesh.landmarks[iris, :2]
        radius = float(np.linalg.norm(mesh.landmarks[iris + 1, :2] - centre))
        outside = np.hypot(x - centre[0], y - centre[1]) > 1.2 * radius
        found.append(image[y[outside], x[outside]].astype(np.float64))
    return np.concatenate(found)


def _monochrome(pixels: Colour) -> float:
    """Return 1 for grey or toned pictures, 0 for coloured ones (by scatter of chromaticity)."""
    lumas = luma(pixels)
    lit = pixels[(lumas > 40) & (lumas < 245)]
    if len(lit) < 50:
        return 0.0
    chroma = lit[:, (0, 2)] / np.maximum(luma(lit), 1.0)[:, None]
    scatter = float(np.median(np.abs(chroma - np.median(chroma, axis=0)), axis=0).sum())
    return 1.0 - _ramp(scatter, 0.010, 0.025)


def _light_tint(light: _Light) -> Colour:
    """Return the colour, at luma 1, of a white thing in the mouth under the picture's light."""
    if light.monochrome >= 1:
        return _unit(light.image_white)
    sclera = _believable_sclera(light)
    white = light.image_white
    # A warm cast is believed where eye white and picture white agree, or where skin is very warm.
    cast = _ramp(sclera[0] / max(sclera[2], 0.05), 1.08, 0.6)
    white_warmth = white[0] / max(white[2], 0.05)
    warm_skin = _ramp(light.skin[0] / max(light.skin[2], 0.05), 2.3, 1.0)
    warm_skin *= _ramp(sclera[0] / max(sclera[2], 0.05), 1.3, 0.6)
    cast = max(cast * _ramp(white_warmth, 1.05, 0.35) * _ramp(white_warmth, 1.2, 0.2), warm_skin)
    # Old varnish and golden light: very warm eye whites where no white is cold.
    golden = _ramp(sclera[0] / max(sclera[2], 0.05), 1.3, 0.5) * _ramp(white_warmth, 1.03, 0.04)
    cast = max(cast, 0.6 * golden)
    of_sclera = 0.30 + 0.48 * cast
    # Teeth in photographs are warmer than the whites round them: flesh throws its light on them.
    of_skin = 0.20 - 0.06 * cast
    tint = of_sclera * sclera + of_skin * _unit(light.skin**0.6)
    tint = _unit(tint + (1.0 - of_skin - of_sclera) * white)
    tint[2] = min(tint[2], tint[0])
    warmest, warmth = 1.12 + 0.40 * cast, tint[0] / tint[2]
    if warmth > warmest:
        tint[0] *= np.sqrt(warmest / warmth)
        tint[2] /= np.sqrt(warmest / warmth)
    # Never magenta, and never green, which taking warmth away would leave.
    between = 0.5 * (tint[0] + tint[2])
    tint[1] = float(np.clip(tint[1], 0.97 * between, 1.015 * between))
    m = light.monochrome
    return _unit(_unit(tint) * (1 - m) + _unit(white) * m)


def _believable_sclera(light: _Light) -> Colour:
    """Return the colour of the eye's white, at luma 1.

    Under one light a white is colder than skin. Pixels between nearly closed lids that are as
    warm as skin are lids, and the white is guessed from the skin.
    """
    guessed = _unit(light.skin**0.35)
    if light.eye_white is None:
        return guessed
    sclera, skin = light.eye_white, light.skin
    warmth = sclera[0] / max(sclera[2], 0.05) / max(skin[0] / max(skin[2], 0.05), 0.05)
    believed = 1 - _ramp(float(warmth), 0.82, 0.14)
    return _unit(believed * sclera + (1 - believed) * guessed)


def _tooth_luma(light: _Light) -> float:
    """Return the luma of a lit tooth: skin and eye white set the exposure.

    In real clips of twelve people the middle of the row shows 0.95 of lit skin's luma, the
    separators, gleams and shades between included: a plain lit tooth is a little brighter, most on
    dark skin; the whites of the eyes, where they show, say the same less surely.
    """
    of_skin = 0.99 * light.skin_luma + 26 * (1 - light.skin_luma / 255)
    white = float(np.clip(light.eye_white_luma, 0.85 * light.skin_luma, 1.5 * light.skin_luma + 25))
    wanted = 0.7 * of_skin + 0.3 * 1.1 * white
    # Teeth share the light of their surroundings.
    wanted *= 0.6 + 0.4 * light.near_mouth
    return float(np.clip(wanted, 50, min(246.0, 1.04 * light.brightest)))


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
    left = luma(_patches(image, mesh.landmarks[list(_CHEEK_IMAGE_LEFT)], reach)).mean()
    right = luma(_patches(image, mesh.landmarks[list(_CHEEK_IMAGE_RIGHT)], reach)).mean()
    return float(np.clip(1.6 * (right - left) / max(right + left, 1.0), -1, 1))


def _detail(image: ByteImage, mesh: HeadMesh) -> float:
    """Return 0 where skin has no texture and no shading (flat drawings), 1 in photographs."""
    reach = max(round(3.0 * mesh.mm), 2)
    spreads = []
    for landmark in (205, 425, 50, 280, 199, 151):
        x, y = np.clip(mesh.landmarks[landmark, :2].astype(int), reach, image.shape[0] - 1 - reach)
        patch = image[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3)
        spreads.append(float(luma(patch.astype(np.float64)).std()))
    return _ramp(float(np.median(spreads)), 0.6, 1.4)


def _smooth_skin_detail(view: View, mesh: HeadMesh) -> float:
    """Return how much of their modelling teeth keep beside skin as smooth as this, 0.55 to 1.

    Retouched photos and rendered cartoons have no pores; teeth with every separator drawn would
    come from another picture.
    """
    cheeks, forehead, _ = skin_texture(view, mesh)
    return 0.55 + 0.45 * _ramp(0.5 * float(cheeks + forehead), 0.003, 0.005)


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
    for x, y in mesh.landmarks[list(_SKIN), :2].astype(int):
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
