"""The timeline of a peer's streams."""

from __future__ import annotations

import pytest

from gioconda.live.server.rtc.timeline import Timeline


class Clock:
    def __init__(self) -> None:
        self.now_s = 500.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timeline(clock: Clock) -> Timeline:
    return Timeline(clock, lambda: 1_000_000_000.0)


def test_instants_keep_their_distances(timeline: Timeline) -> None:
    first = timeline.at(7.0)
    assert first >= 1
    assert timeline.at(7.5) == pytest.approx(first + 0.5)
    # A stretch of sound before the first frame is before it.
    assert timeline.at(6.96) == pytest.approx(first - 0.04)


def test_the_time_of_a_report_and_its_instant_lie_on_one_line(
    timeline: Timeline, clock: Clock
) -> None:
    first = timeline.at(0.0)
    instant, ntp = timeline.now()
    assert instant == pytest.approx(first)
    # 1e9 seconds since 1970 are 3208988800 since 1900.
    assert ntp / 2**32 == pytest.approx(3_208_988_800, abs=1e-3)
    clock.now_s += 36_000.25
    later, ntp_later = timeline.now()
    assert later - instant == pytest.approx(36_000.25)
    assert (ntp_later - ntp) / 2**32 == pytest.approx(36_000.25, abs=1e-6)


def test_a_new_timeline_goes_on_where_the_clock_is(timeline: Timeline, clock: Clock) -> None:
    first = timeline.at(0.0)
    last = timeline.at(10.0)
    clock.now_s += 12.0
    timeline.restart()
    # The first that comes is at the clock's time; what comes with it, in its place beside it.
    assert timeline.at(0.0) == pytest.approx(first + 12)
    assert timeline.at(0.04) == pytest.approx(first + 12.04)
    assert first + 12 > last


def test_a_new_timeline_never_goes_back(timeline: Timeline) -> None:
    timeline.at(0.0)
    last = timeline.at(10.0)
    timeline.restart()
    assert timeline.at(0.0) > last


def test_a_restart_before_anything_came_changes_nothing(timeline: Timeline) -> None:
    timeline.restart()
    first = timeline.at(3.0)
    assert timeline.at(3.5) == pytest.approx(first + 0.5)
