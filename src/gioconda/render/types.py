"""The seam at which renderers plug in."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

ByteImage = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]


class Renderer(Protocol):
    """Turns one moment of motion into one frame of one portrait.

    Stateless as seen from outside: the same moment gives the same frame, whatever came before.
    """

    @property
    def size(self) -> int:
        """Side of the square frames, in pixels."""
        ...

    def render(self, moment: FloatArray) -> ByteImage:
        """Return the frame of a moment of motion.

        Args:
            moment: float32, shape (60,), see :mod:`gioconda.motion`.

        Returns:
            uint8 RGB, shape (size, size, 3), in a buffer that stays untouched for the next
            three calls; copy it to keep it longer.
        """
        ...


@runtime_checkable
class AlphaRenderer(Renderer, Protocol):
    """A renderer that can also tell where the person is: needed for transparent backgrounds."""

    def alpha(self, out: ByteImage) -> None:
        """Write how far the person covers each pixel of the frame last rendered.

        Args:
            out: (size, size) uint8, 255 = all person.
        """
        ...
