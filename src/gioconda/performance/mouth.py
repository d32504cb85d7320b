"""Lip targets to ARKit mouth weights, so that each articulator comes out as asked.

What a weight does was measured on the mesh renderer's own frames: 350 random mouths on each of
eight frontal portraits, tracked as people's clips are, and least squares from weights to curves
(R2 .99 for aperture, width, jaw and lower lip, .98 for protrusion, .89 for the upper lip).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import INDEX
from gioconda.performance.articulation import LipTargets

FloatArray = npt.NDArray[np.float64]

#: What a weight of 1 (of both sides) adds in outer-eye distances to the gap of the inner lips, ...
GAP: Final[dict[str, float]] = {
    "jawOpen": 0.186, "mouthClose": -0.200, "mouthLowerDown": 0.045, "mouthUpperUp": 0.038,
    "mouthFunnel": 0.053, "mouthPucker": 0.010, "mouthStretch": -0.010, "mouthSmile": 0.014,
    "mouthRollLower": -0.025, "mouthRollUpper": -0.014, "mouthPress": -0.027,
    "mouthShrugLower": -0.042, "mouthShrugUpper": 0.022, "mouthFrown": -0.008,
    "mouthDimple": -0.011,
}  # fmt: skip
#: ... to the mouth's width, ...
WIDTH: Final[dict[str, float]] = {
    "jawOpen": -0.036, "mouthFunnel": -0.097, "mouthPucker": -0.160, "mouthStretch": 0.091,
    "mouthSmile": 0.155,
}  # fmt: skip
#: ... to the lowering of the upper lip, ...
UPPER_LIP: Final[dict[str, float]] = {
    "jawOpen": -0.013, "mouthClose": 0.047, "mouthUpperUp": -0.028, "mouthPucker": 0.013,
    "mouthSmile": -0.029,
}  # fmt: skip
#: ... and to the lowering of the chin.
JAW: Final = 0.105
#: Share of the asked height of the upper lip that is given: all of it would bare the teeth.
_UPPER_SHARE: Final = 0.5
#: Lips may part this much without the jaw before the jaw takes over.
_LOWER_LIMIT: Final = 0.8
_UPPER_LIMIT: Final = 0.65
_BARED_LIMIT: Final = 0.85
#: Mouths widen by stretch and smile in these parts.
_WIDENING: Final[dict[str, float]] = {"mouthStretch": 0.75, "mouthSmile": 0.25}
_WIDENING_LIMIT: Final = 0.09
#: How much faster than the gate ``articulation`` may rise into a closure.
_HASTE: Final = 3.0
#: The gap between the lips in f and v lies within these: the lower lip is at the upper teeth, which
#: show. Lips that are nearer than the second are not parted for it (r, closure AUC +.002).
_LABIODENTAL_GAP: Final = (0.010, 0.030)


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
    for name, weight in solve(targets).items():
        if name + "Left" in INDEX:
            values[:, INDEX[name + "Left"]] += gate * weight * (1.0 + 0.08 * asymmetry)
            values[:, INDEX[name + "Right"]] += gate * weight * (1.0 - 0.08 * asymmetry)
        else:
            values[:, INDEX[name]] += gate * weight
    # A first p or m is shut even where the mouth is still on its way from an open rest.
    shut = np.minimum(np.maximum(targets.closure, targets.labiodental), _HASTE * gate)
    values[:, INDEX["articulation"]] = np.maximum(gate, shut)


def implied_aperture(values: npt.NDArray[np.floating]) -> FloatArray:
    """Return the gap of the inner lips that motion implies, in outer-eye distances, (rows,).

    By the measured effect of every weight; good enough to tune timing and spread without
    rendering.
    """
    values = values.astype(np.float64)
    gap = np.zeros(len(values))
    for name, effect in GAP.items():
        if name in INDEX:
            gap += effect * values[:, INDEX[name]]
        else:
            sides = values[:, [INDEX[name + "Left"], INDEX[name + "Right"]]]
            gap += effect * sides.mean(axis=1)
    return np.maximum(gap, 0.0)


def solve(t: LipTargets) -> dict[str, FloatArray]:
    """Return one weight for each shape (paired shapes by their common name).

    The jaw goes where the chin has to be, rounding and width set the corners, the upper lip
    goes to its height, and the lower lip, or ``mouthClose``, gives the gap that is left.
    """
    lips = 1.0 - t.labiodental
    at_teeth = _bounded(t.aperture, *_LABIODENTAL_GAP)
    gap = t.aperture * lips + at_teeth * t.labiodental
    openness = _bounded(gap / 0.12, 0.0, 1.0)
    jaw = _bounded(t.jaw / JAW, 0.0, 1.0)
    pucker, funnel, wide = _corners(t, jaw, openness)
    stretch, smile = (wide * _WIDENING[name] for name in ("mouthStretch", "mouthSmile"))
    rolled, shrugged = 0.55 * t.labiodental, 0.22 * t.labiodental
    given = (
        GAP["jawOpen"] * jaw + GAP["mouthFunnel"] * funnel + GAP["mouthPucker"] * pucker
        + GAP["mouthStretch"] * stretch + GAP["mouthSmile"] * smile
        + GAP["mouthRollLower"] * rolled + GAP["mouthShrugLower"] * shrugged
    )  # fmt: skip
    height = (
        t.upper_lip - UPPER_LIP["jawOpen"] * jaw - UPPER_LIP["mouthPucker"] * pucker
        - UPPER_LIP["mouthSmile"] * smile
    )  # fmt: skip
    raised = _bounded(_UPPER_SHARE * height / UPPER_LIP["mouthUpperUp"], 0.0, _UPPER_LIMIT)
    # A lip may not rise above the gap that is asked for; in f it alone gives the gap.
    bared = _bounded((gap - given) / GAP["mouthUpperUp"], 0.0, _BARED_LIMIT)
    upper = np.minimum(raised, gap / GAP["mouthUpperUp"]) * lips + bared * t.labiodental
    part = gap - given - GAP["mouthUpperUp"] * upper
    lower = _bounded(part / GAP["mouthLowerDown"], 0.0, _LOWER_LIMIT)
    left = part - GAP["mouthLowerDown"] * lower
    jaw = _bounded(jaw + np.maximum(left, 0.0) / GAP["jawOpen"], 0.0, 1.0)
    close = _bounded(np.minimum(left, 0.0) / GAP["mouthClose"], 0.0, jaw + 0.05)
    return {
        "jawOpen": jaw,
        "mouthClose": close,
        "mouthPucker": pucker,
        "mouthFunnel": funnel,
        "mouthLowerDown": lower * lips,
        "mouthUpperUp": upper,
        "mouthStretch": stretch,
        "mouthSmile": smile,
        "mouthRollLower": 0.12 * t.closure + rolled,
        "mouthRollUpper": 0.10 * t.closure,
        "mouthPress": 0.22 * t.closure,
        "mouthShrugLower": 0.08 * t.closure + shrugged,
        "tongueOut": t.tongue * _bounded(gap / 0.03, 0.0, 1.0),
    }


def _corners(
    t: LipTargets, jaw: FloatArray, openness: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return pucker and funnel, and how far the mouth widens (a sum of two weights)."""
    rounding = _bounded(0.70 * t.rounding, 0.0, 1.0) * (1.0 - 0.6 * t.labiodental)
    pucker = rounding * (0.95 - 0.35 * openness)
    funnel = 0.5 * rounding * openness * (1.0 - t.closure)
    missing = t.width - (
        WIDTH["jawOpen"] * jaw + WIDTH["mouthFunnel"] * funnel + WIDTH["mouthPucker"] * pucker
    )
    pucker = _bounded(pucker + np.minimum(missing, 0.0) / WIDTH["mouthPucker"], 0.0, 1.0)
    effect = sum(share * WIDTH[name] for name, share in _WIDENING.items())
    wide = _bounded(missing, 0.0, _WIDENING_LIMIT) * (1.0 - rounding) / effect
    return pucker, funnel, wide


def _bounded(x: FloatArray, low: float, high: npt.ArrayLike) -> FloatArray:
    # np.clip takes three times as long on the few rows of a live chunk.
    result: FloatArray = np.minimum(np.maximum(x, low), high)
    return result
