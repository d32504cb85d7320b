"""The example portrait and speech that ``gioconda demo`` uses.

The portrait is NASA's picture of the astronaut Eileen Collins, in the public domain, which
scikit-image carries in its wheel. The speech was made by this project with a synthetic
voice: see ``docs/demo.md``.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from gioconda.errors import GiocondaError


def portrait_path() -> Path:
    """Return the example portrait's file.

    Raises:
        GiocondaError: scikit-image's data are missing.
    """
    # Found without importing skimage, which takes half a second.
    spec = find_spec("skimage")
    if spec is not None and spec.origin is not None:
        path = Path(spec.origin).parent / "data" / "astronaut.png"
        if path.is_file():
            return path
    raise GiocondaError("scikit-image's example portrait (astronaut.png) is missing; reinstall it")


def speech_path() -> Path:
    """Return the example speech's file."""
    return Path(str(files("gioconda"))) / "assets" / "demo_speech.flac"
