"""What the outputs share: a thread with a queue before it, a state, figures."""

from __future__ import annotations

import logging
import os
import threading
import traceback
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gioconda.errors import GiocondaError, OutputError
from gioconda.live.outputs.types import (
    Figures,
    OnEvent,
    OutputEvent,
    State,
    check_sound,
    checked_frame,
)
from gioconda.live.outputs.waiting import Waiting
from gioconda.live.told import told
from gioconda.live.types import ByteImage
from gioconda.motion import FloatArray
from gioconda.trust.provenance import Provenance, are_marked

if TYPE_CHECKING:
    from gioconda.trust.watermark.marker import Marker

logger = logging.getLogger(__name__)

#: The time over which a bit rate is measured.
RATE_S: Final = 2.0


class Rate:
    """Bits a second over the last seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque([(0.0, 0)], maxlen=1_000)
        self.kbit_s = 0.0

    def mark(self, time_s: float, total: int) -> None:
        """Say how many bytes there are at an instant of any one clock."""
        while len(self._marks) > 1 and self._marks[1][0] <= time_s - RATE_S:
            self._marks.popleft()
        begun, before = self._marks[0]
        if time_s > begun:
            self.kbit_s = (total - before) * 8e-3 / max(time_s - begun, 0.1)
        if time_s - self._marks[-1][0] >= 0.05:
            self._marks.append((time_s, total))

    def restart(self, time_s: float, total: int) -> None:
        """Begin anew, as after a lost connection."""
        self._marks.clear()
        self._marks.append((time_s, total))
        self.kbit_s = 0.0


class ThreadedOutput(ABC):
    """An :class:`gioconda.live.outputs.Output` whose work is :meth:`_work`, in its own thread.

    Frames that were not made by a session of this process, as its provenance says, are marked
    here, with the identifier that theirs tells.

    Attributes:
        provenance: what is sent, as a file's credentials will say it.
    """

    def __init__(
        self,
        name: str,
        width: int,
        height: int,
        waiting: Waiting,
        on_event: OnEvent | None,
        provenance: Provenance | None = None,
    ) -> None:
        self._name = name
        self._marker: Marker | None = None
        self.provenance = provenance or Provenance(live=True)
        if not are_marked(self.provenance):
            from gioconda.trust.watermark.marker import Marker
            from gioconda.trust.watermark.marks import own_marks

            marks = own_marks(self.provenance.identifier)
            self._marker = Marker(width, height, marks)
            self.provenance = replace(self.provenance, identifier=marks.identifier)
        self._size = width, height
        self._waiting = waiting
        self._on_event = on_event
        self._state: State = "connecting"
        self._frames = self._late = self._bytes = self._connections = 0
        self._rate = Rate()
        self._path: Path | None = None
        self._error: GiocondaError | None = None
        self._thread = threading.Thread(target=self._run, name=f"output {name}", daemon=True)

    @property
    def name(self) -> str:
        """The target as it may be shown."""
        return self._name

    @property
    def state(self) -> State:
        """Where the output stands."""
        return self._state

    @property
    def path(self) -> Path | None:
        """The file once it is whole."""
        return self._path

    @property
    def figures(self) -> Figures:
        """What the output has done."""
        return Figures(
            self._frames,
            self._waiting.dropped + self._late,
            self._bytes,
            round(self._rate.kbit_s, 1),
            self._connections,
        )

    def write_frame(self, image: ByteImage, time_s: float) -> None:
        """Take a frame; returns at once. See :class:`gioconda.live.outputs.Output`."""
        self._waiting.put_frame(self._marked(image), time_s)

    def write_audio(self, pcm: FloatArray, sample: int) -> None:
        """Take sound; returns at once. See :class:`gioconda.live.outputs.Output`."""
        check_sound(pcm)
        self._waiting.put_audio(pcm, sample)

    def close(self, wait_s: float | None = None) -> None:
        """End; see :class:`gioconda.live.outputs.Output`."""
        self._waiting.end()
        if wait_s is None or wait_s > 0:
            self._thread.join(wait_s)
            if self._error is not None:
                raise self._error

    def _marked(self, image: ByteImage) -> ByteImage:
        """Return a frame as RGB, with the watermark unless it was made with it."""
        image = checked_frame(image, *self._size)
        return image if self._marker is None else self._marker.marked(image)

    def _run(self) -> None:
        try:
            self._work()
        except Exception as e:
            # The text may hold an address or a folder, so only kind and place are told.
            place = traceback.extract_tb(e.__traceback__)[-1]
            where = f"{os.path.basename(place.filename)}:{place.lineno}"
            logger.error("output %s: %s at %s", self._name, type(e).__name__, where)
            self._fail(OutputError(f"{self._name} failed: {type(e).__name__}"))
        finally:
            self._waiting.end()
            self._waiting.clear()

    def _tell(self, state: State, reason: str = "") -> None:
        self._state = state
        level = logging.WARNING if reason else logging.INFO
        logger.log(level, "output %s: %s%s", self._name, state, reason and f" ({reason})")
        if self._on_event is not None:
            try:
                self._on_event(OutputEvent(self._name, state, reason))
            except Exception as e:  # whoever listens must not end what others see
                logger.error("output %s: a listener raised %s", self._name, type(e).__name__)

    def _fail(self, error: GiocondaError) -> None:
        self._error = error
        self._waiting.end()
        self._tell("failed", told(error))

    @abstractmethod
    def _work(self) -> None:
        """Deliver what waits until its end; runs in the thread."""
