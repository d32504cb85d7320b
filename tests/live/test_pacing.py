"""Frames are waited for, never twice stepped, and a sleeping machine is not caught up with."""

from __future__ import annotations

import pytest

from gioconda.live.pacing import Pacer


def test_it_waits_for_the_next_frame() -> None:
    pacer = Pacer(40, 0.075, 100.0)
    assert pacer.wait_s(100.0) == pytest.approx(0.075, abs=2e-4)
    pacer.now_s(100.0751)
    # Half a frame, for the sound's sake.
    assert pacer.wait_s(100.0751) == pytest.approx(0.0125, abs=2e-4)
    assert pacer.wait_s(100.2) == 0


def test_every_frame_is_due_once_in_a_loop_that_waits() -> None:
    pacer = Pacer(25, 0.0746, 5.0)
    clock, due = 5.0, []
    for _ in range(300):
        clock += pacer.wait_s(clock) + 0.002
        due.append((pacer.now_s(clock) - 0.0746) * 25)
    # Three steps in each frame, the first of them as soon as it is due.
    assert [int(d + 1e-6) for d in due] == [k // 3 for k in range(300)]
    assert max(d % 1 for d in due[::3]) < 0.06


def test_time_never_falls() -> None:
    pacer = Pacer(40, 0.07, 0.0)
    assert pacer.now_s(1.0 - 0.5) == 0.5
    assert pacer.now_s(0.3) == 0.5


def test_after_sleep_time_goes_on_where_it_stood() -> None:
    pacer = Pacer(40, 0.07, 0.0)
    pacer.now_s(0.5)
    later = pacer.now_s(3600.0)
    assert later == pytest.approx(0.525)
    assert pacer.now_s(3600.1) == pytest.approx(0.625)
