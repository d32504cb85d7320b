"""Renderers by name. Their modules are imported when one is created, not before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gioconda.errors import OptionError

if TYPE_CHECKING:
    from gioconda.portrait.types import View
    from gioconda.render.types import Renderer


def _mesh(view: View) -> Renderer:
    from gioconda.render.mesh.renderer import MeshRenderer

    return MeshRenderer(view)


_RENDERERS: Final[dict[str, Callable[[View], Renderer]]] = {"mesh": _mesh}


def names() -> tuple[str, ...]:
    """Return the names of all renderers."""
    return tuple(_RENDERERS)


def register(name: str, factory: Callable[[View], Renderer]) -> None:
    """Add a renderer, or replace one.

    Args:
        name: what :func:`create` shall know it by.
        factory: called with a portrait's square view.
    """
    _RENDERERS[name] = factory


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
    return _RENDERERS[name](view)
