"""Webcam frames in, moments of motion out: the person drives another face, live.

No look-ahead and no clock: instants come with the frames. For about the first second of a face
nothing comes out; the most restful frame of it gives the person's proportions. From then on every
frame is a moment, counted from this person's own rest (:mod:`neutral`).
"""

from __future__ import annotations

from concurrent.futures import Executor, Future
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.causal import CausalFitter
from gioconda.capture.performance import HIDDEN
from gioconda.capture.resting import look, most_restful
from gioconda.capture.subject import Subject
from gioconda.errors import OptionError
from gioconda.live.puppet.filters import Fade, OneEuro, PoseFilter
from gioconda.live.puppet.follower import WebcamFollower
from gioconda.live.puppet.lips import close_lips
from gioconda.live.puppet.neutral import Neutral
from gioconda.motion import BLENDSHAPES, GAZE_FULL_DEG, INDEX, FloatArray, neutral, set_gaze
from gioconda.portrait.canonical import canonical_landmarks
from gioconda.portrait.preparation import view_geometry
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.deform import WEIGHT_RANGE

Array = npt.NDArray[np.float64]
ByteImage = npt.NDArray[np.uint8]

#: The face is learnt over so long, in at least so many frames; of more, those are left out that
#: follow within so many seconds.
LEARNING_S: Final = 1.2
_LEAST_FRAMES: Final = 12
_APART_S: Final = 0.045
#: Side of the view that the subject is built at; motion does not depend on it.
_VIEW_SIDE_PX: Final = 256
#: Frames are looked at with their longer side at most this.
_SIDE_PX: Final = 640
_LEAST_SIDE_PX: Final = 32
#: A frame earlier than the one before by more than this has another clock.
_OTHER_CLOCK_S: Final = 1.0
#: A face that is lost is waited for; then the portrait goes to rest. Together under 0.6 s.
_HELD_S: Final = 0.12
_EASE_S: Final = 0.45
#: After so long without it the person may sit elsewhere.
_AWAY_S: Final = 1.5
#: Frames further apart are not held to each other by any filter.
_GAP_S: Final = 0.5
#: The step taken for granted at the first frame.
_USUAL_STEP_S: Final = 0.04

#: One Euro: hertz at rest and hertz for each unit a second, by the beginning of a channel's name.
#: Lids and lips are quick; noise in brows shows, and in the head it shows most.
_FACE_FILTERS: Final = {
    "eyeBlink": (8.0, 8.0), "eye": (2.0, 3.0), "jaw": (4.0, 6.0), "mouth": (4.0, 6.0),
    "brow": (2.0, 3.0), "": (2.0, 3.0),
}  # fmt: skip
_HEAD_FILTER: Final = np.array([[1.2, 0.12]] * 3 + [[1.2, 3.0]] * 2 + [[0.7, 1.0]])
_GAZE_FILTER: Final = np.array([[1.2, 0.12]] * 2)
_BLINKS: Final = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
#: Lids that close by more than this from one frame to the next are blinking.
_CLOSING: Final = 0.12


class Puppet:
    """A person before a webcam as motion; use it as a context, or ``start`` and ``close`` it.

    A frame of 640x480 takes about 7 ms of one core; to build the face that was learnt takes 0.1 s
    more, once.

    Args:
        builder: builds it beside the frames, which go on meanwhile; None builds it within the
            frame that completes the learning.
    """

    def __init__(self, builder: Executor | None = None) -> None:
        self._builder = builder
        self._follower: WebcamFollower | None = None

    def __enter__(self) -> Puppet:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Load the models and know nobody; the first time in a process this takes a second."""
        _warm()
        self._fade = Fade(_EASE_S)
        self._last_s: float | None = None
        self._now_s = 0.0
        self._generation = 0
        self._meet()

    def _meet(self) -> None:
        """Forget whoever was seen."""
        self.close()
        self._follower = WebcamFollower().__enter__()
        self._face: _KnownFace | None = None
        self._learning: _Learning | None = _Learning()
        self._building: Future[_KnownFace] | None = None
        self._seen_s: float | None = None
        self._aim: FloatArray = neutral()
        self._shape: tuple[int, ...] = ()

    def close(self) -> None:
        """Free the models."""
        if self._follower is not None:
            self._follower.__exit__(None, None, None)
            self._follower = None

    @property
    def is_ready(self) -> bool:
        """Whether a face has been learnt."""
        return self._follower is not None and self._face is not None

    def recentre(self) -> None:
        """Learn the face anew: how the person sits and looks in the next second is their rest.

        The face known so far drives on meanwhile.
        """
        if self._follower is not None:
            self._learning = _Learning()

    def step(self, image: ByteImage, time_s: float) -> FloatArray | None:
        """Take the next frame.

        Args:
            image: (H, W, 3) uint8 RGB.
            time_s: its instant; any clock, rising. A frame that is not later than the one before
                is ignored, unless it is of another clock: over a second earlier.

        Returns:
            The moment, (60,), of :data:`gioconda.CHANNELS`; None while the face is not known yet,
            and once it has been lost for so long that the portrait is at rest.

        Raises:
            OptionError: ``start`` was not called, or this is no picture.
        """
        if self._follower is None:
            raise OptionError("the puppet is not started; call start() first")
        _check(image, time_s)
        step_s = _USUAL_STEP_S if self._last_s is None else time_s - self._last_s
        if -_OTHER_CLOCK_S <= step_s <= 0:
            return self._fade.shown
        step_s = step_s if step_s > 0 else _USUAL_STEP_S
        self._last_s = time_s
        self._now_s += step_s
        now_s = self._now_s
        small = _shrunk(image, _SIDE_PX)
        if small.shape != self._shape:
            if self._shape:  # another camera
                self._meet()
            self._shape = small.shape
        landmarks = self._follower.landmarks(small, step_s)
        if landmarks is not None:
            self._seen(small, landmarks)
        seen_s = self._seen_s
        if self._face is not None and seen_s is not None and now_s - seen_s <= _HELD_S:
            return self._fade.towards(self._aim, self._generation, now_s)
        return self._fade.towards(None, 0, now_s)

    def _seen(self, image: ByteImage, landmarks: Array) -> None:
        away_s = _USUAL_STEP_S if self._seen_s is None else self._now_s - self._seen_s
        self._learn(image, landmarks, away_s)
        if self._face is not None:
            moment = self._face.moment(landmarks, away_s)
            if moment is None:
                return
            self._aim = moment
        self._seen_s = self._now_s

    def _learn(self, image: ByteImage, landmarks: Array, away_s: float) -> None:
        if self._learning is not None:
            if away_s > _GAP_S:
                self._learning = _Learning()
            self._learning.add(image, landmarks, self._now_s)
            if self._learning.is_complete:
                self._build(self._learning)
                self._learning = None
        if self._building is not None and self._building.done():
            try:
                self._face = self._building.result()
                self._generation += 1
            except ValueError:  # a face out of any shape; the next second may show a better one
                self._learning = self._learning or _Learning()
            self._building = None

    def _build(self, learning: _Learning) -> None:
        if self._builder is not None:
            self._building = self._builder.submit(learning.face)
            return
        self._building = Future()
        try:
            self._building.set_result(learning.face())
        except ValueError as error:
            self._building.set_exception(error)


class _Learning:
    """The frames of the first second of a face."""

    def __init__(self) -> None:
        self._frames: list[tuple[ByteImage, Array]] = []
        self._first_s = self._last_s = self._kept_s = -np.inf

    def add(self, image: ByteImage, landmarks: Array, time_s: float) -> None:
        if not self._frames:
            self._first_s = time_s
        self._last_s = time_s
        if time_s - self._kept_s >= _APART_S:
            self._kept_s = time_s
            self._frames.append((image.copy(), landmarks))

    @property
    def is_complete(self) -> bool:
        enough = len(self._frames) >= _LEAST_FRAMES
        return enough and self._last_s - self._first_s >= LEARNING_S

    def face(self) -> _KnownFace:
        """Build the person of the most restful frame."""
        looks = look(np.stack([landmarks for _, landmarks in self._frames]))
        image, landmarks = self._frames[most_restful(looks)]
        view = view_geometry(image, landmarks.astype(np.float32), _VIEW_SIDE_PX)
        return _KnownFace(Subject.of(view, landmarks))


class _KnownFace:
    """A subject, its rest, and the filters of its motion."""

    def __init__(self, subject: Subject) -> None:
        self._fitter = CausalFitter(subject)
        self._neutral = Neutral()
        self._pose = PoseFilter()
        rates = np.array([_face_filter(name) for name in BLENDSHAPES])
        self._head, self._gaze, self._shapes = (
            OneEuro(r[:, 0], r[:, 1]) for r in (_HEAD_FILTER, _GAZE_FILTER, rates)
        )
        self._looking = np.zeros(2)
        self._lids = 0.0

    def moment(self, landmarks: Array, step_s: float) -> FloatArray | None:
        """Return the moment of a frame; None if its landmarks are no face."""
        if step_s > _GAP_S:
            for part in (self._pose, self._head, self._gaze, self._shapes):
                part.reset()
        if step_s > _AWAY_S:
            self._neutral.moved_seat()
        fit = self._fitter.step(landmarks, step_s)
        if not (np.isfinite(fit.face).all() and np.isfinite(fit.information).all()):
            self._fitter = CausalFitter(self._fitter.subject)
            return None
        step_s = min(step_s, _GAP_S)
        pose = self._head.step(self._pose.step(fit.pose, fit.information, step_s), step_s)
        # lids that come down take the irises with them before they hide them
        closing = float(fit.face[_BLINKS].mean()) - self._lids > _CLOSING
        self._lids = float(fit.face[_BLINKS].mean())
        if max(fit.face[_BLINKS]) < HIDDEN and not closing:
            self._looking = self._gaze.step(fit.gaze_deg, step_s)
        values, gaze_deg = self._neutral.count(fit, pose, self._looking, step_s)
        close_lips(values, fit.lip_gap_mm)
        count = len(BLENDSHAPES)
        values[:count] = self._shapes.step(values[:count], step_s)
        values[:count] = np.clip(values[:count], *WEIGHT_RANGE)
        result = values.astype(np.float32)
        set_gaze(result, *np.clip(gaze_deg, -GAZE_FULL_DEG, GAZE_FULL_DEG))
        return result


@lru_cache(maxsize=1)
def _warm() -> None:
    """Build a subject and fit a frame once: what is compiled is then loaded."""
    face = canonical_landmarks().astype(np.float64)
    irises = [
        np.repeat(face[list(corners)].mean(axis=0)[None], 5, axis=0)
        for corners in (topo.RIGHT_EYE_CORNERS, topo.LEFT_EYE_CORNERS)
    ]
    face = np.concatenate([face[: topo.LANDMARKS], *irises])
    face *= 0.25 * _VIEW_SIDE_PX / float(np.linalg.norm(face[263] - face[33]))
    face[:, :2] += 0.5 * _VIEW_SIDE_PX - face[:, :2].mean(axis=0)
    grey = np.full((_VIEW_SIDE_PX, _VIEW_SIDE_PX, 3), 128, np.uint8)
    view = view_geometry(grey, face.astype(np.float32), _VIEW_SIDE_PX)
    _KnownFace(Subject.of(view, face)).moment(face, _USUAL_STEP_S)


def _check(image: ByteImage, time_s: float) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise OptionError(
            f"a frame has the shape {image.shape} and the type {image.dtype}; uint8 RGB, "
            "(height, width, 3), is needed"
        )
    if min(image.shape[:2]) < _LEAST_SIDE_PX:
        raise OptionError(f"a frame has the shape {image.shape}; {_LEAST_SIDE_PX} pixels is least")
    if not np.isfinite(time_s):
        raise OptionError("a frame has a time that is no number")


def _face_filter(name: str) -> tuple[float, float]:
    return next(rates for start, rates in _FACE_FILTERS.items() if name.startswith(start))


def _shrunk(image: ByteImage, side: int) -> ByteImage:
    """Return an image with its longer side at most so many pixels."""
    import cv2

    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
