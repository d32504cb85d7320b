"""What real faces do beyond the hand-set shapes: a correction of their directions.

Measured on 31 talkers (32 clips of news, interviews, read commands and songs; landmarks by
MediaPipe's face mesh), averaged; no person's own data. Each clip was posed on points that do not
slide (nose and eye corners, x and y alone, depth calibrated over the clip) and taken relative to
its first frame; its motion was fitted by the shapes with bounded (-0.6 to 1.2), smooth weights,
and the residual of all clips and of their mirror images was regressed on the weights at once,
with a ridge (0.03 for lips, 0.01 for lids, 0.05 elsewhere, mean square weight as the unit) that
keeps each correction small. Weights and corrections were found in turn, five times.

A correction keeps to what its shape's name says: a brow shape corrects brows and forehead alone, a
sided shape its own side; facing inner lips of shapes that leave lips closed, and the lids of a
blink, are corrected alike; it is at most half of the shape's own largest motion (1.2 mm for lids,
0.8 mm for wide eyes, which stare soon). Points on the face's outline above the chin are left out,
for they slide, and so is depth, which the tracker only guesses.

Variance of motion about the mean that the shapes explain in x and y, each half of the persons with
a correction measured on the other half (hand-set shapes in brackets, the same fit): lips 98.6 %
(97.4), eyes 83.8 (67.0), brows 88.9 (76.1), jaw 95.9 (88.8), cheeks 86.5 (64.1).
``scripts/measure_shapes.py`` measures, reports and writes the table.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.render.mesh import topology as topo

Array = npt.NDArray[np.float64]

#: Persons that the table is the average of.
TALKERS: Final = 31
#: The table's unit in millimetres of a typical face.
UNIT_MM: Final = 0.01


def measured_corrections() -> dict[str, Array]:
    """Return what to add to each hand-set shape that has a correction, by name.

    Each is (468, 3), millimetres in head axes at weight 1; z is 0.
    """
    return dict(_table())


@lru_cache(maxsize=1)
def _table() -> dict[str, Array]:
    with resources.files(__package__).joinpath("measured_shapes.npz").open("rb") as file:
        data = np.load(file, allow_pickle=False)
        names, landmarks, steps = (data[k] for k in ("names", "landmarks", "steps"))
    corrections: dict[str, Array] = {}
    for name, step in zip(names.tolist(), steps, strict=True):
        field = np.zeros((topo.LANDMARKS, 3))
        field[landmarks, :2] = UNIT_MM * step
        field.setflags(write=False)
        corrections[name] = field
    return corrections
