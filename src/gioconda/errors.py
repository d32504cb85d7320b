"""One exception tree: everything Gioconda raises on purpose.

::

    GiocondaError
    ├── OptionError            an option is out of its range (also a ValueError)
    ├── PortraitError          a picture that cannot be animated
    │   ├── ImageDecodeError   not an image, truncated, too many pixels
    │   │   └── ImageFormatError   not of the formats that a server takes
    │   ├── NoFaceError        no human face was found
    │   ├── FaceTooSmallError  a face under 64 px
    │   └── FaceAngleError     a face turned too far; says the angle
    ├── SoundError             a sound that cannot be used
    │   ├── SoundDecodeError   not a sound, or no audio stream in it
    │   ├── EmptySoundError    zero length
    │   └── BadSamplesError    NaN or infinite samples
    ├── VideoDecodeError       a video that cannot be read
    ├── MotionError            a motion file that cannot be read
    ├── VoiceError             an engine that is not installed, lacks a voice, or fails
    ├── TranscriptError        a text or a subtitle file that cannot be used
    ├── ServerError            a live server that cannot be reached, or refuses
    ├── OutputError            the target exists, cannot be written, or is full
    ├── ConsentError           a portrait that may not be animated: nothing stated, revoked, expired
    ├── TrustError             keys or credentials that cannot be made, read or used
    ├── ClusterError           no cluster answers, or what it did is lost
    ├── SandboxError           the process that decodes strangers' files cannot be had
    └── MissingExtraError      an optional part is not installed; names the command

Every message is one clear sentence that says what was seen and what to do.
"""

from __future__ import annotations

#: What each extra installs. Named one by one, since installing ``gioconda[extra]`` over the
#: pinned set-up would bring a second OpenCV beside the one that is there.
EXTRAS = {
    "camera": "pyvirtualcam",
    "cluster": "--no-deps -r requirements-cluster.lock",
    "heic": "pillow-heif",
    "live": "aiortc fastapi fastapi-offline python-multipart uvicorn websockets",
    "livekit": "livekit-agents av numpy pydantic websockets",
    "pipecat": "pipecat-ai av numpy pydantic websockets",
    "train": "torch==2.13.0 onnx",
}


class GiocondaError(Exception):
    """Base of every error that Gioconda raises on purpose."""


class OptionError(GiocondaError, ValueError):
    """An option or argument lies outside its range."""


class PortraitError(GiocondaError):
    """A picture that cannot be animated."""


class ImageDecodeError(PortraitError):
    """The file is not an image, is truncated, or has too many pixels."""


class ImageFormatError(ImageDecodeError):
    """The file is no picture of the formats that a server takes."""


class NoFaceError(PortraitError):
    """No human face was found in the picture."""


class FaceTooSmallError(PortraitError):
    """The face is too small to animate."""


class FaceAngleError(PortraitError):
    """The face is turned too far from the camera to animate."""


class SoundError(GiocondaError):
    """A sound that cannot be used."""


class SoundDecodeError(SoundError):
    """The file is not a sound, or holds no audio stream."""


class EmptySoundError(SoundError):
    """The sound has no samples."""


class BadSamplesError(SoundError):
    """The sound has NaN or infinite samples."""


class VideoDecodeError(GiocondaError):
    """The file is missing, not a video, or holds no picture."""


class MotionError(GiocondaError):
    """A motion file cannot be read or does not fit the motion space."""


class VoiceError(GiocondaError):
    """A text-to-speech engine is not installed, does not have a voice, or failed."""


class TranscriptError(GiocondaError):
    """A text or a subtitle file is missing, empty or cannot be read."""


class ServerError(GiocondaError):
    """A live server cannot be reached, refused, or ended the session.

    Args:
        message: one sentence.
        code: by which the server names the cause; empty where it said nothing.
    """

    def __init__(self, message: str, code: str = "") -> None:
        self.code = code
        super().__init__(message)


class OutputError(GiocondaError):
    """The output exists already, cannot be written, or the disk is full."""


class ConsentError(GiocondaError):
    """A portrait may not be animated: no basis was stated, or it was revoked or has expired.

    Args:
        message: one sentence.
        code: ``not_stated``, ``revoked``, ``expired`` or ``refused`` (as a minor without a
            guardian's record).
    """

    def __init__(self, message: str, code: str = "not_stated") -> None:
        self.code = code
        super().__init__(message)


class TrustError(GiocondaError):
    """Keys, credentials or the ledger cannot be made, read or used; nothing is written then."""


class ClusterError(GiocondaError):
    """No cluster answers, it runs other versions, or a worker of it was lost too often."""


class SandboxError(GiocondaError):
    """The process that decodes what strangers send cannot be started, or all are at work."""


class MissingExtraError(GiocondaError):
    """An optional part of Gioconda is not installed.

    Args:
        feature: what was asked for, as a user would name it.
        extra: the extra that carries it, a key of :data:`EXTRAS`.
    """

    def __init__(self, feature: str, extra: str) -> None:
        self.extra = extra
        super().__init__(
            f"{feature} needs the optional part {extra!r}; install it with: "
            f"pip install {EXTRAS[extra]}"
        )
