"""One clock: frame i at rate f shows the instant i / f of the sound."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from gioconda.errors import OptionError

FPS_RANGE: Final = (1, 240)
#: Large enough for the NTSC family (30000/1001) and for any rate with two decimals.
_MAX_DENOMINATOR: Final = 1001


def frame_rate(fps: float | Fraction) -> Fraction:
    """Return a frame rate as an exact fraction.

    Raises:
        OptionError: the rate is not a number within :data:`FPS_RANGE`.
    """
    if not FPS_RANGE[0] <= fps <= FPS_RANGE[1]:  # NaN fails as well
        raise OptionError(
            f"a frame rate of {fps} is outside {FPS_RANGE[0]} to {FPS_RANGE[1]} frames a second"
        )
    return Fraction(fps).limit_denominator(_MAX_DENOMINATOR)


def frame_count(samples: int, rate_hz: int, fps: float | Fraction) -> int:
    """Return how many frames cover a sound: ceil(samples / rate_hz * fps), at least 1."""
    rate = frame_rate(fps)
    frames = -(-samples * rate.numerator // (rate_hz * rate.denominator))
    return max(frames, 1)
