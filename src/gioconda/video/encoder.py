"""The seam between the writer and the file formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from gioconda.speech.sound import Sound

ByteImage = npt.NDArray[np.uint8]

#: ``good`` is the default; ``fast`` halves the cost and doubles the size; ``best`` is for keeping.
Quality = Literal["fast", "good", "best"]


@dataclass(frozen=True)
class Job:
    """What is to be written, as checked by the writer.

    Attributes:
        width: of the frames that come in, in pixels.
        height: of the frames that come in, in pixels.
        fps: frames a second.
        sound: what is heard, or None.
        quality: how much work goes into the picture.
        metadata: tags of the container, such as title and comment.
        alpha: whether frames come as RGB and alpha, (height, width, 4), not premultiplied.
    """

    width: int
    height: int
    fps: Fraction
    sound: Sound | None = None
    quality: Quality = "good"
    metadata: Mapping[str, str] = field(default_factory=dict)
    alpha: bool = False


class FrameEncoder(Protocol):
    """Writes frames into one staged file or folder; called from one thread at a time."""

    def add(self, frame: ByteImage) -> None:
        """Encode the next frame, uint8 (height, width, 3 or 4), and the sound up to its end."""
        ...

    def finish(self) -> None:
        """Complete the file; the sound ends with the last frame."""
        ...

    def discard(self) -> None:
        """Let go of the file without completing it; raises nothing."""
        ...
