"""Lip sync of ours and of the loudness baseline, on real clips and on rivals' cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gioconda.measure.bootstrap import Estimate
from gioconda.measure.cases import Case
from gioconda.measure.implied import implied_lips
from gioconda.measure.lip_score import CurvePair, CurveScore, LipCurves, score_curves
from gioconda.measure.loudness import loudness_lips
from gioconda.measure.performances import Stage, check_kept, save_face

#: What is aimed for, by set: r of each curve and the closure AUC at least, the best lag and the
#: floor at most in size.
BARS: Final[dict[str, dict[str, float]]] = {
    "real": {
        "aperture": 0.48, "width": 0.42, "protrusion": 0.38, "jaw": 0.42, "closure AUC": 0.80,
        "best lag, ms": 20.0, "floor": 0.05,
    },
    "VASA-1": {"aperture": 0.60, "closure AUC": 0.86, "best lag, ms": 20.0, "floor": 0.05},
}  # fmt: skip
_AT_MOST: Final = ("best lag, ms", "floor")
OURS, LOUDNESS, OWN = "ours", "loudness", "own video"
_COLUMN: Final = 24


@dataclass(frozen=True)
class LipReport:
    """Scores by set and method.

    Attributes:
        scores: set -> method -> score; the sets in the order of the cases.
        how: what "ours" was taken from, in words.
        seen: set -> on how many of its clips our table of lip curves was fitted; none where a set
            is missing. Such figures are not held out, and no bar is held against them.
    """

    scores: dict[str, dict[str, CurveScore]]
    how: str
    seen: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return {
            "ours": self.how,
            "fitted_on_clips": {group: self.seen.get(group, 0) for group in self.scores},
            "sets": {
                group: {method: s.as_dict() for method, s in methods.items()}
                for group, methods in self.scores.items()
            },
        }

    def table(self, each: bool = False) -> str:
        """Return the figures as text.

        Args:
            each: with a row for each clip.
        """
        lines = []
        for group, methods in self.scores.items():
            ours = methods[OURS]
            seen = self.seen.get(group, 0)
            lines.append(f"{group}: {len(ours.clips)} clips, {ours.seconds:.0f} s")
            if seen:
                lines.append(
                    f"  our lips were fitted on {seen} of these clips: not held out, so nothing is "
                    "aimed for"
                )
            heads = "".join(f"{m:<{_COLUMN}}" for m in methods)
            lines.append(f"  {'':<13}{heads}{'' if seen else 'aimed for'}".rstrip())
            rows = {m: _rows(s) for m, s in methods.items()}
            for what in rows[OURS]:
                cells = "".join(f"{_cell(what, r[what]):<{_COLUMN}}" for r in rows.values())
                bar = None if seen else BARS.get(group, {}).get(what)
                verdict = "" if bar is None else _verdict(what, rows[OURS][what].value, bar)
                lines.append(f"  {what:<13}{cells}{verdict}".rstrip())
            if each:
                lines += _each(ours)
            lines.append("")
        lines.append(f"r at zero lag, by duration, with 95 % intervals by clip; ours {self.how}")
        return "\n".join(lines)


def _rows(score: CurveScore) -> dict[str, Estimate]:
    return {
        **score.r, "closure AUC": score.closure_auc, "best lag, ms": score.best_lag_ms,
        "floor": score.floor,
    }  # fmt: skip


def _cell(what: str, figure: Estimate) -> str:
    if what == "best lag, ms":
        return figure.text(0, sign=True)
    return figure.text(3, sign=what == "floor")


def _verdict(what: str, value: float, bar: float) -> str:
    if what in _AT_MOST:
        met = abs(value) <= bar if what == "best lag, ms" else abs(value) < bar
        return (
            f"{'within' if what == 'best lag, ms' else 'below'} {bar:g}{'' if met else '  MISSED'}"
        )
    return f"{bar:.2f}{'' if value >= bar else '  MISSED'}"


def _each(score: CurveScore) -> list[str]:
    width = max(len(c.name) for c in score.clips)
    names = list(score.r)
    lines = [
        f"  {'clip':<{width}}  seconds  " + " ".join(f"{n:>10}" for n in names)
        + "  best lag  closures"
    ]  # fmt: skip
    for c in score.clips:
        values = " ".join(f"{c.r[n]:10.2f}" for n in names)
        lines.append(
            f"  {c.name:<{width}}  {c.seconds:7.1f}  {values}  {c.best_lag_ms:+5.0f} ms"
            f"  {c.closures:8d}"
        )
    return lines


def measure_lips(
    cases: Sequence[Case],
    stage: Stage,
    *,
    motion_only: bool = False,
    keep: Path | None = None,
    own: bool = False,
    seed: int = 0,
    progress: Callable[[str], None] = lambda name: None,
) -> LipReport:
    """Score our lips, and lips that follow loudness, against the speakers'.

    Args:
        cases: the sounds and who spoke them.
        stage: makes our performances.
        motion_only: take the lip curves that our motion implies, without rendering.
        keep: a folder, which is there, for ``<case>.npz`` of our tracked curves.
        own: track the speakers' own videos again, the rivals' among them, and score that too: it
            says what the tracker leaves to be reached.
        seed: of the confidence intervals.
        progress: told the name of each case.

    Raises:
        OptionError: curves kept in the folder would replace those of a case.
    """
    if keep is not None:
        check_kept(keep, cases)
    pairs: dict[str, dict[str, list[CurvePair]]] = {}
    seen: dict[str, int] = {}
    for case in cases:
        progress(case.name)
        reference = LipCurves.of(case.face())
        seen[case.group] = seen.get(case.group, 0) + stage.has_seen(case)
        if motion_only:
            ours = implied_lips(stage.motion(case))
        else:
            face = stage.face(case)
            if keep is not None:
                save_face(keep / f"{case.name}.npz", face)
            ours = LipCurves.of(face)
        predictions = {OURS: ours, LOUDNESS: loudness_lips(case.sound)}
        if own:
            predictions[OWN] = LipCurves.of(case.tracked_again())
        methods = pairs.setdefault(case.group, {method: [] for method in predictions})
        for method, predicted in predictions.items():
            methods[method].append(CurvePair(case.name, reference, predicted))
    how = "as the motion implies them" if motion_only else "tracked in the rendered frames"
    scores = {
        group: {m: score_curves(p, seed) for m, p in methods.items()}
        for group, methods in pairs.items()
    }
    return LipReport(scores, how, seen)
