"""How strongly somebody speaks: whispered, talked or shouted, as a slow scale of the mouth.

Row by row, loudness says next to nothing about opening (r about .05), and following it quickly
costs lip sync (.01 of r at 0.4 s, .001 at 1.2 s and more), so that only slow measures count: the
level of speech against the speaker's own over the last half minute, its level as such, and the
pitch above the speaker's usual one, which rises with vocal effort.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]

#: The strength of ordinary talk is 1; whispers and shouts are held within these.
LEAST_STRENGTH: Final = 0.75
MOST_STRENGTH: Final = 1.30
#: Strength per dB above the speaker's own level, per dB above an ordinary recording's, and per
#: octave above the usual pitch.
PER_DB_OF_OWN: Final = 0.018
PER_DB: Final = 0.007
PER_OCTAVE: Final = 0.15
#: Level of speech in an ordinary recording, dB of full scale.
ORDINARY_DB: Final = -26.0
#: Time constants of the present level and pitch, and of the usual ones.
PRESENT_S: Final = 1.2
USUAL_S: Final = 15.0
#: The ordinary level counts as if it had been heard for so long before the first word.
_PRIOR_S: Final = 1.5
_HEARD_EFFORT: Final = 0.05


@dataclass
class VigourState:
    """Running means of the level (dB) and of the pitch (octaves) of speech, and what they saw."""

    present_db: float = ORDINARY_DB
    usual_db: float = ORDINARY_DB
    present_octave: float = 0.0
    usual_octave: float = 0.0
    heard_s: float = _PRIOR_S
    pitched_s: float = 0.0

    def hear(self, loudness_db: float, f0_hz: float) -> None:
        """Take a row in which somebody speaks."""
        dt = 1.0 / FEATURE_RATE_HZ
        self.heard_s = min(self.heard_s + dt, USUAL_S)
        self.present_db += dt / PRESENT_S * (loudness_db - self.present_db)
        self.usual_db += dt / self.heard_s * (loudness_db - self.usual_db)
        if f0_hz <= 0:
            return
        octave = math.log2(f0_hz)
        self.pitched_s = min(self.pitched_s + dt, USUAL_S)
        present_s = min(PRESENT_S, self.pitched_s)
        self.present_octave += dt / present_s * (octave - self.present_octave)
        self.usual_octave += dt / self.pitched_s * (octave - self.usual_octave)

    def strength(self) -> float:
        """Return the present strength, 1 for ordinary talk."""
        strength = 1.0 + PER_DB_OF_OWN * (self.present_db - self.usual_db)
        strength += PER_DB * (self.present_db - ORDINARY_DB)
        strength += PER_OCTAVE * max(self.present_octave - self.usual_octave, 0.0)
        return min(max(strength, LEAST_STRENGTH), MOST_STRENGTH)


def heard(effort: FloatArray) -> npt.NDArray[np.bool_]:
    """Return where speech is loud enough to say something about its vigour."""
    return effort > _HEARD_EFFORT
