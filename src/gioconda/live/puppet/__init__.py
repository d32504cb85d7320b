"""Puppet mode: a person before a webcam drives the portrait.

Frames become moments of motion as they come (:mod:`puppet`), and these a motion that the session
can read at any instant (:mod:`stream`). Knows nothing of sound or of sessions.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gioconda.live.puppet.puppet import Puppet
    from gioconda.live.puppet.stream import PuppetStream
    from gioconda.live.puppet.webcam import decode_frame

_HOMES = {"Puppet": "puppet", "PuppetStream": "stream", "decode_frame": "webcam"}

__all__ = ["Puppet", "PuppetStream", "decode_frame"]


def __getattr__(name: str) -> Any:
    """Import what is costly on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
