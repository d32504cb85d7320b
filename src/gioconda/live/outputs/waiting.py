"""What waits for an output's thread: few frames, and all of the sound up to a limit."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from gioconda.live.types import OUTPUT_RATE_HZ, ByteImage
from gioconda.motion import FloatArray

#: Frames that may wait; beyond, the oldest goes. Few, since they delay what is seen.
QUEUE_FRAMES: Final = 6


@dataclass(frozen=True)
class Frame:
    """A frame that waits."""

    image: ByteImage
    time_s: float


@dataclass(frozen=True)
class Audio:
    """Sound that waits."""

    pcm: FloatArray
    sample: int


class Waiting:
    """A queue between a session and an output's thread; neither side waits for the other's work.

    Args:
        sound_s: so much sound may wait.
        keep_sound: whether sound beyond that is an overflow (a file's) or the oldest is dropped.
        frames: so many may wait.
    """

    def __init__(self, sound_s: float, *, keep_sound: bool, frames: int = QUEUE_FRAMES) -> None:
        #: Frames that were dropped because others came.
        self.dropped = 0
        #: Whether more sound came than may wait where none is dropped.
        self.overflowed = False
        self._most = frames
        self._limit = round(sound_s * OUTPUT_RATE_HZ)
        self._keep_sound = keep_sound
        self._items: deque[Frame | Audio] = deque()
        self._frames = 0
        self._samples = 0
        self._ended = False
        self._changed = threading.Condition()
        self._spare: list[ByteImage] = []

    def put_frame(self, image: ByteImage, time_s: float) -> None:
        """Copy a frame into the queue; the oldest is dropped where too many wait."""
        with self._changed:
            if self._ended:
                return
            if self._frames >= self._most:
                self._drop(Frame)
                self.dropped += 1
            buffer = self._spare.pop() if self._spare else np.empty(image.shape, np.uint8)
        np.copyto(buffer, image)
        self._append(Frame(buffer, time_s))

    def put_audio(self, pcm: FloatArray, sample: int) -> None:
        """Copy sound into the queue."""
        self._append(Audio(np.array(pcm, np.float32), sample))

    def take(self, timeout_s: float | None = None) -> Frame | Audio | None:
        """Return the next; None at the end, or when nothing came in time."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._items) or self._ended, timeout_s)
            if not self._items:
                return None
            item = self._items.popleft()
            self._count(item, -1)
            return item

    def give_back(self, frame: Frame) -> None:
        """Say that a frame's memory may be used again."""
        with self._changed:
            if len(self._spare) < QUEUE_FRAMES:
                self._spare.append(frame.image)

    def clear(self) -> int:
        """Forget all that waits; return how many frames these were."""
        with self._changed:
            frames = self._frames
            self._items.clear()
            self._frames = self._samples = 0
            return frames

    def end(self) -> None:
        """Take no more; what waits can still be taken."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Whether :meth:`end` was called."""
        return self._ended

    def pause(self, seconds: float) -> None:
        """Wait, or until the end if that comes first."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended, seconds)

    def _append(self, item: Frame | Audio) -> None:
        with self._changed:
            if self._ended:
                return
            self._items.append(item)
            self._count(item, 1)
            while self._samples > self._limit:
                if self._keep_sound:
                    self.overflowed = True
                    self._ended = True
                    break
                self._drop(Audio)
            self._changed.notify_all()

    def _count(self, item: Frame | Audio, sign: int) -> None:
        if isinstance(item, Frame):
            self._frames += sign
        else:
            self._samples += sign * len(item.pcm)

    def _drop(self, kind: type[Frame] | type[Audio]) -> None:
        for index, item in enumerate(self._items):
            if isinstance(item, kind):
                del self._items[index]
                self._count(item, -1)
                if isinstance(item, Frame) and len(self._spare) < QUEUE_FRAMES:
                    self._spare.append(item.image)
                return
