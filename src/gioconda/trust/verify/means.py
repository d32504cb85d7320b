"""What a verification stands on: readers, keys and the log of this installation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from gioconda.trust.credentials.anchors import Vouching

if TYPE_CHECKING:
    from gioconda.sandbox.file_reader import FileReader
    from gioconda.trust.watermark.detection import Detection

ByteImage = npt.NDArray[np.uint8]


class Search(Protocol):
    """A detector of the watermark, as :class:`gioconda.trust.watermark.detector.Detector` is."""

    def add(self, luma: ByteImage, time_s: float = 0.0) -> None:
        """Take the next frame."""
        ...

    def result(self) -> Detection:
        """Search all that was added."""
        ...


@dataclass(frozen=True)
class Known:
    """What the local log knows.

    Attributes:
        output: its number of the output.
        made_at: when that was made; aware, UTC.
        likeness: share of the frames that are alike, 0 to 1; None for a whole file.
    """

    output: str
    made_at: datetime | None = None
    likeness: float | None = None


class Log(Protocol):
    """The local log, as far as it is asked."""

    def file(self, sha256: str) -> Known | None:
        """Return what is known of a file of exactly these bytes."""
        ...

    def frames(self, luma: Sequence[ByteImage]) -> Known | None:
        """Return what is known of an output whose frames look like these."""
        ...


#: Begins a search: whether it is quick, and whom to tell the share that is done.
NewSearch = Callable[[bool, Callable[[float], None]], Search]


@dataclass(frozen=True)
class Means:
    """What a verification stands on.

    Attributes:
        reader: of files, in the sandbox.
        search: begins a search for the watermark.
        log: the local one.
        trusted: whose signatures are.
        identifier: this installation's, 64 bits; None where it has none yet.
        holds_keys: whether the search reads identifiers under any key.
    """

    reader: FileReader
    search: NewSearch
    log: Log | None = None
    trusted: Vouching = field(default_factory=Vouching)
    identifier: int | None = None
    holds_keys: bool = False


def own_means(reader: FileReader) -> Means:
    """Return what this installation has. Keys are read and never made for it.

    Raises:
        TrustError: keys or certificates are there but cannot be read.
    """
    from gioconda.trust.credentials.anchors import vouching
    from gioconda.trust.verify.local_log import LocalLog
    from gioconda.trust.verify.turned import TurnedSearch
    from gioconda.trust.watermark.detector import Detector
    from gioconda.trust.watermark.keys import held_keys, own_identifier

    keys = held_keys()

    def search(quick: bool, progress: Callable[[float], None]) -> Search:
        upright = Detector(keys, progress=progress, search=not quick)
        return TurnedSearch(upright, [Detector(keys, search=False) for _ in range(3)])

    identifier = own_identifier() if keys else None  # asked alone, it would be drawn
    return Means(reader, search, LocalLog(), vouching(), identifier, bool(keys))
