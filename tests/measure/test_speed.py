"""The cost of a live sound: what is pushed, not how long it takes."""

from __future__ import annotations

import numpy as np

from gioconda import session
from gioconda.measure.speed import streaming_share


def test_a_live_sound_is_pushed_in_hops_of_20_ms(monkeypatch) -> None:
    pushed: list[int] = []

    class Recorder:
        def push(self, pcm: np.ndarray) -> None:
            pushed.append(len(pcm))

        def finish(self) -> None:
            pushed.append(-1)

    monkeypatch.setattr(session, "Performance", Recorder)
    assert streaming_share(np.zeros(16_100, np.float32)) >= 0
    assert pushed == [320] * 50 + [100, -1]
