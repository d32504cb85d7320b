"""JSON messages of the live WebSocket, as pydantic models; the documentation is made from them.

A client sends :data:`ClientMessage`, the server :data:`ServerEvent`; both are told apart by
``type``. Media go as binary messages (:mod:`gioconda.live.packets`), and speech may also come as
base64 in ``input_audio_buffer.append``.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from gioconda.controls import EMOTION_CHOICES

#: Largest JSON message a client may send, in bytes: ten seconds of base64 at 48 kHz, and more.
MESSAGE_BYTES: Final = 2_000_000
#: Longest text to be spoken at once.
TEXT_CHARACTERS: Final = 5_000

RateHz = Literal[8000, 16000, 24000, 44100, 48000]
VideoCodec = Literal["h264", "jpeg", "none"]
AudioCodec = Literal["pcm", "none"]
Emotion = Annotated[str, Field(json_schema_extra={"enum": list(EMOTION_CHOICES)})]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Dials(_Message):
    """Dials of the performance; those left out keep their value. See ``docs/controls.md``."""

    gaze: tuple[float, float] | None = Field(
        default=None, description="yaw and pitch in degrees, -30 to 30 and -20 to 20"
    )
    distance: float | None = Field(default=None, description="of the camera, 0.7 to 2")
    emotion: Emotion | None = None
    emotion_strength: float | None = Field(default=None, description="0 to 1")
    expression: float | None = Field(default=None, description="scale, 0 to 2")
    head: float | None = Field(default=None, description="scale of its movement, 0 to 2")
    blinks: float | None = Field(default=None, description="scale of their rate, 0 to 2")


class SessionUpdate(_Message):
    """Begin the session, or change it while it runs; the first message must be one.

    ``portrait``, ``fps``, ``size``, ``lookahead_ms``, ``seed``, ``language`` and the codecs hold
    from the beginning on; the others may change at any time. Without ``portrait`` the example is
    animated.
    """

    type: Literal["session.update"] = "session.update"
    portrait: str | None = Field(None, max_length=64, description="id of an uploaded portrait")
    resume: str | None = Field(None, max_length=64, description="id of a session to go on with")
    fps: float | None = Field(None, ge=24, le=60, description="frames a second; 40")
    size: Literal[256, 512, 768, 1024] | None = Field(
        default=None, description="side of the square in pixels; 512"
    )
    lookahead_ms: float | None = Field(
        None, ge=40, le=500, description="how much of the sound after an instant is waited for; 80"
    )
    sound_lead_ms: float | None = Field(
        None, ge=0, le=60,
        description="how much earlier than its picture sound is sent, for players that buffer it",
    )  # fmt: skip
    seed: int | None = Field(None, ge=0, lt=2**63, description="chooses a performance; 0")
    video: VideoCodec | None = Field(default=None, description="how frames come; h264")
    audio: AudioCodec | None = Field(default=None, description="whether sound comes; pcm")
    input_rate: RateHz | None = Field(None, description="Hz of VOICE and PARTNER packets; 24000")
    live_input: bool | None = Field(
        None, description="speech comes from a microphone: silence may be skipped to keep up"
    )
    controls: Dials | None = None
    background: str | None = Field(None, max_length=32, description="keep, blur or a colour")
    listening: bool | None = Field(None, description="somebody else speaks")
    voice: str | None = Field(None, max_length=64, description="for input_text.append")
    puppet: Literal["off", "head", "face"] | None = Field(
        None, description="what WEBCAM packets drive: all but the lips, or all"
    )
    motion: bool | None = Field(None, description="whether motion events are sent")
    label: bool | None = Field(
        None,
        description='whether the word "Synthetic" stays in a corner; it is there in the first '
        "seconds, and whenever somebody begins to watch, in any case",
    )
    language: str | None = Field(
        None, max_length=16, description="of the label, from the beginning on: de, en, es, fr, it, "
        "nl, pt; English for others",
    )  # fmt: skip


class AudioAppend(_Message):
    """Speech to be spoken, mono PCM16 in base64; any length, in real time or faster."""

    type: Literal["input_audio_buffer.append"] = "input_audio_buffer.append"
    audio: str = Field(description="PCM16, little-endian, mono, in base64")
    rate: RateHz = Field(default=24000, description="Hz")


class AudioCommit(_Message):
    """The utterance is complete; ``speak_ended`` will follow once it has been heard."""

    type: Literal["input_audio_buffer.commit"] = "input_audio_buffer.commit"


class PartnerAppend(_Message):
    """Speech of the other speaker, who is listened to; mono PCM16 in base64."""

    type: Literal["partner_audio_buffer.append"] = "partner_audio_buffer.append"
    audio: str = Field(description="PCM16, little-endian, mono, in base64")
    rate: RateHz = Field(default=24000, description="Hz")


class TextAppend(_Message):
    """Text to be spoken by the server's own voice, as one utterance."""

    type: Literal["input_text.append"] = "input_text.append"
    text: str = Field(min_length=1, max_length=TEXT_CHARACTERS)
    voice: str | None = Field(None, max_length=64)


class Interrupt(_Message):
    """Stop speaking at once; what was not heard is forgotten."""

    type: Literal["agent.interrupt"] = "agent.interrupt"


class KeepAlive(_Message):
    """Nothing; an idle session is closed after a while without any message."""

    type: Literal["session.keep_alive"] = "session.keep_alive"


class RecordStart(_Message):
    """Record what is seen and heard, as mp4."""

    type: Literal["recording.start"] = "recording.start"


class RecordStop(_Message):
    """End the recording; ``recording.ready`` follows."""

    type: Literal["recording.stop"] = "recording.stop"


class SessionClose(_Message):
    """End the session and give its place free."""

    type: Literal["session.close"] = "session.close"


ClientMessage = Annotated[
    SessionUpdate
    | AudioAppend
    | AudioCommit
    | PartnerAppend
    | TextAppend
    | Interrupt
    | KeepAlive
    | RecordStart
    | RecordStop
    | SessionClose,
    Field(discriminator="type"),
]


class SessionCreated(_Message):
    """The session runs.

    Attributes:
        session: id; a socket that was cut may ``resume`` it for ten seconds.
        codec: of the video as WebCodecs names it, such as ``avc1.42C01F``; empty for jpeg, none.
        lookahead_ms: how far behind the pushed sound frames and sound come out.
        sound_lead_ms: how much earlier than the frame of its instant sound is sent.
        synthetic: always true: what is seen and heard is made.
    """

    type: Literal["session.created"] = "session.created"
    session: str
    portrait: str
    width: int
    height: int
    fps: float
    lookahead_ms: float
    sound_lead_ms: float = 0.0
    codec: str
    video: VideoCodec
    audio: AudioCodec
    synthetic: Literal[True] = True


class SessionUpdated(_Message):
    """A ``session.update`` was taken in.

    Attributes:
        synthetic: always true: what is seen and heard is made.
    """

    type: Literal["session.updated"] = "session.updated"
    synthetic: Literal[True] = True


class SessionRestarted(_Message):
    """The process behind the session was lost and another goes on with portrait and controls.

    The timeline starts anew at 0; what was being said is lost.
    """

    type: Literal["session.restarted"] = "session.restarted"
    reason: str
    synthetic: Literal[True] = True


class SessionClosed(_Message):
    """The session has ended."""

    type: Literal["session.closed"] = "session.closed"
    reason: str


class SpeakStartedEvent(_Message):
    """An utterance has begun to be heard."""

    type: Literal["speak_started"] = "speak_started"
    utterance: int
    time_s: float


class SpeakEndedEvent(_Message):
    """An utterance has been heard, or was interrupted after ``played_ms`` of it."""

    type: Literal["speak_ended"] = "speak_ended"
    utterance: int
    time_s: float
    played_ms: float
    interrupted: bool


class Stats(_Message):
    """How the session does, once a second.

    Attributes:
        fps: frames made in the last second.
        dropped: frames dropped since the beginning.
        made_ms: median milliseconds from a frame's due time to its packet.
        queued_ms: speech that waits to be heard.
        sessions: running on this server, and its capacity.
    """

    type: Literal["stats"] = "stats"
    time_s: float
    fps: float
    dropped: int
    made_ms: float
    queued_ms: float
    sessions: int
    capacity: int


class MotionEvent(_Message):
    """Motion of the frames since the last such event, for a plot; about ten events a second.

    Attributes:
        channels: names, as in the motion files.
        rows: one for each frame, in the order of ``channels``.
    """

    type: Literal["motion"] = "motion"
    time_s: list[float]
    channels: list[str]
    rows: list[list[float]]


class RecordReady(_Message):
    """The recording can be downloaded until the session ends.

    Attributes:
        reason: why it ended where nobody stopped it: it was as long or as large as one may be, or
            its process was lost.
        synthetic: always true; the file's credentials say so, too.
    """

    type: Literal["recording.ready"] = "recording.ready"
    url: str
    seconds: float
    reason: str = ""
    synthetic: Literal[True] = True


class ErrorEvent(_Message):
    """Something was refused; the session goes on unless ``session.closed`` follows.

    Attributes:
        code: ``bad_message``, ``bad_option``, ``bad_audio``, ``no_portrait``, ``consent`` (it was
            revoked, or has expired), ``busy``, ``too_fast``, ``too_large``, ``voice``, ``puppet``,
            ``internal``.
        message: one sentence: what was seen and what to do.
        retry_after_s: when to try again, where that helps.
    """

    type: Literal["error"] = "error"
    code: str
    message: str
    retry_after_s: float | None = None


ServerEvent = Annotated[
    SessionCreated
    | SessionUpdated
    | SessionRestarted
    | SessionClosed
    | SpeakStartedEvent
    | SpeakEndedEvent
    | Stats
    | MotionEvent
    | RecordReady
    | ErrorEvent,
    Field(discriminator="type"),
]

CLIENT_MESSAGES: Final[TypeAdapter[Any]] = TypeAdapter(ClientMessage)
SERVER_EVENTS: Final[TypeAdapter[Any]] = TypeAdapter(ServerEvent)
