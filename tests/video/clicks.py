"""A sound and a picture whose instants are known: clicks and flashes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gioconda.speech.sound import Sound

FLASHES_S = (0.2, 0.6, 1.0, 1.48, 2.2, 2.76)
VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm")


def click_track(rate_hz: int, seconds: float) -> np.ndarray:
    x = np.zeros(round(rate_hz * seconds), np.float32)
    burst = 0.9 * np.sin(2 * np.pi * 1500 * np.arange(round(0.01 * rate_hz)) / rate_hz)
    for t in FLASHES_S:
        x[round(t * rate_hz) :][: len(burst)] = burst
    return x


def heard_s(path: Path) -> np.ndarray:
    with Sound.open(path) as sound:
        loud = np.flatnonzero(np.abs(np.concatenate(list(sound.chunks()))) > 0.3)
    return loud[np.diff(loud, prepend=-(10**9)) > 1_600] / 16_000


def listing(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())
