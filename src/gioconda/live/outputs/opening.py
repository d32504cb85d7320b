"""One way to open any output."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gioconda.errors import OptionError
from gioconda.live.outputs.address import Address, check_output
from gioconda.live.outputs.types import OnEvent, Output
from gioconda.trust.provenance import Provenance
from gioconda.video.clock import frame_rate

SIZE_RANGE_PX: Final = (16, 4096)


def open_output(
    target: str | Address,
    width: int,
    height: int,
    fps: float,
    *,
    on_event: OnEvent | None = None,
    overwrite: bool = False,
    allowed: Iterable[str] | None = None,
    sound: bool = True,
    provenance: Provenance | None = None,
) -> Output:
    """Open an output; it works in a thread of its own from now on.

    Args:
        target: see :func:`gioconda.live.outputs.check_output`, or what that returned.
        width: of the frames, in pixels.
        height: of the frames, in pixels.
        fps: frames a second, where none is missing.
        on_event: called from the output's thread at each change of its state.
        overwrite: whether an existing file may be replaced.
        allowed: what a client elsewhere may name; see :func:`check_output`.
        sound: whether there will be sound; False makes a target without any.
        provenance: what the frames are made from, as :attr:`gioconda.live.Session.provenance`
            tells it. A file is signed with it. Frames of any other are marked with the identifier
            that it tells, this installation's if none.

    Raises:
        OptionError: the target or a size or rate cannot be, or is not allowed.
        OutputError: a file cannot be created, no virtual camera is there, or nothing here speaks
            the network's protocol.
        MissingExtraError: a camera is asked for and pyvirtualcam is not installed.
    """
    frame_rate(fps)
    low, high = SIZE_RANGE_PX
    if not (low <= width <= high and low <= height <= high):
        raise OptionError(f"frames of {width} x {height} px are outside {low} to {high} px a side")
    address = (
        target
        if isinstance(target, Address)
        else check_output(target, overwrite=overwrite, allowed=allowed)
    )
    if address.kind == "file":
        from gioconda.live.outputs.file import FileOutput

        return FileOutput(address, width, height, fps, on_event, sound=sound, provenance=provenance)
    if address.kind == "camera":
        from gioconda.live.outputs.camera import CameraOutput

        return CameraOutput(address, width, height, fps, on_event, provenance)
    from gioconda.live.outputs.stream import StreamOutput

    return StreamOutput(address, width, height, fps, on_event, sound=sound, provenance=provenance)
