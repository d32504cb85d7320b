"""From a video of a person to motion: the whole way.

Motion is counted from one of two references.

* :data:`NEUTRAL`, to drive another portrait: from the person's own face at rest, estimated over
  the whole video. The frame with the most restful face gives the person's proportions; head
  pose, gaze and brows are counted from their medians, lids from the person's own open eyes.
  ``articulation`` is 1, so that a portrait with parted lips closes them where the person does.
* :data:`FIRST`, to reenact the video itself: from its first frame with a face, exactly. All-zero
  motion is that frame; ``articulation`` moves only where that frame's own mouth is open.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.fit import CLOSING, ClipFit, Fitter
from gioconda.capture.head_pose import HeadPoses
from gioconda.capture.lids import counted_from_open
from gioconda.capture.recording import Progress, Recording, record
from gioconda.capture.resting import look, most_restful
from gioconda.capture.smoothing import across_gaps, smooth_where_loose, whittaker
from gioconda.capture.subject import Subject
from gioconda.errors import OptionError
from gioconda.motion import BLENDSHAPES, CHANNELS, INDEX, Motion, gaze_of, set_gaze
from gioconda.portrait.preparation import build_view, view_geometry
from gioconda.portrait.types import View

logger = logging.getLogger(__name__)

Array = npt.NDArray[np.float64]
ByteImage = npt.NDArray[np.uint8]

NEUTRAL: Final = "neutral"
FIRST: Final = "first"
REFERENCES: Final = (NEUTRAL, FIRST)
#: Side of the view that the reference frame is built at; motion does not depend on it.
_SIDE_PX: Final = 512
#: Spread of a landmark's error, in outer-eye distances, and as how many independent points all
#: landmarks of a frame count: their errors go together.
_LANDMARK_ERROR: Final = 0.009
_INDEPENDENT: Final = 12.0
#: Usual acceleration of a head between frames at 25 a second: degrees, and outer-eye distances.
_TURN_ACCELERATION: Final = 0.5
_SHIFT_ACCELERATION: Final = 0.02
#: Smoothing of gaze at 25 frames a second; scaled, like the above, with the fourth power of the
#: rate.
_GAZE_STIFFNESS: Final = 0.3
_STIFFNESS_RATE_HZ: Final = 25.0
#: Shapes whose median is the person at rest; mouths talk too much to have a median that rests.
RESTING: Final = ("brow", "eyeSquint", "eyeWide", "cheekSquint", "noseSneer")
#: Blinks above this hide the irises; gaze is then taken from before and after.
HIDDEN: Final = 0.55
#: Frames further apart than this many median steps are not held to each other.
_LONG_STEP: Final = 2.5


@dataclass(frozen=True)
class Capture:
    """The motion of a person in a video.

    Attributes:
        motion: on the clock of the video's sound.
        reference_s: instant of the frame that gave the person's proportions.
        found_share: share of frames in which the face was found.
        explained: see :attr:`gioconda.capture.fit.ClipFit.explained`.
        warnings: what may make the motion worse; one sentence each.
    """

    motion: Motion
    reference_s: float
    found_share: float
    explained: dict[str, float]
    warnings: tuple[str, ...]


def track(
    video: str | PathLike[str],
    *,
    face: int | None = None,
    reference: str = NEUTRAL,
    rate_hz: float | None = None,
    refine: bool = False,
    progress: Progress | None = None,
) -> Motion:
    """Return the motion of a person in a video: face, gaze and head.

    Args:
        video: any video file; a picture that the file says to turn is turned.
        face: which face, numbered left to right from 1 in the first frame with a face; the
            largest if None.
        reference: what is neutral. ``"neutral"``: the person's own face at rest, to drive any
            portrait. ``"first"``: the first frame with a face, to reenact the video with that
            frame as the portrait.
        rate_hz: rows a second, 1 to 1000; the video's own rate if None.
        refine: render the person, track that too, and correct lids and brows by the difference
            (:mod:`gioconda.capture.refinement`); takes about twice as long.
        progress: told how many frames are done, and of how many where that is known.

    Returns:
        Motion on the clock of the video's sound. Translation is in outer-eye distances. Instants
        without a face are bridged up to 0.6 s; in longer gaps the face goes to neutral.

    Raises:
        VideoDecodeError: the file is missing or no video.
        NoFaceError: no frame shows a face.
        OptionError: there is no face of that number, or an option is out of its range.
    """
    capture_ = capture(
        video, face=face, reference=reference, rate_hz=rate_hz, refine=refine, progress=progress
    )
    for warning in capture_.warnings:
        logger.warning("%s", warning)
    return capture_.motion


def capture(
    video: str | PathLike[str],
    *,
    face: int | None = None,
    reference: str = NEUTRAL,
    rate_hz: float | None = None,
    refine: bool = False,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> Capture:
    """Do what :func:`track` does, and say how well it went.

    ``say`` is told what comes after the frames, which may take longer than they did.
    """
    check_track_options(face, reference, rate_hz)
    recording = record(video, face, progress)
    if say is not None:
        say(f"finding pose and expression in {int(recording.found.sum())} frames")
    return of_recording(
        recording, lambda i: _frame(video, recording.time_s[i]), reference=reference,
        rate_hz=rate_hz, refine=refine, by_number=face is not None,
    )  # fmt: skip


def check_track_options(face: int | None, reference: str, rate_hz: float | None) -> None:
    """Check the options of :func:`track`.

    Raises:
        OptionError: one is out of its range.
    """
    if reference not in REFERENCES:
        raise OptionError(f"the reference is {reference!r}; it is one of {', '.join(REFERENCES)}")
    if rate_hz is not None and not 1 <= rate_hz <= 1000:
        raise OptionError(f"the rate is {rate_hz:g} Hz; 1 to 1000 is possible")
    if face is not None and face < 1:
        raise OptionError(f"there is no face {face}; faces are counted from 1")


def of_recording(
    recording: Recording,
    frame: Callable[[int], ByteImage],
    *,
    reference: str = NEUTRAL,
    rate_hz: float | None = None,
    refine: bool = False,
    by_number: bool = False,
) -> Capture:
    """Turn recorded landmarks into motion; see :func:`track`.

    Args:
        recording: of the video.
        frame: gives the picture of a frame by its index.
        reference: see :func:`track`.
        rate_hz: see :func:`track`.
        refine: see :func:`track`.
        by_number: whether the face was chosen by its number.
    """
    found = np.flatnonzero(recording.found)
    landmarks = recording.landmarks[found].astype(np.float64)
    chosen = most_restful(look(landmarks)) if reference == NEUTRAL else 0
    picture, there = frame(int(found[chosen])), landmarks[chosen].astype(np.float32)
    view = (build_view if refine else view_geometry)(picture, there, _SIDE_PX)
    subject = Subject.of(view, landmarks[chosen])
    known_s = recording.time_s[found]
    linked = linked_frames(recording)
    fitter = Fitter(subject, recording.rate_hz, linked=linked, transfer=reference == NEUTRAL)
    fitted = fitter.fit(landmarks)
    if refine:
        fitted = _refined(fitter, fitted, landmarks, view)
    values = moments(subject, fitted, recording.rate_hz, linked)
    if reference == NEUTRAL:
        _count_from_rest(values, recording, found)
    rate = rate_hz or round(_regular_rate(recording), 4)
    rows = max(int(np.floor((recording.time_s[-1] - recording.time_s[0]) * rate + 1e-6)) + 1, 1)
    start_s = float(recording.time_s[0])
    wanted_s = start_s + np.arange(rows) / rate
    missing_s = recording.time_s[~recording.found]
    filled, rests = across_gaps(wanted_s, known_s, values, missing_s=missing_s)
    motion = Motion(filled.astype(np.float32), rate, start_s)
    return Capture(
        motion,
        float(known_s[chosen]),
        float(recording.found.mean()),
        fitted.explained,
        _warnings(recording, rests, by_number),
    )


def _refined(fitter: Fitter, fitted: ClipFit, landmarks: Array, view: View) -> ClipFit:
    from gioconda.capture.refinement import refined
    from gioconda.render import MeshRenderer

    renderer = MeshRenderer(view)
    return refined(fitter, fitted, landmarks, lambda m: renderer.render(m.astype(np.float32)))


def moments(
    subject: Subject, fitted: ClipFit, rate_hz: float, linked: Array | None = None
) -> Array:  # fmt: skip
    """Return a fit as moments of motion, (T, 60), relative to the subject's reference frame."""
    values = face_moments(fitted.names, fitted.weights)
    poses = fitted.unposed.poses
    rate = (rate_hz / _STIFFNESS_RATE_HZ) ** 4
    first = INDEX["headYaw"]
    values[:, first : first + 6] = _steady(subject, poses, rate, linked)
    looking = whittaker(_past_blinks(fitted, values), _GAZE_STIFFNESS * rate, linked)
    set_gaze(values, looking[:, 0], looking[:, 1])  # type: ignore[arg-type]
    return values


def face_moments(names: tuple[str, ...], weights: Array) -> Array:
    """Return weights of a fit's shapes, (T, K + 1), as moments, (T, 60), without head and gaze."""
    values = np.zeros((len(weights), len(CHANNELS)))
    for name in BLENDSHAPES:
        values[:, INDEX[name]] = weights[:, names.index(name)]
    values[:, INDEX["articulation"]] = weights[:, names.index(CLOSING)]
    return values


def measured_poses(subject: Subject, poses: HeadPoses) -> tuple[Array, Array]:
    """Return poses, (T, 6), in degrees and outer-eye distances, and how firmly each is held.

    The latter, (T, 6, 6), is the inverse of the error's covariance in these units.
    """
    eyes = float(subject.mesh.eye_distance)
    pose = np.hstack([poses.angles_deg(), poses.translation / eyes])
    unit = np.array([1, 1, 1, eyes, eyes, eyes])
    information = poses.information_deg() * unit[:, None] * unit
    points = len(subject.mesh.handles)
    information *= _INDEPENDENT / points / (_LANDMARK_ERROR * eyes) ** 2
    return pose, information


def _steady(subject: Subject, poses: HeadPoses, rate: float, linked: Array | None) -> Array:
    """Return the poses, (T, 6), in degrees and outer-eye distances, without their jitter.

    Turns and distance are held loosely by one frame and are steadied by its neighbours; where the
    face is in the picture is held firmly and stays.
    """
    pose, information = measured_poses(subject, poses)
    price = np.repeat([_TURN_ACCELERATION, _SHIFT_ACCELERATION], 3) ** -2.0
    return smooth_where_loose(pose, information, price * rate, linked)


def _past_blinks(fitted: ClipFit, values: Array) -> Array:
    """Return the gaze, (T, 2), as it was before and after where lids hide the eyes."""
    blink = np.maximum(values[:, INDEX["eyeBlinkLeft"]], values[:, INDEX["eyeBlinkRight"]])
    seen = np.flatnonzero(blink < HIDDEN)
    if not len(seen):
        return np.zeros_like(fitted.gaze_deg)
    at = np.arange(len(blink))
    return np.stack([np.interp(at, seen, g[seen]) for g in fitted.gaze_deg.T], axis=1)


def _count_from_rest(
    values: Array, recording: Recording, found: npt.NDArray[np.intp]
) -> None:  # fmt: skip
    """Count pose and gaze from each shot's median, brows and lids from the video's, in place.

    The mouth is under the motion's control throughout.
    Another shot has another camera: where the head is in it says nothing about the head.
    """
    first = INDEX["headYaw"]
    shot = np.searchsorted(np.array(recording.cuts), found, side="right")
    looks = [i for name, i in INDEX.items() if name.startswith("eyeLook")]
    gaze_deg = np.array([gaze_of(row.astype(np.float32)) for row in values])
    for s in np.unique(shot):
        rows = shot == s
        values[rows, first : first + 6] -= np.median(values[rows, first : first + 6], axis=0)
        gaze_deg[rows] -= np.median(gaze_deg[rows], axis=0)
    values[:, looks] = 0
    values[:, INDEX["articulation"]] = 1
    set_gaze(values, gaze_deg[:, 0], gaze_deg[:, 1])  # type: ignore[arg-type]
    left, right = INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]
    values[:, left], values[:, right] = counted_from_open(values[:, left], values[:, right])
    for name in BLENDSHAPES:
        if name.startswith(RESTING):
            values[:, INDEX[name]] -= np.median(values[:, INDEX[name]])


def linked_frames(recording: Recording) -> Array:
    """Return (N - 1,) how much neighbours among the found frames are like each other, 0 to 2."""
    found = np.flatnonzero(recording.found)
    step = np.diff(recording.time_s[found]) * recording.rate_hz
    linked = np.where(step > _LONG_STEP, 0.0, 1 / np.maximum(step, 0.5))
    for cut in recording.cuts:
        k = int(np.searchsorted(found, cut))
        if 0 < k < len(found):
            linked[k - 1] = 0.0
    result: Array = linked
    return result


def _regular_rate(recording: Recording) -> float:
    """Return the video's own rate; the median one where it varies."""
    steps = np.diff(recording.time_s)
    if not len(steps):
        return recording.rate_hz
    mean = float(len(steps) / (recording.time_s[-1] - recording.time_s[0]))
    regular = float(np.abs(steps * mean - 1).max()) < 0.1
    return min(mean if regular else recording.rate_hz, 1000.0)


def _frame(video: str | PathLike[str], time_s: float) -> ByteImage:
    from gioconda.video import read_frames

    for at, image in read_frames(video):
        if at >= time_s - 1e-6:
            return image
    raise OptionError(f"{str(video)!r} gives fewer frames than before")


def _warnings(
    recording: Recording, rests: list[tuple[float, float]], by_number: bool
) -> tuple[str, ...]:
    warnings = []
    if recording.faces > 1 and not by_number:
        warnings.append(
            f"the video starts with {recording.faces} faces and the largest is followed; another "
            "can be chosen by its number, left to right"
        )
    if recording.cuts:
        at = ", ".join(f"{recording.time_s[i]:.1f} s" for i in recording.cuts[:4])
        more = f" and {len(recording.cuts) - 4} more" if len(recording.cuts) > 4 else ""
        warnings.append(
            f"the picture cuts at {at}{more}; the head starts anew there, and another person's "
            "motion would not fit"
        )
    if rests:
        at = ", ".join(f"{a:.1f} to {b:.1f} s" for a, b in rests[:4])
        more = f" and {len(rests) - 4} more" if len(rests) > 4 else ""
        warnings.append(f"no face is seen from {at}{more}; the portrait is at rest there")
    return tuple(warnings)
