"""Frames and sound in, files out, on one clock; knows nothing of faces.

Names are loaded when first used, so that importing the package stays instant.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gioconda.video.clock import frame_count, frame_rate
    from gioconda.video.codecs import EncoderReport, check_encoders
    from gioconda.video.encoder import Quality
    from gioconda.video.probe import VideoInfo, read_frames
    from gioconda.video.target import FORMATS, Target, check_target
    from gioconda.video.writer import VideoWriter, open_writer

__all__ = [
    "FORMATS",
    "EncoderReport",
    "Quality",
    "Target",
    "VideoInfo",
    "VideoWriter",
    "check_encoders",
    "check_target",
    "frame_count",
    "frame_rate",
    "open_writer",
    "read_frames",
]

_HOMES: Final = {
    "FORMATS": "target",
    "EncoderReport": "codecs",
    "Quality": "encoder",
    "Target": "target",
    "VideoInfo": "probe",
    "VideoWriter": "writer",
    "check_encoders": "codecs",
    "check_target": "target",
    "frame_count": "clock",
    "frame_rate": "clock",
    "open_writer": "writer",
    "read_frames": "probe",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
