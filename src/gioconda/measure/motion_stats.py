"""Statistics of a performance, beside those of real talkers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError
from gioconda.motion import Motion
from gioconda.performance.mouth import implied_aperture

FloatArray = npt.NDArray[np.float64]
Triple = tuple[float, float, float]

#: Below this fraction of the open eye a lid counts as closed; the half-width is taken there.
_HALF: Final = 0.5
_CLOSED_GAP: Final = 0.012
_OPEN_GAP: Final = 0.030


@dataclass(frozen=True)
class MotionStatistics:
    """Statistics of a motion.

    Attributes:
        seconds: duration.
        head_spread_deg: standard deviation of yaw, pitch, roll.
        head_speed_median_deg_s, head_speed_95_deg_s: of yaw, pitch, roll.
        yaw_power_hz: frequencies under which 50, 90 and 98 % of the yaw's power lie.
        blinks_per_minute: lids closed by more than half.
        blink_half_width_ms: median time that they are.
        closures_per_minute: inner lips meet between openings, while the mouth speaks.
        aperture_98: 98th percentile of the implied inner-lip aperture, outer-eye distances.
        aperture_speed_95: 95th percentile of its speed, outer-eye distances a second.
        talking_share: share of the time in which the mouth speaks.
    """

    seconds: float
    head_spread_deg: Triple
    head_speed_median_deg_s: Triple
    head_speed_95_deg_s: Triple
    yaw_power_hz: Triple
    blinks_per_minute: float
    blink_half_width_ms: float
    closures_per_minute: float
    aperture_98: float
    aperture_speed_95: float
    talking_share: float

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return asdict(self)


#: Medians over clips of real talkers (about 100 s), tracked at 25 fps; talking share not measured.
REAL_TALKERS: Final = MotionStatistics(
    seconds=106.0,
    head_spread_deg=(5.0, 4.2, 3.7),
    head_speed_median_deg_s=(10.0, float("nan"), float("nan")),
    head_speed_95_deg_s=(43.0, float("nan"), float("nan")),
    yaw_power_hz=(0.4, 1.2, 2.5),
    blinks_per_minute=37.0,
    blink_half_width_ms=130.0,
    closures_per_minute=71.0,
    aperture_98=0.17,
    aperture_speed_95=1.5,
    talking_share=float("nan"),
)


def motion_statistics(motion: Motion) -> MotionStatistics:
    """Return the statistics of a motion of at least two seconds.

    Raises:
        OptionError: the motion is shorter.
    """
    if motion.duration_s < 2.0:
        raise OptionError(
            f"the motion lasts {motion.duration_s:.1f} s; statistics need at least 2 s"
        )
    rate = motion.rate_hz
    minutes = motion.duration_s / 60.0
    head = np.stack([motion["headYaw"], motion["headPitch"], motion["headRoll"]], axis=1)
    speed = np.abs(np.diff(head, axis=0)) * rate
    shut = 0.5 * (motion["eyeBlinkLeft"] + motion["eyeBlinkRight"]) > _HALF
    widths = _runs(shut)
    talking = motion["articulation"] > 0.5
    gap = implied_aperture(motion.values)
    gap_speed = np.abs(np.diff(gap))[talking[1:]] * rate
    spoken = gap[talking]
    return MotionStatistics(
        seconds=motion.duration_s,
        head_spread_deg=_triple(head.std(axis=0)),
        head_speed_median_deg_s=_triple(np.median(speed, axis=0)),
        head_speed_95_deg_s=_triple(np.percentile(speed, 95, axis=0)),
        yaw_power_hz=_power_frequencies(head[:, 0].astype(np.float64), rate),
        blinks_per_minute=len(widths) / minutes,
        blink_half_width_ms=float(np.median(widths)) * 1000.0 / rate if len(widths) else 0.0,
        closures_per_minute=_count_closures(gap, talking) / minutes,
        aperture_98=float(np.percentile(spoken, 98)) if len(spoken) else 0.0,
        aperture_speed_95=float(np.percentile(gap_speed, 95)) if len(gap_speed) else 0.0,
        talking_share=float(talking.mean()),
    )


def _triple(values: npt.NDArray[np.floating]) -> Triple:
    a, b, c = (float(v) for v in values)
    return a, b, c


def _runs(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Return the lengths of runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    lengths: npt.NDArray[np.intp] = edges[1::2] - edges[::2]
    return lengths


def _power_frequencies(angle: FloatArray, rate_hz: float) -> Triple:
    """Return where 50, 90 and 98 % of the power lie, with windows of about 5 s."""
    from scipy import signal

    if float(angle.std()) < 1e-9:
        return 0.0, 0.0, 0.0
    window = min(len(angle), round(5.12 * rate_hz))
    frequency, power = signal.welch(angle, rate_hz, nperseg=window)
    share = np.cumsum(power) / power.sum()
    return _triple(frequency[np.searchsorted(share, (0.5, 0.9, 0.98))])


def _count_closures(gap: FloatArray, talking: npt.NDArray[np.bool_]) -> int:
    """Count closings after an opening, with hysteresis."""
    count, was_open = 0, False
    for g, speaks in zip(gap, talking, strict=True):
        if g > _OPEN_GAP:
            was_open = True
        elif g < _CLOSED_GAP and was_open:
            count += int(speaks)
            was_open = False
    return count
