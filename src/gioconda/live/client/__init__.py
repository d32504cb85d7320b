"""A light client of ``gioconda serve``: a face elsewhere, seen from a program.

Needs only numpy, pydantic, websockets and PyAV, so that it fits into an environment in which
Gioconda's own renderer could not be installed (the frameworks of voice agents need a newer
protobuf than MediaPipe takes).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gioconda.live.client.face import Face, FaceFrame, FaceOutput, Notice
    from gioconda.live.client.gate import SpeechGate
    from gioconda.live.client.options import FaceOptions
    from gioconda.live.client.remote import RemoteFace

_HOMES = {
    "Face": "face",
    "FaceFrame": "face",
    "FaceOptions": "options",
    "FaceOutput": "face",
    "Notice": "face",
    "RemoteFace": "remote",
    "SpeechGate": "gate",
}

__all__ = [
    "Face",
    "FaceFrame",
    "FaceOptions",
    "FaceOutput",
    "Notice",
    "RemoteFace",
    "SpeechGate",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'gioconda.live.client' has no attribute {name!r}")
    return getattr(import_module(f"gioconda.live.client.{_HOMES[name]}"), name)
