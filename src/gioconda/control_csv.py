"""A CSV file of controls: a row for each instant, a column for each dial and each posed channel."""

from __future__ import annotations

import csv
import io
import re
from typing import Any, Final

from gioconda.control_files import FileControls
from gioconda.control_poses import POSE_CHANNELS, Pose, pose_curves
from gioconda.control_track import (
    DIALS,
    DialValue,
    Keyframe,
    check_keyframes,
)
from gioconda.errors import OptionError

_DIAL_COLUMNS: Final = (*(d for d in DIALS if d != "gaze"), "gaze_yaw", "gaze_pitch")
_TIMING: Final = ("hold_s", "ramp_s")
_COLUMNS: Final = ("time_s", *_DIAL_COLUMNS, "jump", *_TIMING)
_FLAGS: Final = {"": False, "0": False, "false": False, "no": False,
                 "1": True, "true": True, "yes": True}  # fmt: skip
#: Complaints name the line instead.
_NUMBERED: Final = re.compile(r"^(?:\w+, keyframe \d+|poses, pose \d+): ")


def parse(text: str) -> FileControls:
    """Read the text of a file.

    Raises:
        OptionError: a column or a cell is not allowed; the message names its line.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    # No name of a column has one of these characters in it, so the commonest is the separator.
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    header: list[str] = []
    said = FileControls()
    try:
        for row in reader:
            cells = [c.strip() for c in row]
            if not any(cells):
                continue
            if header:
                _add_row(said, header, cells, f"line {reader.line_num}")
            else:
                header = cells
                _check_header(header)
    except csv.Error as e:
        raise OptionError(f"line {reader.line_num} is not CSV: {e}") from None
    if not said.frames and not said.poses:
        raise OptionError("it has no keyframes and no poses")
    return said


def _check_header(header: list[str]) -> None:
    for i, name in enumerate(header):
        if not name:  # spreadsheets leave such columns behind
            continue
        if name not in _COLUMNS and name not in POSE_CHANNELS:
            raise OptionError(
                f"the column {name!r} is not known; there are: {', '.join(_COLUMNS)}, headYaw, "
                "headPitch, headRoll and blendshapes by their ARKit names"
            )
        if name in header[:i]:
            raise OptionError(f"the column {name!r} comes twice")
    if "time_s" not in header:
        raise OptionError("there is no column 'time_s' with the seconds of each row")


def _add_row(said: FileControls, header: list[str], cells: list[str], where: str) -> None:
    """Add what a row says: keyframes of its dials, and one pose of its channels."""
    if len(cells) > len(header):
        raise OptionError(
            f"{where} has {len(cells)} cells for {len(header)} columns (decimals need a point)"
        )
    row = {n: c for n, c in zip(header, cells, strict=False) if c}
    if "" in row:
        raise OptionError(f"{where}: {row['']!r} stands in a column without a name")
    flag = row.pop("jump", "").lower()
    if flag not in _FLAGS:
        raise OptionError(f"{where}: jump is {flag!r}; it must be 1, 0 or empty")
    values: dict[str, Any] = {
        n: c if n == "emotion" else _number(n, c, where) for n, c in row.items()
    }
    if "time_s" not in values:
        raise OptionError(f"{where}: time_s is missing; it must be the seconds of the row")
    time_s = values.pop("time_s")
    try:
        for dial, value in _dial_values(values).items():
            frames = said.frames.setdefault(dial, [])
            frames.append(Keyframe(time_s, value, _FLAGS[flag]))
            check_keyframes(dial, frames[-2:])
        pose = _pose(time_s, values)
        if pose is not None:
            said.poses.append(pose)
            pose_curves([pose])
    except OptionError as e:
        raise OptionError(f"{where}: {_NUMBERED.sub('', str(e))}") from None


def _dial_values(values: dict[str, Any]) -> dict[str, DialValue]:
    found: dict[str, DialValue] = {d: values[d] for d in DIALS if d in values}
    looks = [n for n in ("gaze_yaw", "gaze_pitch") if n in values]
    if len(looks) == 1:
        raise OptionError(f"{looks[0]} stands alone; gaze_yaw and gaze_pitch go together")
    if looks:
        found["gaze"] = (values["gaze_yaw"], values["gaze_pitch"])
    return found


def _pose(time_s: float, values: dict[str, Any]) -> Pose | None:
    channels = {n: values[n] for n in POSE_CHANNELS if n in values}
    timing = {n: values[n] for n in _TIMING if n in values}
    if channels:
        return Pose(time_s, channels, **timing)
    if timing:
        raise OptionError(f"{next(iter(timing))} is given, but no channel of a pose")
    return None


def _number(name: str, cell: str, where: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise OptionError(f"{where}: {name} is {cell!r}; it must be a number") from None
