"""What is to be marked into frames, without the key by which it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError
from gioconda.trust.watermark.code import CODED_BITS, encode, message
from gioconda.trust.watermark.keys import OperatorKey, operator_keys, own_identifier
from gioconda.trust.watermark.layout import CHIPS, SIDE, public_pilots, secret_layout

#: Groups beyond the coded bits: the public pilots, and the operator's own.
PUBLIC_GROUP: Final = CODED_BITS
SECRET_GROUP: Final = CODED_BITS + 1
GROUPS: Final = CODED_BITS + 2


@dataclass(frozen=True)
class Marks:
    """The chips of both marks; may travel to another process or machine, since no key is inside.

    Whoever has them can mark frames with this identifier, and with no other.

    Attributes:
        identifier: the operator's, 64 bits.
        epoch: of the operator's key.
        chips: int8 (128, 128), +1 or -1.
        groups: int16 (128, 128), which coded bit a chip carries, 0 to 383; 384 is a public pilot,
            385 one of the operator's own.
    """

    identifier: int
    epoch: int
    chips: npt.NDArray[np.int8] = field(repr=False, compare=False)
    groups: npt.NDArray[np.int16] = field(repr=False, compare=False)


def own_marks(identifier: int | None = None) -> Marks:
    """Return the marks of this installation, under its newest key; it is made on first use.

    Args:
        identifier: 64 bits; the installation's own if None.

    Raises:
        OptionError: the identifier has not 64 bits.
        TrustError: the keys cannot be read or made.
    """
    if identifier is not None and not 0 <= identifier < 1 << 64:
        raise OptionError(f"the identifier is {identifier}; it must be from 0 to 2^64 - 1")
    return marks_of(own_identifier() if identifier is None else identifier, operator_keys()[-1])


def has_public_mark(marks: Marks) -> bool:
    """Tell whether the public pilots are where everyone looks for them."""
    if marks.chips.shape != (SIDE, SIDE) or marks.groups.shape != (SIDE, SIDE):
        return False
    public = public_pilots()
    chips, groups = marks.chips.ravel()[public.places], marks.groups.ravel()[public.places]
    return np.array_equal(chips, public.signs) and bool((groups == PUBLIC_GROUP).all())


@lru_cache(maxsize=64)
def marks_of(identifier: int, key: OperatorKey) -> Marks:
    """Return the marks of an identifier under a key."""
    public, secret = public_pilots(), secret_layout(key.secret)
    coded = encode(message(identifier, key.secret))
    chips = np.zeros(CHIPS, np.int8)
    groups = np.zeros(CHIPS, np.int16)
    chips[public.places], groups[public.places] = public.signs, PUBLIC_GROUP
    chips[secret.pilots.places], groups[secret.pilots.places] = secret.pilots.signs, SECRET_GROUP
    chips[secret.places] = secret.signs * coded[:, None]
    groups[secret.places] = np.arange(CODED_BITS)[:, None]
    chips.flags.writeable = groups.flags.writeable = False
    return Marks(identifier, key.epoch, chips.reshape(SIDE, SIDE), groups.reshape(SIDE, SIDE))
