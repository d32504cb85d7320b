"""Does every control do what it says? Its effect in rendered frames, strength by strength."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError
from gioconda.measure.controls_trial import FPS, NOSE_EVERY_S, SECONDS, SETTLED_S, Trial
from gioconda.measure.gaze_trial import HELD_OUT, KNOWN

FloatArray = npt.NDArray[np.float64]

SCALES: Final = (0.0, 0.5, 1.0, 1.5, 2.0)
STRENGTHS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
GAZES: Final = (
    (0.0, 0.0), (12.0, 0.0), (-12.0, 0.0), (22.0, 0.0), (-22.0, 0.0), (0.0, 8.0), (0.0, -8.0),
    (0.0, 14.0), (0.0, -14.0), (12.0, 8.0), (-12.0, -8.0),
)  # fmt: skip
DISTANCES: Final = (0.7, 0.85, 1.2, 1.5, 2.0)
BAR_GAZE_DEG: Final = 3.0
BAR_DISTANCE: Final = 0.03
#: Height of the wings of the nose, which the tracker does not see: followed in the pixels.
NOSE: Final = "nose wings"
#: Emotion -> (measure, direction, least effect at full strength): what defines it in the facial
#: action coding system (see :mod:`gioconda.performance.emotion`), as far as landmarks tell it, and
#: its posture. Lengths in outer-eye distances, eyes in their widths, angles in degrees; the least
#: effects are above what the tracker's noise leaves after averaging.
EMOTION_SIGNS: Final[dict[str, tuple[tuple[str, int, float], ...]]] = {
    "happy": (("corner", 1, 0.02), ("width", 1, 0.02), ("eye", -1, 0.01)),
    "sad": (("corner", -1, 0.01), ("inner brow", 1, 0.01), ("eye", -1, 0.01), ("pitch", 1, 1.5)),
    "angry": (("inner brow", -1, 0.008), ("eye", -1, 0.005), ("pitch", 1, 1.0)),
    "surprised": (("brow", 1, 0.02), ("inner brow", 1, 0.02), ("eye", 1, 0.02), ("la", 1, 0.01)),
    "afraid": (("inner brow", 1, 0.01), ("eye", 1, 0.02), ("width", 1, 0.015)),
    "disgusted": ((NOSE, -1, 0.01), ("inner brow", -1, 0.005), ("upper lip", -1, 0.005)),
    "contemptuous": (("corners' slant", 1, 0.01), ("pitch", -1, 1.0)),
    "tender": (("corner", 1, 0.02), ("inner brow", 1, 0.005), ("roll", -1, 2.0)),
}  # fmt: skip
#: A step may go back by this part of the whole effect: noise of tracking and of chance.
_BACKSTEP: Final = 0.10
CONTROLS: Final = ("head", "expression", "blinks", "gaze", "distance", *EMOTION_SIGNS)
_SCALED: Final = {
    "head": ("head spread, degrees", 2.0),
    "expression": ("brow range", 0.015),
    "blinks": ("blinks a minute", 10.0),
}


@dataclass(frozen=True)
class Effect:
    """How a measure follows a control's strength.

    Attributes:
        control: its name.
        measure: what is measured.
        direction: +1 or -1: how it is to go.
        least: the least effect from the weakest to the strongest.
        strengths: (n,).
        values: (portraits, n).
    """

    control: str
    measure: str
    direction: int
    least: float
    strengths: tuple[float, ...]
    values: FloatArray

    @property
    def course(self) -> FloatArray:
        """Mean over portraits at each strength, counted from the weakest."""
        mean = self.values.mean(axis=0)
        result: FloatArray = mean - mean[0]
        return result

    def right(self) -> bool:
        """Whether the effect goes the right way and is large enough."""
        return bool(self.direction * self.course[-1] >= self.least)

    def monotone(self) -> bool:
        """Whether every step goes the right way, or back by hardly anything."""
        steps = self.direction * np.diff(self.course)
        return bool((steps >= -_BACKSTEP * abs(self.course[-1])).all()) and self.right()

    def portraits_right(self) -> int:
        """Return on how many portraits it goes the right way by half the least effect."""
        ends = self.direction * (self.values[:, -1] - self.values[:, 0])
        return int((ends >= 0.5 * self.least).sum())


@dataclass(frozen=True)
class Reached:
    """What was asked for and what is seen, on each portrait.

    Attributes:
        control: ``gaze`` or ``distance``.
        asked: in words.
        error: (portraits,) degrees, or part of the size.
        bar: most error.
        made: (portraits,) error of the motion itself, where it has one.
        kept: (portraits,) error of the median over time, where there is one.
    """

    control: str
    asked: str
    error: FloatArray
    bar: float
    made: FloatArray | None = None
    kept: FloatArray | None = None

    def met(self) -> bool:
        """Whether the error's mean over portraits is within the bar."""
        return float(np.abs(self.error).mean()) <= self.bar


@dataclass(frozen=True)
class ControlsReport:
    """Effects and aims of controls on portraits.

    Attributes:
        portraits: their names.
        effects: one row a measure.
        reached: one row a gaze or distance asked for.
        gaze_error_deg: the gaze reader's own error in frames of known gaze that it did not
            learn from: of a single frame, and of the mean.
    """

    portraits: tuple[str, ...]
    effects: tuple[Effect, ...]
    reached: tuple[Reached, ...]
    gaze_error_deg: tuple[float, float] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return {
            "portraits": list(self.portraits),
            "effects": [
                {
                    "control": e.control, "measure": e.measure, "direction": e.direction,
                    "least": e.least, "strengths": list(e.strengths),
                    "values": e.values.tolist(), "right": e.right(), "monotone": e.monotone(),
                    "portraits_right": e.portraits_right(),
                }
                for e in self.effects
            ],
            "reached": [
                {
                    "control": r.control, "asked": r.asked, "error": r.error.tolist(),
                    "bar": r.bar, "met": r.met(),
                    "motion_error": None if r.made is None else r.made.tolist(),
                    "median_error": None if r.kept is None else r.kept.tolist(),
                }
                for r in self.reached
            ],
            "gaze_error_deg": None if self.gaze_error_deg is None else list(self.gaze_error_deg),
        }  # fmt: skip

    def table(self) -> str:
        """Return the figures as text, a row a measure."""
        lines = [f"on {len(self.portraits)} portraits: {', '.join(self.portraits)}"]
        if self.effects:
            lines += ["", f"{'control':<14}{'measure':<22}{'':<3}effect by strength"]
        last: tuple[float, ...] = ()
        for e in self.effects:
            if e.strengths != last:
                last = e.strengths
                lines.append(" " * 39 + "".join(f"{s:>8.4g}" for s in last))
            course = "".join(f"{v:>8.3f}" if e.least < 0.1 else f"{v:>8.1f}" for v in e.course)
            verdict = "yes" if e.monotone() else ("right, not monotone" if e.right() else "NO")
            lines.append(
                f"{e.control:<14}{e.measure:<22}{'+' if e.direction > 0 else '-':<3}{course}"
                f"   {verdict} ({e.portraits_right()}/{len(self.portraits)})"
            )
        if self.reached:
            lines += ["", f"{'control':<14}{'asked':<22}error: mean, worst portrait"]
        for r in self.reached:
            size = np.abs(r.error)
            if r.control == "gaze":
                said = f"{size.mean():.1f}, {size.max():.1f} degrees"
                if r.made is not None:
                    said += f"; of the motion {r.made.mean():.1f}"
                if r.kept is not None:
                    said += f"; of the median {r.kept.mean():.1f}"
            else:
                said = f"{100 * size.mean():.1f}, {100 * size.max():.1f} %"
            lines.append(f"{r.control:<14}{r.asked:<22}{said:<58}{'yes' if r.met() else 'NO'}")
        lines.append("")
        lines.append(
            "yes: the right way, large enough, and no step back by over a tenth of the whole "
            "(on so many portraits); gaze within 3 degrees, size within 3 % of 1 / distance"
        )
        if self.gaze_error_deg is not None:
            single, mean = self.gaze_error_deg
            lines.append(
                "gaze: mean of eyes and head over 10 s, looking away included; the reader's own "
                f"error on known gazes is {single:.1f} degrees a frame, {mean:.1f} in the mean"
            )
        return "\n".join(lines)


def _check(controls: Sequence[str]) -> None:
    for control in controls:
        if control not in CONTROLS:
            raise OptionError(
                f"there is no measure of {control!r}; there are: {', '.join(CONTROLS)}"
            )


def expected_frames(portraits: int, controls: Sequence[str]) -> int:
    """Return about how many frames a measure takes, for a progress bar.

    Raises:
        OptionError: a control is not known.
    """
    _check(controls)

    def of(what: str) -> int:
        return len(np.arange(0, SECONDS[what], 1 / FPS[what]))

    total = 0
    for control in controls:
        if control in _SCALED:
            total += len(SCALES) * of(control)
        elif control == "gaze":
            total += len(GAZES) * of("gaze") + KNOWN + HELD_OUT
        elif control == "distance":
            total += 5 * (len(DISTANCES) + 1)
        else:
            total += (len(STRENGTHS) - 1) * of("emotion")
            if any(measure == NOSE for measure, _, _ in EMOTION_SIGNS[control]):
                instants = np.arange(SETTLED_S, SECONDS["emotion"], NOSE_EVERY_S)
                total += len(STRENGTHS) * len(instants)
    if any(c in EMOTION_SIGNS for c in controls):
        total += of("emotion")
    return portraits * total


def measure_controls(
    portraits: Sequence[str | PathLike[str]],
    sound: npt.NDArray[np.float32],
    *,
    controls: Sequence[str] = CONTROLS,
    seed: int = 0,
    progress: Callable[[str], None] = lambda text: None,
    advance: Callable[[], None] = lambda: None,
) -> ControlsReport:
    """Measure the effect of controls on portraits.

    Args:
        portraits: pictures.
        sound: (n,) speech, 16 kHz mono.
        controls: names among :data:`CONTROLS`.
        seed: of the performances; each portrait has its own.
        progress: told what is measured.
        advance: called after every frame.

    Raises:
        OptionError: a control is not known, or there is no portrait.
    """
    if not portraits:
        raise OptionError("controls are measured on portraits; name one or more")
    _check(controls)
    tables: dict[tuple[str, str], list[list[float]]] = {}
    errors: dict[tuple[str, str], list[float]] = {}
    made: dict[tuple[str, str], list[float]] = {}
    kept: dict[tuple[str, str], list[float]] = {}
    spreads = []
    for number, picture in enumerate(portraits):
        trial = Trial(picture, sound, seed + number, advance)
        name = _name(picture)
        for control in controls:
            progress(f"{name}: {control}")
            if control == "gaze":
                for gaze in GAZES:
                    asked = (control, f"{gaze[0]:+g}, {gaze[1]:+g}")
                    seen = trial.gaze(gaze)
                    for book, looked in (
                        (errors, seen.mean), (made, seen.made), (kept, seen.median),
                    ):  # fmt: skip
                        away = float(np.linalg.norm(looked - np.array(gaze)))
                        book.setdefault(asked, []).append(away)
                spreads.append(trial.gaze_error_deg())
            elif control == "distance":
                for distance in DISTANCES:
                    part = trial.distance_error(distance)
                    errors.setdefault((control, f"{distance:g}"), []).append(part)
            elif control in _SCALED:
                row = _scaled(trial, control)
                tables.setdefault((control, _SCALED[control][0]), []).append(row)
            else:
                for measure, row in _emotion(trial, control).items():
                    tables.setdefault((control, measure), []).append(row)
    return ControlsReport(
        tuple(_name(p) for p in portraits),
        tuple(_effect(control, measure, rows) for (control, measure), rows in tables.items()),
        tuple(
            Reached(
                c,
                asked,
                np.array(e),
                BAR_GAZE_DEG if c == "gaze" else BAR_DISTANCE,
                np.array(made[c, asked]) if (c, asked) in made else None,
                np.array(kept[c, asked]) if (c, asked) in kept else None,
            )
            for (c, asked), e in errors.items()
        ),
        (float(np.mean(spreads, axis=0)[0]), float(np.mean(spreads, axis=0)[1]))
        if spreads
        else None,
    )


def _name(picture: str | PathLike[str]) -> str:
    from pathlib import Path

    return Path(picture).stem


def _scaled(trial: Trial, control: str) -> list[float]:
    measure = {
        "head": trial.head_spread, "expression": trial.brow_range, "blinks": trial.blinks,
    }[control]  # fmt: skip
    return [measure(scale) for scale in SCALES]


def _emotion(trial: Trial, name: str) -> dict[str, list[float]]:
    seen = [trial.neutral(), *(trial.emotion(name, s) for s in STRENGTHS[1:])]
    return {
        measure: trial.nose(name, STRENGTHS).tolist()
        if measure == NOSE
        else [s.mean(measure) for s in seen]
        for measure, _, _ in EMOTION_SIGNS[name]
    }


def _effect(control: str, measure: str, rows: list[list[float]]) -> Effect:
    if control in _SCALED:
        return Effect(control, measure, 1, _SCALED[control][1], SCALES, np.array(rows))
    direction, least = next((d, l) for m, d, l in EMOTION_SIGNS[control] if m == measure)
    return Effect(control, measure, direction, least, STRENGTHS, np.array(rows))
