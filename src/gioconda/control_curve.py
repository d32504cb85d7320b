"""A dial between its keyframes: a monotone curve without jumps.

Between keyframes runs the monotone cubic of Fritsch and Butland (1984, "A method for constructing
local monotone piecewise cubic interpolants"): it passes through every keyframe, never overshoots,
has a continuous slope, and stands still where neighbouring keyframes agree and at both ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Values over time.

    Attributes:
        times_s: (n,), rising; n is 1 or more. Outside them the first and last values hold.
        values: (n, columns).
        slopes: (n, columns) a second.
    """

    times_s: FloatArray
    values: FloatArray
    slopes: FloatArray

    @classmethod
    def through(cls, times_s: FloatArray, values: FloatArray) -> Curve:
        """Return the curve through values, (n, columns), at times, (n,)."""
        times = np.asarray(times_s, np.float64)
        held = np.asarray(values, np.float64)
        slopes = np.zeros_like(held)
        if len(times) > 2:
            spans = np.diff(times)[:, None]
            rates = np.diff(held, axis=0) / spans
            before, after = rates[:-1], rates[1:]
            weight = (spans[:-1] + 2.0 * spans[1:]) / (3.0 * (spans[:-1] + spans[1:]))
            below = weight * np.abs(after) + (1.0 - weight) * np.abs(before)
            same_way = before * after > 0.0
            mean = before * after / np.where(same_way, below, 1.0)
            slopes[1:-1] = np.where(same_way, np.sign(before) * mean, 0.0)
        return cls(times, held, slopes)

    @property
    def varies(self) -> bool:
        """Whether it ever changes."""
        return bool(np.ptp(self.values, axis=0).any())

    def at(self, times_s: FloatArray) -> FloatArray:
        """Return the values at instants, (m,), as (m, columns); each depends on its own alone."""
        at = np.asarray(times_s, np.float64)
        if len(self.times_s) == 1:
            return np.repeat(self.values, len(at), axis=0)
        last = len(self.times_s) - 2
        # np.clip takes three times as long as these on the few rows of a live chunk.
        i = np.minimum(np.maximum(np.searchsorted(self.times_s, at, "right") - 1, 0), last)
        start = self.times_s[i]
        span = self.times_s[i + 1] - start
        x = np.minimum(np.maximum((at - start) / span, 0.0), 1.0)[:, None]
        span = span[:, None]
        y = 1.0 - x
        before, after = self.values[i], self.values[i + 1]
        curve = (
            before * (y * y * (1.0 + 2.0 * x))
            + after * (x * x * (1.0 + 2.0 * y))
            + self.slopes[i] * (span * x * y * y)
            - self.slopes[i + 1] * (span * x * x * y)
        )
        # Rounding must not leave the keyframes' range: what holds, holds to the last bit.
        low, high = np.minimum(before, after), np.maximum(before, after)
        bounded: FloatArray = np.minimum(np.maximum(curve, low), high)
        return bounded
