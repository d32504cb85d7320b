"""Renderers by name. Their modules are imported when one is created, not before."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from gioconda.errors import OptionError

if TYPE_CHECKING:
    from gioconda.portrait.types import View
    from gioconda.render.types import Renderer

DEFAULT: Final = "mesh"
#: Name -> module and class; the class is called with the portrait's view.
_RENDERERS: Final[dict[str, tuple[str, str]]] = {
    "mesh": ("gioconda.render.mesh.renderer", "MeshRenderer"),
}


def names() -> tuple[str, ...]:
    """Return the names of all renderers."""
    return tuple(_RENDERERS)


def create(name: str, view: View) -> Renderer:
    """Return the named renderer, ready for one portrait.

    Args:
        name: one of :func:`names`.
        view: the portrait's square view; frames have its size.

    Raises:
        OptionError: there is no renderer of that name.
    """
    if name not in _RENDERERS:
        raise OptionError(f"there is no renderer {name!r}; there are: {', '.join(names())}")
    module, cls = _RENDERERS[name]
    renderer: Renderer = getattr(import_module(module), cls)(view)
    return renderer
