"""Two shapes that movements follow in time: a lag towards a goal, and a rise, hold and fall."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gioconda.speech.types import FEATURE_RATE_HZ

#: One row, in seconds.
ROW_S = 1.0 / FEATURE_RATE_HZ


@dataclass
class Lag:
    """Three equal first-order lags in a row: a critically damped system of third order.

    A new goal is approached without overshoot or corner, quickly first and settling slowly, as
    heads and brows do. With a rate of w (1/s) a step of size A peaks at a speed of 0.27 A w and
    has done half its way after 2.7 / w seconds.
    """

    first: float = 0.0
    second: float = 0.0
    value: float = 0.0

    def step(self, goal: float, rate: float, seconds: float = ROW_S) -> float:
        """Advance by some seconds towards ``goal``; return the new value."""
        share = 1.0 - math.exp(-rate * seconds)
        self.first += share * (goal - self.first)
        self.second += share * (self.first - self.second)
        self.value += share * (self.second - self.value)
        return self.value


@dataclass
class Bump:
    """A movement that rises, is held, and falls; at rest before :meth:`begin` and after the end.

    Attributes:
        size: its height.
        rise_s, hold_s, fall_s: its parts.
        age_s: since its beginning; negative while it is still to come.
    """

    size: float = 0.0
    rise_s: float = 0.1
    hold_s: float = 0.0
    fall_s: float = 0.1
    age_s: float = math.inf

    @property
    def runs(self) -> bool:
        """Whether it has begun, or is to come, and has not ended."""
        return self.age_s < self.rise_s + self.hold_s + self.fall_s

    def begin(
        self, size: float, rise_s: float, hold_s: float, fall_s: float, *, delay_s: float = 0.0
    ) -> None:
        """Start anew."""
        self.size, self.rise_s, self.hold_s, self.fall_s = size, rise_s, hold_s, fall_s
        self.age_s = -delay_s

    def step(self) -> float:
        """Return the present height and advance by a row."""
        if not self.runs:
            return 0.0
        left = self.rise_s + self.hold_s + self.fall_s - self.age_s
        x = max(min(self.age_s / self.rise_s, left / self.fall_s, 1.0), 0.0)
        self.age_s += ROW_S
        return self.size * x * x * (3.0 - 2.0 * x)
