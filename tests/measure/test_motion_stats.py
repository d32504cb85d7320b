"""Statistics of motions whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.errors import OptionError
from gioconda.measure.motion_stats import motion_statistics
from gioconda.motion import CHANNELS, INDEX, Motion
from gioconda.performance.mouth import GAP


def motion(seconds: float = 60.0, **channels: np.ndarray) -> Motion:
    values = np.zeros((round(seconds * 50), len(CHANNELS)), np.float32)
    for name, column in channels.items():
        values[:, INDEX[name]] = column
    return Motion(values)


TIME = np.arange(3000) / 50


def test_a_swaying_head() -> None:
    stats = motion_statistics(motion(headYaw=6 * np.sin(2 * np.pi * 0.5 * TIME)))
    assert stats.head_spread_deg[0] == pytest.approx(6 / np.sqrt(2), rel=0.01)
    assert stats.head_speed_95_deg_s[0] == pytest.approx(6 * np.pi, rel=0.02)
    assert stats.yaw_power_hz[0] == pytest.approx(0.5, abs=0.2)


def test_blinks_are_counted_and_timed() -> None:
    lid = (np.arange(3000) % 150 < 7).astype(np.float32)
    stats = motion_statistics(motion(eyeBlinkLeft=lid, eyeBlinkRight=lid))
    assert stats.blinks_per_minute == pytest.approx(20)
    assert stats.blink_half_width_ms == pytest.approx(140)


def test_closures_count_only_while_the_mouth_speaks() -> None:
    jaw = 0.4 * (np.arange(3000) % 50 > 5)
    speaking = (np.arange(3000) < 1500).astype(np.float32)
    stats = motion_statistics(motion(jawOpen=jaw, articulation=speaking))
    assert stats.closures_per_minute == pytest.approx(30, abs=1)
    assert stats.talking_share == pytest.approx(0.5)
    assert stats.aperture_98 == pytest.approx(0.4 * GAP["jawOpen"], abs=1e-3)


def test_a_motion_that_is_too_short_is_refused() -> None:
    with pytest.raises(OptionError, match="at least 2 s"):
        motion_statistics(motion(1.0))
