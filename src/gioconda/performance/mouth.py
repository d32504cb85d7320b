"""Lip targets to ARKit mouth weights, so that each articulator comes out as asked.

What a weight does was measured on the mesh renderer's own frames: 350 random mouths on each of
eight frontal portraits, tracked as people's clips are, and least squares from weights to curves
(R2 .99 for aperture, width, jaw and lower lip, .98 for protrusion, .89 for the upper lip).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
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
#: The shapes that the mouth is solved for, in the order of the kernels' columns; paired ones by
#: their common name.
_SHAPES: Final = (
    "jawOpen", "mouthClose", "mouthPucker", "mouthFunnel", "mouthLowerDown", "mouthUpperUp",
    "mouthStretch", "mouthSmile", "mouthRollLower", "mouthRollUpper", "mouthPress",
    "mouthShrugLower", "tongueOut",
)  # fmt: skip
#: How much faster than the gate ``articulation`` may rise into a closure.
_HASTE: Final = 3.0
#: How much more one side of the mouth moves than the other, at most.
_ASYMMETRY: Final = 0.08


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
    tables = _tables()
    moved = (gate[:, None] * _weights(targets))[:, tables.shape]
    values[:, tables.channel] += moved * (1.0 + _ASYMMETRY * asymmetry * tables.side)
    # A first p or m is shut even where the mouth is still on its way from an open rest.
    shut = np.minimum(np.maximum(targets.closure, targets.labiodental), _HASTE * gate)
    values[:, INDEX["articulation"]] = np.maximum(gate, shut)


def solve(t: LipTargets) -> dict[str, FloatArray]:
    """Return one weight for each shape (paired shapes by their common name), each (rows,).

    The jaw goes where the chin has to be, rounding and width set the corners, the upper lip
    goes to its height, and the lower lip, or ``mouthClose``, gives the gap that is left.
    """
    return dict(zip(_SHAPES, _weights(t).T, strict=True))


def _weights(t: LipTargets) -> FloatArray:
    """Return the weights of :data:`_SHAPES`, (rows, shapes)."""
    from gioconda.performance import mouth_kernels as kernels

    weights = np.empty((len(t.aperture), len(_SHAPES)))
    kernels.solve(
        t.aperture, t.jaw, t.width, t.upper_lip, t.rounding, t.closure, t.labiodental, t.tongue,
        _tables().effects, weights,
    )  # fmt: skip
    return weights


def implied_aperture(values: npt.NDArray[np.floating]) -> FloatArray:
    """Return the gap of the inner lips that motion implies, in outer-eye distances, (rows,).

    By the measured effect of every weight; good enough to tune timing and spread without
    rendering.
    """
    from gioconda.performance import mouth_kernels as kernels

    tables = _tables()
    gap = np.empty(len(values))
    kernels.implied_gap(
        np.ascontiguousarray(values, np.float64), tables.gap_left, tables.gap_right,
        tables.gap_effects, gap,
    )  # fmt: skip
    return gap


@dataclass(frozen=True)
class _Tables:
    """What the kernels take, as plain arrays.

    Attributes:
        effects: (4, shapes) what each shape adds to the gap, the width, the upper lip, the chin.
        channel, shape, side: of each channel that is written: its column, its shape, and 1 for
            the left side, -1 for the right, 0 for neither.
        gap_left, gap_right, gap_effects: the table of the gap, with the columns of both sides.
    """

    effects: FloatArray
    channel: npt.NDArray[np.intp]
    shape: npt.NDArray[np.intp]
    side: FloatArray
    gap_left: npt.NDArray[np.intp]
    gap_right: npt.NDArray[np.intp]
    gap_effects: FloatArray


@cache
def _tables() -> _Tables:
    on_chin = {"jawOpen": JAW}
    effects = [[t.get(name, 0.0) for name in _SHAPES] for t in (GAP, WIDTH, UPPER_LIP, on_chin)]
    written = [
        (INDEX[name + suffix], k, side)
        for k, name in enumerate(_SHAPES)
        for suffix, side in (("", 0.0), ("Left", 1.0), ("Right", -1.0))
        if name + suffix in INDEX
    ]
    channel, shape, side = (np.array(column) for column in zip(*written, strict=True))
    left, right = (
        np.array([INDEX[name if name in INDEX else name + suffix] for name in GAP])
        for suffix in ("Left", "Right")
    )
    return _Tables(np.array(effects), channel, shape, side, left, right, np.array([*GAP.values()]))
