"""What a person looks like at rest, learnt while they are seen, and motion counted from it.

The causal form of what :mod:`gioconda.capture.performance` does with a whole clip's medians: each
level is the median of the recent past, which comes soon at first and changes slowly later.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.causal import FrameFit
from gioconda.capture.lids import evened
from gioconda.capture.performance import HIDDEN, RESTING
from gioconda.motion import BLENDSHAPES, CHANNELS, INDEX

Array = npt.NDArray[np.float64]

#: A level is the median of what was seen in the last so many seconds, looked at so often.
_WINDOW_S: Final = 40.0
_EVERY_S: Final = 0.1
#: Seconds in which a level goes over to a new median, in the first second and later: what a
#: median of a few seconds does is half the motion itself.
_FIRST_S: Final = 1.0
_FIRST_EASE_S: Final = 0.3
_EASE_S: Final = 6.0
_LIDS_EASE_S: Final = 2.0
#: The first second of a talker may show the mouth at rest nowhere, and one that was narrow then is
#: wide ever after. So this part of what makes it wide or narrow is counted from its median too.
_MOUTH_EASE_S: Final = 3.0
_MOUTH_PART: Final = 0.5
#: What the tracker reads of closed lids, before it has seen this person's; bounds of it, and the
#: part that the peak of a blink moves it by, up and down: some blinks are not whole.
_CLOSED: Final = 0.8
_LEAST_CLOSED: Final = 0.4
_LEARNT: Final = (0.5, 0.12)
#: A closing of both lids above this that is over within so many seconds is a blink.
_BLINK: Final = 0.2
_BLINK_S: Final = 0.45
#: The head goes no further than this from rest: degrees, and outer-eye distances. A person moves
#: about before a camera, but a portrait that leaves its place shows what lies behind it.
_MOST_HEAD: Final = np.array([40.0, 30.0, 35.0, 0.35, 0.25, 0.5])
#: Eyes that differ for a shorter time are the tracker's doing: a wink lasts three times as long.
_WINK_S: Final = 0.1
_BLINKS: Final = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
_RESTING: Final = [INDEX[name] for name in BLENDSHAPES if name.startswith(RESTING)]
_MOUTH: Final = [
    INDEX[name]
    for name in BLENDSHAPES
    if name.startswith(("mouthSmile", "mouthStretch", "mouthDimple", "mouthPucker"))
]
_HEAD: Final = slice(INDEX["headYaw"], INDEX["headZ"] + 1)


class _Level:
    """A median of the recent past, gone over to smoothly."""

    def __init__(
        self, count: int, ease_s: float = _EASE_S, first_ease_s: float = _FIRST_EASE_S
    ) -> None:
        self.value, self._ease_s, self._first_ease_s = np.zeros(count), ease_s, first_ease_s
        self._learnt_s = 0.0
        self._median = self.value
        self._seen: deque[Array] = deque(maxlen=round(_WINDOW_S / _EVERY_S))
        self._wait_s = 0.0

    def forget(self) -> None:
        """Learn anew, from the present value on."""
        self._seen.clear()
        self._learnt_s = 0.0

    def learn(self, seen: Array, step_s: float) -> None:
        self._wait_s -= step_s
        if self._wait_s <= 0:
            self._wait_s = _EVERY_S
            self._seen.append(seen.copy())
            self._median = np.median(np.array(self._seen), axis=0)
        self._learnt_s += step_s
        ease_s = self._first_ease_s if self._learnt_s < _FIRST_S else self._ease_s
        share = 1 - float(np.exp(-step_s / ease_s))
        self.value = self.value + share * (self._median - self.value)


class Neutral:
    """One person's rest; starts at that of the reference frame."""

    def __init__(self) -> None:
        self._pose, self._gaze, self._open = _Level(6), _Level(2), _Level(2, _LIDS_EASE_S)
        self._shapes = _Level(len(_RESTING))
        self._mouth = _Level(len(_MOUTH), _MOUTH_EASE_S, _MOUTH_EASE_S)
        self._closed = np.full(2, _CLOSED)
        self._peak = np.zeros(2)
        self._shut_s = self._apart = 0.0

    def moved_seat(self) -> None:
        """Learn the head's place and the gaze anew: the person was away."""
        self._pose.forget()
        self._gaze.forget()

    def count(
        self, fit: FrameFit, pose: Array, gaze_deg: Array, step_s: float
    ) -> tuple[Array, Array]:
        """Return a frame counted from rest, and learn from it.

        Args:
            fit: of the frame.
            pose: (6,) its steadied pose.
            gaze_deg: (2,) its gaze, past blinks.
            step_s: since the frame before.

        Returns:
            (60,) the moment without gaze, articulation 1, and (2,) the gaze in degrees.
        """
        self._pose.learn(pose, step_s)
        moment = np.zeros(len(CHANNELS))
        moment[: len(BLENDSHAPES)] = fit.face[: len(BLENDSHAPES)]
        lids = fit.face[_BLINKS]
        self._open.learn(lids, step_s)
        closing = lids - self._open.value
        self._learn_closed(closing, step_s)
        closing = closing / self._closed
        if closing.mean() < HIDDEN:
            self._gaze.learn(gaze_deg, step_s)
        share = 1 - float(np.exp(-step_s / _WINK_S))
        self._apart += share * (float(closing[0] - closing[1]) - self._apart)
        mean, half = closing.mean(keepdims=True), 0.5 * self._apart
        left, right = evened(mean + half, mean - half)
        moment[_BLINKS] = np.minimum([left[0], right[0]], 1.0)
        self._shapes.learn(moment[_RESTING], step_s)
        moment[_RESTING] -= self._shapes.value
        self._mouth.learn(moment[_MOUTH], step_s)
        moment[_MOUTH] -= _MOUTH_PART * self._mouth.value
        moment[_HEAD] = _MOST_HEAD * np.tanh((pose - self._pose.value) / _MOST_HEAD)
        moment[INDEX["articulation"]] = 1.0
        return moment, gaze_deg - self._gaze.value

    def _learn_closed(self, closing: Array, step_s: float) -> None:
        """Take the peaks of blinks for closed eyes."""
        both = float(closing.mean())
        if both > _BLINK:
            self._shut_s += step_s
            if both > float(self._peak.mean()):
                self._peak = closing.copy()
        elif self._shut_s > 0:
            if self._shut_s < _BLINK_S:
                share = np.where(self._peak > self._closed, *_LEARNT)
                moved = self._closed + share * (self._peak - self._closed)
                self._closed = np.clip(moved, _LEAST_CLOSED, 1.0)
            self._shut_s, self._peak = 0.0, np.zeros(2)
