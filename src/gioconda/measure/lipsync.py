"""Lip sync: do our lips open and close when the speaker's do?

Ground truth are lip curves tracked in clips of real talkers; each clip's sound drives our
performance on one frontal portrait, and our lips are tracked in the rendered frames in the same
way. Figures: Pearson r of the inner-lip aperture at zero lag, weighted by duration; the common
lag at which r is best; and how well our aperture tells the speaker's closures from open frames.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.measure.tracking import TrackedFace, track_frames

if TYPE_CHECKING:
    from gioconda.portrait import Portrait

FloatArray = npt.NDArray[np.float64]
ByteImage = npt.NDArray[np.uint8]
#: Makes the frames of a sound: (instant in seconds, image).
FrameSource = Callable[[Path], Iterable[tuple[float, ByteImage]]]

logger = logging.getLogger(__name__)

#: Lags scanned for the common best one.
LAGS_MS: Final = tuple(range(-200, 201, 10))
#: The offsets stated for real clips share this bias (measured, +-12 ms).
OFFSET_BIAS_S: Final = 0.040
#: A closure: inner lips nearer than this, in outer-eye distances and against the clip's opening,
#: for at most this many frames of 25 fps, between frames this many times as open.
_CLOSED: Final = 0.012
_CLOSED_SHARE: Final = 0.10
_LONGEST_CLOSURE: Final = 7
OPEN_FACTOR: Final = 2.5
_REACH: Final = 8
#: Another clip's prediction is laid under a clip for the floor, this many times.
_FLOOR_ROUNDS: Final = 5
VIDEO_SUFFIXES: Final = (".mp4", ".mpg", ".mov", ".mkv", ".webm", ".avi")


@dataclass(frozen=True)
class LipPair:
    """The apertures of one clip.

    Attributes:
        name: of the clip.
        time_s: (T,) instants of the sound, of the speaker's aperture; evenly spaced.
        reference: (T,) the speaker's aperture.
        predicted_time_s: (P,) instants of the sound, of ours.
        predicted: (P,) our aperture.
    """

    name: str
    time_s: FloatArray
    reference: FloatArray
    predicted_time_s: FloatArray
    predicted: FloatArray

    def prediction_at(self, lag_s: float) -> FloatArray:
        """Return our aperture at the speaker's instants, as if it came ``lag_s`` earlier."""
        return np.interp(self.time_s + lag_s, self.predicted_time_s, self.predicted)


@dataclass(frozen=True)
class ClipScore:
    """The figures of one clip: r at zero lag, its own best lag, and closures in it."""

    name: str
    seconds: float
    r: float
    best_lag_ms: float
    closures: int


@dataclass(frozen=True)
class LipSyncScore:
    """The figures of a set of clips.

    Attributes:
        r: Pearson r of apertures at zero lag, weighted by duration.
        best_lag_ms: common lag at which the weighted r is highest; > 0: our lips come late.
        r_at_best_lag: the weighted r there.
        closure_auc: probability that a closed frame of the speaker has a smaller aperture of
            ours than an open one (each clip's prediction standardised; chance is .5).
        floor_r: the weighted r with other clips' sounds.
        seconds: duration of all clips.
        clips: one row a clip.
    """

    r: float
    best_lag_ms: float
    r_at_best_lag: float
    closure_auc: float
    floor_r: float
    seconds: float
    clips: tuple[ClipScore, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return asdict(self)

    def table(self) -> str:
        """Return the figures as text, one line a clip and one for all."""
        width = max(len(c.name) for c in self.clips)
        lines = [f"{'clip':<{width}}  seconds      r  best lag  closures"]
        for c in self.clips:
            lines.append(
                f"{c.name:<{width}}  {c.seconds:7.1f}  {c.r:5.2f}  {c.best_lag_ms:+5.0f} ms"
                f"  {c.closures:8d}"
            )
        lines.append(
            f"{'all, by duration':<{width}}  {self.seconds:7.1f}  {self.r:5.3f}"
            f"  {self.best_lag_ms:+5.0f} ms  {sum(c.closures for c in self.clips):8d}"
        )
        lines.append(
            f"r at the best common lag {self.r_at_best_lag:.3f}, with other sounds"
            f" {self.floor_r:+.3f}; closures told from open lips (AUC) {self.closure_auc:.3f}"
        )
        return "\n".join(lines)


def score(pairs: Sequence[LipPair]) -> LipSyncScore:
    """Return the figures of pairs of apertures.

    Raises:
        OptionError: there is no pair.
    """
    if not pairs:
        raise OptionError("there are no clips to score")
    seconds = np.array([_duration_s(p) for p in pairs])
    weights = seconds / seconds.sum()
    lags = np.array(LAGS_MS) / 1000.0
    by_lag = np.array([[pearson(p.prediction_at(l), p.reference) for l in lags] for p in pairs])
    common = weights @ by_lag
    zero, best = LAGS_MS.index(0), int(np.argmax(common))
    rows = tuple(
        ClipScore(
            p.name, float(s), float(r[zero]), float(LAGS_MS[int(np.argmax(r))]),
            len(closures(p.reference)[0]),
        )
        for p, s, r in zip(pairs, seconds, by_lag, strict=True)
    )  # fmt: skip
    return LipSyncScore(
        r=float(common[zero]),
        best_lag_ms=float(LAGS_MS[best]),
        r_at_best_lag=float(common[best]),
        closure_auc=_closure_auc(pairs),
        floor_r=_floor(pairs, weights),
        seconds=float(seconds.sum()),
        clips=rows,
    )


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


def _closure_auc(pairs: Sequence[LipPair]) -> float:
    """Return the pooled area under the curve of closure frames against open frames."""
    shut_parts, open_parts = [], []
    for p in pairs:
        prediction = p.prediction_at(0.0)
        prediction = (prediction - prediction.mean()) / (prediction.std() + 1e-9)
        events, threshold = closures(p.reference)
        shut = np.zeros(len(prediction), np.bool_)
        for first, last in events:
            shut[first : last + 1] = True
        shut_parts.append(prediction[shut])
        open_parts.append(prediction[p.reference > OPEN_FACTOR * threshold])
    shut_all, open_all = np.concatenate(shut_parts), np.sort(np.concatenate(open_parts))
    if not len(shut_all) or not len(open_all):
        return float("nan")
    above = len(open_all) - np.searchsorted(open_all, shut_all, side="right")
    ties = np.searchsorted(open_all, shut_all, side="right") - np.searchsorted(open_all, shut_all)
    return float((above + 0.5 * ties).mean() / len(open_all))


def _floor(pairs: Sequence[LipPair], weights: FloatArray) -> float:
    """Return the weighted r with the predictions of other clips, repeated where too short."""
    if len(pairs) < 2:
        return float("nan")
    totals = []
    for k in range(1, min(_FLOOR_ROUNDS, len(pairs) - 1) + 1):
        r = []
        for i, p in enumerate(pairs):
            other = pairs[(i + k) % len(pairs)].prediction_at(0.0)
            r.append(pearson(np.resize(other, len(p.reference)), p.reference))
        totals.append(float(weights @ np.array(r)))
    return float(np.mean(totals))


def _duration_s(pair: LipPair) -> float:
    return len(pair.time_s) * float(np.median(np.diff(pair.time_s)))


def measure_lipsync(
    clips_dir: str | PathLike[str],
    tracked_dir: str | PathLike[str],
    portrait: Portrait | None = None,
    *,
    fps: float = 25.0,
    size: int = 512,
    motion_only: bool = False,
    frames: FrameSource | None = None,
    controls: Controls | None = None,
    progress: Callable[[str], None] | None = None,
) -> LipSyncScore:
    """Score our lips against the speakers' over a folder of clips.

    Args:
        clips_dir: talking clips with sound; files whose name starts with ``extra_`` are left out.
        tracked_dir: ``<clip>.npz`` curves with ``t``, ``curves``, ``names``, ``av_offset_ms``.
        portrait: the frontal portrait that speaks; not needed with ``motion_only`` or ``frames``.
        fps: frames a second to render, 24 to 60.
        size: side of the rendered square in pixels.
        motion_only: score the aperture that the motion implies, without rendering: seconds
            instead of minutes, for tuning.
        frames: makes the frames of a sound in place of the pipeline.
        controls: of the performance; defaults if None.
        progress: told the name of each clip.

    Returns:
        The figures.

    Raises:
        OptionError: no clip has tracked curves, or no portrait is given where one is needed.
    """
    clips = [
        path
        for path in sorted(Path(clips_dir).iterdir())
        if path.suffix.lower() in VIDEO_SUFFIXES
        and not path.name.startswith("extra_")
        and (Path(tracked_dir) / f"{path.stem}.npz").is_file()
    ]
    if not clips:
        raise OptionError(f"no clip in {str(clips_dir)!r} has curves in {str(tracked_dir)!r}")
    if not motion_only and frames is None:
        if portrait is None:
            raise OptionError("a portrait is needed to render what is to be measured")
        frames = _pipeline_frames(portrait, controls, fps, size)
    pairs = []
    for path in clips:
        if progress is not None:
            progress(path.name)
        time_s, aperture = reference_aperture(Path(tracked_dir) / f"{path.stem}.npz")
        if frames is None or motion_only:
            ours_s, ours = _motion_aperture(path, controls)
        else:
            face = track_frames(frames(path))
            ours_s, ours = face.time_s, face["la"]
        covered = (time_s >= 0) & (time_s <= ours_s[-1])
        pairs.append(LipPair(path.stem, time_s[covered], aperture[covered], ours_s, ours))
    return score(pairs)


def reference_aperture(path: str | PathLike[str]) -> tuple[FloatArray, FloatArray]:
    """Return (instants of the sound, aperture) of tracked curves, their offset taken out."""
    face = TrackedFace.load(path)
    with np.load(path, allow_pickle=False) as data:
        offset_s = float(data["av_offset_ms"]) / 1000.0 if "av_offset_ms" in data else None
    shift_s = 0.0 if offset_s is None else OFFSET_BIAS_S - offset_s
    return face.time_s + shift_s, face["la"]


def _pipeline_frames(
    portrait: Portrait, controls: Controls | None, fps: float, size: int
) -> FrameSource:
    def make(path: Path) -> Iterable[tuple[float, ByteImage]]:
        from gioconda.pipeline import animate

        for frame in animate(portrait, path, controls, fps=fps, size=size).frames():
            yield frame.time_s, frame.image

    return make


def _motion_aperture(path: Path, controls: Controls | None) -> tuple[FloatArray, FloatArray]:
    from gioconda.performance.mouth import implied_aperture
    from gioconda.pipeline import perform

    motion = perform(path, controls)
    times = motion.start_s + np.arange(len(motion)) / motion.rate_hz
    return times, implied_aperture(motion.values)
