"""The webcam's frames beside the session's loop: tracked in a thread, late ones left out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gioconda.errors import GiocondaError, OptionError
from gioconda.live.host.commands import Webcam
from gioconda.motion import FloatArray

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    """What a webcam's frame showed.

    Attributes:
        time_s: the frame's instant, on the client's clock.
        moment: (60,); None where no face is seen.
        error: why it could not be looked at.
    """

    time_s: float
    moment: FloatArray | None = None
    error: GiocondaError | None = None


class Puppeteer:
    """Tracks one person in frames as they come.

    Args:
        tell: takes what was seen, in the order of the frames; called from a thread.
    """

    def __init__(self, tell: Callable[[Seen], None]) -> None:
        from gioconda.live.puppet import Puppet
        from gioconda.live.puppet.webcam import MOST_BYTES, MOST_HEIGHT, MOST_WIDTH
        from gioconda.sandbox import DecodeLimits, Decoder

        self._tell = tell
        # A face that was learnt is built beside the frames, which would wait a tenth of a second.
        self._builder = ThreadPoolExecutor(1, thread_name_prefix="puppet's face")
        self._puppet = Puppet(self._builder)
        most = DecodeLimits(image_bytes=MOST_BYTES, image_pixels=MOST_WIDTH * MOST_HEIGHT)
        self._decoder = Decoder(most)
        self._frames = self._decoder.stream()
        self._lock = threading.Lock()
        self._next: Webcam | None = None
        self._busy = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="puppet")
        # Its models take a second to load.
        self._thread.submit(self._start)

    def _start(self) -> None:
        try:
            self._puppet.start()
            self._decoder.start()
        except Exception as e:
            logger.error("a puppeteer cannot be followed: %s", type(e).__name__)
            self._tell(Seen(0.0, error=OptionError("puppet mode could not be started here")))

    def see(self, frame: Webcam) -> None:
        """Take a frame; one that still waits when the next comes is left out."""
        with self._lock:
            self._next = frame
            if not self._busy:
                self._busy = True
                self._thread.submit(self._work)

    def close(self) -> None:
        """Forget the person; frames that wait are left out."""
        with self._lock:
            self._next = None
        self._thread.submit(self._puppet.close)
        self._thread.submit(self._frames.close)
        self._thread.submit(self._decoder.close)
        self._thread.shutdown(wait=False)
        self._builder.shutdown(wait=False)

    def _work(self) -> None:
        while True:
            with self._lock:
                frame, self._next = self._next, None
                if frame is None:
                    self._busy = False
                    return
            try:
                image = self._frames.decode(frame.jpeg)
                self._tell(Seen(frame.time_s, self._puppet.step(image, frame.time_s)))
            except GiocondaError as e:
                self._tell(Seen(frame.time_s, error=e))
            except Exception as e:
                logger.error("a webcam's frame failed: %s", type(e).__name__)
                self._tell(Seen(frame.time_s, error=OptionError("a webcam frame was not usable")))
