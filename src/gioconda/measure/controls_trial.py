"""One portrait, performed with a control at several strengths, and what is seen of it.

The whole chain runs: controls, performance, renderer; the frames are tracked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.measure.gaze_trial import GazeSeen, GazeTrial
from gioconda.measure.motion_figures import find_blinks
from gioconda.measure.nose_flow import wing_rise
from gioconda.measure.tracking import CURVES, aligned, curves_of
from gioconda.motion import HEAD_CHANNELS, INDEX, Motion

FloatArray = npt.NDArray[np.float64]
ByteImage = npt.NDArray[np.uint8]

SIZE: Final = 512
SAMPLE_RATE_HZ: Final = 16_000
#: Emotions and gaze have come in by this instant.
SETTLED_S: Final = 2.0
#: For how long a control is looked at, and how often a second.
SECONDS: Final = {"head": 12.0, "expression": 12.0, "blinks": 24.0, "emotion": 16.0, "gaze": 12.0}
FPS: Final = {"head": 6.0, "expression": 6.0, "blinks": 16.0, "emotion": 3.0, "gaze": 5.0}
#: The nose is looked at so often: it needs no mean over many frames.
NOSE_EVERY_S: Final = 1.5
#: The performances whose frames of known gaze are learnt from and tested on have other seeds.
_OTHER_SEEDS: Final = (1000, 2000)

_INNER_BROWS: Final = (107, 55, 336, 285)
_INNER_CORNERS: Final = (133, 362)
_WINGS: Final = (129, 358)
#: The tracked curves and further lengths in outer-eye distances: ``inner brow``, height of the
#: inner brows over the inner eye corners; ``nose``, from those corners down to the wings of the
#: nose (shorter when wrinkled); ``upper lip``, from those corners down to its upper edge;
#: ``corner L`` and ``corner R``, height of the mouth's corners on the image's left and right;
#: ``eye`` and ``brow``, means of both sides; ``corners' slant``, how much higher the corner on the
#: image's right (the subject's left) is.
MEASURES: Final = (
    *CURVES, "inner brow", "nose", "corner L", "corner R", "eye", "brow", "corners' slant",
    "upper lip",
)  # fmt: skip


def measures_of(landmarks: npt.NDArray[np.floating]) -> FloatArray:
    """Return (N, 30) measures, in the order of :data:`MEASURES`, of meshes (N, 478, 3)."""
    meshes = landmarks.astype(np.float64)
    curves = curves_of(meshes)
    y = aligned(meshes)[0][..., 1]
    eyes = y[:, list(_INNER_CORNERS)].mean(axis=1)
    left, right = y[:, 2] - y[:, 61], y[:, 2] - y[:, 291]

    def mean(a: str, b: str) -> FloatArray:
        both: FloatArray = 0.5 * (curves[:, CURVES.index(a)] + curves[:, CURVES.index(b)])
        return both

    further = [
        eyes - y[:, list(_INNER_BROWS)].mean(axis=1),
        y[:, list(_WINGS)].mean(axis=1) - eyes,
        left,
        right,
        mean("eyeL", "eyeR"),
        mean("browL", "browR"),
        right - left,
        y[:, 0] - eyes,
    ]
    return np.concatenate([curves, np.stack(further, axis=1)], axis=1)


class Seen:
    """What was tracked: instants (N,), and measures (N, 30)."""

    def __init__(self, time_s: FloatArray, values: FloatArray) -> None:
        self.time_s, self.values = time_s, values

    def __getitem__(self, name: str) -> FloatArray:
        """Return one measure over time, (N,)."""
        return self.values[:, MEASURES.index(name)]

    def mean(self, name: str) -> float:
        """Return the mean of a measure, of the lids the median, once everything has come in."""
        seen = self[name][self.time_s >= SETTLED_S]
        # More blinks are not narrower eyes.
        return float(np.median(seen) if name == "eye" else seen.mean())


class Trial:
    """One portrait that performs.

    Args:
        picture: the portrait's file.
        sound: (n,) speech, 16 kHz mono, repeated as long as needed.
        seed: of its performances.
        advance: called after every frame.
    """

    def __init__(
        self,
        picture: str | PathLike[str],
        sound: npt.NDArray[np.float32],
        seed: int = 0,
        advance: Callable[[], None] = lambda: None,
    ) -> None:
        from gioconda.frame_maker import FrameMaker
        from gioconda.portrait import Portrait

        self._person = Portrait.open(Path(picture))
        self._maker = FrameMaker(self._person, size=SIZE)
        self._sound, self._seed, self._advance = sound, seed, advance
        self._gaze: GazeTrial | None = None
        self._gaze_error = (math.nan, math.nan)
        self._neutral: Seen | None = None
        self._size: float | None = None

    def perform(self, what: str, **controls: Any) -> Seen:
        """Speak with controls for as long as the control ``what`` needs; track what is seen."""
        return self._watch(what, self._motion(what, **controls))

    def _motion(self, what: str, **controls: Any) -> Motion:
        from gioconda.pipeline import perform
        from gioconda.speech.sound import Sound

        pcm = np.resize(self._sound, int(SECONDS[what] * SAMPLE_RATE_HZ))
        sound = Sound.from_array(pcm, SAMPLE_RATE_HZ)
        return perform(sound, Controls(**{"seed": self._seed, **controls}))

    def _watch(self, what: str, motion: Motion) -> Seen:
        times = np.arange(0, SECONDS[what], 1 / FPS[what])
        return self._track(times, (self._maker.frame(motion.at(float(t))) for t in times))

    def head_spread(self, scale: float) -> float:
        """Return the standard deviation of the head's angles together, degrees."""
        seen = self.perform("head", head=scale)
        return math.sqrt(sum(float(seen[a].var()) for a in ("yaw", "pitch", "roll")))

    def brow_range(self, scale: float) -> float:
        """Return the 5 to 95 % range of the brows' height, outer-eye distances."""
        low, high = np.percentile(self.perform("expression", expression=scale)["brow"], [5, 95])
        return float(high - low)

    def blinks(self, scale: float) -> float:
        """Return tracked blinks a minute."""
        seen = self.perform("blinks", blinks=scale)
        grid = np.arange(seen.time_s[0], seen.time_s[-1], 1 / 25)
        found, _ = find_blinks(np.interp(grid, seen.time_s, seen["eye"]))
        return 60.0 * len(found) / SECONDS["blinks"]

    def neutral(self) -> Seen:
        """Return what is seen without an emotion; performed once."""
        if self._neutral is None:
            self._neutral = self.perform("emotion")
        return self._neutral

    def emotion(self, name: str, strength: float) -> Seen:
        """Return what is seen of an emotion."""
        return self.perform("emotion", emotion=name, emotion_strength=strength)

    def nose(self, name: str, strengths: Sequence[float]) -> FloatArray:
        """Return how far the wings of the nose go down with an emotion's strength, (n,).

        Outer-eye distances, counted from the first strength; mean over instants of the
        performance, whose head is held still.
        """
        from gioconda.capture.follower import FaceFollower

        motions = [self._motion("emotion", emotion=name, emotion_strength=s) for s in strengths]
        head = [INDEX[channel] for channel in HEAD_CHANNELS]
        courses = []
        for time_s in np.arange(SETTLED_S, SECONDS["emotion"], NOSE_EVERY_S):
            frames = []
            for motion in motions:
                m = motion.at(float(time_s)).copy()
                m[head] = 0.0
                frames.append(self._maker.frame(m).copy())
                self._advance()
            with FaceFollower() as follower:
                landmarks = follower.landmarks(frames[0])
            if landmarks is not None:
                courses.append(wing_rise(frames, landmarks))
        if not courses:
            raise OptionError("no face is found in the rendered frames")
        mean: FloatArray = np.mean(courses, axis=0)
        return mean

    def gaze(self, asked: tuple[float, float]) -> GazeSeen:
        """Return where eyes and head together look while speaking."""
        motion = self._motion("gaze", gaze=asked)
        times = np.arange(SETTLED_S, SECONDS["gaze"], 1 / FPS["gaze"])
        return self._gaze_trial().look(motion, times)

    def distance_error(self, distance: float) -> float:
        """Return how far the eyes' distance in pixels is from 1 / distance, as a part of it."""
        if self._size is None:
            self._size = self._eyes_px(1.0)
        return self._eyes_px(distance) * distance / self._size - 1.0

    def _eyes_px(self, distance: float) -> float:
        """Return the outer eye corners' distance in the frames of a silent performance."""
        from gioconda.pipeline import animate
        from gioconda.speech.sound import Sound

        quiet = Sound.from_array(np.zeros(SAMPLE_RATE_HZ // 5, np.float32), SAMPLE_RATE_HZ)
        animation = animate(
            self._person, quiet, Controls(distance=distance, still=True), fps=25, size=SIZE
        )
        images = (frame.image for frame in animation.frames())
        return float(self._track(np.arange(5) / 25, images)["scale"][-1])

    def gaze_error_deg(self) -> tuple[float, float]:
        """Return how surely gaze is read: error of a single frame, and mean error, degrees."""
        self._gaze_trial()
        return self._gaze_error

    def _gaze_trial(self) -> GazeTrial:
        if self._gaze is None:
            self._gaze = GazeTrial(self._person, self._advance)
            # Mouth, lids and head as they are while speaking: each of them moves what is seen.
            learnt, tested = (self._motion("blinks", seed=self._seed + s) for s in _OTHER_SEEDS)
            self._gaze_error = self._gaze.learn(learnt, tested, self._seed)
        return self._gaze

    def _track(self, time_s: FloatArray, images: Iterable[ByteImage]) -> Seen:
        from gioconda.capture.follower import FaceFollower

        times, meshes = [], []
        with FaceFollower() as follower:
            for t, image in zip(time_s, images, strict=False):
                landmarks = follower.landmarks(image)
                self._advance()
                if landmarks is not None:
                    times.append(float(t))
                    meshes.append(landmarks)
        if not meshes:
            raise OptionError("no face is found in the rendered frames")
        return Seen(np.array(times), measures_of(np.stack(meshes)))
