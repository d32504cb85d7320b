"""Sound and lips in a finished file are on one clock, and the lips are those of the sound.

The example speech was synthesised, so the instants of its phones are known. The example
portrait speaks it into an mp4; lips are tracked in the decoded picture, sound is decoded from
the same file, and both are compared with those instants.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gioconda import Controls, Portrait, Sound, animate, examples
from gioconda.measure.tracking import track_video

PHONES = Path(__file__).parent / "data" / "demo_speech_phones.txt"
#: Silence that was put before the synthesised speech.
LEAD_S = 0.25
#: Targets of the inner lips' opening: wide vowels open, bilabials closed.
OPEN = {"aa", "ae", "ah", "ay", "ao", "eh", "ey"}
CLOSED = {"m", "p", "b"}


def phones() -> list[tuple[str, float, float]]:
    """Return (phone, start, end), seconds of the example speech."""
    words = PHONES.read_text().split()
    ends = [float(w.split(":")[1]) + LEAD_S for w in words]
    starts = [LEAD_S, *ends[:-1]]
    return [(w.split(":")[0], a, b) for w, a, b in zip(words, starts, ends, strict=True)]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory, astronaut: np.ndarray) -> Path:
    path = tmp_path_factory.mktemp("talk") / "talk.mp4"
    controls = Controls(still=True)
    animate(Portrait.open(astronaut), examples.speech_path(), controls, fps=40).save(path)
    return path


@pytest.fixture(scope="module")
def opening(video: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the instants of the frames and the lips' opening tracked in them."""
    tracked = track_video(video)
    return np.asarray(tracked.time_s), np.asarray(tracked["la"])


def test_the_files_sound_is_the_speech_at_its_own_time(video: Path) -> None:
    with Sound.open(examples.speech_path()) as speech, Sound.open(video) as heard:
        a, b = (np.concatenate(list(s.chunks())) for s in (speech, heard))
    n = min(len(a), len(b))
    a, b = a[: n // 2] - a[: n // 2].mean(), b[: n // 2]
    lags = range(-400, 401, 4)
    score = [float(a[400:-400] @ b[400 + lag : len(b) - 400 + lag]) for lag in lags]
    assert abs(lags[int(np.argmax(score))]) / 16_000 <= 0.002


def test_lips_open_on_open_vowels_and_close_on_bilabials(
    opening: tuple[np.ndarray, np.ndarray],
) -> None:
    times, gap = opening
    opened = [gap[(times >= a) & (times <= b)].max() for p, a, b in phones() if p in OPEN]
    # A closure is reached within its phone, or a frame beside it.
    closed = [
        gap[(times >= a - 0.03) & (times <= b + 0.03)].min() for p, a, b in phones() if p in CLOSED
    ]
    assert np.median(closed) < 0.25 * np.median(opened)
    assert np.mean(np.array(closed) < 0.4 * np.median(opened)) > 0.7


def test_lips_move_when_the_phones_sound(opening: tuple[np.ndarray, np.ndarray]) -> None:
    times, gap = opening
    target = np.zeros(len(times))
    for phone, a, b in phones():
        target[(times >= a) & (times < b)] = (phone in OPEN) - 1.0 * (phone in CLOSED)
    lags_s = np.arange(-0.2, 0.2001, 0.01)
    r = [np.corrcoef(np.interp(times + lag, times, gap), target)[0, 1] for lag in lags_s]
    best = int(np.argmax(r))
    assert r[best] > 0.4
    # Visible speech leads its sound by up to 40 ms or lags it; beyond 60 ms a viewer notices.
    assert abs(lags_s[best]) <= 0.06
