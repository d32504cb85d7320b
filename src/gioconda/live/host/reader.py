"""What one client receives of a session."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from gioconda.live.messages import SessionRestarted
from gioconda.live.packets import Kind, Packet

VIDEO: Final = frozenset({Kind.H264, Kind.VP8, Kind.JPEG})
#: Frames that may wait for a slow reader before it starts anew at a key frame.
_FRAMES: Final = 8
#: Sound that may wait for a slow reader, in packets of a frame's length; then it is cut off.
_SOUNDS: Final = 1200


class Reader:
    """What one client receives: packets and events in order.

    Late frames are dropped, up to the next key frame; sound and events never are.

    Args:
        video: the codec, or None for no picture.
        audio: whether sound is received.
        want_key: asks for a key frame.
    """

    def __init__(self, video: Kind | None, audio: bool, want_key: Callable[[Kind], None]) -> None:
        self.video, self.audio = video, audio
        self.dropped = 0
        self._want_key = want_key
        self._waiting: deque[Any] = deque()
        self._frames = self._sounds = 0
        self._started = False
        self._there = asyncio.Event()
        self._ended = False

    def put(self, item: Any) -> None:
        """Add what concerns this reader; a no-op for the rest."""
        if self._ended:
            return
        if isinstance(item, Packet):
            if item.kind is Kind.PCM:
                if not self.audio:
                    return
                self._sounds += 1
                if self._sounds > _SOUNDS:
                    self.end()
                    return
            elif not self._takes(item):
                return
        if isinstance(item, SessionRestarted):
            self._drop_frames()
        self._waiting.append(item)
        self._there.set()

    def end(self) -> None:
        """Let the iteration end once all was read."""
        self._ended = True
        self._there.set()

    async def next(self) -> Any:
        """Return the next packet or event; None at the end."""
        while not self._waiting:
            if self._ended:
                return None
            self._there.clear()
            await self._there.wait()
        item = self._waiting.popleft()
        if isinstance(item, Packet):
            if item.kind is Kind.PCM:
                self._sounds -= 1
            else:
                self._frames -= 1
        return item

    async def __aiter__(self) -> AsyncIterator[Any]:
        """Yield packets and events until the session ends."""
        while (item := await self.next()) is not None:
            yield item

    def _takes(self, packet: Packet) -> bool:
        if packet.kind is not self.video:
            return False
        if self._frames >= _FRAMES:
            self._drop_frames()
        if not self._started and not packet.is_key:
            self.dropped += 1
            return False
        self._started = True
        self._frames += 1
        return True

    def _drop_frames(self) -> None:
        kept = [i for i in self._waiting if not (isinstance(i, Packet) and i.kind in VIDEO)]
        self.dropped += len(self._waiting) - len(kept)
        self._waiting = deque(kept)
        self._frames, self._started = 0, False
        if self.video is not None:
            self._want_key(self.video)
