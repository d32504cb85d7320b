"""The portrait room: a picture in, a face with its framing, matte and background out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gioconda.portrait.types import Face, View

if TYPE_CHECKING:
    from gioconda.portrait.finder import FaceFinder, MediapipeFinder
    from gioconda.portrait.portrait import Portrait

__all__ = ["Face", "FaceFinder", "MediapipeFinder", "Portrait", "View"]

_HOMES = {
    "FaceFinder": "gioconda.portrait.finder",
    "MediapipeFinder": "gioconda.portrait.finder",
    "Portrait": "gioconda.portrait.portrait",
}


def __getattr__(name: str) -> Any:
    """Import a public name where it is first asked for."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
