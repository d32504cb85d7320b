"""Whose mark it is: identifiers under the keys that are held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.trust.watermark.chance import false_reading
from gioconda.trust.watermark.detection import FALSE_ALARM
from gioconda.trust.watermark.keys import OperatorKey
from gioconda.trust.watermark.layout import Pilots, public_pilots, secret_layout
from gioconda.trust.watermark.reading import pilot_z, read_grid

FloatImage = npt.NDArray[np.float32]

#: Keys whose pilots help to find the grid, and that are decoded wherever it may lie.
FEW_KEYS: Final = 2
#: Of more keys, those are decoded whose own pilots agree so far.
_LIKELY_Z: Final = 3.0
#: Share of a file's false alarms that identifiers may cause, all keys together.
SHARE: Final = 0.05
#: Grids that one search reads under each key, at most.
_TRIES: Final = 256


@dataclass(frozen=True)
class Identity:
    """What a key read.

    Attributes:
        identifier: the operator's, 64 bits.
        epoch: of the key.
        false_alarm: probability that chance reads one in a file, all tries counted.
    """

    identifier: int
    epoch: int
    false_alarm: float


class Keys:
    """Reads grids under the keys that are held, and counts how often it tried.

    Args:
        keys: of operators.
    """

    def __init__(self, keys: Sequence[OperatorKey]) -> None:
        self._keys = tuple(keys)
        self._tries = 0
        few = self._keys if len(self._keys) <= FEW_KEYS else ()
        #: Each key's own pilots, if there are few keys.
        self.own = tuple(own_pilots(k.secret) for k in few)
        #: Each key's together with the public ones: more known chips place a grid better.
        self.together = tuple(_together(public_pilots(), own) for own in self.own)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def read(self, grid: FloatImage) -> Identity | None:
        """Return what the first key says that says anything.

        Args:
            grid: float32 (128, 128), folded statistic, chip (0, 0) first.
        """
        keys = self._keys
        if len(keys) > FEW_KEYS:
            flat = grid.ravel()
            keys = tuple(k for k in keys if pilot_z(flat, own_pilots(k.secret)) > _LIKELY_Z)
        self._tries += len(self._keys)
        for reading in read_grid(grid, keys).keyed:
            if reading.identifier is not None:
                tries = max(self._tries, _TRIES * len(self._keys))
                chance = min(1.0, false_reading(reading.z, tries) / SHARE)
                if chance <= FALSE_ALARM:
                    return Identity(reading.identifier, reading.epoch, chance)
        return None


@lru_cache(maxsize=1024)
def own_pilots(secret: bytes) -> Pilots:
    """Return a key's pilots; with many keys, making them takes longer than everything else."""
    return secret_layout(secret).pilots


def _together(public: Pilots, own: Pilots) -> Pilots:
    return Pilots(
        np.concatenate([public.places, own.places]), np.concatenate([public.signs, own.signs])
    )
