"""Scores of all lip curves against a speaker's, with confidence intervals by clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError
from gioconda.measure.bootstrap import Estimate, estimate, weighted_mean
from gioconda.measure.tracking import CURVES, TrackedFace

FloatArray = npt.NDArray[np.float64]

#: What is scored -> the tracked curve.
LIP_CURVES: Final = {
    "aperture": "la", "width": "width", "protrusion": "protr", "jaw": "jaw", "upper lip": "up",
    "lower lip": "lo",
}  # fmt: skip
#: Most other clips whose sounds are laid under a clip for the floor.
_FLOOR_ROUNDS: Final = 30
#: Lags scanned for the common best one.
LAGS_MS: Final = tuple(range(-200, 201, 10))
#: A closure: inner lips nearer than this, in outer-eye distances and against the clip's opening,
#: for at most this many frames of 25 fps, between frames this many times as open.
_CLOSED: Final = 0.012
_CLOSED_SHARE: Final = 0.10
_LONGEST_CLOSURE: Final = 7
OPEN_FACTOR: Final = 2.5
#: Frames around a closure in which the lips open.
_REACH: Final = 8


@dataclass(frozen=True)
class LipCurves:
    """Lip curves over time.

    Attributes:
        time_s: (T,) instants of the sound, rising.
        values: (T, 6) in the order of :data:`LIP_CURVES`; a column of NaN is not predicted.
    """

    time_s: FloatArray
    values: FloatArray

    @classmethod
    def of(cls, face: TrackedFace) -> LipCurves:
        """Take the lips out of a tracked face."""
        columns = [CURVES.index(name) for name in LIP_CURVES.values()]
        return cls(face.time_s, face.curves[:, columns])

    def at(self, time_s: FloatArray) -> FloatArray:
        """Return the curves at instants, (n, 6), linear between rows, held beyond the ends."""
        return np.stack([np.interp(time_s, self.time_s, column) for column in self.values.T], 1)


@dataclass(frozen=True)
class CurvePair:
    """A speaker's lips and those that a sound gave.

    Attributes:
        name: of the clip.
        reference: the speaker's, evenly spaced at 25 a second.
        predicted: of the method that is scored.
    """

    name: str
    reference: LipCurves
    predicted: LipCurves

    def covered(self) -> CurvePair:
        """Return the pair over the instants that the prediction covers."""
        time_s = self.reference.time_s
        known = (time_s >= 0) & (time_s <= self.predicted.time_s[-1])
        return CurvePair(
            self.name, LipCurves(time_s[known], self.reference.values[known]), self.predicted
        )

    @property
    def seconds(self) -> float:
        """Duration of the reference."""
        time_s = self.reference.time_s
        return len(time_s) * float(np.median(np.diff(time_s)))


@dataclass(frozen=True)
class ClipFigures:
    """The figures of one clip: r of each curve at zero lag, and the aperture's best lag."""

    name: str
    seconds: float
    r: dict[str, float]
    best_lag_ms: float
    closures: int


@dataclass(frozen=True)
class CurveScore:
    """The figures of one method on a set of clips.

    Attributes:
        r: Pearson r of each curve at zero lag, weighted by duration.
        closure_auc: probability that a closed frame of the speaker has a smaller aperture than
            an open one (each clip's prediction standardised; chance is .5).
        best_lag_ms: common lag at which the aperture's r is highest; > 0: the prediction is late.
        r_at_best_lag: the aperture's r there.
        floor: r of the aperture with the predictions for other clips' sounds.
        seconds: duration of all clips.
        clips: one row a clip.
    """

    r: dict[str, Estimate]
    closure_auc: Estimate
    best_lag_ms: Estimate
    r_at_best_lag: float
    floor: Estimate
    seconds: float
    clips: tuple[ClipFigures, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values; estimates as [value, low, high]."""
        return {
            "r": {name: e.as_list() for name, e in self.r.items()},
            "closure_auc": self.closure_auc.as_list(),
            "best_lag_ms": self.best_lag_ms.as_list(),
            "r_at_best_lag": self.r_at_best_lag,
            "floor": self.floor.as_list(),
            "seconds": self.seconds,
            "clips": [
                {
                    "name": c.name, "seconds": c.seconds, "best_lag_ms": c.best_lag_ms,
                    "closures": c.closures,
                    "r": {k: None if np.isnan(v) else v for k, v in c.r.items()},
                }
                for c in self.clips
            ],
        }  # fmt: skip


def score_curves(pairs: Sequence[CurvePair], seed: int = 0) -> CurveScore:
    """Return the figures of pairs of curves.

    Args:
        pairs: one a clip.
        seed: of the confidence intervals.

    Raises:
        OptionError: there is no pair.
    """
    if not pairs:
        raise OptionError("there are no clips to score")
    pairs = [p.covered() for p in pairs]
    seconds = np.array([p.seconds for p in pairs])
    predictions = [p.predicted.at(p.reference.time_s) for p in pairs]
    r = np.array(
        [
            [_r(x, y) for x, y in zip(q.T, p.reference.values.T, strict=True)]
            for p, q in zip(pairs, predictions, strict=True)
        ]
    )
    by_lag = np.array([_lag_scan(p) for p in pairs])
    common = seconds @ by_lag / seconds.sum()
    best = int(np.argmax(common))
    lags = np.array(LAGS_MS, np.float64)

    def best_lag(counts: FloatArray) -> FloatArray:
        chosen: FloatArray = lags[np.argmax((counts * seconds) @ by_lag, axis=1)]
        return chosen

    def mean(values: FloatArray) -> Estimate:
        return estimate(weighted_mean(values, seconds), len(pairs), seed)

    return CurveScore(
        r={name: mean(r[:, i]) for i, name in enumerate(LIP_CURVES)},
        closure_auc=_closure_auc(pairs, predictions, seed),
        best_lag_ms=estimate(best_lag, len(pairs), seed),
        r_at_best_lag=float(common[best]),
        floor=mean(_floor(pairs, predictions)),
        seconds=float(seconds.sum()),
        clips=tuple(
            ClipFigures(
                p.name, float(s), dict(zip(LIP_CURVES, map(float, row), strict=True)),
                float(lags[int(np.argmax(scan))]), len(closures(p.reference.values[:, 0])[0]),
            )
            for p, s, row, scan in zip(pairs, seconds, r, by_lag, strict=True)
        ),
    )  # fmt: skip


def pearson(a: FloatArray, b: FloatArray) -> float:
    """Return Pearson's r; 0 where one of the two does not move."""
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-12))


def closures(aperture: FloatArray) -> tuple[list[tuple[int, int]], float]:
    """Return short closures in a 25 fps aperture as (first, last) frames, and their threshold."""
    threshold = max(_CLOSED, _CLOSED_SHARE * float(np.percentile(aperture, 98)))
    shut = np.concatenate([[False], aperture < threshold, [False]])
    edges = np.flatnonzero(np.diff(shut.astype(np.int8)))
    events = []
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        if end - first > _LONGEST_CLOSURE or first == 0 or end == len(aperture):
            continue
        before, after = aperture[max(0, first - _REACH) : first], aperture[end : end + _REACH]
        if min(before.max(), after.max()) > OPEN_FACTOR * threshold:
            events.append((int(first), int(end) - 1))
    return events, threshold


def _r(predicted: FloatArray, reference: FloatArray) -> float:
    return float("nan") if np.isnan(predicted).any() else pearson(predicted, reference)


def _lag_scan(pair: CurvePair) -> list[float]:
    """Return r of the aperture at every lag."""
    ours = pair.predicted
    time_s, reference = pair.reference.time_s, pair.reference.values[:, 0]
    return [
        pearson(np.interp(time_s + lag / 1000.0, ours.time_s, ours.values[:, 0]), reference)
        for lag in LAGS_MS
    ]


def _closure_auc(
    pairs: Sequence[CurvePair], predictions: Sequence[FloatArray], seed: int
) -> Estimate:
    """Return the pooled area under the curve: closed frames of all clips against open ones."""
    shut_parts, open_parts = [], []
    for p, q in zip(pairs, predictions, strict=True):
        aperture = p.reference.values[:, 0]
        mine = (q[:, 0] - q[:, 0].mean()) / (q[:, 0].std() + 1e-9)
        events, threshold = closures(aperture)
        shut = np.zeros(len(aperture), np.bool_)
        for first, last in events:
            shut[first : last + 1] = True
        shut_parts.append(mine[shut])
        open_parts.append(np.sort(mine[aperture > OPEN_FACTOR * threshold]))
    wins = np.array([[_wins(s, o) for o in open_parts] for s in shut_parts])
    shut_count, open_count = (
        np.array([len(x) for x in parts]) for parts in (shut_parts, open_parts)
    )

    def area(counts: FloatArray) -> FloatArray:
        won = np.einsum("ri,ij,rj->r", counts, wins, counts)
        of = (counts @ shut_count) * (counts @ open_count)
        with np.errstate(invalid="ignore", divide="ignore"):
            share: FloatArray = won / of
        return np.where(of > 0, share, np.nan)

    return estimate(area, len(pairs), seed)


def _wins(shut: FloatArray, opened: FloatArray) -> float:
    """Return in how many pairs the closed frame is the smaller, ties as halves; opened sorted."""
    right = np.searchsorted(opened, shut, side="right")
    left = np.searchsorted(opened, shut)
    return float((len(opened) - right + 0.5 * (right - left)).sum())


def _floor(pairs: Sequence[CurvePair], predictions: Sequence[FloatArray]) -> FloatArray:
    """Return each clip's mean r with predictions for other clips, (clips,)."""
    count = len(pairs)
    if count < 2:
        return np.full(count, np.nan)
    means = []
    for i, p in enumerate(pairs):
        reference = p.reference.values[:, 0]
        others = [predictions[(i + k) % count][:, 0] for k in range(1, min(count, _FLOOR_ROUNDS))]
        means.append(np.mean([pearson(np.resize(o, len(reference)), reference) for o in others]))
    return np.array(means)
