"""The form of a JSON file of controls. Ranges are for the schema; :mod:`control_track` checks them.

Kept apart because pydantic takes long to import: only reading a JSON file needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from gioconda.control_poses import POSE_CHANNELS, POSE_RANGE_DEG, RAMP_RANGE_S
from gioconda.control_track import (
    LEAST_STEP_S,
    MOST_EMOTIONS,
)
from gioconda.controls import (
    DISTANCE_RANGE,
    EMOTION_CHOICES,
    GAZE_PITCH_RANGE_DEG,
    GAZE_YAW_RANGE_DEG,
    SCALE_RANGE,
)
from gioconda.errors import OptionError


def _within(bounds: tuple[float, float], says: str) -> WithJsonSchema:
    low, high = bounds
    return WithJsonSchema({"type": "number", "minimum": low, "maximum": high, "description": says})


Yaw = Annotated[float, _within(GAZE_YAW_RANGE_DEG, "degrees to the image's right")]
Pitch = Annotated[float, _within(GAZE_PITCH_RANGE_DEG, "degrees down")]
Distance = Annotated[float, _within(DISTANCE_RANGE, "1 as in the portrait")]
Scale = Annotated[float, _within(SCALE_RANGE, "1 is usual")]
Instant = Annotated[
    float, WithJsonSchema({"type": "number", "minimum": 0, "description": "seconds of the sound"})
]
Emotion = Annotated[
    str | dict[str, float],
    WithJsonSchema(
        {
            "description": "a name with or without its strength, or up to two with strengths that "
            "add up to 1 at most",
            "anyOf": [
                {"type": "string", "examples": ["happy", "happy:0.7", "sad:0.5+tender:0.3"]},
                {
                    "type": "object",
                    "propertyNames": {"enum": list(EMOTION_CHOICES)},
                    "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
                    "minProperties": 1,
                    "maxProperties": MOST_EMOTIONS,
                },
            ],
        }
    ),
]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Frame(_Form):
    time_s: Instant
    jump: bool = Field(False, description="change as fast as a face may, without a ramp")


class GazeKeyframe(_Frame):
    """Where the eyes look at an instant: yaw and pitch."""

    value: tuple[Yaw, Pitch]


class DistanceKeyframe(_Frame):
    """How far away the camera is at an instant."""

    value: Distance


class EmotionKeyframe(_Frame):
    """The emotion at an instant."""

    value: Emotion


class ScaleKeyframe(_Frame):
    """A scale at an instant."""

    value: Scale


def _pose_schema() -> dict[str, Any]:
    of: dict[str, Any] = {}
    for name in POSE_CHANNELS:
        most = POSE_RANGE_DEG.get(name)
        of[name] = {"type": "number", "minimum": 0 if most is None else -most,
                    "maximum": 1 if most is None else most}  # fmt: skip
    return {"patternProperties": {f"^{n}$": s for n, s in of.items()},
            "additionalProperties": False}  # fmt: skip


class PoseAtTime(BaseModel):
    """A pose to hit: angles of the head in degrees, blendshapes 0 to 1, by their names."""

    model_config = ConfigDict(extra="allow", strict=True, json_schema_extra=_pose_schema())

    time_s: Instant
    hold_s: float = Field(0.0, description="how long it stays, seconds")
    ramp_s: float | None = Field(
        None,
        description=f"how long it takes to come and to go, {RAMP_RANGE_S[0]:g} to "
        f"{RAMP_RANGE_S[1]:g} seconds",
    )

    @model_validator(mode="after")
    def _named(self) -> PoseAtTime:
        for name, value in (self.model_extra or {}).items():
            if name not in POSE_CHANNELS:
                raise ValueError(
                    f"{name!r} is not known; a pose sets headYaw, headPitch, headRoll or "
                    "blendshapes by their ARKit names, beside time_s, hold_s and ramp_s"
                )
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"{name} is {value!r}; it must be a number")
        return self


def _maybe(says: str | None = None) -> Any:
    """Return the field of a key that may be left out; null is no value of it."""

    def without_default(of: dict[str, Any]) -> None:
        of.pop("default", None)

    return Field(None, description=says, json_schema_extra=without_default)


class ControlsFile(_Form):
    """Controls over time: each dial constant, or a list of keyframes; poses to hit."""

    seed: int = _maybe("chooses one of many performances")
    still: bool = _maybe("nothing moves but the mouth")
    gaze: tuple[Yaw, Pitch] | list[GazeKeyframe] = _maybe()
    distance: Distance | list[DistanceKeyframe] = _maybe()
    emotion: Emotion | list[EmotionKeyframe] = _maybe()
    expression: Scale | list[ScaleKeyframe] = _maybe()
    head: Scale | list[ScaleKeyframe] = _maybe()
    blinks: Scale | list[ScaleKeyframe] = _maybe()
    poses: list[PoseAtTime] = Field(default_factory=list)


_FORMS: Final[Mapping[str, Any]] = {
    "seed": int, "still": bool, "gaze": list[GazeKeyframe], "distance": list[DistanceKeyframe],
    "emotion": list[EmotionKeyframe], "expression": list[ScaleKeyframe],
    "head": list[ScaleKeyframe], "blinks": list[ScaleKeyframe], "poses": list[PoseAtTime],
}  # fmt: skip
_NEEDED: Final = {
    "int_type": "it must be a whole number", "bool_type": "it must be true or false",
    "float_type": "it must be a number", "list_type": "it must be a list",
    "tuple_type": "it must be two angles, [yaw, pitch]", "string_type": "it must be a name",
    "model_type": "it must be an object, {...}", "dict_type": "it must be an object, {...}",
}  # fmt: skip


def schema() -> dict[str, Any]:
    """Return the JSON schema of a file of controls."""
    whole = ControlsFile.model_json_schema()
    whole["description"] += (
        f" Keyframes of a dial rise in time by {LEAST_STEP_S:g} s at least; between them it runs "
        "smoothly."
    )
    return whole


def checked(key: str, value: Any) -> Any:
    """Return what a key of a file holds, its form checked.

    Raises:
        OptionError: it has not the form that the key needs; the message says which.
    """
    import json

    try:
        return TypeAdapter(_FORMS[key]).validate_json(json.dumps(value), strict=True)
    except ValidationError as e:
        raise OptionError(_sentence(key, e)) from None


def _sentence(key: str, error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    loc, kind, value = first["loc"], first["type"], first["input"]
    part = "pose" if key == "poses" else "keyframe"
    words = [key]
    if loc and isinstance(loc[0], int):
        words.append(f"{part} {loc[0] + 1}")
    words += [str(p) for p in loc[1:2]]
    if kind == "extra_forbidden":
        return f"{', '.join(words[:2])}: {loc[1]!r} is not known; there are: time_s, value, jump"
    if kind == "missing":
        what = "two angles, [yaw, pitch]" if len(loc) > 2 else "given"
        return f"{', '.join(words[:2])}: {loc[1]} is missing; it must be {what}"
    if kind == "value_error":
        return f"{', '.join(words)}: {first['msg'].removeprefix('Value error, ')}"
    shown = repr(value) if isinstance(value, (int, float, str, bool)) or value is None else "that"
    needed = _NEEDED.get(kind, first["msg"][0].lower() + first["msg"][1:])
    return f"{', '.join(words)} is {shown}; {needed}"
