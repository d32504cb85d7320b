"""How real people, other systems and we move with the same sounds, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gioconda.errors import OptionError
from gioconda.measure.bootstrap import Estimate
from gioconda.measure.cases import Case
from gioconda.measure.implied import implied_face
from gioconda.measure.loudness import samples_of
from gioconda.measure.motion_figures import ClipMotion, clip_motion, motion_figures
from gioconda.measure.performances import Stage, check_kept, save_face
from gioconda.measure.tracking import TrackedFace

OURS: Final = "ours"
#: What the speech prototype measured on 13 clips of real talkers (106 s) and on 16 of VASA-1's
#: videos (226 s): the span that ours is to lie in, widened by :data:`MARGIN` of its ends.
SPANS: Final[dict[str, tuple[float, float]]] = {
    "yaw std": (5.0, 5.7), "pitch std": (3.7, 4.2), "roll std": (3.7, 3.7),
    "yaw speed, median": (8.0, 10.0), "yaw speed, 95 %": (33.0, 43.0),
    "yaw power, 50 %": (0.4, 0.4), "yaw power, 90 %": (1.0, 1.2), "yaw power, 98 %": (1.9, 2.5),
    "brow range": (0.077, 0.090), "aperture, 98 %": (0.17, 0.25),
    "aperture speed, 95 %": (1.5, 2.1), "gaze against yaw, r": (-0.86, -0.86),
    "head speed talking": (17.6, 24.0), "head speed quiet": (16.9, 19.0),
    "blinks a minute": (25.0, 40.0), "closures a minute": (70.0, 72.0),
    "blink half-width, ms": (130.0, 145.0), "blink interval, s": (1.0, 1.05),
    "blink interval, CV": (0.80, 0.85), "head lift at peaks": (0.7, 1.0),
    "brow rise at peaks": (0.005, 0.007),
}  # fmt: skip
MARGIN: Final = 0.25
#: Instants against loudness peaks, in ms: the published value, a frame of 25 fps either way.
INSTANTS: Final[dict[str, tuple[float, float]]] = {
    "head lift, ms after peak": (-40.0, 40.0), "brow rise, ms after peak": (-160.0, -80.0),
}  # fmt: skip


@dataclass(frozen=True)
class MotionReport:
    """Figures by set: ``real``, the rivals, ``ours`` (all sounds) and ``ours, <set>``.

    Attributes:
        figures: set -> figure -> estimate.
        clips: set -> how many clips were long enough.
        seconds: set -> their duration.
        how: what ours was taken from, in words.
    """

    figures: dict[str, dict[str, Estimate]]
    clips: dict[str, int]
    seconds: dict[str, float]
    how: str

    def bounds(self, name: str) -> tuple[float, float] | None:
        """Return what ours is to lie between; None where nothing is known.

        The published span, or where there is none that of the real and VASA-1's clips measured
        here, widened by a quarter.
        """
        if name in INSTANTS:
            return INSTANTS[name]
        span = SPANS.get(name)
        if span is None:
            measured = [
                self.figures[s][name].value for s in ("real", "VASA-1") if s in self.figures
            ]
            if not measured:
                return None
            span = min(measured), max(measured)
        low, high = span
        return low - MARGIN * abs(low), high + MARGIN * abs(high)

    def inside(self, name: str) -> bool | None:
        """Whether our figure lies in its bounds."""
        bounds = self.bounds(name)
        if bounds is None or name not in self.figures[OURS]:
            return None
        return bounds[0] <= self.figures[OURS][name].value <= bounds[1]

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values; estimates as [value, low, high]."""
        return {
            "ours": self.how,
            "sets": {
                s: {
                    "clips": self.clips[s], "seconds": self.seconds[s],
                    "figures": {name: e.as_list() for name, e in figures.items()},
                }
                for s, figures in self.figures.items()
            },
            "bounds": {name: self.bounds(name) for name in self.figures[OURS]},
            "inside": {name: self.inside(name) for name in self.figures[OURS]},
        }  # fmt: skip

    def table(self) -> str:
        """Return the figures as text, a row a figure, a column a set."""
        sets = [s for s in self.figures if not s.startswith(OURS + ",")]
        heads = [f"{s} ({self.clips[s]}, {self.seconds[s]:.0f} s)" for s in sets]
        lines = [f"{'':<26}" + "".join(f"{h:<24}" for h in heads) + "bounds          inside"]
        for name in self.figures[OURS]:
            cells = [
                _short(self.figures[s][name]) if name in self.figures[s] else "-" for s in sets
            ]
            bounds, inside = self.bounds(name), self.inside(name)
            span = "" if bounds is None else f"{_number(bounds[0])} to {_number(bounds[1])}"
            verdict = "" if inside is None else ("yes" if inside else "NO")
            lines.append(
                f"{name:<26}" + "".join(f"{c:<24}" for c in cells) + f"{span:<16}{verdict}"
            )
        lines.append("")
        lines.append(
            "degrees, degrees/s, Hz, outer-eye distances (and per s); 95 % intervals by clip; "
            f"ours {self.how}, with all sounds together"
        )
        lines.append(
            "bounds: the span of real talkers and VASA-1 in the speech prototype, or here where it "
            "has none, widened by a quarter"
        )
        return "\n".join(lines)


def _number(value: float) -> str:
    size = abs(value)
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 3
    return f"{value:.{decimals}f}"


def _short(figure: Estimate) -> str:
    if figure.value != figure.value:
        return "-"
    if figure.low != figure.low:
        return _number(figure.value)
    return f"{_number(figure.value)} [{_number(figure.low)}, {_number(figure.high)}]"


def measure_motion(
    cases: Sequence[Case],
    stage: Stage,
    *,
    motion_only: bool = False,
    ours: Path | None = None,
    keep: Path | None = None,
    seed: int = 0,
    progress: Callable[[str], None] = lambda name: None,
) -> MotionReport:
    """Compare how the speakers of sounds move with how we do to the same sounds.

    Args:
        cases: the sounds and who spoke them; those under 4 s are left out.
        stage: makes our performances.
        motion_only: take ours from the motion, without rendering.
        ours: a folder of our tracked curves, ``<case>.npz``, made before; nothing is rendered.
        keep: a folder, which is there, for our tracked curves.
        seed: of the confidence intervals.
        progress: told the name of each case.

    Raises:
        OptionError: no case is long enough, curves of ours are missing, or curves kept in the
            folder would replace those of a case.
    """
    if keep is not None:
        check_kept(keep, cases)
    moved: dict[str, list[ClipMotion]] = {}
    mine: dict[str, list[ClipMotion]] = {}
    for case in cases:
        progress(case.name)
        sound = samples_of(case.sound)
        real = clip_motion(case.name, case.face(), sound)
        if real is None:
            continue
        face = _our_face(case, stage, motion_only=motion_only, ours=ours, keep=keep)
        performed = clip_motion(case.name, face, sound)
        if performed is not None:
            moved.setdefault(case.group, []).append(real)
            mine.setdefault(f"{OURS}, {case.group}", []).append(performed)
    everything = [c for clips in mine.values() for c in clips]
    sets = {**moved, OURS: everything, **mine}
    how = "as the motion implies it" if motion_only else "tracked in the rendered frames"
    return MotionReport(
        {s: motion_figures(clips, seed) for s, clips in sets.items()},
        {s: len(clips) for s, clips in sets.items()},
        {s: sum(c.seconds for c in clips) for s, clips in sets.items()},
        how,
    )


def _our_face(
    case: Case, stage: Stage, *, motion_only: bool, ours: Path | None, keep: Path | None
) -> TrackedFace:
    if ours is not None:
        path = ours / f"{case.name}.npz"
        if not path.is_file():
            raise OptionError(f"{str(ours)!r} has no curves of {case.name!r}")
        return TrackedFace.load(path)
    if motion_only:
        return implied_face(stage.motion(case))
    face = stage.face(case)
    if keep is not None:
        save_face(keep / f"{case.name}.npz", face)
    return face
