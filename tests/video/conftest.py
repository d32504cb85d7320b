"""Small pictures and sounds to write."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest


@pytest.fixture
def scene() -> Callable[[int, int, int], np.ndarray]:
    """A smooth moving picture: scene(i, width, height) is frame i."""

    def frame(i: int, width: int = 64, height: int = 48) -> np.ndarray:
        y, x = np.mgrid[:height, :width]
        r = 128 + 100 * np.sin((x + 3 * i) / 17)
        g = 128 + 100 * np.cos((y - 2 * i) / 13)
        b = np.full_like(r, 40 + (5 * i) % 160)
        return np.stack([r, g, b], -1).astype(np.uint8)

    return frame
