"""What stands behind the person: the picture's own background, or another one."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from gioconda.errors import ImageDecodeError, OptionError

ByteImage = npt.NDArray[np.uint8]
Kind = Literal["keep", "blur", "none", "colour", "image"]

#: Backgrounds that are named by a word; everything else is a colour or a picture.
WORDS: Final[tuple[Kind, ...]] = ("keep", "blur", "none")
_HEX: Final = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


@dataclass(frozen=True)
class Background:
    """A checked background; make one with :func:`background_of`.

    Attributes:
        kind: ``keep`` leaves the picture as it is; ``blur`` puts its background out of focus;
            ``none`` makes it transparent; ``colour`` and ``image`` replace it.
        colour: R, G, B of ``colour``.
        image: (H, W, 3) uint8 of ``image``; shown as large as it must be to cover the frame.
        source: the file that the picture was read from; backgrounds are compared by it.
    """

    kind: Kind = "keep"
    colour: tuple[int, int, int] = (0, 0, 0)
    image: ByteImage | None = field(default=None, compare=False, repr=False)
    source: str = ""

    def __post_init__(self) -> None:
        """Check the kind.

        Raises:
            OptionError: ``image`` without a picture, which :func:`background_of` reads.
        """
        if self.kind == "image" and self.image is None:
            raise OptionError("a background of kind 'image' needs its picture")

    @property
    def transparent(self) -> bool:
        """Whether frames have an alpha channel."""
        return self.kind == "none"


#: What can be asked for where a background is asked for.
BackgroundLike = str | os.PathLike[str] | Background


def background_of(wanted: BackgroundLike) -> Background:
    """Read a background: keep, blur, none, a colour, or the path of a picture.

    Args:
        wanted: one of :data:`WORDS`; a colour as ``#rrggbb``, ``#rgb`` or a CSS name; or a
            picture's path (a path object, or text with a file of that name).

    Raises:
        OptionError: it is none of these, or the picture cannot be read.
    """
    if isinstance(wanted, Background):
        return wanted
    if not isinstance(wanted, str | os.PathLike):
        raise OptionError(
            f"a background is a word, a colour's name or a path, not {type(wanted).__name__}"
        )
    if isinstance(wanted, str):
        text = wanted.strip().lower()
        for word in WORDS:
            if text == word:
                return Background(word)
        colour = colour_of(text)
        if colour is not None:
            return Background("colour", colour=colour)
        if text.startswith("#"):
            raise OptionError(f"background {wanted!r} is no colour; one is written like #1e90ff")
    path = Path(wanted)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):  # names that the system refuses
        is_file = False
    if not is_file:
        raise OptionError(
            f"background {os.fspath(wanted)!r} is not keep, blur, none, a colour (red, #1e90ff) "
            "or the name of a picture file"
        )
    from gioconda.portrait.decode import decode

    try:
        return Background("image", image=decode(path).image, source=str(path))
    except ImageDecodeError as e:
        raise OptionError(f"the background cannot be used: {e}") from e


def colour_of(text: str) -> tuple[int, int, int] | None:
    """Return R, G, B of ``#rgb``, ``#rrggbb`` or a CSS name; None if it is none of them."""
    from PIL import ImageColor

    if text.startswith("#"):
        if not _HEX.fullmatch(text):
            return None
    elif text not in ImageColor.colormap:
        return None
    red, green, blue = ImageColor.getrgb(text)[:3]
    return red, green, blue
