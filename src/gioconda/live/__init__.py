"""Live: a face that answers while you speak.

:class:`Session` is the whole of it without a server: speech is pushed, frames and sound are taken
as time passes. ``gioconda serve`` puts sessions behind a page, WebRTC and an API.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gioconda.live.session import Session
    from gioconda.live.types import LiveAudio, LiveFrame, SpeakEnded, SpeakStarted, Step

_HOMES = {
    "LiveAudio": "types",
    "LiveFrame": "types",
    "Session": "session",
    "SpeakEnded": "types",
    "SpeakStarted": "types",
    "Step": "types",
}

__all__ = ["LiveAudio", "LiveFrame", "Session", "SpeakEnded", "SpeakStarted", "Step"]


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'gioconda.live' has no attribute {name!r}")
    return getattr(import_module(f"gioconda.live.{_HOMES[name]}"), name)
