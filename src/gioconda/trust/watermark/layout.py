"""Which of the 128 x 128 chips says what: public pilots, and under each key the secret chips.

The public pilots are the same for everyone: they say "synthetic, made with Gioconda" and give the
position of the grid. All other chips are secret: an operator's own pilots, and the coded bits of
the identifier, each repeated over 27 chips. Places and signs come from SHAKE-256, so that they are
the same in every version of every library.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.trust.watermark.code import CODED_BITS

#: Chips along one side of the grid.
SIDE: Final = 128
CHIPS: Final = SIDE * SIDE
PUBLIC_CHIPS: Final = CHIPS // 4
#: Chips of each coded bit.
REPEATS: Final = 27
SECRET_PILOTS: Final = CHIPS - PUBLIC_CHIPS - CODED_BITS * REPEATS

#: Published: with it anyone finds the public mark.
_PUBLIC_SEED: Final = b"gioconda watermark 1: synthetic, made with Gioconda"
_SECRET_LABEL: Final = b"gioconda watermark 1: secret chips"

IntArray = npt.NDArray[np.int64]
SignArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Pilots:
    """Chips that are known beforehand.

    Attributes:
        places: int64 (count,), flat indices into the grid.
        signs: float32 (count,), +1 or -1.
    """

    places: IntArray
    signs: SignArray


@dataclass(frozen=True)
class SecretLayout:
    """The chips of one operator's key.

    Attributes:
        pilots: the key's own.
        places: int64 (384, 27), flat indices of the chips of each coded bit.
        signs: float32 (384, 27), by which the coded bit is multiplied in each chip.
    """

    pilots: Pilots
    places: IntArray = field(repr=False)
    signs: SignArray = field(repr=False)


@lru_cache(maxsize=1)
def public_pilots() -> Pilots:
    """Return the pilots that everyone knows."""
    order, signs = _order_and_signs(_PUBLIC_SEED, CHIPS)
    places = np.sort(order[:PUBLIC_CHIPS])
    return Pilots(places, signs[places])


@lru_cache(maxsize=64)
def secret_layout(secret: bytes) -> SecretLayout:
    """Return the secret chips of an operator's key."""
    seed = hmac.digest(secret, _SECRET_LABEL, hashlib.sha256)
    free = np.setdiff1d(np.arange(CHIPS), public_pilots().places)
    order, signs = _order_and_signs(seed, len(free))
    places, signs = free[order], signs[order]
    cut = CODED_BITS * REPEATS
    return SecretLayout(
        Pilots(places[cut:], signs[cut:]),
        places[:cut].reshape(CODED_BITS, REPEATS),
        signs[:cut].reshape(CODED_BITS, REPEATS),
    )


def pilot_grid(pilots: Pilots) -> SignArray:
    """Return pilots as a picture, float32 (128, 128), 0 where none is."""
    grid = np.zeros(CHIPS, np.float32)
    grid[pilots.places] = pilots.signs
    return grid.reshape(SIDE, SIDE)


def _order_and_signs(seed: bytes, count: int) -> tuple[IntArray, SignArray]:
    stream = np.frombuffer(hashlib.shake_256(seed).digest(9 * count), np.uint8)
    keys = stream[: 8 * count].view("<u8")
    signs = 1 - 2 * (stream[8 * count :] & 1).astype(np.float32)
    return np.argsort(keys, kind="stable"), signs
