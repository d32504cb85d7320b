"""What every output offers: two ways in, a state, figures, and an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from gioconda.errors import OptionError
from gioconda.live.types import ByteImage
from gioconda.motion import FloatArray
from gioconda.trust.provenance import Provenance

#: ``connecting`` until the target takes data, ``live`` while it does, ``retrying`` after a lost
#: or refused connection, ``failed`` when given up, ``closed`` at the end.
State = Literal["connecting", "live", "retrying", "failed", "closed"]


@dataclass(frozen=True)
class Figures:
    """What an output has done since it was opened.

    Attributes:
        frames: delivered: written to the file, handed to the network or the camera.
        dropped: frames that were given and not delivered, since the target was slow or away.
        bytes: of picture and sound delivered; 0 for a camera.
        kbit_s: of the last seconds; 0 for a camera.
        connections: that were made; more than one says that the target was lost.
    """

    frames: int = 0
    dropped: int = 0
    bytes: int = 0
    kbit_s: float = 0.0
    connections: int = 0


@dataclass(frozen=True)
class OutputEvent:
    """An output's state has changed.

    Attributes:
        output: the target as it may be shown: without key, password or folder.
        state: the new one.
        reason: one sentence where something went wrong, else empty; free of secrets.
    """

    output: str
    state: State
    reason: str = ""


#: Called from an output's own thread; must return at once and must not call the output.
OnEvent = Callable[[OutputEvent], None]


class Output(Protocol):
    """A sink of a session; the timeline is the session's, and times never run back.

    The output's own timeline begins with the first of what it is given. Frames may be missing.
    Sound has no gaps; one that comes all the same is filled with silence.
    """

    @property
    def name(self) -> str:
        """The target as it may be shown and logged: without key, password or folder."""
        ...

    @property
    def state(self) -> State:
        """Where it stands."""
        ...

    @property
    def figures(self) -> Figures:
        """What it has done."""
        ...

    #: What is sent, as a file's credentials will say it; may be told anew until the end.
    provenance: Provenance

    @property
    def path(self) -> Path | None:
        """The file once it is whole; None before, and for what is no file."""
        ...

    def write_frame(self, image: ByteImage, time_s: float) -> None:
        """Take a frame; returns at once.

        Args:
            image: uint8 RGB, (height, width, 3); copied. Alpha, as a fourth channel, is left out.
            time_s: the instant that it shows.

        Raises:
            OptionError: another shape or type.
        """
        ...

    def write_audio(self, pcm: FloatArray, sample: int) -> None:
        """Take sound; returns at once.

        Args:
            pcm: float32, (n,), mono at 48 kHz, -1 to 1; copied.
            sample: number of its first sample on the session's timeline.

        Raises:
            OptionError: another shape.
        """
        ...

    def close(self, wait_s: float | None = None) -> None:
        """End; closing twice is harmless.

        Args:
            wait_s: how long to wait for the last frame to be delivered and a file to be complete;
                None for as long as it takes, 0 to leave that to the output's thread. A network or
                a camera never takes more than a few seconds.

        Raises:
            OutputError: a file could not be completed (only where it was waited for).
            TrustError: a file could not be signed; it is not kept then.
        """
        ...


def checked_frame(image: ByteImage, width: int, height: int) -> ByteImage:
    """Return a frame as RGB, without its alpha if it has any.

    Raises:
        OptionError: another shape or type than was promised.
    """
    shapes = (height, width, 3), (height, width, 4)
    if image.dtype != np.uint8 or image.shape not in shapes:
        raise OptionError(
            f"a frame is {image.dtype} of shape {image.shape}; uint8 {shapes[0]} is needed"
        )
    return image[..., :3]


def check_sound(pcm: FloatArray) -> None:
    """Refuse sound that is not one channel.

    Raises:
        OptionError: another shape.
    """
    if pcm.ndim != 1:
        raise OptionError(f"sound has the shape {pcm.shape}; one channel, (n,), is needed")
