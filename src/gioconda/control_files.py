"""Files of controls over time, JSON or CSV, read into a :class:`gioconda.ControlTrack`.

docs/controls.md shows both. Every complaint is one sentence that names the file, the key or line,
and what is allowed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Final

from gioconda.control_poses import Pose
from gioconda.control_track import (
    DIALS,
    ControlTrack,
    Keyframe,
    check_keyframes,
    parse_emotions,
)
from gioconda.controls import Controls, as_float
from gioconda.errors import OptionError

#: Files larger than this are no lists of keyframes.
_MOST_BYTES: Final = 8_000_000
_CONSTANTS: Final = ("seed", "still")


@dataclass
class FileControls:
    """What a file says.

    Attributes:
        constants: fields of :class:`gioconda.Controls`.
        frames: keyframes of each dial that has some.
        poses: in the file's order.
    """

    constants: dict[str, Any] = field(default_factory=dict)
    frames: dict[str, list[Keyframe]] = field(default_factory=dict)
    poses: list[Pose] = field(default_factory=list)

    @property
    def names(self) -> frozenset[str]:
        """The dials, and ``seed`` and ``still``, that the file sets."""
        return frozenset(self.constants) - {"emotion_strength"} | frozenset(self.frames)


def read(
    path: str | PathLike[str], constant: Controls, given: Collection[str] = ()
) -> ControlTrack:
    """Read a file; see :meth:`gioconda.ControlTrack.open`.

    Args:
        path: of the file.
        constant: what holds where the file says nothing.
        given: dials that were set elsewhere; a file that sets one of them too is refused.

    Raises:
        OptionError: the file cannot be read, or holds something that is not allowed.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in (".json", ".csv"):
        raise OptionError(f"controls come from a .json or .csv file, not from {file.name!r}")
    text = _text(file)
    try:
        if suffix == ".csv":
            from gioconda.control_csv import parse

            said = parse(text)
        else:
            said = _from_json(text)
        for name in sorted(said.names & set(given)):
            raise OptionError(
                f"it sets {name}, which is given beside it too; leave one of them out"
            )
        return ControlTrack(replace(constant, **said.constants), **said.frames, poses=said.poses)
    except OptionError as e:
        raise OptionError(f"{file.name!r}: {e}") from None


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise OptionError(f"{file.name!r} is no file of controls: it is too large")
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise OptionError(f"there is no file {fspath(file)!r}") from None
    except OSError as e:
        raise OptionError(f"{fspath(file)!r} cannot be read: {e.strerror}") from None
    except UnicodeDecodeError:
        raise OptionError(f"{file.name!r} cannot be read: it is not text in UTF-8") from None


def _from_json(text: str) -> FileControls:
    from gioconda import control_schema as schema

    try:
        data = json.loads(text)
    except json.JSONDecodeError as e:
        raise OptionError(f"line {e.lineno} is not JSON: {e.msg}") from None
    except ValueError:  # whole numbers of thousands of digits, which Python does not read
        raise OptionError("it holds a number with too many digits") from None
    except RecursionError:
        raise OptionError("it is nested too deeply") from None
    keys = tuple(schema.ControlsFile.model_fields)
    if not isinstance(data, dict):
        raise OptionError(f"it must hold one object, {{...}}, with some of {_list(keys)}")
    for key in data:
        if key not in keys:
            raise OptionError(f"{key!r} is not known; there are: {_list(keys)}")
    said = FileControls()
    for name in _CONSTANTS:
        if name in data:
            said.constants[name] = schema.checked(name, data[name])
    for dial in DIALS:
        if dial in data:
            _add_dial(said, dial, data[dial])
    for pose in schema.checked("poses", data.get("poses", [])):
        channels = {k: as_float(v) for k, v in (pose.model_extra or {}).items()}
        said.poses.append(Pose(pose.time_s, channels, pose.hold_s, pose.ramp_s))
    return said


def _add_dial(said: FileControls, dial: str, value: Any) -> None:
    """Add a dial, constant or with keyframes."""
    from gioconda import control_schema as schema

    if isinstance(value, list) and not (dial == "gaze" and value and not _has_frame(value)):
        frames = schema.checked(dial, value)
        if not frames:
            raise OptionError(f"{dial} has no keyframes; give some, or one value")
        said.frames[dial] = [Keyframe(f.time_s, f.value, f.jump) for f in frames]
        return
    constant = tuple(value) if isinstance(value, list) else value
    try:
        check_keyframes(dial, [Keyframe(0.0, constant)])
    except OptionError as e:
        raise OptionError(str(e).removeprefix(f"{dial}, keyframe 1: ")) from None
    if dial != "emotion":
        said.constants[dial] = constant
        return
    strengths = parse_emotions(value) if isinstance(value, str) else dict(value)
    if len(strengths) > 1:
        said.frames[dial] = [Keyframe(0.0, strengths)]
        return
    said.constants["emotion"], said.constants["emotion_strength"] = next(iter(strengths.items()))


def _has_frame(value: list[Any]) -> bool:
    return any(isinstance(v, dict) for v in value)


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
