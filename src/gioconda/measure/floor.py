"""The floor under a frame's time: what must be drawn and moved, whatever the code around it.

A frame cannot be faster than its bytes travel. The bytes are counted from the arrays that the
stages read and write, and set against the speed at which this machine copies memory.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from gioconda.render.mesh.renderer import MeshRenderer

_COPY_BYTES: Final = 4 << 20
_COPIES: Final = 50


@dataclass(frozen=True)
class Row:
    """One measured figure.

    Attributes:
        what: what was measured.
        value: the figure, a median where several runs were made.
        unit: its unit.
        bar: what is aimed for, in words; empty where there is no bar.
        met: whether it is met; None where there is no bar.
    """

    what: str
    value: float
    unit: str
    bar: str = ""
    met: bool | None = None


def floor_rows(renderer: MeshRenderer, moments: npt.NDArray[np.float32]) -> list[Row]:
    """Return triangles drawn, megabytes moved, and the milliseconds that a plain copy needs."""
    works = []
    for m in moments[:: max(len(moments) // 30, 1)]:
        renderer.render(m)
        works.append(renderer.work())
    megabytes = median(w.bytes_moved for w in works) / 1e6
    return [
        Row("  floor: triangles drawn", works[0].triangles, ""),
        Row("  floor: pixels of the box drawn", median(w.pixels for w in works), ""),
        Row("  floor: moved", megabytes, "MB"),
        Row("  floor: copying as much takes", megabytes / copy_rate_mb_ms(), "ms"),
    ]


def copy_rate_mb_ms() -> float:
    """Return how many megabytes, read and written both counted, a plain copy moves in 1 ms."""
    source = np.ones(_COPY_BYTES, np.uint8)
    target = np.empty_like(source)
    seconds = []
    for _ in range(_COPIES):
        started = time.perf_counter()
        np.copyto(target, source)
        seconds.append(time.perf_counter() - started)
    return 2 * _COPY_BYTES / 1e6 / (1e3 * median(seconds))
