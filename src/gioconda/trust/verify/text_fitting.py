"""Lines of text that fit a width as they are drawn, not by their number of characters."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

#: What a line may end with: a word, or a part of one after a mark that parts it.
_PIECES: Final = re.compile(r"\s+|[^\s/_\-.,&?=:]*[/_\-.,&?=:]+|[^\s/_\-.,&?=:]+")
_MORE: Final = " […]"


def width_in(words: str, size: float, family: str = "sans-serif", weight: str = "normal") -> float:
    """Return how wide a line is drawn, in inches; ``size`` in points."""
    measure, font = _measure(size, family, weight)
    wide, _, _ = measure.get_text_width_height_descent(words, font, ismath=False)
    return float(wide) / 72


def fitted(words: str, wide_in: float, size: float, most: int = 0, **font: Any) -> list[str]:
    """Return a text as lines that are no wider than they may be.

    Lines end between words, else after a mark that parts a long word, such as the slashes of an
    address, else anywhere.

    Args:
        words: the text, of one paragraph.
        wide_in: width, in inches.
        size: of the letters, in points.
        most: lines; the last one tells that there were more. 0: as many as there are.
        font: ``family`` and ``weight``, if they are not the usual ones.
    """

    def fits(line: str) -> bool:
        return width_in(line, size, **font) <= wide_in

    lines: list[str] = []
    line = ""
    for word in re.findall(r"\S+", words):
        both = f"{line} {word}" if line else word
        if fits(both):
            line = both
            continue
        if line:
            lines.append(line)
        line = ""
        for piece in [word] if fits(word) else _PIECES.findall(word):
            for part in [piece] if fits(piece) else piece:
                if line and not fits(line + part):
                    lines.append(line)
                    line = ""
                line += part
        if most and len(lines) > most:
            break
    if line or not lines:
        lines.append(line)
    if not most or len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and not fits(last + _MORE):
        last = last[:-1]
    return [*lines[: most - 1], last.rstrip() + _MORE]


@lru_cache(maxsize=32)
def _measure(size: float, family: str, weight: str) -> tuple[TextToPath, FontProperties]:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    return TextToPath(), FontProperties(family=family, weight=weight, size=size)
