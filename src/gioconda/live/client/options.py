"""How a client wants its face."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gioconda.controls import Controls
from gioconda.live.messages import AudioCodec, Dials, SessionUpdate, VideoCodec
from gioconda.trust.consent.statement import Statement
from gioconda.trust.provenance import BasisName

Pixels = Literal["rgb", "i420"]


@dataclass(frozen=True)
class FaceOptions:
    """What a session begins with.

    Attributes:
        portrait: a picture's path or its bytes, which are uploaded; or the id of one that the
            server has, such as ``example``.
        basis: on which a picture that is uploaded may be animated: ``self``, ``permission``,
            ``artwork``, ``synthetic``, or a whole :class:`gioconda.Statement`, which ``self`` and
            ``permission`` need; kept in the server's ledger. None leaves it to a server that was
            started with one.
        controls: the dials; its ``seed`` chooses the performance.
        fps: frames a second, 24 to 60; None leaves it to the server, as below.
        size: side of the square, 256, 512, 768 or 1024.
        lookahead_ms: how much of the sound after an instant the lips wait for, 40 to 500.
        background: ``keep``, ``blur`` or a colour.
        video: how frames travel; ``none`` where they are not wanted.
        audio: ``pcm``, or ``none``.
        pixels: ``rgb``, or ``i420`` for an encoder, which saves two conversions.
        voice: of :meth:`RemoteFace.say`.
        label: whether the word "Synthetic" stays in a corner; in the first seconds it is there in
            any case.
        language: of the label; English if None.
        reconnect_s: how long a lost connection is tried again.
    """

    portrait: str | Path | bytes = "example"
    basis: BasisName | Statement | None = None
    controls: Controls | None = None
    fps: float | None = None
    size: int | None = None
    lookahead_ms: float | None = None
    background: str | None = None
    video: VideoCodec = "h264"
    audio: AudioCodec = "pcm"
    pixels: Pixels = "rgb"
    voice: str | None = None
    label: bool | None = None
    language: str | None = None
    reconnect_s: float = 20.0

    def update(self, portrait_id: str, **changed: Any) -> SessionUpdate:
        """Return the first message of a session, some of its fields changed.

        Raises:
            pydantic.ValidationError: a value is out of range.
        """
        controls = self.controls
        given: dict[str, Any] = {
            "portrait": portrait_id,
            "fps": self.fps,
            "size": self.size,
            "lookahead_ms": self.lookahead_ms,
            "background": self.background,
            "video": self.video,
            "audio": self.audio,
            "voice": self.voice,
            "label": self.label,
            "language": self.language,
            "seed": None if controls is None else controls.seed,
            "controls": None if controls is None else dials_of(controls),
        }
        set_ones = {k: v for k, v in given.items() if v is not None}
        return SessionUpdate.model_validate({**set_ones, **changed})


def dials_of(controls: Controls) -> Dials:
    """Return every dial of a :class:`Controls` as the message of them."""
    return Dials(
        gaze=controls.gaze,
        distance=controls.distance,
        emotion=controls.emotion,
        emotion_strength=controls.emotion_strength,
        expression=controls.expression,
        head=controls.head,
        blinks=controls.blinks,
    )
