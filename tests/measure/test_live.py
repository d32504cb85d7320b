"""The instruments of the live table: a sound that opens a mouth, a box that holds it."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

from gioconda import Controls, Motion
from gioconda.measure.live.browser import children, cpu_s, resident_mb
from gioconda.measure.live.report import mouth_box
from gioconda.measure.live.sounds import RATE_HZ, int16, vowel
from gioconda.measure.live.trials import judged
from gioconda.session import Performance


def test_the_vowel_opens_the_mouth_at_its_click() -> None:
    performance = Performance(Controls(), lookahead_ms=80)
    silence = np.zeros(RATE_HZ, np.float32)
    parts = [performance.push(np.concatenate([silence, vowel(), silence])), *performance.finish()]
    jaw = Motion(np.concatenate([p.values for p in parts]))["jawOpen"]
    assert jaw.max() > 0.4
    assert abs(int(np.argmax(jaw > 0.5 * jaw.max())) / 50 - 1.05) < 0.06


def test_samples_are_whole_numbers_within_16_bits() -> None:
    samples = int16(np.array([0.0, 1.0, -1.0, 2.0], np.float32))
    assert samples == [0, 32767, -32767, 32767]


def test_the_box_is_around_the_mouth() -> None:
    left, top, width, height = mouth_box()
    assert 0.3 < left < left + width < 0.7
    assert 0.4 < top < top + height < 0.8


def test_bars_are_met_from_one_side() -> None:
    assert judged("a", 100, "ms", 110).met is True
    assert judged("a", 111, "ms", 110).met is False
    assert judged("a", 39, "", 39.5, at_least=True).met is False
    assert judged("a", 1, "").met is None


def test_processes_are_watched_from_outside() -> None:
    code = "import time\nwhile time.process_time() < 0.3: pass\nprint(1, flush=True)\n"
    child = subprocess.Popen(
        [sys.executable, "-c", code + "input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        child.stdout.readline()
        assert child.pid in children(os.getpid())
        assert resident_mb(child.pid) > 3
        assert cpu_s(child.pid) > 0.1
    finally:
        child.communicate(b"\n")
    assert resident_mb(child.pid) == 0
