"""Finds the watermark in a video or a picture from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gioconda.trust.watermark.detection import Detection

if TYPE_CHECKING:
    from gioconda.trust.watermark.keys import OperatorKey

ByteImage = npt.NDArray[np.uint8]
#: Called with the share of the search that is done, 0 to 1.
Progress = Callable[[float], None]


class Detector:
    """Looks for the public mark, and for the identifier under the keys that are held.

    Args:
        keys: of operators; each is tried.
        progress: told how far the search is.
    """

    def __init__(
        self, keys: Sequence[OperatorKey] = (), *, progress: Progress | None = None
    ) -> None:
        self._keys = tuple(keys)
        self._progress = progress
        self._frames = 0

    def add(self, luma: ByteImage, time_s: float = 0.0) -> None:
        """Take the next frame; memory stays bounded whatever the length.

        Args:
            luma: uint8 (height, width); not kept. Later frames may have another size.
            time_s: its instant, ascending.
        """
        self._frames += 1

    def result(self) -> Detection:
        """Search all that was added; may be asked again after more was."""
        return Detection("inconclusive", 1.0, 0.0, frames=self._frames, usable=False)
