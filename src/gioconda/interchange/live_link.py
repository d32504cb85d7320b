"""Tables as Epic's app Live Link Face records them, one row a frame.

A header, then ``Timecode``, ``BlendShapeCount`` (61), the 52 ARKit weights with a capital first
letter, and nine angles in radians: yaw, pitch and roll of the head and of both eyes. The order of
columns, in which right comes before left for the jaw and the mouth, and ten decimals, are those
of recordings made by the app.

A time code is ``HH:MM:SS:FF.fff``, frames and thousandths of a frame; frames are counted at 60 a
second whatever the camera's rate. It is the time of day, so that a take's first row becomes 0 s;
codes of the day's first ten minutes are kept as times of the sound, which is how :func:`write` has
them. ``HH:MM:SS;FF`` is drop-frame.

Angles: positive yaw turns to the person's own right, positive pitch down, positive roll tilts
clockwise as the viewer sees it, the reverse of our yaw and the same as our pitch and roll; they
are applied as Unreal's FRotator is, roll first, then pitch, then yaw, and are converted through
the rotation. Sources: the eyes' angles beside the eyeLook weights in four public recordings of the
app; for the head, which was off in all four, the same conversion as in MeFaMo, which
sends such angles to Unreal. The app itself inverts yaw and pitch when the phone lies in landscape.
"""

from __future__ import annotations

import csv
import io
import re
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import MotionError
from gioconda.interchange.axes import from_zero, rotations, set_rotations
from gioconda.motion import BLENDSHAPES, GAZE_FULL_DEG, INDEX, FloatArray, Motion, set_gaze

Array = npt.NDArray[np.float64]

#: The app's frames a second in time codes.
BASE: Final = 60
_SWAPPED: Final = {
    "jawLeft": "jawRight", "jawRight": "jawLeft", "mouthLeft": "mouthRight",
    "mouthRight": "mouthLeft",
}  # fmt: skip
#: Our names of the weights in the order of the columns.
_WEIGHTS: Final = tuple(_SWAPPED.get(name, name) for name in BLENDSHAPES)
HEAD: Final = ("HeadYaw", "HeadPitch", "HeadRoll")
EYES: Final = tuple(f"{side}Eye{angle}" for side in ("Left", "Right")
                    for angle in ("Yaw", "Pitch", "Roll"))  # fmt: skip
_HEADER: Final = (
    "Timecode", "BlendShapeCount", *(n[0].upper() + n[1:] for n in _WEIGHTS), *HEAD, *EYES,
)  # fmt: skip
_CODE: Final = re.compile(r"(\d{1,2}):(\d\d):(\d\d)([:;])(\d{1,3}(?:\.\d*)?)")
#: Frames a second that time codes are counted in.
_BASES: Final = np.array([24, 25, 30, 48, 50, 60, 100, 120])
_SOUND_S: Final = 600.0
_DAY_S: Final = 86_400.0


def is_live_link(header: list[str]) -> bool:
    """Tell whether a table's header is of this kind: by its column of time codes."""
    return "timecode" in (name.lower() for name in header)


def write(motion: Motion) -> bytes:
    """Return the table of a motion, at the motion's own rate.

    The head's translation, ``articulation`` and ``breath`` have no column. Rows before the
    sound's start are left out.

    Raises:
        MotionError: the motion starts so late that its codes would be taken for the time of day.
    """
    motion = from_zero(motion, hold=False)
    # What the first code will say, rounded: 599.999995 s is written as ten minutes.
    if len(motion) and round(motion.start_s * BASE * 1000) >= _SOUND_S * BASE * 1000:
        raise MotionError(
            f"this motion starts at {motion.start_s:g} s; a Live Link Face table keeps a start in "
            f"the first {_SOUND_S / 60:g} minutes only, so set start_s to 0 or choose .npz or .csv"
        )
    values = motion.values
    times = motion.start_s + np.arange(len(motion)) / motion.rate_hz
    weights = values[:, [INDEX[n] for n in _WEIGHTS]].astype(np.float64)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    for time_s, row in zip(
        times, np.hstack([weights, _head_angles(values), _eye_angles(values)]), strict=True
    ):
        writer.writerow((_timecode(time_s), len(row), *(f"{v:.10f}" for v in row)))
    return text.getvalue().encode()


def _head_angles(values: FloatArray) -> Array:
    if not len(values):
        return np.zeros((0, 3))
    yaw, pitch, roll = rotations(values).as_euler("YXZ").T
    angles: Array = np.stack([-yaw, pitch, -roll], axis=1) + 0.0  # + 0.0: no minus zero
    return angles


def _eye_angles(values: FloatArray) -> Array:
    angles = np.zeros((len(values), 6))
    for at, (side, left, right) in enumerate((("Left", "Out", "In"), ("Right", "In", "Out"))):
        names = [f"eyeLook{d}{side}" for d in (left, right, "Down", "Up")]
        to_left, to_right, down, up = (values[:, INDEX[n]].astype(np.float64) for n in names)
        angles[:, 3 * at] = to_right - to_left
        angles[:, 3 * at + 1] = down - up
    angles *= np.radians(GAZE_FULL_DEG)
    return angles


def _timecode(time_s: float) -> str:
    thousandths = round(time_s * BASE * 1000)
    seconds, rest = divmod(thousandths, BASE * 1000)
    frames = f"{rest // 1000:02d}.{rest % 1000:03d}"
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frames}"


def seconds(codes: list[str], lines: list[int], file: str) -> Array:
    """Return the times of time codes, in seconds of the sound (see the module).

    Args:
        codes: one for each row.
        lines: their lines in the file, for the error.
        file: its name.

    Raises:
        MotionError: one cannot be read, or frames are counted in no usual number a second.
    """
    parts = np.zeros((len(codes), 4))
    drop = False
    for i, code in enumerate(codes):
        found = _CODE.fullmatch(code)
        if found is None:
            raise MotionError(
                f"{file!r} line {lines[i]} has {code[:40]!r} in the column 'Timecode'; "
                "HH:MM:SS:FF.fff is needed"
            )
        hours, minutes, secs, sign, frames = found.groups()
        parts[i] = float(hours), float(minutes), float(secs), float(frames)
        drop = drop or sign == ";"
    whole = parts[:, :3] @ (3600.0, 60.0, 1.0)
    base = _base_of(whole, parts[:, 3], lines, file)
    if drop:  # frame numbers are left out, two of 30 at each minute but the tenth
        minutes = parts[:, 0] * 60 + parts[:, 1]
        left_out = base / 15 * (minutes - minutes // 10)
        times = (whole * base + parts[:, 3] - left_out) * 1001 / (1000 * base)
    else:
        times = whole + parts[:, 3] / base
    if len(times) > 1:  # a take may run through midnight
        times = times + _DAY_S * np.cumsum(np.diff(times, prepend=times[0]) < -_DAY_S / 2)
    return times if times[0] < _SOUND_S else times - times[0]


def _base_of(whole: Array, frames: Array, lines: list[int], file: str) -> float:
    """Return how many frames the codes count a second, seen where a second ends.

    A take that stays within one second does not tell; it is taken to have the app's 60.
    """
    steps = np.diff(frames)
    within = steps[(np.diff(whole) == 0) & (steps > 0)]
    step = float(np.median(within)) if len(within) else 0.0
    ends = np.flatnonzero(np.diff(whole) == 1)
    most = float(frames.max())
    if not len(ends) or not step:
        return float(max(BASE, *_BASES[most < _BASES][:1], 0))
    seen = float(np.median(frames[ends] + step - frames[ends + 1]))
    base = float(_BASES[np.abs(_BASES - seen).argmin()])
    if most >= base or abs(base - seen) > max(0.06 * base, 0.5 * step):
        at = lines[int(ends[0]) + 1]
        raise MotionError(
            f"{file!r} counts {seen:.3g} frames a second in its time codes (see line {at}); "
            "24, 25, 30, 48, 50, 60, 100 or 120 are read"
        )
    return base


def motion_values(values: Array, names: list[str]) -> tuple[Array, list[str]]:
    """Return columns as channels of ours: angles become the head's degrees, or gaze.

    Args:
        values: (rows, columns).
        names: of the columns, without time code and count; capitals as in the file.

    Returns:
        Values and names with the head's three angles last. Eyes' angles are read only where
        there is no eyeLook weight, for they tell the same.
    """
    column = {name: i for i, name in enumerate(names)}
    kept = [i for i, n in enumerate(names) if n not in HEAD and n not in EYES]
    out, out_names = values[:, kept], [names[i] for i in kept]
    rows = np.zeros((len(values), len(INDEX)), np.float32)
    extra: list[str] = []
    if any(n in column for n in HEAD):
        from scipy.spatial.transform import Rotation

        yaw, pitch, roll = (
            values[:, column[n]] if n in column else np.zeros(len(values)) for n in HEAD
        )
        set_rotations(rows, Rotation.from_euler("YXZ", np.stack([-yaw, pitch, -roll], axis=1)))
        extra += ["headYaw", "headPitch", "headRoll"]
    looks = [n for n in BLENDSHAPES if n.startswith("eyeLook")]
    spelled = {n[0].lower() + n[1:] for n in out_names if n}
    if not spelled & set(looks) and any(n in column for n in EYES):
        angle = [
            np.mean([values[:, column[f"{s}Eye{a}"]] for s in ("Left", "Right")
                     if f"{s}Eye{a}" in column] or [np.zeros(len(values))], axis=0)
            for a in ("Yaw", "Pitch")
        ]  # fmt: skip
        set_gaze(rows, -np.degrees(angle[0]), np.degrees(angle[1]))
        extra += looks
    added = rows[:, [INDEX[n] for n in extra]].astype(np.float64)
    return np.hstack([out, added]), [*out_names, *extra]
