"""The local log, asked about a file from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.trust import log
from gioconda.trust.frame_hashes import picture_hash
from gioconda.trust.verify.means import Known

ByteImage = npt.NDArray[np.uint8]

#: An output is told of only where this share of the frames is like some of its own.
_LEAST_LIKENESS: Final = 0.6


class LocalLog:
    """Asks :mod:`gioconda.trust.log`; where there is none yet, nothing is known."""

    def file(self, sha256: str) -> Known | None:
        """Return what is known of a file of exactly these bytes.

        Raises:
            TrustError: the log cannot be read.
        """
        entry = log.find_file(bytes.fromhex(sha256))
        return None if entry is None else Known(str(entry.id), entry.at)

    def frames(self, luma: Sequence[ByteImage]) -> Known | None:
        """Return the output whose frames are the likest, if most are alike.

        Raises:
            TrustError: the log cannot be read.
        """
        found = log.find_frames([picture_hash(picture) for picture in luma], most=1)
        if not found or found[0].matched < _LEAST_LIKENESS * len(luma):
            return None
        entry = found[0].entry
        return Known(str(entry.id), entry.at, found[0].matched / len(luma))
