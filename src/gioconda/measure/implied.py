"""The lip curves that motion implies, as the tracker would read them, without rendering.

A table of what each mouth channel adds to the six tracked curves, so that tuning takes seconds
instead of minutes. It was measured once: on 12 portraits (photos, a painting, generated faces;
beards and glasses among them), the channel alone was rendered on a mouth opened by
``jawOpen`` 0.3, tracked, and compared with the mouth opened alone; the table is the mean over the
portraits at a weight of 0.5 (``mouthClose`` 0.25, which shuts that mouth). Standard errors are
about 0.006 in outer-eye distances. Face by face the effects differ by about a third, and small ones
are lost in the tracker's noise; for figures to be stated, render.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.measure.lip_score import LipCurves
from gioconda.motion import INDEX, Motion

FloatArray = npt.NDArray[np.float64]

#: Aperture, width, protrusion, jaw, upper lip, lower lip for a weight of 1, outer-eye distances;
#: of paired channels for both sides together.
EFFECTS: Final[dict[str, tuple[float, ...]]] = {
    "jawOpen": (0.141, -0.043, -0.022, 0.096, -0.011, 0.143),
    "mouthClose": (-0.164, 0.008, 0.008, -0.007, 0.050, -0.130),
    "mouthFunnel": (0.032, -0.086, -0.006, 0.006, -0.001, 0.035),
    "mouthPucker": (0.002, -0.136, -0.002, 0.005, 0.014, 0.018),
    "mouthSmile": (0.026, 0.147, -0.027, 0.016, -0.030, -0.005),
    "mouthFrown": (-0.008, -0.002, 0.009, -0.005, 0.005, -0.004),
    "mouthDimple": (-0.002, 0.057, -0.001, -0.011, -0.004, -0.007),
    "mouthStretch": (0.011, 0.096, 0.001, -0.011, -0.020, -0.009),
    "mouthRollLower": (-0.018, -0.001, 0.003, -0.004, 0.002, -0.018),
    "mouthRollUpper": (-0.009, 0.002, -0.001, -0.002, 0.009, -0.001),
    "mouthShrugLower": (-0.033, -0.007, 0.007, -0.006, 0.004, -0.032),
    "mouthShrugUpper": (0.021, 0.003, 0.000, 0.000, -0.018, 0.004),
    "mouthPress": (-0.019, -0.005, 0.004, -0.008, 0.005, -0.015),
    "mouthLowerDown": (0.040, 0.006, -0.007, -0.002, -0.004, 0.039),
    "mouthUpperUp": (0.048, 0.002, -0.003, 0.006, -0.032, 0.019),
    "jawForward": (0.001, 0.002, -0.001, 0.014, -0.004, -0.003),
    "cheekPuff": (-0.003, 0.002, 0.001, -0.006, -0.002, -0.004),
    "noseSneer": (0.004, 0.006, -0.004, 0.007, 0.004, 0.008),
    "cheekSquint": (0.000, 0.000, 0.002, 0.002, -0.002, -0.002),
    "tongueOut": (0.008, 0.002, 0.000, -0.002, -0.007, 0.002),
}


def implied_curves(values: npt.NDArray[np.floating]) -> FloatArray:
    """Return lip curves above those of closed lips, (rows, 6), outer-eye distances.

    Args:
        values: motion, (rows, 60). The columns are those of
            :data:`gioconda.measure.lip_score.LIP_CURVES`.
    """
    curves = np.zeros((len(values), 6))
    for name, effect in EFFECTS.items():
        if name in INDEX:
            weight = values[:, INDEX[name]].astype(np.float64)
        else:
            sides = [INDEX[name + "Left"], INDEX[name + "Right"]]
            weight = values[:, sides].astype(np.float64).mean(axis=1)
        curves += weight[:, None] * np.array(effect)
    curves[:, 0] = np.maximum(curves[:, 0], 0.0)
    return curves


def implied_lips(motion: Motion) -> LipCurves:
    """Return the lip curves that a motion implies."""
    times = motion.start_s + np.arange(len(motion)) / motion.rate_hz
    return LipCurves(times, implied_curves(motion.values))
