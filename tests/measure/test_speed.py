"""The cost of a live sound: what is pushed, and how it is counted; not how long it takes."""

from __future__ import annotations

import time

import numpy as np
import pytest

from gioconda import session
from gioconda.measure.speed import streaming_share


def test_a_live_sound_is_pushed_in_hops_of_20_ms(monkeypatch) -> None:
    pushed: list[int] = []
    heard: list[int | None] = []
    asked: list[float | None] = []

    class Recorder:
        def __init__(self, lookahead_ms: float | None) -> None:
            asked.append(lookahead_ms)

        def push(self, pcm: np.ndarray, partner: np.ndarray | None) -> None:
            pushed.append(len(pcm))
            heard.append(None if partner is None else len(partner))

        def finish(self) -> None:
            pushed.append(-1)

    monkeypatch.setattr(session, "Performance", Recorder)
    # A processor that works 1 ms in every push and 9 in finish.
    clock = iter([5.0, 5.0 + 0.001 * 51 + 0.009, 6.0, 6.01])
    monkeypatch.setattr(time, "process_time", lambda: next(clock))
    assert streaming_share(np.zeros(16_100, np.float32)) == pytest.approx(0.060 * 16_000 / 16_100)
    assert pushed == [320] * 50 + [100, -1]
    assert heard == [None] * 51
    heard.clear()
    two = np.zeros(640, np.float32)
    assert streaming_share(two, lookahead_ms=80.0, partner=two) == pytest.approx(0.01 / 0.04)
    assert (asked, heard) == ([None, 80.0], [320, 320])
