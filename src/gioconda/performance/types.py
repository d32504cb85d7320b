"""The seam at which performers plug in."""

from __future__ import annotations

from typing import Any, Protocol

from gioconda.control_track import Direction
from gioconda.motion import Motion
from gioconda.speech.types import SpeechFeatures


class Performer(Protocol):
    """Turns speech features into motion, chunk by chunk, at 50 Hz.

    The state is an explicit object; any chunking of the same features gives the same motion.
    """

    @property
    def lookahead_ms(self) -> float:
        """How far into the features' future a row of motion looks."""
        ...

    def start(self, controls: Direction) -> Any:
        """Return the state of a fresh performance."""
        ...

    def set(self, state: Any, controls: Direction) -> None:
        """Give other controls to the rows still to come, without a jump; the seed stays."""
        ...

    def step(self, state: Any, features: SpeechFeatures) -> Motion:
        """Take the next features and return the rows of motion that became final."""
        ...

    def finish(self, state: Any) -> Motion:
        """Return the rows that were waiting for look-ahead."""
        ...
