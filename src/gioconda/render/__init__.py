"""The render room: one moment of motion in, one frame out; and the frame back in its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gioconda.render.types import Renderer

if TYPE_CHECKING:
    from gioconda.render.mesh.renderer import MeshRenderer
    from gioconda.render.paste import Paster

__all__ = ["MeshRenderer", "Paster", "Renderer"]

_HOMES = {
    "MeshRenderer": "gioconda.render.mesh.renderer",
    "Paster": "gioconda.render.paste",
}


def __getattr__(name: str) -> Any:
    """Import a public name where it is first asked for."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
