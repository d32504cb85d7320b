"""What has come from a face and waits for the program that takes it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

import numpy as np

from gioconda.errors import ServerError
from gioconda.live.client.face import FaceFrame, FaceOutput
from gioconda.live.types import OUTPUT_RATE_HZ, LiveAudio

#: Frames that wait; older ones are late.
_FRAMES: Final = 2
#: Sound that may wait. A program that takes none for so long has stopped.
_SOUND_S: Final = 30.0


class Outlet:
    """A queue that drops late frames and never sound."""

    def __init__(self) -> None:
        self._waiting: deque[FaceOutput] = deque()
        self._news = asyncio.Event()
        self._samples = 0
        self._frames = 0
        self._end: Exception | None = None
        self._closed = False
        self.dropped = 0

    @property
    def full(self) -> bool:
        """Whether nobody takes the sound."""
        return self._samples > _SOUND_S * OUTPUT_RATE_HZ

    def put(self, output: FaceOutput) -> None:
        """Add an output."""
        if isinstance(output, FaceFrame):
            if self._frames == _FRAMES:
                self._drop_frame()
            self._frames += 1
        elif isinstance(output, LiveAudio):
            self._samples += len(output.pcm)
        self._waiting.append(output)
        self._news.set()

    def silence(self) -> None:
        """Make the sound that waits silent."""
        self._waiting = deque(
            LiveAudio(o.sample, np.zeros_like(o.pcm)) if isinstance(o, LiveAudio) else o
            for o in self._waiting
        )

    def close(self, error: ServerError | None = None) -> None:
        """End the stream after what waits, with an error or without."""
        if not self._closed:
            self._closed, self._end = True, error
            self._news.set()

    async def take(self) -> FaceOutput | None:
        """Return the next output; None at the end.

        Raises:
            ServerError: the stream ended by one.
        """
        while not self._waiting:
            if self._closed:
                if self._end is not None:
                    raise self._end
                return None
            self._news.clear()
            await self._news.wait()
        output = self._waiting.popleft()
        if isinstance(output, FaceFrame):
            self._frames -= 1
        elif isinstance(output, LiveAudio):
            self._samples -= len(output.pcm)
        return output

    def _drop_frame(self) -> None:
        for place, output in enumerate(self._waiting):
            if isinstance(output, FaceFrame):
                del self._waiting[place]
                self._frames -= 1
                self.dropped += 1
                return
