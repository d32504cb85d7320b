"""Figures of how a face moves, from curves tracked at 25 frames a second.

The definitions are those of the speech prototype, so that figures compare with those measured on
real talkers and on VASA-1's videos. Figures of single clips (spreads, speeds, spectra) are medians
over clips; events (blinks, closures, loudness peaks) are pooled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError
from gioconda.measure.bootstrap import Estimate, estimate
from gioconda.measure.lip_score import closures, pearson
from gioconda.measure.loudness import RATE_HZ, loudness
from gioconda.measure.tracking import TrackedFace

FloatArray = npt.NDArray[np.float64]

FPS: Final = 25.0
#: Clips of fewer frames say nothing about posture.
LEAST_FRAMES: Final = 100
#: A blink closes the eye by this part of its usual opening, for 1 to 12 frames.
_BLINK_DEPTH: Final = 0.45
_BLINK_FRAMES: Final = (1, 12)
_BLINK_GAP: Final = 5
_USUAL_FRAMES: Final = 51
#: Below this quantile of loudness it is quiet.
_QUIET: Final = 30
#: Loudness peaks: prominence in log energy, and the quantile that they exceed.
_PEAK_PROMINENCE: Final = 1.0
_PEAK_LEVEL: Final = 60
_LEAST_PEAKS: Final = 5
#: Curves are looked at this many frames around a peak, their slow part (sigma) taken out.
_AROUND: Final = 15
_SLOW_FRAMES: Final = 12.5
#: Rises are looked for at most so many frames before and after the peak.
_REACH: Final = 6
_INTERVAL_RESAMPLES: Final = 400


@dataclass(frozen=True)
class ClipMotion:
    """What one clip's curves say.

    Attributes:
        name: of the clip.
        seconds: duration.
        single: figures of the clip, by name.
        blinks: number of blinks.
        blink_widths_s: width of each at half depth.
        blink_intervals_s: time from each to the next.
        closures: short closures of the lips between openings.
        peaks: loudness peaks.
        lift: (30,) sum over peaks of the head's pitch around them, slow part out.
        brow: (30,) the same of the brows' height.
    """

    name: str
    seconds: float
    single: dict[str, float]
    blinks: int
    blink_widths_s: FloatArray
    blink_intervals_s: FloatArray
    closures: int
    peaks: int
    lift: FloatArray
    brow: FloatArray


def clip_motion(
    name: str, face: TrackedFace, sound: npt.NDArray[np.floating] | None
) -> ClipMotion | None:
    """Return what a clip says, or None where it is too short.

    Args:
        name: of the clip.
        face: its curves; instants are those of the sound.
        sound: 16 kHz mono; None where there is no sound: figures that need it are NaN.
    """
    time_s, curves = at_25_fps(face)
    if len(time_s) < LEAST_FRAMES:
        return None
    from scipy.ndimage import gaussian_filter1d

    head = np.stack([curves["yaw"], curves["pitch"], curves["roll"]], axis=1)
    speed = np.abs(np.gradient(gaussian_filter1d(head, 1, axis=0), 1 / FPS, axis=0))
    aperture = curves["la"]
    single: dict[str, float] = {}
    for i, angle in enumerate(("yaw", "pitch", "roll")):
        single[f"{angle} std"] = float(head[:, i].std())
        single[f"{angle} speed, median"] = float(np.median(speed[:, i]))
        single[f"{angle} speed, 95 %"] = float(np.percentile(speed[:, i], 95))
    single |= _yaw_power(head[:, 0])
    low, high = np.percentile(curves["browL"], [5, 95])
    single["brow range"] = float(high - low)
    single["aperture, 98 %"] = float(np.percentile(aperture, 98))
    aperture_speed = np.abs(np.gradient(aperture, 1 / FPS))
    single["aperture speed, 95 %"] = float(np.percentile(aperture_speed, 95))
    single["gaze against yaw, r"] = pearson(curves["gazeX"], curves["yaw"])
    blinks, widths = find_blinks(0.5 * (curves["eyeL"] + curves["eyeR"]))
    nothing = np.zeros(2 * _AROUND)
    peaks, lift, brow = 0, nothing, nothing
    if sound is not None:
        level = loudness(sound)
        level = np.interp(time_s, (np.arange(len(level)) + 0.5) / RATE_HZ, level)
        turning = np.hypot(speed[:, 0], speed[:, 1])
        loud = level > np.percentile(level, _QUIET)
        single["head speed talking"] = float(turning[loud].mean())
        single["head speed quiet"] = float(turning[~loud].mean())
        at = _loudness_peaks(level)
        peaks = len(at)
        lift, brow = (_around(curves[c], at) for c in ("pitch", "browL"))
    return ClipMotion(
        name, len(time_s) / FPS, single, len(blinks), widths / FPS, np.diff(blinks) / FPS,
        len(closures(aperture)[0]), peaks, lift, brow,
    )  # fmt: skip


def at_25_fps(face: TrackedFace) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Return curves on a 25 fps grid from the first instant; gaps are bridged linearly."""
    from gioconda.measure.tracking import CURVES

    grid = np.arange(face.time_s[0], face.time_s[-1] + 1e-6, 1 / FPS)
    return grid, {name: np.interp(grid, face.time_s, face[name]) for name in CURVES}


def find_blinks(opening: FloatArray) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Return the frames of blinks in an eye opening at 25 fps, and their widths in frames."""
    from scipy.ndimage import median_filter
    from scipy.signal import find_peaks

    usual = np.maximum(median_filter(opening, _USUAL_FRAMES), 1e-3)
    at, found = find_peaks(
        1.0 - opening / usual, height=_BLINK_DEPTH, distance=_BLINK_GAP, width=_BLINK_FRAMES
    )
    return at, np.asarray(found["widths"], np.float64)


def _yaw_power(yaw: FloatArray) -> dict[str, float]:
    from scipy.signal import welch

    shares = (50, 90, 98)
    if float(yaw.std()) < 1e-9:
        return {f"yaw power, {q} %": 0.0 for q in shares}
    frequency, power = welch(yaw - yaw.mean(), FPS, nperseg=min(len(yaw), 128))
    share = np.cumsum(power) / power.sum()
    return {
        f"yaw power, {q} %": float(frequency[int(np.searchsorted(share, q / 100))]) for q in shares
    }


def _loudness_peaks(level: FloatArray) -> npt.NDArray[np.intp]:
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    at, _ = find_peaks(gaussian_filter1d(level, 1), prominence=_PEAK_PROMINENCE)
    if len(at) < _LEAST_PEAKS:
        return np.zeros(0, np.intp)
    at = at[level[at] > np.percentile(level, _PEAK_LEVEL)]
    chosen: npt.NDArray[np.intp] = at[(at >= _AROUND) & (at < len(level) - _AROUND)]
    return chosen


def _around(curve: FloatArray, at: npt.NDArray[np.intp]) -> FloatArray:
    """Return the sum of a curve around frames, its slow part taken out, (30,)."""
    from scipy.ndimage import gaussian_filter1d

    quick = curve - gaussian_filter1d(curve, _SLOW_FRAMES, mode="nearest")
    total = np.zeros(2 * _AROUND)
    for i in at:
        total += quick[i - _AROUND : i + _AROUND]
    return total


def motion_figures(clips: Sequence[ClipMotion], seed: int = 0) -> dict[str, Estimate]:
    """Return the figures of a set of clips with intervals by clip, in the table's order.

    Raises:
        OptionError: there is no clip.
    """
    if not clips:
        raise OptionError(f"no clip is long enough: {LEAST_FRAMES / FPS:.0f} s are needed")

    def of(figure: Callable[[FloatArray], FloatArray]) -> Estimate:
        return estimate(figure, len(clips), seed, _INTERVAL_RESAMPLES)

    figures: dict[str, Estimate] = {}
    for name in clips[0].single:
        values = np.array([c.single.get(name, np.nan) for c in clips])
        mean = name.startswith("head speed")
        figures[name] = of(_mean(values) if mean else _median(values))
    minutes = np.array([c.seconds for c in clips]) / 60
    counts = {
        "blinks a minute": [c.blinks for c in clips],
        "closures a minute": [c.closures for c in clips],
    }
    for name, numbers in counts.items():
        figures[name] = of(_rate(np.array(numbers, np.float64), minutes))
    widths = [1000 * c.blink_widths_s for c in clips]
    intervals = [c.blink_intervals_s for c in clips]
    figures["blink half-width, ms"] = of(_pooled(widths, _weighted_median))
    figures["blink interval, s"] = of(_pooled(intervals, _weighted_median))
    figures["blink interval, CV"] = of(_pooled(intervals, _weighted_cv))
    if any(c.peaks for c in clips):
        figures |= _at_peaks(clips, of)
    return figures


def _at_peaks(
    clips: Sequence[ClipMotion], of: Callable[[Callable[[FloatArray], FloatArray]], Estimate]
) -> dict[str, Estimate]:
    """Return how far head and brows rise at loudness peaks, and when."""
    peaks = np.array([c.peaks for c in clips], np.float64)
    lift, brow = -np.array([c.lift for c in clips]), np.array([c.brow for c in clips])

    def mean(sums: FloatArray) -> Callable[[FloatArray], FloatArray]:
        def course(weights: FloatArray) -> FloatArray:
            average: FloatArray = (weights @ sums) / np.maximum(weights @ peaks, 1.0)[:, None]
            return average

        return course

    near = slice(_AROUND - _REACH, _AROUND + _REACH + 1)

    def instant(course: FloatArray) -> FloatArray:
        ms: FloatArray = (np.argmax(course[:, near], axis=1) - _REACH) * 1000.0 / FPS
        return ms

    head, raised = mean(lift), mean(brow)
    return {
        "head lift at peaks": of(lambda w: head(w)[:, near].max(axis=1)),
        "head lift, ms after peak": of(lambda w: instant(head(w))),
        "brow rise at peaks": of(lambda w: raised(w)[:, near].max(axis=1)),
        "brow rise, ms after peak": of(lambda w: instant(raised(w))),
    }


def _mean(values: FloatArray) -> Callable[[FloatArray], FloatArray]:
    return lambda weights: (weights @ values) / weights.sum(axis=1)


def _median(values: FloatArray) -> Callable[[FloatArray], FloatArray]:
    return lambda weights: np.array([_weighted_median(values, w) for w in weights])


def _rate(counts: FloatArray, minutes: FloatArray) -> Callable[[FloatArray], FloatArray]:
    return lambda weights: (weights @ counts) / (weights @ minutes)


def _pooled(
    parts: Sequence[FloatArray], figure: Callable[[FloatArray, FloatArray], float]
) -> Callable[[FloatArray], FloatArray]:
    """Return a figure of all clips' values together, each weighted as its clip is."""
    values = np.concatenate(parts)
    owner = np.concatenate([np.full(len(p), i) for i, p in enumerate(parts)]).astype(np.intp)
    return lambda weights: np.array([figure(values, w[owner]) for w in weights])


def _weighted_median(values: FloatArray, weights: FloatArray) -> float:
    """Return the median of values repeated as often as their whole weights say."""
    repeated = np.repeat(values, weights.astype(np.intp))
    return float(np.median(repeated)) if len(repeated) else float("nan")


def _weighted_cv(values: FloatArray, weights: FloatArray) -> float:
    repeated = np.repeat(values, weights.astype(np.intp))
    if len(repeated) < 2:
        return float("nan")
    return float(repeated.std() / repeated.mean())
