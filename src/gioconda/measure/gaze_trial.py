"""Where a portrait's rendered eyes look while it performs, and how surely that is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.follower import FaceFollower
from gioconda.errors import OptionError
from gioconda.measure.gaze_reading import GazeReader, eye_patches, learn_gaze
from gioconda.motion import INDEX, Motion, gaze_of, set_gaze
from gioconda.motion import FloatArray as Moment

if TYPE_CHECKING:
    from gioconda.portrait import Portrait

FloatArray = npt.NDArray[np.float64]

#: Side of the frames in which eyes are read.
SIZE: Final = 1024
#: Frames of known gaze that the reader learns from, and others that it is tested on: from two
#: performances of their own, with the gaze replaced by one drawn evenly within these limits (yaw
#: and pitch in the head, degrees), and lids no further down than this weight.
KNOWN: Final = 300
HELD_OUT: Final = 80
LIMITS_DEG: Final = (32.0, 22.0)
LIDS_DOWN: Final = 0.4
#: A still frame is shown to the tracker so often: its mesh settles.
_SETTLING: Final = 2
_HEAD: Final = INDEX["headYaw"]


@dataclass(frozen=True)
class GazeSeen:
    """What is seen of a performance's gaze, eyes and head together, in degrees (yaw, pitch).

    Attributes:
        mean: over all frames with open eyes, looking away included.
        median: the direction that the eyes keep to.
        made: the mean as the motion has it.
    """

    mean: FloatArray
    median: FloatArray
    made: FloatArray


class GazeTrial:
    """Reads the gaze of one portrait.

    Args:
        person: the portrait.
        advance: called after every frame.
    """

    def __init__(self, person: Portrait, advance: Callable[[], None] = lambda: None) -> None:
        from gioconda.frame_maker import FrameMaker

        self._maker = FrameMaker(person, size=SIZE)
        self._advance = advance
        self._reader: GazeReader | None = None

    def learn(self, learnt: Motion, tested: Motion, seed: int) -> tuple[float, float]:
        """Learn what eyes of known gaze look like; return how surely others are read.

        Args:
            learnt: performance whose frames are learnt from.
            tested: another one, whose frames the reader is tested on.
            seed: of the gazes drawn.

        Returns:
            Over the tested frames, root mean square error of yaw and pitch together, and the size
            of the mean error, degrees.
        """
        draw = np.random.Generator(np.random.PCG64([seed, 41]))
        moments, eyes = _known(learnt, KNOWN, draw)
        self._reader = learn_gaze(self._patches(moments), _heads(moments), eyes)
        moments, eyes = _known(tested, HELD_OUT, draw)
        off = self._reader.read(self._patches(moments), _heads(moments)) - eyes
        return float(np.sqrt((off**2).sum(axis=1).mean())), float(np.linalg.norm(off.mean(axis=0)))

    def look(self, motion: Motion, times_s: FloatArray) -> GazeSeen:
        """Return what is seen at instants of a performance; closing eyes are left out.

        Raises:
            OptionError: nothing was learnt yet, or the face is not found.
        """
        if self._reader is None:
            raise OptionError("gaze can be read once known gaze was learnt")
        moments = [m for m in (motion.at(float(t)) for t in times_s) if _blink(m) <= LIDS_DOWN]
        heads = _heads(moments)
        seen = self._reader.read(self._patches(moments), heads) + heads[:, :2]
        made = np.array([gaze_of(m) for m in moments]) + heads[:, :2]
        return GazeSeen(seen.mean(axis=0), np.median(seen, axis=0), made.mean(axis=0))

    def _patches(self, moments: Sequence[Moment]) -> FloatArray:
        patches = []
        with FaceFollower() as follower:
            for m in moments:
                image = self._maker.frame(m)
                landmarks = None
                for _ in range(_SETTLING):
                    landmarks = follower.landmarks(image)
                if landmarks is None:
                    raise OptionError("the face is not found in every rendered frame")
                patches.append(eye_patches(image, landmarks))
                self._advance()
        return np.array(patches)


def _known(
    motion: Motion, count: int, draw: np.random.Generator
) -> tuple[list[Moment], FloatArray]:
    """Return moments of a performance with another gaze, and that gaze, (count, 2) degrees."""
    eyes = draw.uniform(-1, 1, (count, 2)) * LIMITS_DEG
    moments = []
    for time_s, (yaw, pitch) in zip(
        draw.uniform(0.0, motion.duration_s, count), eyes, strict=True
    ):  # fmt: skip
        m = motion.at(float(time_s)).copy()
        set_gaze(m, yaw, pitch)
        for side in ("Left", "Right"):
            m[INDEX["eyeBlink" + side]] = min(m[INDEX["eyeBlink" + side]], LIDS_DOWN)
        moments.append(m)
    return moments, eyes


def _heads(moments: Sequence[Moment]) -> FloatArray:
    return np.array([m[_HEAD : _HEAD + 3] for m in moments], np.float64)


def _blink(m: Moment) -> float:
    return float(max(m[INDEX["eyeBlinkLeft"]], m[INDEX["eyeBlinkRight"]]))
