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

from gioconda.measure.lip_score import LIP_CURVES, LipCurves
from gioconda.measure.tracking import CURVES, TrackedFace
from gioconda.motion import INDEX, Motion, gaze_of

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


#: Tracked angles over the motion's: the tracker sees nods smaller than they are rendered.
_YAW_SEEN: Final = 0.91
_PITCH_SEEN: Final = 0.72
_ROLL_SEEN: Final = -0.96
#: What a weight of 1 adds to the tracked height of the brows, outer-eye distances.
_BROW_EFFECTS: Final = {"browInnerUp": 0.032, "browOuterUp": 0.023, "browDown": -0.012}
#: Tracked opening of the eye over its width, at rest; what lids add to it; how far a blink
#: closes it, and the part of it that a weight of 1 / 1.5 does already.
_EYE_OPEN: Final = 0.33
_LID_EFFECTS: Final = {"eyeWide": 0.04, "eyeSquint": -0.065, "cheekSquint": -0.033}
_BLINK_CLOSES: Final = 0.75
_BLINK_SPEED: Final = 1.5
#: Tracked offset of the irises, in eye widths, for a degree of gaze to the right, and up.
GAZE_X_PER_DEG: Final = 0.0037
GAZE_Y_PER_DEG: Final = 0.0015


def implied_face(motion: Motion) -> TrackedFace:
    """Return the curves that a motion implies at 25 frames a second, measured as above.

    Those that motion does not tell (inner mouth width, distance of the brows, size) are zero.
    """
    count = max(int((len(motion) - 1) / motion.rate_hz * 25 + 1e-9) + 1, 1)
    times = motion.start_s + np.arange(count) / 25
    values = np.stack([motion.at(t) for t in times]).astype(np.float64)
    curves = np.zeros((count, len(CURVES)))

    def put(name: str, column: FloatArray) -> None:
        curves[:, CURVES.index(name)] = column

    def both(name: str) -> FloatArray:
        mean: FloatArray = values[:, [INDEX[name + "Left"], INDEX[name + "Right"]]].mean(axis=1)
        return mean

    def total(effects: dict[str, float]) -> FloatArray:
        parts = (
            k * (values[:, INDEX[n]] if n in INDEX else both(n)) for n, k in effects.items()
        )  # fmt: skip
        return sum(parts, np.zeros(count))

    for name, column in zip(LIP_CURVES.values(), implied_curves(values).T, strict=True):
        put(name, column)
    for name, factor in (("yaw", _YAW_SEEN), ("pitch", _PITCH_SEEN), ("roll", _ROLL_SEEN)):
        put(name, factor * values[:, INDEX["head" + name.capitalize()]])
    opening = _EYE_OPEN * (1.0 - _BLINK_CLOSES * np.minimum(_BLINK_SPEED * both("eyeBlink"), 1.0))
    for side in "LR":
        put("eye" + side, np.maximum(opening + total(_LID_EFFECTS), 0.05))
        put("brow" + side, total(_BROW_EFFECTS))
    gaze = np.array([gaze_of(m) for m in values.astype(np.float32)])
    put("gazeX", GAZE_X_PER_DEG * gaze[:, 0])
    put("gazeY", -GAZE_Y_PER_DEG * gaze[:, 1])
    put("tx", values[:, INDEX["headX"]])
    put("ty", -values[:, INDEX["headY"]])
    return TrackedFace(times, curves)
