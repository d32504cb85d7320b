"""Portraits that a worker process holds ready."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from gioconda.errors import OptionError
from gioconda.live.host.commands import EXAMPLE, LoadPortrait

if TYPE_CHECKING:
    from gioconda.portrait import Portrait
    from gioconda.trust.provenance import Grant
    from gioconda.trust.watermark.marks import Marks


class HeldPortraits:
    """Portraits by their ids; the server says which are to be forgotten."""

    def __init__(self) -> None:
        self._held: dict[str, Portrait] = {}

    def load(self, command: LoadPortrait) -> dict[str, Any]:
        """Open a portrait, unless it is held, and tell what was found.

        Raises:
            PortraitError: it cannot be animated.
        """
        from gioconda import examples
        from gioconda.portrait import Portrait

        portrait = self._held.get(command.key)
        if portrait is None:
            if command.pixels is None:
                portrait = Portrait.open(str(examples.portrait_path()))
            else:
                # Nothing of an upload is left on a disk.
                portrait = Portrait.open(command.pixels, cache=False)
            self._held[command.key] = portrait
        return found(portrait)

    def get(self, key: str) -> Portrait:
        """Return a portrait that was loaded; the example always is.

        Raises:
            OptionError: it is not held.
        """
        if key == EXAMPLE and key not in self._held:
            self.load(LoadPortrait(EXAMPLE))
        if key not in self._held:
            raise OptionError("this portrait is not here any more; upload it again")
        return self._held[key]

    def forget(self, key: str) -> None:
        """Drop a portrait."""
        self._held.pop(key, None)


def found(portrait: Portrait) -> dict[str, Any]:
    """Return what the API tells of a portrait."""
    height, width = portrait.picture.shape[:2]
    face = portrait.face
    return {
        "width": int(width), "height": int(height), "faces": len(portrait.faces),
        "yaw_deg": round(face.yaw_deg, 1), "pitch_deg": round(face.pitch_deg, 1),
        "roll_deg": round(face.roll_deg, 1), "face_px": round(face.height_px, 1),
        "sharpness": round(face.sharpness, 3), "warnings": list(portrait.warnings),
    }  # fmt: skip


def square_jpeg(portrait: Portrait) -> bytes:
    """Return the square that is animated: the picture's own pixels, and nothing made."""
    return _encoded(portrait.view(512).image, "JPEG")


def sheet_png(portrait: Portrait, grant: Grant | None = None, marks: Marks | None = None) -> bytes:
    """Return the sheet of expressions, marked; whoever has the keys signs it."""
    from gioconda.sheet import expression_sheet

    return _encoded(expression_sheet(portrait, basis=grant, marks=marks), "PNG")


def _encoded(image: Any, format: str) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format=format, quality=90)
    return buffer.getvalue()
