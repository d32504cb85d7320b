"""Long pauses: lips swallow and are pressed, seldom, and rest in between."""

from __future__ import annotations

import numpy as np

from gioconda.controls import Controls
from gioconda.motion import INDEX
from gioconda.performance import perform
from gioconda.performance.pauses import FIRST_S
from gioconda.performance.window import silent_features

MOVED = [
    INDEX[n]
    for n in ("mouthPressLeft", "mouthPressRight", "mouthShrugLower", "mouthRollLower",
              "mouthRollUpper")
]  # fmt: skip


def test_a_mouth_swallows_now_and_then_in_long_silence_and_rests_otherwise() -> None:
    silence = silent_features(50 * 180)
    for seed in range(4):
        mouth = perform(silence, Controls(seed=seed)).values[:, MOVED].max(axis=1)
        moves = np.sum(np.diff((mouth > 0).astype(int)) == 1)
        assert 2 <= moves <= 10
        assert np.mean(mouth > 0) < 0.06
        assert 0.1 < mouth.max() < 0.6
        assert mouth[-1] == 0 or moves > 2


def test_nothing_comes_in_the_first_seconds_of_a_pause(script) -> None:
    for seed in range(12):
        motion = perform(script([("a", 100), ("sil", 50 * 12)]), Controls(seed=seed)).values
        rest = 100 + 20  # the mouth is back
        assert motion[rest : 100 + round(FIRST_S * 50), MOVED].max() == 0


def test_speech_overrules_it(script) -> None:
    for seed in range(8):
        silence = perform(silent_features(1500), Controls(seed=seed)).values[:, MOVED].max(axis=1)
        began = int(np.argmax(silence > 0))
        features = script([("sil", began + 12), ("a", 60)])
        plain = perform(script([("a", 60)])).values[:, MOVED]
        cut = perform(features, Controls(seed=seed)).values[:, MOVED]
        assert np.abs(np.diff(cut, axis=0)).max() < 0.25  # let go within 0.1 s, not dropped
        np.testing.assert_allclose(cut[-30:].max(axis=0), plain[-30:].max(axis=0), atol=0.02)


def test_expression_0_and_still_leave_the_mouth_alone() -> None:
    silence = silent_features(3000)
    for controls in (Controls(expression=0.0), Controls(still=True)):
        assert perform(silence, controls).values[:, MOVED].max() == 0
