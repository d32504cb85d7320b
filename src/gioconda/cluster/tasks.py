"""What travels to a worker of a batch and back: bytes and numbers, no paths of one machine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gioconda.background import Background
from gioconda.control_track import Direction
from gioconda.frame_maker import KEPT

if TYPE_CHECKING:
    from gioconda.animation import Report
    from gioconda.speech.known_phones import PhoneTrack
    from gioconda.trust.provenance import Grant, Provenance
    from gioconda.trust.watermark.marks import Marks


@dataclass(frozen=True)
class FileBytes:
    """A file's content, with the name that messages call it by.

    Attributes:
        name: its last part only.
        data: its bytes.
        digest: of the bytes; equal content is opened once by a worker.
    """

    name: str
    data: bytes = field(repr=False)
    digest: str

    @classmethod
    def read(cls, path: Path) -> FileBytes:
        """Read a file.

        Raises:
            OSError: it cannot be read.
        """
        data = path.read_bytes()
        return cls(path.name, data, hashlib.sha256(data).hexdigest())


@dataclass(frozen=True)
class Heard:
    """A sound that many videos may share.

    Attributes:
        file: the sound's file, as it is.
        phones: what is known to be said in it.
    """

    file: FileBytes
    phones: PhoneTrack | None = None


@dataclass(frozen=True)
class RenderTask:
    """One video to be made.

    Attributes:
        number: of the row, from 0; the outcome has it, too.
        portrait: whom to animate.
        sound: key of one's own sound among those that were handed to the workers; None to listen
            in silence.
        partner: key of the partner's sound.
        controls: the dials.
        suffix: of the output, such as ``.mp4``.
        fps, size, framing, face, background: as in :func:`gioconda.animate`.
        grant: on which the portrait is animated, checked where the ledger is; None relies on the
            worker's own ledger.
        marks: what the watermark says; the worker's own if None.
        label: language of the visible label; empty for none.
    """

    number: int
    portrait: FileBytes
    sound: str | None
    partner: str | None
    controls: Direction
    suffix: str
    fps: float = 40.0
    size: int = 512
    framing: str = "crop"
    face: int | None = None
    background: Background = KEPT
    grant: Grant | None = None
    marks: Marks | None = None
    label: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        number: of the task.
        video: the file's bytes, not signed yet; None where it failed.
        report: what it took; its path means nothing here.
        notes: what may look worse, one sentence each.
        error: why there is no video, one sentence; empty where there is.
        made_from: what its credentials are to say.
    """

    number: int
    video: bytes | None = field(default=None, repr=False)
    report: Report | None = None
    notes: tuple[str, ...] = ()
    error: str = ""
    made_from: Provenance | None = None
