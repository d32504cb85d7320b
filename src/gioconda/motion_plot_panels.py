"""The panels of a motion's picture; see :mod:`gioconda.motion_plot`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.lip_measures import closures, lip_measures
from gioconda.motion import GAZE_FULL_DEG, INDEX, Motion

Array = npt.NDArray[np.float64]

INK: Final = "#24292f"
SOFT: Final = "#6e7781"
GRID: Final = "#e4e8ec"
_REST: Final = "#f4f5f7"
_BLUE: Final = "#1f6fb4"
_ORANGE: Final = "#d9772b"
_GREEN: Final = "#2a9d76"
_RED: Final = "#c8324a"
_VIOLET: Final = "#7a5bb5"
#: Lids closed by more than this have blinked.
_SHUT: Final = 0.6
#: Seconds a column from which curves are drawn as bands.
DENSE_S: Final = 0.05
#: The sound's envelope has this many values a second.
ENVELOPE_HZ: Final = 200


@dataclass(frozen=True)
class Line:
    """A curve of a panel.

    Attributes:
        label: beside the panel.
        values: one for each row of the motion.
        colour: of line and label.
        width: of the line, points.
        filled: whether the space down to 0 is filled.
        dashed: whether the line is.
    """

    label: str
    values: Array
    colour: str
    width: float = 1.5
    filled: bool = False
    dashed: bool = False


@dataclass(frozen=True)
class Envelope:
    """A sound's outline: least, largest and root-mean-square sample of each 5 ms."""

    low: Array
    high: Array
    rms: Array

    @property
    def times(self) -> Array:
        """The middle of each value, seconds."""
        result: Array = (np.arange(len(self.low)) + 0.5) / ENVELOPE_HZ
        return result


class Piece:
    """The rows that are shown, thinned to what the picture's columns can show.

    Where a column spans more than 50 ms, lines would be blocks of colour; a piece is ``dense``
    then, and curves are their mean over six columns in a band from the least to the largest.
    """

    def __init__(self, motion: Motion, begin: float, end: float, columns: int) -> None:
        times = motion.start_s + np.arange(len(motion)) / motion.rate_hz
        self.begin, self.end, self.columns = begin, end, columns
        self.dense = (end - begin) / columns > DENSE_S
        step = 1 / motion.rate_hz
        self.rows = np.flatnonzero((times >= begin - step) & (times <= end + step))
        self.times = times[self.rows]

    def curve(self, values: Array) -> tuple[Array, Array]:
        """Return times and values to draw: all, or the extremes of each column."""
        return thinned(self.times, np.asarray(values, np.float64)[self.rows], self.columns)

    def bands(self, times: Array, values: Array) -> tuple[Array, Array, Array, Array]:
        """Return times, and least, mean and largest value, of each six columns."""
        which = ((times - self.begin) / (self.end - self.begin) * self.columns / 6).astype(int)
        starts = np.flatnonzero(np.diff(which, prepend=-1 if len(which) else 0))
        if not len(times):
            return times, values, values, values
        counts = np.diff(np.append(starts, len(times)))
        mean = np.add.reduceat(values, starts) / counts
        middle = np.add.reduceat(times, starts) / counts
        return (
            middle,
            np.minimum.reduceat(values, starts),
            mean,
            np.maximum.reduceat(values, starts),
        )


def thinned(times: Array, values: Array, columns: int) -> tuple[Array, Array]:
    """Reduce a curve to the least and the largest value of each column, in their order.

    Curves of up to four points a column are returned as they are. Peaks stay.
    """
    if len(times) <= 4 * columns:
        return times, values
    edges = np.linspace(0, len(times), columns + 1).astype(int)
    kept = []
    for first, last in itertools.pairwise(edges):
        part = values[first:last]
        kept += sorted({first + int(part.argmin()), first + int(part.argmax())})
    return times[kept], values[kept]


def _lines(ax: Any, piece: Piece, lines: Sequence[Line]) -> None:
    for line in lines:
        if piece.dense:
            t, low, y, high = piece.bands(
                piece.times, np.asarray(line.values, np.float64)[piece.rows]
            )
            ax.fill_between(t, low, high, color=line.colour, alpha=0.16, linewidth=0)
            ax.plot(t, y, color=line.colour, linewidth=1.5, solid_joinstyle="round")
            continue
        t, y = piece.curve(line.values)
        if line.filled:
            ax.fill_between(t, y, 0, color=line.colour, alpha=0.18, linewidth=0)
        ax.plot(t, y, color=line.colour, linewidth=line.width, solid_joinstyle="round",
                linestyle=(0, (4, 2)) if line.dashed else "-")  # fmt: skip


def _labels(ax: Any, labels: Sequence[tuple[str, str]]) -> None:
    """Name the curves beside the panel, each in its colour."""
    for k, (text, colour) in enumerate(labels):
        ax.annotate(
            text, (1, 1), xycoords="axes fraction", xytext=(12, -11 - 17 * k),
            textcoords="offset points", color=colour, size=10, va="center",
            annotation_clip=False,
        )  # fmt: skip


def draw_sound(ax: Any, envelope: Envelope, piece: Piece) -> None:
    """Draw the sound: its outline, and its level."""
    t = envelope.times
    rows = np.flatnonzero((t >= piece.begin) & (t <= piece.end))
    if not len(rows):
        ax.set_ylim(-1, 1)
        return
    count = max(math.ceil(len(rows) / piece.columns), 1)
    starts = np.arange(0, len(rows), count)
    low = np.minimum.reduceat(envelope.low[rows], starts)
    high = np.maximum.reduceat(envelope.high[rows], starts)
    peak = max(float(np.abs([low, high]).max()), 1e-3)
    ax.fill_between(t[rows][starts], low, high, color="#9aa5b1", linewidth=0.4, edgecolor="#9aa5b1")
    ax.set_ylim(-1.08 * peak, 1.08 * peak)
    level = ax.twinx()
    decibels = 20 * np.log10(np.maximum(_smoothed(envelope.rms, 8), 1e-5))
    lt, ly = thinned(t[rows], decibels[rows], piece.columns)
    if piece.dense:
        lt, _, ly, _ = piece.bands(t[rows], decibels[rows])
    level.plot(lt, ly, color=_BLUE, linewidth=1.0, alpha=0.85)
    level.set_ylim(-70, 0)
    level.set_axis_off()
    _labels(ax, [("waveform", "#7b8794"), ("level, −70 to 0 dB", _BLUE)])


def _smoothed(values: Array, width: int) -> Array:
    if len(values) < width:
        return values
    result: Array = np.sqrt(np.convolve(values**2, np.ones(width) / width, mode="same"))
    return result


def draw_mouth(ax: Any, motion: Motion, piece: Piece) -> None:
    """Draw the lips, their closures and where they rest."""
    opening, width, forward = lip_measures(motion)
    _shade_rest(ax, motion, piece)
    lines = [
        Line("opening", opening, _BLUE, 1.7, filled=True),
        Line("widening", width, _GREEN, 1.2),
        Line("rounding", forward, _ORANGE, 1.2),
    ]
    _lines(ax, piece, lines)
    shown = [m[piece.rows] for m in (opening, width, forward)]
    top = max([10.0, *(float(m.max()) for m in shown if len(m))])
    bottom = min([-4.0, *(float(m.min()) for m in shown if len(m))])
    floor = bottom - 0.16 * (top - bottom)
    marks = [
        0.5 * (a + b) for a, b in closures(motion) if piece.begin <= 0.5 * (a + b) <= piece.end
    ]
    ax.plot(
        marks, np.full(len(marks), 0.5 * (bottom + floor)), "|" if piece.dense else "^", color=_RED,
        markersize=6 if piece.dense else 5, markeredgewidth=0.6 if piece.dense else 0,
        alpha=0.6 if piece.dense else 1,
    )  # fmt: skip
    ax.set_ylim(floor, top + 0.06 * (top - bottom))
    ax.set_ylabel("mm")
    _labels(
        ax, [("opening", _BLUE), ("widening", _GREEN), ("rounding", _ORANGE),
             ("| lips close" if piece.dense else "▲ lips close", _RED), ("grey: at rest", SOFT)],
    )  # fmt: skip


def _shade_rest(ax: Any, motion: Motion, piece: Piece) -> None:
    resting = motion["articulation"][piece.rows] < 0.5
    edges = np.flatnonzero(np.diff(np.concatenate([[0], resting.astype(int), [0]])))
    least = (piece.end - piece.begin) / piece.columns
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        a, b = piece.times[first], piece.times[min(last, len(piece.times) - 1)]
        if b - a >= least:
            ax.axvspan(a, b, color=_REST, linewidth=0, zorder=0)


def draw_head(ax: Any, motion: Motion, piece: Piece) -> None:
    """Draw the turns of the head."""
    parts = (("headYaw", "yaw (right +)", _BLUE), ("headPitch", "pitch (down +)", _ORANGE),
             ("headRoll", "roll (clockwise +)", _GREEN))  # fmt: skip
    lines = [Line(label, motion[n].astype(np.float64), colour) for n, label, colour in parts]
    _lines(ax, piece, lines)
    _even(ax, [line.values[piece.rows] for line in lines], 6.0)
    ax.set_ylabel("degrees")
    _labels(ax, [(line.label, line.colour) for line in lines])


def draw_eyes(ax: Any, motion: Motion, piece: Piece) -> None:
    """Draw where the eyes look, and lids that come down from above."""

    def eye(name: str, side: str) -> Array:
        return motion[f"eyeLook{name}{side}"].astype(np.float64)

    to_right = eye("Out", "Left") - eye("In", "Left") + eye("In", "Right") - eye("Out", "Right")
    down = sum(eye("Down", s) - eye("Up", s) for s in ("Left", "Right"))
    half = 0.5 * GAZE_FULL_DEG
    lines = [
        Line("gaze yaw (right +)", half * to_right, _BLUE, 1.3),
        Line("gaze pitch (down +)", half * np.asarray(down), _ORANGE, 1.3),
    ]
    lids = ax.twinx()
    closed = 0.5 * (motion["eyeBlinkLeft"] + motion["eyeBlinkRight"]).astype(np.float64)
    if piece.dense:
        shut = closed[piece.rows] > _SHUT
        at = piece.times[np.flatnonzero(np.diff(shut.astype(int), prepend=0) == 1)]
        lids.plot(at, np.full(len(at), 0.94), "|", color=_VIOLET, markersize=8, markeredgewidth=0.8)
    else:
        t, y = piece.curve(closed)
        lids.fill_between(t, y, 0, color=_VIOLET, alpha=0.22, linewidth=0)
    lids.set_ylim(1.0, 0.0)
    lids.set_axis_off()
    _lines(ax, piece, lines)
    _even(ax, [line.values[piece.rows] for line in lines], 8.0)
    ax.set_ylabel("degrees")
    _labels(
        ax,
        [
            *((line.label, line.colour) for line in lines),
            ("| blinks" if piece.dense else "lids, closing down", _VIOLET),
        ],
    )


def draw_face(ax: Any, motion: Motion, piece: Piece) -> None:
    """Draw brows, smile, squint and breath."""

    def mean(*names: str) -> Array:
        result: Array = np.mean([motion.values[:, INDEX[n]] for n in names], axis=0, dtype=float)
        return result

    brows = mean("browInnerUp", "browOuterUpLeft", "browOuterUpRight") - mean(
        "browDownLeft", "browDownRight"
    )
    smile = mean("mouthSmileLeft", "mouthSmileRight") - mean("mouthFrownLeft", "mouthFrownRight")
    lines = [
        Line("brows (raised +)", brows, _VIOLET),
        Line("smile (frown −)", smile, _GREEN),
        Line("squint", mean("eyeSquintLeft", "eyeSquintRight"), _ORANGE, 1.2),
        Line("breath", motion["breath"].astype(np.float64), SOFT, 1.0, dashed=True),
    ]
    if piece.dense:  # a breath takes a few seconds and would be one band
        lines.pop()
    _lines(ax, piece, lines)
    shown = [line.values[piece.rows] for line in lines]
    low = min([-0.12, *(1.1 * float(v.min()) for v in shown if len(v))])
    high = max([0.4, *(1.1 * float(v.max()) for v in shown if len(v))])
    ax.set_ylim(low, high)
    ax.set_ylabel("weight")
    _labels(ax, [(line.label, line.colour) for line in lines])


def _even(ax: Any, values: Sequence[Array], least: float) -> None:
    reach = max([least, *(1.1 * float(np.abs(v).max()) for v in values if len(v))])
    ax.set_ylim(-reach, reach)
