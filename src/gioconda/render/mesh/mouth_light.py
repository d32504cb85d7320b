"""The light of a portrait as far as its mouth is concerned: skin, eye whites, darks and lights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import View
from gioconda.render.mesh.types import ByteImage, FloatArray, HeadMesh

Colour = npt.NDArray[np.float64]

LUMA: Final = np.array([0.299, 0.587, 0.114])
SKIN: Final = (205, 425, 50, 280, 164, 206, 426, 199)
_AROUND_MOUTH: Final = (164, 206, 426, 216, 436, 212, 432, 199, 200, 204, 424)
_IRISES: Final = ((468, "eye_right"), (473, "eye_left"))


@dataclass(frozen=True)
class Light:
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
    result: npt.NDArray[np.float64] = colours @ LUMA
    return result


def unit(colour: Colour) -> Colour:
    """Scale a colour to luma 1."""
    return colour / max(float(colour @ LUMA), 1e-3)


def ramp(x: float, start: float, width: float) -> float:
    """Return how far x has gone from the start over a width, 0 to 1."""
    return float(np.clip((x - start) / width, 0, 1))


def patches(image: ByteImage, points: npt.NDArray[np.floating], reach: int) -> Colour:
    """Mean colours of square patches, (n, 3)."""
    size = image.shape[0]
    xy = np.clip(points[:, :2].astype(int), reach, size - 1 - reach)
    return np.array(
        [
            image[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3).mean(0)
            for x, y in xy
        ]
    )


def measure_light(view: View, mesh: HeadMesh, lips: FloatArray) -> Light:
    """Measure the light of a view.

    Args:
        view: the portrait's view.
        mesh: its mesh.
        lips: (2, n, 3) colours along both lips.
    """
    image = view.image
    reach = max(round(1.8 * mesh.mm), 1)
    skin = patches(image, mesh.landmarks[list(SKIN)], reach)
    skin_lumas = luma(skin)
    skin_luma = float(np.percentile(skin_lumas, 65))
    around = luma(patches(image, mesh.landmarks[list(_AROUND_MOUTH)], reach))
    whites = _eye_whites(image, mesh)
    eye_white: Colour | None = None
    eye_white_luma = 0.95 * skin_luma
    if len(whites) > 8:
        lumas = luma(whites)
        bright = whites[lumas >= np.percentile(lumas, 50)]
        redness = (bright[:, 0] - bright[:, 2]) / np.maximum(luma(bright), 8)
        mean = bright[redness <= np.percentile(redness, 35)].mean(0)
        eye_white, eye_white_luma = unit(mean), float(luma(mean))
    every = max(image.shape[0] * image.shape[1] // 50_000, 1)
    flat = image.reshape(-1, 3)[::every].astype(np.float64)
    x0, y0 = np.maximum(mesh.landmarks[:468, :2].min(0).astype(int), 0)
    x1, y1 = mesh.landmarks[:468, :2].max(0).astype(int) + 1
    face = image[y0:y1:2, x0:x1:2].reshape(-1, 3).astype(np.float64)
    white = np.percentile(flat, 99.0, axis=0)
    return Light(
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
    return 1.0 - ramp(scatter, 0.010, 0.025)


def light_tint(light: Light) -> Colour:
    """Return the colour, at luma 1, of a white thing in the mouth under the picture's light."""
    if light.monochrome >= 1:
        return unit(light.image_white)
    sclera = _believable_sclera(light)
    white = light.image_white
    # A warm cast is believed where eye white and picture white agree, or where skin is very warm.
    cast = ramp(sclera[0] / max(sclera[2], 0.05), 1.08, 0.6)
    white_warmth = white[0] / max(white[2], 0.05)
    warm_skin = ramp(light.skin[0] / max(light.skin[2], 0.05), 2.3, 1.0)
    warm_skin *= ramp(sclera[0] / max(sclera[2], 0.05), 1.3, 0.6)
    cast = max(cast * ramp(white_warmth, 1.05, 0.35) * ramp(white_warmth, 1.2, 0.2), warm_skin)
    # Old varnish and golden light: very warm eye whites where no white is cold.
    golden = ramp(sclera[0] / max(sclera[2], 0.05), 1.3, 0.5) * ramp(white_warmth, 1.03, 0.04)
    cast = max(cast, 0.6 * golden)
    of_sclera = 0.30 + 0.48 * cast
    # Teeth in photographs are warmer than the whites round them: flesh throws its light on them.
    of_skin = 0.20 - 0.06 * cast
    tint = of_sclera * sclera + of_skin * unit(light.skin**0.6)
    tint = unit(tint + (1.0 - of_skin - of_sclera) * white)
    tint[2] = min(tint[2], tint[0])
    warmest, warmth = 1.12 + 0.40 * cast, tint[0] / tint[2]
    if warmth > warmest:
        tint[0] *= np.sqrt(warmest / warmth)
        tint[2] /= np.sqrt(warmest / warmth)
    # Never magenta, and never green, which taking warmth away would leave.
    between = 0.5 * (tint[0] + tint[2])
    tint[1] = float(np.clip(tint[1], 0.97 * between, 1.015 * between))
    m = light.monochrome
    return unit(unit(tint) * (1 - m) + unit(white) * m)


def _believable_sclera(light: Light) -> Colour:
    """Return the colour of the eye's white, at luma 1.

    Under one light a white is colder than skin. Pixels between nearly closed lids that are as
    warm as skin are lids, and the white is guessed from the skin.
    """
    guessed = unit(light.skin**0.35)
    if light.eye_white is None:
        return guessed
    sclera, skin = light.eye_white, light.skin
    warmth = sclera[0] / max(sclera[2], 0.05) / max(skin[0] / max(skin[2], 0.05), 0.05)
    believed = 1 - ramp(float(warmth), 0.82, 0.14)
    return unit(believed * sclera + (1 - believed) * guessed)


def tooth_luma(light: Light) -> float:
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
