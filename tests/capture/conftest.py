"""A video whose motion is known: the example portrait, driven."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gioconda import examples
from gioconda.motion import CHANNELS, INDEX, Motion, set_gaze
from gioconda.pipeline import render_motion

RATE_HZ = 25.0


def known_motion(frames: int = 60) -> Motion:
    """Talk, blink, look aside and turn the head, starting and ending at rest."""
    values = np.zeros((frames, len(CHANNELS)), np.float32)
    t = np.arange(frames) / RATE_HZ
    fade = np.clip(np.minimum(t, t[-1] - t) / 0.3, 0, 1)
    values[:, INDEX["jawOpen"]] = 0.35 * fade * np.clip(np.sin(2 * np.pi * 1.7 * t), 0, 1)
    for side in ("Left", "Right"):
        values[:, INDEX["eyeBlink" + side]] = np.exp(-(((t - 1.5) / 0.07) ** 2))
        values[:, INDEX["mouthSmile" + side]] = 0.5 * np.exp(-(((t - 2.0) / 0.2) ** 2))
    values[:, INDEX["headYaw"]] = 12 * fade * np.sin(2 * np.pi * 0.6 * t)
    values[:, INDEX["headX"]] = 0.08 * fade * np.sin(2 * np.pi * 0.5 * t)
    set_gaze(values, 14 * fade * np.sin(2 * np.pi * 0.45 * t + 1), 0)
    values[:, INDEX["articulation"]] = fade
    return Motion(values, RATE_HZ)


@pytest.fixture(scope="session")
def driven_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("driven") / "driven.mp4"
    render_motion(examples.portrait_path(), known_motion(), fps=25, size=512).save(path)
    return path
