"""The seam at which performers plug in."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

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


@runtime_checkable
class Listener(Protocol):
    """A performer that can also listen to somebody else; see :class:`Performer`."""

    def step(
        self, state: Any, features: SpeechFeatures, partner: SpeechFeatures | None = None
    ) -> Motion:
        """Take the next features, and the partner's over the same rows if one is heard."""
        ...

    def set_listening(self, state: Any, listening: bool) -> None:
        """Say whether somebody else speaks whose sound is not given, from the next row on."""
        ...


@runtime_checkable
class AheadPerformer(Performer, Protocol):
    """A performer that can go by a provisional future, which takes no more sound."""

    def step_ahead(
        self,
        state: Any,
        row: SpeechFeatures,
        ahead: SpeechFeatures,
        partner: SpeechFeatures | None = None,
    ) -> Motion:
        """Take one row of features and what the next rows look like so far; return its motion."""
        ...
