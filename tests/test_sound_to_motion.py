"""Look-ahead is a choice: less is stated truthfully, waited for exactly, and still streams."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda import Sound, examples
from gioconda.errors import OptionError
from gioconda.motion import Motion, concatenate
from gioconda.performance import RulePerformer
from gioconda.performance.performer import PerformanceState
from gioconda.session import Performance


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    with Sound.open(examples.speech_path()) as sound:
        return np.concatenate(list(sound.chunks()))[16_000:64_000]


def performed(speech: np.ndarray, lookahead_ms: float | None, sizes: list[int]) -> Motion:
    performance = Performance(lookahead_ms=lookahead_ms)
    parts, first = [], 0
    for size in [*sizes, len(speech)]:
        parts.append(performance.push(speech[first : first + size]))
        first += size
    return concatenate(parts + performance.finish())


@pytest.mark.parametrize("lookahead_ms", [40.0, 80.0, 160.0])
def test_any_chunking_gives_the_same_motion(speech: np.ndarray, lookahead_ms: float) -> None:
    rng = np.random.default_rng(int(lookahead_ms))
    whole = performed(speech, lookahead_ms, [])
    pieces = performed(speech, lookahead_ms, [0, 1, *rng.integers(0, 2000, 60)])
    assert len(whole) == np.ceil(len(speech) / 320)
    np.testing.assert_array_equal(whole.values, pieces.values)


@pytest.mark.parametrize("lookahead_ms", [40.0, 80.0, 120.0, 160.0, None])
def test_what_is_stated_is_what_is_waited_for(
    speech: np.ndarray, lookahead_ms: float | None
) -> None:
    performance = Performance(lookahead_ms=lookahead_ms)
    stated = performance.lookahead_ms
    assert stated <= (lookahead_ms or 352.5)
    behind = []
    for first in range(0, len(speech), 160):
        motion = performance.push(speech[first : first + 160])
        if len(motion):
            end_s = motion.start_s + (len(motion) - 1) / motion.rate_hz
            behind.append((first + 160) / 16_000 - end_s)
    # A row comes with its last sample; the instants up to the next row wait 20 ms more.
    assert max(behind[5:]) <= stated / 1000 - 0.02 + 0.0101


def test_what_comes_after_the_look_ahead_changes_nothing_before_it(speech: np.ndarray) -> None:
    other = speech.copy()
    other[24_000:] = 0.0
    one, two = (performed(s, 80.0, []).values for s in (speech, other))
    known = int((24_000 / 16_000 - 0.0725) * 50)
    np.testing.assert_array_equal(one[:known], two[:known])
    assert np.abs(one[known + 5 : known + 40] - two[known + 5 : known + 40]).max() > 0.1


@pytest.mark.parametrize("lookahead_ms", [80.0, None])
def test_a_sound_ends_once(speech: np.ndarray, lookahead_ms: float | None) -> None:
    performance = Performance(lookahead_ms=lookahead_ms)
    parts = [performance.push(speech), *performance.finish()]
    assert sum(map(len, parts)) == len(speech) / 320
    assert sum(map(len, performance.finish())) == 0
    with pytest.raises(OptionError, match="finished"):
        performance.push(speech)


class Last(RulePerformer):
    """Counts how often its performance is finished."""

    finished = 0

    def finish(self, state: PerformanceState) -> Motion:
        Last.finished += 1
        return super().finish(state)


def test_a_performer_is_finished_once_and_last(
    speech: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gioconda.sound_to_motion.create", lambda name, **given: Last(**given))
    performance = Performance(lookahead_ms=80.0)
    end_s = 0.0
    for first in range(0, 16_000, 100):
        motion = performance.push(speech[first : first + 100])
        assert motion.start_s == pytest.approx(end_s, abs=1e-9)
        end_s = motion.start_s + motion.duration_s
    assert Last.finished == 0
    performance.finish()
    performance.finish()
    assert Last.finished == 1


def test_little_look_ahead_shows_the_same_speech(speech: np.ndarray) -> None:
    usual, live = (performed(speech, ms, [])["jawOpen"] for ms in (None, 80.0))
    assert np.corrcoef(usual, live)[0, 1] > 0.85


@pytest.mark.parametrize("lookahead_ms", [0.0, 39.0, 501.0, float("nan")])
def test_a_look_ahead_out_of_range_is_refused(lookahead_ms: float) -> None:
    with pytest.raises(OptionError, match="between 40 and 500"):
        Performance(lookahead_ms=lookahead_ms)
