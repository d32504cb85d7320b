"""A session without a face: its frames are as bright as what is said at their instant."""

from __future__ import annotations

from collections import deque

import numpy as np

from gioconda.live.speech_queue import SpeechQueue
from gioconda.live.types import (
    OUTPUT_RATE_HZ,
    LiveAudio,
    LiveEvent,
    LiveFrame,
    SpeakEnded,
    SpeakStarted,
    Step,
)

FPS = 40.0
SIZE = 64
LOUD = 220
QUIET = 30


class FakeSession:
    """Queues utterances as the real session does, and takes time as it is told.

    Args:
        orderly: whether of two events at one instant the end comes before the beginning.
    """

    def __init__(self, orderly: bool = True) -> None:
        self.orderly = orderly
        self.queue = SpeechQueue()
        self.given = 0
        self.next_frame = 0
        self.begun: dict[int, int] = {}
        self.events: deque[LiveEvent] = deque()

    def push_audio(self, pcm: np.ndarray, rate_hz: int) -> None:
        self.queue.push(np.asarray(pcm, np.float32), rate_hz, None, False)

    def end_of_speech(self) -> None:
        self.queue.end()

    def interrupt(self) -> None:
        now_s = self.given / OUTPUT_RATE_HZ
        for number in self.queue.clear():
            played_s = self.begun.get(number, 0) / OUTPUT_RATE_HZ
            self.events.append(SpeakEnded(now_s, number, played_s, interrupted=True))

    def step(self, now_s: float) -> Step:
        count = int(now_s * OUTPUT_RATE_HZ) - self.given
        taken = self.queue.take(count)
        events, self.events = list(self.events), deque()
        for piece in taken.pieces:
            if not piece.before:
                at_s = (self.given + piece.start) / OUTPUT_RATE_HZ
                events.append(SpeakStarted(at_s, piece.utterance))
            self.begun[piece.utterance] = piece.before + piece.end - piece.start
        for number, at, samples in taken.ended:
            end_s = (self.given + at) / OUTPUT_RATE_HZ
            events.append(SpeakEnded(end_s, number, samples / OUTPUT_RATE_HZ, interrupted=False))
        if self.orderly:
            events.sort(key=lambda e: (e.time_s, isinstance(e, SpeakStarted)))
        audio = LiveAudio(self.given, taken.pcm)
        self.given += count
        frame = None
        due = int(now_s * FPS)
        if due >= self.next_frame:
            self.next_frame = due + 1
            loud = float(np.abs(taken.pcm).max(initial=0.0)) > 0.01
            image = np.full((SIZE, SIZE, 3), LOUD if loud else QUIET, np.uint8)
            frame = LiveFrame(due, due / FPS, image, np.zeros(60, np.float32))
        return Step(frame, audio, tuple(events))
