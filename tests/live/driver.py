"""Steps a live session through simulated time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from gioconda.live import LiveFrame, Session
from gioconda.live.types import LiveEvent


@dataclass
class Seen:
    """What came out of a session."""

    frames: list[LiveFrame] = field(default_factory=list)
    sound: list[np.ndarray] = field(default_factory=list)
    events: list[LiveEvent] = field(default_factory=list)

    @property
    def pcm(self) -> np.ndarray:
        return np.concatenate(self.sound) if self.sound else np.zeros(0, np.float32)


def run(
    session: Session,
    until_s: float,
    *,
    start_s: float = 0.0,
    step_s: float = 0.0125,
    before: Callable[[float], None] | None = None,
    seen: Seen | None = None,
) -> Seen:
    """Step a session through simulated time."""
    seen = Seen() if seen is None else seen
    for now_s in _instants(start_s, until_s, step_s):
        if before is not None:
            before(now_s)
        step = session.step(now_s)
        if step.frame is not None:
            # A frame's picture is another's four frames later.
            seen.frames.append(replace(step.frame, image=step.frame.image.copy()))
        if step.audio is not None:
            seen.sound.append(step.audio.pcm)
        seen.events += step.events
    return seen


def _instants(start_s: float, until_s: float, step_s: float) -> Iterator[float]:
    for k in range(1, round((until_s - start_s) / step_s) + 1):
        yield start_s + k * step_s
