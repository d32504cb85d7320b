"""What the REST API takes and gives, as pydantic models; its documentation is made from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from gioconda.live.messages import TEXT_CHARACTERS, Dials
from gioconda.trust.provenance import BasisName

Background = Annotated[
    str, Field(max_length=32, description="`keep`, `blur`, a colour's name or `#rrggbb`")
]
Size = Literal[256, 512, 768, 1024]
_VOICE: Final = "as `GET /v1/voices` names it; by the text's script, or English, if none"
_DIALS: Final[dict[str, Any]] = {"emotion": "happy", "gaze": [10, 0]}
_PORTRAIT: Final[dict[str, Any]] = {
    "id": "example", "width": 512, "height": 512, "faces": 1, "yaw_deg": -2.1, "pitch_deg": 4.0,
    "roll_deg": 0.3, "face_px": 231.5, "sharpness": 0.62, "warnings": [],
    "picture": "/v1/portraits/example/picture.jpg", "sheet": "/v1/portraits/example/sheet.png",
    "basis": "artwork", "expires": None,
    "about": "This is NASA's portrait of the astronaut Eileen Collins. She was not asked.",
    "consent": "90a08e86301d26204f78f7f53b424456092c9a9ee5f95eee1724c438b1228eb3",
}  # fmt: skip
_SESSION: Final[dict[str, Any]] = {
    "id": "c37tEBU1_q4TBoq5RsN4pw", "portrait": "example", "width": 512, "height": 512,
    "fps": 40, "lookahead_ms": 80, "controls": _DIALS, "background": "keep", "clients": 0,
    "closes_in_s": 60, "restarts": 0, "outputs": [],
    "links": {
        "whep": "/whep/c37tEBU1_q4TBoq5RsN4pw",
        "mjpeg": "/v1/sessions/c37tEBU1_q4TBoq5RsN4pw/mjpeg", "socket": "/v1/live",
    },
    "synthetic": True,
}  # fmt: skip


class Taken(BaseModel):
    """What a client sends: names that are not known are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ErrorDetail(BaseModel):
    """What was refused, and why."""

    code: str = Field(description="for programs", examples=["no_session"])
    message: str = Field(
        description="one sentence for people",
        examples=["there is no such session any more; begin a new one"],
    )
    reason: str | None = Field(
        None, description="with `consent`: `not_stated`, `revoked`, `expired` or `refused`"
    )
    param: str | None = Field(None, description="name of the field that it is about")
    day: date | None = Field(None, description="on which consent was revoked or has ended")


class ErrorAnswer(BaseModel):
    """Every answer that is not a success."""

    error: ErrorDetail


class PortraitAnswer(BaseModel):
    """A portrait that is held, and what was found in it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PORTRAIT]})

    id: str = Field(examples=["example"])
    width: int = Field(description="of the picture, in pixels")
    height: int
    faces: int = Field(description="found; the largest one is animated")
    yaw_deg: float = Field(description="of the face; positive to the picture's right")
    pitch_deg: float
    roll_deg: float
    face_px: float = Field(description="height of the face, in pixels")
    sharpness: float = Field(description="0 blurred to 1 sharp")
    warnings: list[str] = Field(description="sentences about what will look worse")
    picture: str = Field(description="where the square is that is animated")
    sheet: str = Field(description="where the sheet of expressions is")
    basis: BasisName = Field(description="on which it may be animated")
    consent: str = Field(description="reference of the ledger's record, as outputs carry it")
    expires: datetime | None = Field(None, description="when that ends; null without an end")
    about: str | None = Field(
        None, description="what is to be known of a portrait that Gioconda brings along"
    )


class RevokeRequest(Taken):
    """Why consent is taken back."""

    reason: str = Field("", max_length=500, description="kept on record")


class Change(Dials):
    """What may change while a session runs; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid", allow_inf_nan=False, json_schema_extra={"examples": [_DIALS]}
    )

    background: Background | None = None
    listening: bool | None = Field(None, description="somebody else speaks")
    label: bool | None = Field(None, description='whether the word "Synthetic" stays in a corner')


class SessionRequest(Taken):
    """How a session is to be; every field may be left out."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"portrait": "example", "controls": _DIALS}]}
    )

    portrait: str = Field("example", max_length=64, description="id of an uploaded portrait")
    fps: float = Field(40.0, ge=24, le=60)
    size: Size = Field(512, description="side of the frames, in pixels")
    lookahead_ms: float = Field(80.0, ge=40, le=500)
    seed: int = Field(0, ge=0, lt=2**63)
    controls: Dials | None = None
    background: Background = "keep"
    label: bool = Field(
        False, description='whether the word "Synthetic" stays in a corner after the first seconds'
    )
    language: str = Field("en", max_length=16, description="of the label")


class SessionLinks(BaseModel):
    """Where a session can be seen and heard."""

    whep: str = Field(description="for WHEP players: sound and picture by WebRTC")
    mjpeg: str = Field(description="frames as JPEGs, without sound, for debugging")
    socket: str = Field(description="WebSocket; `resume` in its first message takes the id")


class OutputAnswer(BaseModel):
    """An output beyond the browser.

    Its address is told without path and query, since these hold stream keys.
    """

    id: str
    target: str = Field(examples=["rtmp://live.example.org"])
    state: Literal["connecting", "live", "retrying", "failed", "closed"]
    message: str = Field("", description="one sentence where something is wrong")


class SessionAnswer(BaseModel):
    """A session that runs."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SESSION]})

    id: str
    portrait: str
    width: int
    height: int
    fps: float
    lookahead_ms: float
    controls: dict[str, Any] = Field(description="the dials as they are", examples=[_DIALS])
    background: str
    clients: int = Field(description="sockets, players and outputs that hold it")
    closes_in_s: float | None = Field(
        description="seconds until it closes by itself, unless somebody asks something of it; "
        "null while a client holds it"
    )
    restarts: int = Field(description="how often its process was lost and replaced")
    outputs: list[OutputAnswer]
    links: SessionLinks
    synthetic: Annotated[Literal[True], Field(description="what is seen and heard is made")] = True


class SayRequest(Taken):
    """A text to speak, as one utterance."""

    text: str = Field(min_length=1, max_length=TEXT_CHARACTERS, examples=["Good morning."])
    voice: str | None = Field(None, max_length=64, description=_VOICE)


class SpeechAnswer(BaseModel):
    """A sound that will be spoken."""

    duration_s: float = Field(description="of the sound", examples=[3.25])
    queued_s: float = Field(description="of sounds sent this way, this one included, to be heard")


class OutputRequest(Taken):
    """Where a session is to be sent too."""

    url: str = Field(max_length=2000, examples=["rtmp://live.example.org/app/key"])


class VoiceAnswer(BaseModel):
    """A voice that texts can be spoken with."""

    name: str = Field(examples=["it"])
    description: str = Field(examples=["Italian"])


class LimitsAnswer(BaseModel):
    """How much is taken."""

    picture_bytes: int
    picture_pixels: int
    sound_bytes: int
    sound_s: float
    text_characters: int
    jobs_waiting: int
    upload_kept_s: float = Field(description="how long uploads outlive their session or job")
    file_kept_s: float = Field(description="how long the file of a job is kept")
    alone_s: float = Field(description="how long a session without any client is kept")


class IceServerAnswer(BaseModel):
    """A STUN or TURN server, as a browser's ``RTCPeerConnection`` takes one."""

    urls: str
    username: str | None = None
    credential: str | None = None


class ServerAnswer(BaseModel):
    """What this server is and has."""

    version: str
    synthetic: Annotated[Literal[True], Field(description="what is seen and heard is made")] = True
    capacity: int = Field(description="sessions at once")
    sessions: int = Field(description="that run now")
    jobs: int = Field(description="that run or wait")
    voices: list[VoiceAnswer]
    limits: LimitsAnswer
    outputs_allowed: bool = Field(description="whether sessions may be sent to other places")
    token_required: bool = Field(
        description="whether requests need `Authorization: Bearer` or a login"
    )


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of a route's errors, for ``responses=``."""
    answers: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        meaning, code, message = _MEANINGS[status]
        example = {"error": {"code": code, "message": message}}
        answers[status] = {
            "model": ErrorAnswer, "description": meaning,
            "content": {"application/json": {"example": example}},
        }  # fmt: skip
    return answers


#: Header of answers that are a made face, or lead to one.
SYNTHETIC: Final = {"Synthetic-Media": "true"}
_SYNTHETIC_HEADER: Final = {
    "Synthetic-Media": {
        "description": "`true`: what is seen and heard is made", "schema": {"const": "true"}
    }
}  # fmt: skip


def file(media_type: str, *, synthetic: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of an answer that is a file, for ``responses=``."""
    schema = {"type": "string", "format": "binary"}
    told: dict[str, Any] = {
        "description": "The file", "content": {media_type: {"schema": schema}},
    }  # fmt: skip
    if synthetic:
        told["headers"] = _SYNTHETIC_HEADER
    return {200: told}


_MEANINGS: Final = {
    401: (
        "The server needs its token", "token_required",
        "this server needs its token; send Authorization: Bearer, or log in at POST /v1/login",
    ),
    403: (
        "Not allowed here, or consent was revoked or has expired", "consent",
        "consent to animate this portrait was revoked on 2026-05-01",
    ),
    404: (
        "There is nothing of this id any more", "no_session",
        "there is no such session any more; begin a new one",
    ),
    409: (
        "Not now: the message says what stands against it", "in_use",
        "a session shows this portrait; close it first",
    ),
    413: ("Too large", "too_large", "the file is larger than 20 MB"),
    415: ("Not of a format that is taken", "bad_format", "the picture is none; send another"),
    422: (
        "Refused: the message says what was seen and what to do", "bad_option",
        "head is 9; it must lie between 0 and 2",
    ),
    429: (
        "Too often; `Retry-After` says when to try again", "too_fast",
        "too many requests; try again in 3 s",
    ),
    503: (
        "Everything is taken; `Retry-After` says when to try again", "busy",
        "all 2 places of this server are taken; try again when somebody has left",
    ),
}  # fmt: skip
