"""The parts of the head's motion put together, compiled."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

#: Spread of the noise in yaw, pitch and roll while somebody talks, degrees; louder words move the
#: head more, by this share for each spread of loudness.
NOISE_DEG: Final = (1.55, 1.05, 0.9)
_NOISE_PER_LOUDNESS: Final = 0.25
#: In pauses and while listening the head comes this near to neutral, and moves this much.
_QUIET_POSTURE: Final = 0.45
_QUIET_NOISE: Final = 0.4
#: A melody and a loudness one spread above the speaker's mean lift the head by so many degrees.
_LIFT_PER_MELODY_DEG: Final = 0.75
_LIFT_PER_LOUDNESS_DEG: Final = 0.62
#: What a full breath lifts the head: degrees of pitch, and outer-eye distances.
_BREATH_DEG: Final = 0.32
_BREATH_Y: Final = 0.008
#: Translation that comes with a degree of roll and of pitch, as tracked heads have it beyond what
#: the turn about the neck brings, and translation of its own, in outer-eye distances.
_X_PER_ROLL: Final = 0.006
_Y_PER_PITCH: Final = 0.005
_SWAY: Final = (0.022, 0.010, 0.030)
#: Whoever listens leans forward by this.
_LEAN_Z: Final = -0.045


@njit(cache=True, nogil=True)
def assemble(  # type: ignore[no-untyped-def]
    postures, noise, talking, loudness, melody, scale, dial, lift, breath, nod_deg, attention, grown
):
    """Return the pose of the head, (rows, 6), its angles not yet held back.

    Args:
        postures: (rows, 3) degrees.
        noise: (rows, 6) of unit variance.
        talking: (rows,) 0 to 1.
        loudness: (rows,) of the voice, in spreads.
        melody: (rows,) likewise.
        scale: (rows,) by which an emotion moves the head more.
        dial: (rows,) by which somebody asked for more.
        lift: (rows,) degrees of pitch.
        breath: (rows,) 0 to 1.
        nod_deg: (rows,) degrees of pitch.
        attention: (rows,) 0 to 1.
        grown: (rows,) 0 to 1; scales all.
    """
    pose = np.empty((postures.shape[0], 6))
    for i in range(postures.shape[0]):
        lively = 1.0 + _NOISE_PER_LOUDNESS * loudness[i]
        stirred = _QUIET_NOISE + (1 - _QUIET_NOISE) * talking[i]
        held = _QUIET_POSTURE + (1 - _QUIET_POSTURE) * talking[i]
        p = pose[i]
        for k in range(3):
            p[k] = postures[i, k] * held + stirred * NOISE_DEG[k] * lively * noise[i, k]
        p[1] -= _LIFT_PER_MELODY_DEG * melody[i] + _LIFT_PER_LOUDNESS_DEG * loudness[i]
        for k in range(3):
            p[k] *= scale[i]
        p[1] += lift[i] - _BREATH_DEG * breath[i] + nod_deg[i]
        for k in range(3):
            p[k] *= dial[i]
            p[3 + k] = dial[i] * _SWAY[k] * noise[i, 3 + k]
        p[3] += _X_PER_ROLL * p[2]
        p[4] += _Y_PER_PITCH * p[1] - dial[i] * _BREATH_Y * breath[i]
        p[5] += dial[i] * _LEAN_Z * attention[i]
        for k in range(6):
            p[k] *= grown[i]
    return pose
