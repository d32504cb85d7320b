"""What a server and a worker process say to each other, pickled over their connection.

Both ends are ours: nothing that a client sends is ever unpickled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gioconda.controls import Controls
from gioconda.live.messages import ServerEvent
from gioconda.live.packets import Kind, Packet
from gioconda.trust.provenance import Grant, Provenance
from gioconda.trust.watermark.marks import Marks

#: The example portrait's id.
EXAMPLE = "example"
PuppetMode = Literal["off", "head", "face"]


@dataclass(frozen=True)
class LoadPortrait:
    """Find the face in a picture and keep it ready; answered by PortraitReady or Refused.

    Attributes:
        key: the portrait's id.
        pixels: uint8 RGB, (height, width, 3), decoded and checked; None for the example.
    """

    key: str
    pixels: npt.NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class ForgetPortrait:
    """Drop a portrait."""

    key: str


@dataclass(frozen=True)
class MakePicture:
    """Make a picture of a portrait that is loaded; answered by Picture or Refused.

    Attributes:
        key: the portrait's.
        what: the square as it is, or the sheet of expressions.
        grant: on which its face is moved; None relies on the ledger.
        marks: what the sheet's watermark says; the installation's own if None.
    """

    key: str
    what: Literal["square", "sheet"]
    grant: Grant | None = None
    marks: Marks | None = None


@dataclass(frozen=True)
class OpenSession:
    """Begin a session; answered by Opened or Refused.

    Attributes:
        portrait: one that is loaded.
        controls: the dials at the beginning.
        fps, size, lookahead_ms, background, sound_lead_ms: as :class:`gioconda.live.Session` takes
            them.
        ticket: number that comes back in what answers it.
        grant: on which the portrait is animated; None relies on the ledger.
        marks: what the watermark says; the installation's own if None.
        label: whether the visible label stays.
        language: of the label; that of the process's environment if empty.
    """

    portrait: str
    controls: Controls = field(default_factory=Controls)
    fps: float = 40.0
    size: int = 512
    lookahead_ms: float = 80.0
    background: str = "keep"
    sound_lead_ms: float = 0.0
    ticket: int = 0
    grant: Grant | None = None
    marks: Marks | None = None
    label: bool = False
    language: str = ""


@dataclass(frozen=True)
class Speak:
    """Speech: mono int16 bytes; ``ends`` completes the utterance."""

    pcm: bytes
    rate_hz: int
    live: bool = False
    ends: bool = False


@dataclass(frozen=True)
class Say:
    """A text to speak as one utterance."""

    text: str
    voice: str | None = None


@dataclass(frozen=True)
class Hear:
    """The other speaker's sound, mono int16 bytes."""

    pcm: bytes
    rate_hz: int


@dataclass(frozen=True)
class Commit:
    """The utterance is complete."""


@dataclass(frozen=True)
class StopSpeaking:
    """Interrupt."""


@dataclass(frozen=True)
class Turn:
    """Set dials, background, listening, label; None leaves a thing as it is."""

    controls: Controls | None = None
    background: str | None = None
    listening: bool | None = None
    label: bool | None = None


@dataclass(frozen=True)
class Webcam:
    """A JPEG of the puppeteer, at the client's own time."""

    jpeg: bytes
    time_s: float


@dataclass(frozen=True)
class SetPuppet:
    """What the webcam drives."""

    mode: PuppetMode


@dataclass(frozen=True)
class Want:
    """Which media are to be made; ``motion`` for plots."""

    video: frozenset[Kind] = frozenset()
    motion: bool = False


@dataclass(frozen=True)
class WantKey:
    """The next frame of a codec is to be a key frame."""

    kind: Kind


@dataclass(frozen=True)
class ShowLabel:
    """Somebody begins to watch: show the visible label for some seconds."""


@dataclass(frozen=True)
class StartOutput:
    """Send the session to a target of :mod:`gioconda.live.outputs`; answered by OutputChanged.

    Attributes:
        name: of the output.
        target: file, address or camera.
        overwrite: whether a file may be replaced.
        away: whether it is a file on another machine than the keys', which is signed when it is
            home.
    """

    name: str
    target: str
    overwrite: bool = False
    away: bool = False


@dataclass(frozen=True)
class StopOutput:
    """End an output; answered by OutputClosed."""

    name: str


@dataclass(frozen=True)
class CloseSession:
    """End the session; answered by Closed. The process stays."""


Command = (
    LoadPortrait | ForgetPortrait | MakePicture | OpenSession | Speak | Say | Hear | Commit
    | StopSpeaking | Turn | Webcam | SetPuppet | Want | WantKey | ShowLabel | StartOutput
    | StopOutput | CloseSession
)  # fmt: skip


@dataclass(frozen=True)
class Ready:
    """The process has loaded everything and waits for work."""

    pid: int


@dataclass(frozen=True)
class PortraitReady:
    """A portrait is loaded; ``found`` is what the API tells of it."""

    key: str
    found: dict[str, Any]


@dataclass(frozen=True)
class Picture:
    """An encoded picture."""

    key: str
    what: str
    data: bytes


@dataclass(frozen=True)
class Refused:
    """A command could not be carried out.

    Attributes:
        to: name of the command's class.
        code, message: as in an error event.
        key: the portrait's, where it is about one.
        ticket: of the session that was to be opened.
    """

    to: str
    code: str
    message: str
    key: str = ""
    ticket: int = 0


@dataclass(frozen=True)
class Opened:
    """The session runs."""

    width: int
    height: int
    lookahead_ms: float
    ticket: int = 0


@dataclass(frozen=True)
class OutputChanged:
    """What an output does.

    Attributes:
        name: the output's.
        state: connecting, live, retrying, failed or closed.
        message: one sentence where something is wrong.
        seconds: written so far.
        provenance: of a file that was written on another machine and is whole.
    """

    name: str
    state: str
    message: str = ""
    seconds: float = 0.0
    provenance: Provenance | None = None


@dataclass(frozen=True)
class Closed:
    """The session of that ticket has ended; 0 where none ran."""

    ticket: int = 0


Report = (
    Ready | PortraitReady | Picture | Refused | Opened | OutputChanged | Closed | Packet
    | ServerEvent
)  # fmt: skip
