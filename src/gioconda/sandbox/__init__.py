"""The sandbox: what strangers send is decoded in a process that can do nothing else.

:func:`decode_image` and :func:`decode_sound` give arrays or one clear error. The bytes are judged
by their size and header first; then a process of their own, which has no network, no files, 1 GB
of memory and 20 s of processor time, decodes them, and what it says is checked before it is used.
See ``docs/safety.md``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gioconda.sandbox.decoder import Decoder, decode_image, decode_sound
    from gioconda.sandbox.limits import DecodeLimits

__all__ = ["DecodeLimits", "Decoder", "decode_image", "decode_sound"]

_HOMES: Final = {
    "DecodeLimits": "gioconda.sandbox.limits",
    "Decoder": "gioconda.sandbox.decoder",
    "decode_image": "gioconda.sandbox.decoder",
    "decode_sound": "gioconda.sandbox.decoder",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
