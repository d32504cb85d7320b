"""The word "Synthetic" in a corner of the frame, for people: it is drawn before frames are marked.

White on a dark, rounded ground, so that it reads on light and dark pictures alike; its size goes
with the frame's. It stands in the corner that is farthest from every face, first of all below.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError

ByteImage = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
#: Left, top, right and bottom of a face, in pixels of the frame.
Box = tuple[float, float, float, float]

#: The word in the languages that there are.
WORDS: Final[dict[str, str]] = {
    "de": "Synthetisch",
    "en": "Synthetic",
    "es": "Sintético",
    "fr": "Synthétique",
    "it": "Sintetico",
    "nl": "Synthetisch",
    "pt": "Sintético",
}
#: What asks for a label: whether there shall be one, or in which language.
LabelLike = bool | str
#: How long it takes to come and to go.
FADE_S: Final = 0.4
#: So long it is seen where a live session begins, or somebody begins to watch.
SHOWN_S: Final = 5.0
#: Height of the letters' size to the frame's shorter side, and its least.
_SIZE: Final = 0.036
_LEAST_PX: Final = 11
#: Of the ground: its darkness, and its margins in letter sizes.
_GROUND: Final = 0.62
_PAD: Final = (0.62, 0.3)
#: Distance from the frame's edges, in letter sizes.
_INSET: Final = 0.8
#: Kept free around a face, as a share of its size: heads move.
_AROUND_FACE: Final = 0.12
#: Letters are drawn so many times larger and made smaller.
_FINER: Final = 4


def label_language(wanted: LabelLike) -> str:
    """Return the language of a label that is asked for, a key of :data:`WORDS`; empty for none.

    Raises:
        OptionError: there is no label in that language.
    """
    if wanted is False:
        return ""
    if wanted is True:
        return callers_language()
    if wanted not in WORDS:
        raise OptionError(f"there is no label in {wanted!r}; there are {', '.join(WORDS)}")
    return str(wanted)


def label_language_or_english(wanted: str | None) -> str:
    """Return the language of a label for somebody who speaks one, such as ``de-AT``."""
    code = (wanted or "").lower().replace("_", "-").partition("-")[0]
    return code if code in WORDS else "en"


def callers_language() -> str:
    """Return the language of whoever runs the program, by its environment; English as a rule."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return label_language_or_english(value)
    return "en"


class LabelTiming:
    """When a live session's label is seen: in the first seconds, and as long as it is asked for.

    Args:
        kept: whether it is asked for from the beginning.
    """

    def __init__(self, kept: bool = False) -> None:
        self._kept = kept
        self._until_s = SHOWN_S
        self._last_s = 0.0
        self._level = 0.0

    def show(self, now_s: float) -> None:
        """Show it from now on for :data:`SHOWN_S`."""
        self._until_s = max(self._until_s, now_s + SHOWN_S)

    def keep(self, wanted: bool, now_s: float) -> None:
        """Say whether it is asked for; it never goes earlier for that than it would have gone."""
        self._kept = wanted
        self._until_s = max(self._until_s, now_s)

    def seen(self, now_s: float) -> float:
        """Return how much of it is seen, 0 to 1; to be asked in order."""
        step = (now_s - self._last_s) / FADE_S
        self._last_s = now_s
        wanted = self._kept or now_s < self._until_s - FADE_S
        self._level = min(max(self._level + (step if wanted else -step), 0.0), 1.0)
        return self._level * self._level * (3 - 2 * self._level)


class Label:
    """The label of frames of one size.

    Args:
        width, height: of the frames, in pixels.
        language: a key of :data:`WORDS`.
        faces: that it must not cover.

    Attributes:
        box: left, top, right and bottom of what it covers.
    """

    def __init__(
        self, width: int, height: int, language: str = "en", faces: Sequence[Box] = ()
    ) -> None:
        size = max(_SIZE * min(width, height), _LEAST_PX)
        ground, letters = _drawn(WORDS[language], round(size * 8) / 8)
        rows, columns = ground.shape
        rows, columns = min(rows, height), min(columns, width)
        ground, letters = ground[:rows, :columns], letters[:rows, :columns]
        left, top = _place((width, height), (columns, rows), round(_INSET * size), faces)
        self.box = left, top, left + columns, top + rows
        self._keep = ((1 - ground) * (1 - letters))[..., None]
        self._add = (255 * letters)[..., None]

    @contextmanager
    def on(self, frame: ByteImage, seen: float) -> Iterator[None]:
        """Draw on a frame for as long as the block lasts; then the frame is as it was.

        Args:
            frame: uint8 RGB or RGB and alpha, (height, width, 3 or 4).
            seen: how much of the label is seen, 0 to 1.
        """
        left, top, right, bottom = self.box
        part = frame[top:bottom, left:right]
        before = part.copy()
        self._draw(part, np.float32(seen))
        try:
            yield
        finally:
            part[...] = before

    def _draw(self, part: ByteImage, seen: np.float32) -> None:
        keep, add = 1 - seen * (1 - self._keep), seen * self._add
        colour = part[..., :3].astype(np.float32)
        if part.shape[2] == 3:
            part[...] = colour * keep + (add + 0.5)
            return
        # Colours are not premultiplied: what is seen is weighed by how much of it there is.
        alpha = part[..., 3:].astype(np.float32) / 255
        cover = 1 - keep + alpha * keep
        mixed = (add + colour * alpha * keep) / np.maximum(cover, 1e-6)
        part[..., :3] = np.minimum(mixed, 255) + 0.49
        part[..., 3:] = 255 * cover + 0.5


def _place(
    frame: tuple[int, int], label: tuple[int, int], inset: int, faces: Sequence[Box]
) -> tuple[int, int]:
    """Return left and top of the label: the first corner that touches no face, or the best."""
    right, bottom = (max(f - n - inset, 0) for f, n in zip(frame, label, strict=True))
    left, top = min(inset, right), min(inset, bottom)
    corners = [(left, bottom), (right, bottom), (left, top), (right, top)]
    boxes = [_around(face) for face in faces]
    covered = [
        sum(_common((x, y, x + label[0], y + label[1]), box) for box in boxes) for x, y in corners
    ]
    return corners[covered.index(min(covered))]


def _around(face: Box) -> Box:
    left, top, right, bottom = face
    x, y = _AROUND_FACE * (right - left), _AROUND_FACE * (bottom - top)
    return left - x, top - y, right + x, bottom + y


def _common(a: Box, b: Box) -> float:
    """Return the area that two boxes share."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0.0) * max(height, 0.0)


@lru_cache(maxsize=32)
def _drawn(word: str, size: float) -> tuple[FloatArray, FloatArray]:
    """Return how dark the ground is and how much there is of the letters, both 0 to 1."""
    from PIL import Image, ImageDraw, ImageFont

    fine = size * _FINER
    font = ImageFont.truetype(_font(), fine)
    across, down = _PAD[0] * fine, _PAD[1] * fine
    width = font.getlength(word) + 2 * across
    # By the font and not by the word, so that the line is set alike in every language.
    ascent, descent = 0.76 * fine, 0.14 * fine
    height = ascent + descent + 2 * down
    whole = [-(-round(n) // _FINER) * _FINER for n in (width, height)]
    ground, letters = (Image.new("L", (whole[0], whole[1])) for _ in range(2))
    ImageDraw.Draw(ground).rounded_rectangle(
        (0, 0, whole[0] - 1, whole[1] - 1), radius=0.36 * whole[1], fill=round(255 * _GROUND)
    )
    ImageDraw.Draw(letters).text(
        (whole[0] / 2, down + ascent), word, font=font, fill=255, anchor="ms"
    )
    target = whole[0] // _FINER, whole[1] // _FINER
    small = [
        np.asarray(layer.resize(target, Image.Resampling.BOX), np.float32) / np.float32(255)
        for layer in (ground, letters)
    ]
    return small[0], small[1]


def _font() -> str:
    """Return the file of DejaVu Sans, which comes with matplotlib."""
    found = find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    return str(Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf")
