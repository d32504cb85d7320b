"""Changes to motion that is there already: scale, offset, mirror, smooth, cut, join and more.

Each function takes a :class:`~gioconda.motion.Motion` and gives another; nothing is changed in
place. ``what`` names channels by a group of :data:`GROUPS`, by a channel's own name, or by a name
without its side (``mouthSmile`` is both of them).

Weights stay between 0 and 1, or as far beyond as they were, and angles below 180 degrees, so that
the result can be saved.
"""

from __future__ import annotations

import difflib
import math
from typing import Final

import numpy as np

from gioconda.errors import OptionError
from gioconda.motion import BLENDSHAPES, CHANNELS, HEAD_CHANNELS, INDEX, FloatArray, Motion

_LOOKS: Final = tuple(n for n in BLENDSHAPES if n.startswith("eyeLook"))
_LIDS: Final = tuple(n for n in BLENDSHAPES if n.startswith("eye") and n not in _LOOKS)
_JAW: Final = tuple(n for n in BLENDSHAPES if n.startswith("jaw"))
_CHEEKS: Final = tuple(n for n in BLENDSHAPES if n.startswith(("cheek", "nose")))
#: Groups of channels. ``mouth`` has the jaw, the tongue and ``articulation`` with it, since they
#: make sense together only; ``cheeks`` the nose.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "mouth": (*_JAW, *(n for n in BLENDSHAPES if n.startswith("mouth")), "tongueOut",
              "articulation"),
    "jaw": _JAW,
    "brows": tuple(n for n in BLENDSHAPES if n.startswith("brow")),
    "eyes": (*_LIDS, *_LOOKS),
    "lids": _LIDS,
    "gaze": _LOOKS,
    "cheeks": _CHEEKS,
    "head": HEAD_CHANNELS,
    "body": ("breath",),
    "all": CHANNELS,
}  # fmt: skip
_SINGULAR: Final = {"brow": "brows", "eye": "eyes", "lid": "lids", "cheek": "cheeks"}
#: Of the file format (gioconda.motion_files).
_MAX_DEG: Final = 180.0
_MAX_SHIFT: Final = 100.0
_MAX_ROWS: Final = 2_000_000


def channels_of(what: str) -> tuple[str, ...]:
    """Return the channels that a name stands for.

    Raises:
        OptionError: it is no group, no channel and no channel without its side.
    """
    name = _SINGULAR.get(what, what)
    if name in GROUPS:
        return GROUPS[name]
    if name in INDEX:
        return (name,)
    if name + "Left" in INDEX:
        return (name + "Left", name + "Right")
    known = [*GROUPS, *CHANNELS, *(n[:-4] for n in CHANNELS if n.endswith("Left"))]
    near = difflib.get_close_matches(what, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"groups are {', '.join(GROUPS)}"
    raise OptionError(f"there is no channel or group of channels named {what!r}; {hint}")


def scale(motion: Motion, what: str, factor: float) -> Motion:
    """Multiply channels by a factor, about 0, the portrait's own rest.

    ``articulation``, which says whether the mouth is driven at all, is scaled under its own name
    only.

    Raises:
        OptionError: the name is unknown, or the factor is not finite.
    """
    values = motion.values.copy()
    columns = _columns(what)
    values[:, columns] *= np.float32(_finite("scale", factor))
    return _within(motion, values)


def offset(motion: Motion, what: str, amount: float) -> Motion:
    """Add to channels, in their own units: weights, degrees, outer-eye distances.

    ``gazeYaw`` and ``gazePitch`` turn both eyes by degrees, right and down positive.

    Raises:
        OptionError: the name is unknown or stands for channels of several units, such as
            ``head``, or the amount is not finite.
    """
    amount = _finite("offset", amount)
    check_offset(what)
    values = motion.values.copy()
    if what in ("gazeYaw", "gazePitch"):
        _turn_eyes(values, what, amount)
    else:
        values[:, _columns(what)] += np.float32(amount)
    return _within(motion, values)


def check_offset(what: str) -> None:
    """Refuse to add one number to angles, shifts and weights at once.

    Raises:
        OptionError: the name is unknown, or its channels have several units.
    """
    if what in ("gazeYaw", "gazePitch"):
        return
    names = channels_of(what)
    by_unit = {
        "degrees": [n for n in names if n in HEAD_CHANNELS[:3]],
        "outer-eye distances": [n for n in names if n in HEAD_CHANNELS[3:]],
        "weights": [n for n in names if n not in HEAD_CHANNELS],
    }
    found = [
        f"{', '.join(of)} in {unit}" if len(of) <= 3 else f"the others in {unit}"
        for unit, of in by_unit.items() if of
    ]  # fmt: skip
    if len(found) > 1:
        raise OptionError(
            f"offset of {what!r} would add one number to several units ({'; '.join(found)}); "
            "name one of the channels, as in headYaw=5"
        )


def _turn_eyes(values: FloatArray, what: str, amount_deg: float) -> None:
    from gioconda.motion import GAZE_FULL_DEG

    for side, to_left, to_right in (("Left", "Out", "In"), ("Right", "In", "Out")):
        plus, minus = (to_left, to_right) if what == "gazeYaw" else ("Down", "Up")
        a, b = INDEX[f"eyeLook{plus}{side}"], INDEX[f"eyeLook{minus}{side}"]
        turned = values[:, a] - values[:, b] + np.float32(amount_deg / GAZE_FULL_DEG)
        values[:, a], values[:, b] = np.maximum(turned, 0), np.maximum(-turned, 0)


def mirror(motion: Motion) -> Motion:
    """Swap left and right: shapes, gaze, and the head's yaw, roll and sideways shift."""
    order = np.arange(len(CHANNELS))
    for name, i in INDEX.items():
        if name.endswith("Left"):
            j = INDEX[name[:-4] + "Right"]
            order[i], order[j] = j, i
    values = motion.values[:, order].copy()
    for name in ("headYaw", "headRoll", "headX"):
        values[:, INDEX[name]] *= -1
    return Motion(values, motion.rate_hz, motion.start_s)


def smooth(motion: Motion, what: str, seconds: float) -> Motion:
    """Smooth channels by a Gaussian of a full width at half maximum in seconds.

    The mean of each channel stays, and so do the ends in time (the signal is reflected there).
    ``articulation`` is smoothed under its own name only.

    Raises:
        OptionError: the name is unknown, or the width is not 0 to 60 s.
    """
    columns = _columns(what)
    if not 0 <= seconds <= 60:
        raise OptionError(f"smoothing over {seconds:g} s; it must be 0 to 60 s")
    if not seconds or len(motion) < 2:
        return motion
    from scipy.ndimage import gaussian_filter1d

    sigma = seconds * motion.rate_hz / math.sqrt(8 * math.log(2))
    values = motion.values.copy()
    values[:, columns] = gaussian_filter1d(
        values[:, columns].astype(np.float64), sigma, axis=0, mode="reflect"
    )
    return _within(motion, values)


def cut(motion: Motion, start_s: float | None = None, end_s: float | None = None) -> Motion:
    """Keep the rows from one instant to before another; each keeps its time.

    Args:
        motion: to cut.
        start_s: seconds of the sound, where the motion begins if None.
        end_s: seconds of the sound, where it ends if None.

    Raises:
        OptionError: nothing lies between.
    """
    first = 0 if start_s is None else math.ceil(_row(motion, start_s) - 1e-6)
    last = len(motion) if end_s is None else math.ceil(_row(motion, end_s) - 1e-6)
    first, last = max(first, 0), min(last, len(motion))
    if first >= last:
        ends = f"it lasts from {motion.start_s:g} to {motion.start_s + motion.duration_s:g} s"
        raise OptionError(f"nothing is left of the motion by this cut; {ends}")
    start = motion.start_s + first / motion.rate_hz
    return Motion(motion.values[first:last].copy(), motion.rate_hz, start)


def join(motion: Motion, other: Motion, crossfade_s: float = 0.25) -> Motion:
    """Append another motion; the two overlap and fade into each other, so that nothing jumps.

    Args:
        motion: the first; its rate and its start are kept.
        other: the second, brought to that rate; when it began does not matter.
        crossfade_s: length of the overlap, at most that of the shorter motion; at 0 the second
            begins as the first ends.

    Raises:
        OptionError: the overlap is negative.
    """
    if not 0 <= crossfade_s < math.inf:
        raise OptionError(f"a crossfade of {crossfade_s:g} s; it must be 0 or more")
    if not len(motion) or not len(other):
        return motion if not len(other) else Motion(other.values, other.rate_hz, motion.start_s)
    second = resample(other, motion.rate_hz)
    rows = min(round(crossfade_s * motion.rate_hz), len(motion), len(second))
    x = (np.arange(rows, dtype=np.float32) + 1) / (rows + 1)
    weight = (x * x * (3 - 2 * x))[:, None]
    kept = len(motion) - rows
    both = motion.values[kept:] * (1 - weight) + second.values[:rows] * weight
    values = np.concatenate([motion.values[:kept], both, second.values[rows:]])
    return Motion(values.astype(np.float32), motion.rate_hz, motion.start_s)


def replace(motion: Motion, what: str, other: Motion) -> Motion:
    """Take channels from another motion, at the same instants of the sound.

    Before the other motion begins its first row is held, after it ends its last.

    Raises:
        OptionError: the name is unknown.
    """
    columns = [INDEX[n] for n in channels_of(what)]
    values = motion.values.copy()
    if len(motion):
        times = motion.start_s + np.arange(len(motion)) / motion.rate_hz
        values[:, columns] = np.stack([other.at(t) for t in times])[:, columns]
    return Motion(values, motion.rate_hz, motion.start_s)


def resample(motion: Motion, rate_hz: float) -> Motion:
    """Return the same performance at another rate, 1 to 1000 rows a second (linear).

    Raises:
        OptionError: the rate is out of range, or too many rows would be needed.
    """
    if not 1 <= rate_hz <= 1000:
        raise OptionError(f"a rate of {rate_hz:g} Hz; it must be 1 to 1000")
    if motion.duration_s * rate_hz > _MAX_ROWS:
        raise OptionError(f"{rate_hz:g} Hz would give more than {_MAX_ROWS} rows")
    if rate_hz == motion.rate_hz or not len(motion):
        return Motion(motion.values.copy(), rate_hz, motion.start_s)
    return motion.resampled(rate_hz)


def retime(motion: Motion, speed: float) -> Motion:
    """Play faster (speed above 1) or slower; the start and the rate are kept.

    Raises:
        OptionError: the speed is not 0.1 to 10.
    """
    if not 0.1 <= speed <= 10:
        raise OptionError(f"a speed of {speed:g}; it must be 0.1 to 10")
    if not len(motion):
        return motion
    faster = Motion(motion.values, motion.rate_hz * speed, motion.start_s)
    return faster.resampled(motion.rate_hz)


def start_at(motion: Motion, start_s: float) -> Motion:
    """Move the whole motion in time, so that its first row is at an instant.

    Raises:
        OptionError: the instant is not within a day.
    """
    if not abs(start_s) <= 86_400:
        raise OptionError(f"a start at {start_s:g} s; it must lie within a day")
    return Motion(motion.values.copy(), motion.rate_hz, start_s)


def _columns(what: str) -> list[int]:
    names = channels_of(what)
    return [INDEX[n] for n in names if n != "articulation" or len(names) == 1]


def _row(motion: Motion, time_s: float) -> float:
    return (_finite("cut", time_s) - motion.start_s) * motion.rate_hz


def _finite(what: str, number: float) -> float:
    if not math.isfinite(number):
        raise OptionError(f"{what} by {number}; a finite number is needed")
    return number


def _within(motion: Motion, values: FloatArray) -> Motion:
    """Keep values in range: weights in 0 to 1 or as far beyond as the motion's were."""
    if not len(values):
        return Motion(values, motion.rate_hz, motion.start_s)
    low, high = np.minimum(motion.values.min(0), 0), np.maximum(motion.values.max(0), 1)
    for k, name in enumerate(HEAD_CHANNELS):
        limit = _MAX_DEG if k < 3 else _MAX_SHIFT
        low[INDEX[name]], high[INDEX[name]] = -limit, limit
    return Motion(np.clip(values, low, high), motion.rate_hz, motion.start_s)
