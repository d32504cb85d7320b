"""Where a live session goes beyond the browser: networks, files, a virtual camera.

Sinks take timed frames and sound from a session and deliver them in threads of their own; none of
them can hold the session up. Names are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gioconda.live.outputs.address import Address, check_output
    from gioconda.live.outputs.opening import open_output
    from gioconda.live.outputs.types import Figures, Output, OutputEvent, State

__all__ = [
    "Address",
    "Figures",
    "Output",
    "OutputEvent",
    "State",
    "check_output",
    "open_output",
]

_HOMES: Final = {
    "Address": "address",
    "Figures": "types",
    "Output": "types",
    "OutputEvent": "types",
    "State": "types",
    "check_output": "address",
    "open_output": "opening",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
