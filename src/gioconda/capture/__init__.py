"""From a video of a person to motion: face, gaze and head, tracked without markers.

A video's frames become landmarks (:mod:`recording`), the frame that is the reference becomes a
subject with shapes of its own (:mod:`subject`), and the landmarks become head poses and weights of
these shapes (:mod:`fit`); :mod:`performance` joins them. Knows nothing of sound.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gioconda.capture.performance import Capture, capture, track

_HOMES = {"Capture": "performance", "capture": "performance", "track": "performance"}

__all__ = ["Capture", "capture", "track"]


def __getattr__(name: str) -> Any:
    """Import what is costly on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
