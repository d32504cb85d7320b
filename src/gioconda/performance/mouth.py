"""Lip targets to ARKit mouth weights, so that the lips' gap comes out as asked."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import INDEX
from gioconda.performance.articulation import LipTargets

FloatArray = npt.NDArray[np.float64]

#: What a weight of 1 adds to the gap of the inner lips, in outer-eye distances, measured on the
#: mesh renderer's shapes; ``mouthClose`` takes away what the same weight of ``jawOpen`` adds.
JAW_GAP: Final = 0.195
LOWER_GAP: Final = 0.046
UPPER_GAP: Final = 0.044
FUNNEL_GAP: Final = 0.045
PUCKER_GAP: Final = 0.006
CLOSE_GAP: Final = 0.19
#: What a weight of 1 adds to the mouth's width, in outer-eye distances.
STRETCH_WIDTH: Final = 0.14
PUCKER_WIDTH: Final = -0.19
#: Predicted widths vary less than real ones where mouths widen: measured talkers are 7 % wider
#: than their median a tenth of the time, unscaled predictions 2.5 %.
WIDENING_GAIN: Final = 2.0
#: Lips may part this much without the jaw before the jaw takes over.
_LOWER_LIMIT: Final = 0.75
_UPPER_LIMIT: Final = 0.55
#: The gap left between lower lip and upper teeth in f and v; the upper lip rises above them.
_LABIODENTAL_GAP: Final = 0.004


def write_mouth(
    values: FloatArray, targets: LipTargets, gate: FloatArray, asymmetry: float
) -> None:
    """Write the mouth channels and ``articulation`` of ``values``, shape (rows, 60), in place.

    Args:
        values: the motion being made.
        targets: where the lips have to be.
        gate: 0 at rest to 1 speaking, (rows,); scales everything.
        asymmetry: -1 to 1, how much more the subject's left side moves, as in real faces.
    """
    weights = _solve(targets)
    for name, weight in weights.items():
        if name + "Left" in INDEX:
            values[:, INDEX[name + "Left"]] += gate * weight * (1.0 + 0.08 * asymmetry)
            values[:, INDEX[name + "Right"]] += gate * weight * (1.0 - 0.08 * asymmetry)
        else:
            values[:, INDEX[name]] += gate * weight
    values[:, INDEX["articulation"]] = gate


def implied_aperture(values: npt.NDArray[np.floating]) -> FloatArray:
    """Return the gap of the inner lips that motion implies, in outer-eye distances, (rows,).

    The inverse of the solution below; good enough to tune timing and spread without rendering.
    """
    values = values.astype(np.float64)

    def both(name: str) -> FloatArray:
        mean: FloatArray = values[:, [INDEX[name + "Left"], INDEX[name + "Right"]]].mean(axis=1)
        return mean

    gap: FloatArray = (
        JAW_GAP * values[:, INDEX["jawOpen"]]
        - CLOSE_GAP * values[:, INDEX["mouthClose"]]
        + LOWER_GAP * both("mouthLowerDown")
        + UPPER_GAP * both("mouthUpperUp")
        + FUNNEL_GAP * values[:, INDEX["mouthFunnel"]]
        + PUCKER_GAP * values[:, INDEX["mouthPucker"]]
    )
    return np.maximum(gap, 0.0)


def _solve(t: LipTargets) -> dict[str, FloatArray]:
    """Return one weight for each shape (paired shapes by their common name)."""
    gap = t.aperture * (1.0 - t.labiodental) + _LABIODENTAL_GAP * t.labiodental
    openness = _bounded(gap / 0.12, 0.0, 1.0)
    narrow = _bounded(-t.width / -PUCKER_WIDTH, 0.0, 0.5)
    rounding = _bounded(0.70 * t.rounding + 0.5 * narrow, 0.0, 1.0)
    rounding = rounding * (1.0 - 0.6 * t.labiodental)
    pucker = rounding * (0.95 - 0.35 * openness)
    funnel = 0.5 * rounding * openness * (1.0 - t.closure)
    jaw = _bounded((0.5 * t.jaw + 0.45 * t.aperture) / JAW_GAP, 0.0, 1.0)
    rest = gap - JAW_GAP * jaw - FUNNEL_GAP * funnel - PUCKER_GAP * pucker
    # A high upper lip (s, ʃ) shows upper teeth; a low one (u, w, p) hides them.
    upper_share = _bounded(0.4 - 0.1 * t.upper_lip, 0.15, 0.6)
    part = np.maximum(rest, 0.0)
    upper = np.minimum(part * upper_share / UPPER_GAP, _UPPER_LIMIT)
    lower = np.minimum(part * (1.0 - upper_share) / LOWER_GAP, _LOWER_LIMIT)
    jaw = jaw + (part - upper * UPPER_GAP - lower * LOWER_GAP) / JAW_GAP
    close = _bounded(np.maximum(-rest, 0.0) / CLOSE_GAP, 0.0, jaw + 0.05)
    wide = _bounded(WIDENING_GAIN * t.width / STRETCH_WIDTH, 0.0, 0.7) * (1.0 - rounding)
    lips = 1.0 - t.labiodental
    return {
        "jawOpen": _bounded(jaw, 0.0, 1.0),
        "mouthClose": close,
        "mouthPucker": pucker,
        "mouthFunnel": funnel,
        "mouthLowerDown": lower * lips,
        "mouthUpperUp": upper + 0.36 * t.labiodental,
        "mouthStretch": 0.6 * wide,
        "mouthSmile": 0.25 * wide,
        "mouthRollLower": 0.12 * t.closure + 0.55 * t.labiodental,
        "mouthRollUpper": 0.10 * t.closure,
        "mouthPress": 0.22 * t.closure,
        "mouthShrugLower": 0.08 * t.closure + 0.22 * t.labiodental,
        "tongueOut": t.tongue * _bounded(gap / 0.03, 0.0, 1.0),
    }


def _bounded(x: FloatArray, low: float, high: npt.ArrayLike) -> FloatArray:
    # np.clip takes three times as long on the few rows of a live chunk.
    result: FloatArray = np.minimum(np.maximum(x, low), high)
    return result
