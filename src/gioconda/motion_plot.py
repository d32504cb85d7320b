"""A picture of a motion: sound, mouth, head, eyes and face on one time axis.

The mouth is drawn in millimetres of a typical face, as the lips of the renderer's own canonical
face would measure, and not in weights, of which many move the same lips.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError
from gioconda.motion import Motion
from gioconda.motion_plot_panels import (
    ENVELOPE_HZ,
    GRID,
    INK,
    SOFT,
    Envelope,
    Piece,
    draw_eyes,
    draw_face,
    draw_head,
    draw_mouth,
    draw_sound,
)

if TYPE_CHECKING:
    from gioconda.speech.sound import Sound

Array = npt.NDArray[np.float64]

#: Endings of the pictures that can be written.
PICTURES: Final = (".png", ".svg", ".pdf")
_DPI: Final = 100
_STYLE: Final = {"font.size": 10, "svg.hashsalt": "gioconda"}
#: Heights of the panels, and of what is between and around them, in inches.
_HEIGHTS: Final = {"Sound": 1.25, "Mouth": 2.1, "Head": 1.8, "Eyes": 1.6, "Face": 1.5}
_GAP: Final = 0.16
_ABOVE: Final = 0.62
_BELOW: Final = 0.62
_LEFT: Final = 0.95
_RIGHT: Final = 1.75


def plot_motion(
    motion: Motion,
    path: str | os.PathLike[str] | None = None,
    *,
    sound: str | os.PathLike[str] | Sound | None = None,
    from_s: float | None = None,
    to_s: float | None = None,
    width_px: int = 1600,
    title: str = "",
) -> Any:
    """Draw a motion over time.

    Args:
        motion: to draw.
        path: where the picture goes, ``.png``, ``.svg`` or ``.pdf``; replaced if it exists.
        sound: drawn above the motion, on the same clock: a file, or an open sound.
        from_s: first second to show; the motion's (and the sound's) start if None.
        to_s: last second to show; their end if None.
        width_px: of the picture, 600 to 8000.
        title: above the picture.

    Returns:
        The matplotlib Figure.

    Raises:
        OptionError: nothing lies between the two instants, or the size or suffix is no such.
        SoundError: the sound cannot be read.
    """
    if not 600 <= width_px <= 8000:
        raise OptionError(f"the picture's width is {width_px}; it must be 600 to 8000 pixels")
    if path is not None and Path(path).suffix.lower() not in PICTURES:
        raise OptionError(f"a plot is a .png, .svg or .pdf file, not {Path(path).name!r}")
    envelope = None if sound is None else _envelope_of(sound)
    begin, end = _span(motion, envelope, from_s, to_s)
    from matplotlib import style

    # A picture does not depend on how this machine's matplotlib is set up.
    with style.context(["default", _STYLE]):
        figure = _figure(motion, envelope, begin, end, width_px, title)
        if path is not None:
            kind = Path(path).suffix.lower()[1:]
            metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
            figure.savefig(path, format=kind, dpi=_DPI, metadata=metadata)
    return figure


def _envelope_of(sound: str | os.PathLike[str] | Sound) -> Envelope:
    from gioconda.speech.sound import Sound as S

    if not isinstance(sound, S):
        with S.open(sound) as opened:
            return _envelope_of(opened)
    size = 16_000 // ENVELOPE_HZ
    low, high, rms = [], [], []
    rest = np.zeros(0, np.float32)
    for chunk in sound.chunks():
        pcm = np.concatenate([rest, chunk])
        whole = len(pcm) // size * size
        bins = pcm[:whole].reshape(-1, size)
        rest = pcm[whole:]
        low.append(bins.min(1))
        high.append(bins.max(1))
        rms.append(np.sqrt((bins.astype(np.float64) ** 2).mean(1)))
    if not low:
        return Envelope(np.zeros(0), np.zeros(0), np.zeros(0))
    parts = [np.concatenate(part).astype(np.float64) for part in (low, high, rms)]
    return Envelope(*parts)


def _span(
    motion: Motion, envelope: Envelope | None, from_s: float | None, to_s: float | None
) -> tuple[float, float]:
    ends = [motion.start_s + motion.duration_s] if len(motion) else []
    starts = [motion.start_s] if len(motion) else []
    if envelope is not None:
        starts.append(0.0)
        ends.append(len(envelope.low) / ENVELOPE_HZ)
    if not ends:
        raise OptionError("the motion has no rows to draw")
    begin = min(starts) if from_s is None else from_s
    end = max(ends) if to_s is None else to_s
    if not (math.isfinite(begin) and math.isfinite(end) and begin < end):
        raise OptionError(f"nothing lies between {begin:g} and {end:g} s; --to must come after")
    if begin >= max(ends) or end <= min(starts):
        raise OptionError(f"the motion lasts from {min(starts):g} to {max(ends):g} s")
    return begin, end


def _figure(
    motion: Motion,
    envelope: Envelope | None,
    begin: float,
    end: float,
    width_px: int,
    title: str,
) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [n for n in _HEIGHTS if n != "Sound" or envelope is not None]
    width = width_px / _DPI
    height = _ABOVE + _BELOW + sum(_HEIGHTS[n] for n in names) + _GAP * (len(names) - 1)
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    top = height - _ABOVE
    shown = {}
    for name in names:
        top -= _HEIGHTS[name]
        box = (_LEFT / width, top / height, (width - _LEFT - _RIGHT) / width,
               _HEIGHTS[name] / height)  # fmt: skip
        shown[name] = figure.add_axes(box)
        top -= _GAP
    columns = int((width - _LEFT - _RIGHT) * _DPI)
    piece = Piece(motion, begin, end, columns)
    if envelope is not None:
        draw_sound(shown["Sound"], envelope, piece)
    draw_mouth(shown["Mouth"], motion, piece)
    draw_head(shown["Head"], motion, piece)
    draw_eyes(shown["Eyes"], motion, piece)
    draw_face(shown["Face"], motion, piece)
    for name in names:
        _dress(shown[name], name, begin, end, last=name == names[-1])
    text = f"{motion.rate_hz:g} rows a second"
    if piece.dense:
        text += "; means in bands from least to largest"
    x = _LEFT / width
    y = 1 - 0.3 / height
    figure.text(x, y, title or "Motion", size=14, weight="bold", color=INK, va="center")
    figure.text(1 - _RIGHT / width, y, text, size=10, color=SOFT, ha="right", va="center")
    return figure


def _dress(ax: Any, name: str, begin: float, end: float, *, last: bool) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

    ax.set_xlim(begin, end)
    ax.patch.set_visible(name != "Eyes")
    ax.set_axisbelow(True)
    ax.grid(True, axis="x" if name == "Sound" else "both", color=GRID, linewidth=0.8)
    if name != "Sound":
        ax.axhline(0, color="#c3cad1", linewidth=0.9, zorder=0.5)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color("#c3cad1")
    ax.tick_params(colors=SOFT, length=0, labelbottom=last, labelleft=name != "Sound", pad=5)
    ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    ax.yaxis.label.set_color(SOFT)
    ax.xaxis.set_major_locator(MultipleLocator(_tick(end - begin)))
    ax.yaxis.set_label_coords(-36 / 72 / (ax.get_position().width * ax.figure.get_figwidth()), 0.5)
    ax.annotate(
        name, (0, 1), xycoords="axes fraction", xytext=(6, -11), textcoords="offset points",
        size=10.5, weight="bold", color=INK, va="center", zorder=10,
        bbox={"boxstyle": "round,pad=0.22", "facecolor": "white", "edgecolor": "none",
              "alpha": 0.85},
    )  # fmt: skip
    if last:
        minutes = end > 120
        ax.xaxis.set_major_formatter(FuncFormatter(_minutes if minutes else lambda x, _: f"{x:g}"))
        ax.set_xlabel("minutes : seconds" if minutes else "seconds", color=SOFT, labelpad=6)


def _tick(span: float) -> float:
    """Return the distance of time ticks that gives 8 to 16 of them."""
    steps = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
    return float(next((s for s in steps if span / s <= 16), 7200))


def _minutes(seconds: float, _: int) -> str:
    sign = "−" if seconds < 0 else ""
    whole = round(abs(seconds))
    return f"{sign}{whole // 60}:{whole % 60:02d}"
