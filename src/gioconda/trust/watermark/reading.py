"""What an aligned grid says: whether the public mark is there, and whose identifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.trust.watermark.code import decode, identifier_of
from gioconda.trust.watermark.keys import OperatorKey
from gioconda.trust.watermark.layout import Pilots, public_pilots, secret_layout

FloatImage = npt.NDArray[np.float32]

#: Below this a key's own pilots say that its chips are not there; by chance once in 160.
LEAST_SECRET_Z: Final = 2.5


@dataclass(frozen=True)
class KeyedReading:
    """What the grid says under one operator's key.

    Attributes:
        epoch: of the key.
        z: of the key's own pilots.
        identifier: 64 bits, or None. Chance gives one less than once in 10^9 grids: 64 messages
            are tried, a tag fits once in 2^32, and the key's own pilots must agree too.
    """

    epoch: int
    z: float
    identifier: int | None


@dataclass(frozen=True)
class Reading:
    """What a grid says.

    Attributes:
        public_z: of the public pilots; without a mark like a normal variable of mean 0 and
            standard deviation 1.
        keyed: under each key, in the order given.
    """

    public_z: float
    keyed: tuple[KeyedReading, ...]


def read_grid(statistic: FloatImage, keys: Sequence[OperatorKey] = ()) -> Reading:
    """Read an aligned grid.

    Args:
        statistic: float32 (128, 128), of :func:`gioconda.trust.watermark.statistic.statistic`
            and folded, chip (0, 0) first.
        keys: under which identifiers are looked for.
    """
    flat = statistic.ravel()
    keyed = []
    for key in keys:
        layout = secret_layout(key.secret)
        soft = (flat[layout.places] * layout.signs).sum(axis=1)
        z = pilot_z(flat, layout.pilots)
        identifier = identifier_of(decode(soft), key.secret) if z >= LEAST_SECRET_Z else None
        keyed.append(KeyedReading(key.epoch, z, identifier))
    return Reading(pilot_z(flat, public_pilots()), tuple(keyed))


def pilot_z(flat: FloatImage, pilots: Pilots) -> float:
    """Return how far pilots agree, in standard deviations of chance.

    Args:
        flat: float32 (16384,), the statistic.
        pilots: which chips.
    """
    values = flat[pilots.places].astype(np.float64)
    return float(values @ pilots.signs / (np.sqrt(values @ values) + 1e-9))
