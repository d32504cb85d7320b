"""A puppeteer whose motion is known: the example portrait, rendered."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda import examples
from gioconda.motion import CHANNELS, INDEX, Motion
from gioconda.pipeline import render_motion

RATE_HZ = 25.0
#: The face is at rest so long, then it moves.
REST_S = 1.6


def known_motion(seconds: float = 4.4) -> Motion:
    """Rest, then talk, turn the head, and blink at 2.6 s; at rest again from 3.8 s on."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    values = np.zeros((len(t), len(CHANNELS)), np.float32)
    fade = np.clip(np.minimum(t - REST_S, 3.8 - t) / 0.3, 0, 1)
    values[:, INDEX["jawOpen"]] = 0.4 * fade * np.clip(np.sin(2 * np.pi * 1.2 * t), 0, 1)
    values[:, INDEX["headYaw"]] = 12 * fade * np.sin(2 * np.pi * 0.5 * (t - REST_S))
    for side in ("Left", "Right"):
        values[:, INDEX["eyeBlink" + side]] = np.exp(-(((t - 2.6) / 0.07) ** 2))
    values[:, INDEX["articulation"]] = 1  # the portrait's own lips are parted
    return Motion(values, RATE_HZ)


@pytest.fixture(scope="session")
def webcam() -> list[tuple[float, np.ndarray]]:
    """Frames, (384, 512, 3), of the known motion and their instants."""
    animation = render_motion(examples.portrait_path(), known_motion(), fps=RATE_HZ, size=512)
    return [(f.time_s, f.image[:384].copy()) for f in animation.frames()]
