"""The landmarks of a whole video: one face, every frame, and what happened on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from os import PathLike
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.follower import FaceFollower
from gioconda.errors import NoFaceError
from gioconda.portrait.face import OUTER_EYE_LEFT, OUTER_EYE_RIGHT

Array = npt.NDArray[np.float64]
ByteImage = npt.NDArray[np.uint8]
#: Told how many frames are done and, where it is known, of how many.
Progress = Callable[[float, float | None], None]

#: Two frames are of different shots if their thumbnails differ by this mean of grey levels, or by
#: the lower one while the face jumps as well, in outer-eye distances.
_CUT_LEVELS: Final = 32.0
_CUT_LEVELS_AND_JUMP: Final = 9.0
_CUT_JUMP: Final = 0.7
_THUMBNAIL: Final = (32, 18)


@dataclass(frozen=True)
class Recording:
    """A face's landmarks through a video.

    Attributes:
        time_s: (N,) instants of the frames, on the clock of the video's sound.
        landmarks: (N, 478, 3) float32 in pixels of the frame; NaN where there is no face.
        cuts: indices of frames that begin another shot.
        faces: how many faces the first frame with a face shows.
        width, height: of the frames, pixels.
    """

    time_s: Array
    landmarks: npt.NDArray[np.float32]
    cuts: tuple[int, ...]
    faces: int
    width: int
    height: int

    @property
    def found(self) -> npt.NDArray[np.bool_]:
        """(N,) where there is a face."""
        result: npt.NDArray[np.bool_] = np.isfinite(self.landmarks[:, 0, 0])
        return result

    @property
    def rate_hz(self) -> float:
        """Frames a second: the median."""
        if len(self.time_s) < 2:
            return 25.0
        return float(1 / max(np.median(np.diff(self.time_s)), 1e-3))


def record(
    path: str | PathLike[str], face: int | None = None, progress: Progress | None = None
) -> Recording:
    """Follow a face through a video; only its landmarks are kept, 6 KB a frame.

    Args:
        path: of the video. Its picture is turned as the file says.
        face: numbered left to right from 1 in the first frame with a face; the largest if None.
        progress: told the frames done.

    Raises:
        VideoDecodeError: the file is missing or no video.
        NoFaceError: no frame shows a face.
        OptionError: there is no face of that number.
    """
    from gioconda.video.probe import probe, read_frames

    count = probe(path).frames or None
    return record_frames(read_frames(path), face, progress, count, str(path))


def record_frames(
    frames: Iterable[tuple[float, ByteImage]],
    face: int | None = None,
    progress: Progress | None = None,
    count: int | None = None,
    name: str = "the video",
) -> Recording:
    """Follow a face through frames given as (instant in seconds, (H, W, 3) uint8 RGB)."""
    times: list[float] = []
    rows: list[npt.NDArray[np.float32]] = []
    cuts: list[int] = []
    nothing = np.full((478, 3), np.nan, np.float32)
    before: Array | None = None
    size = (0, 0)
    with FaceFollower(face) as follower:
        for time_s, image in frames:
            if times and time_s <= times[-1]:
                continue
            found = follower.landmarks(image)
            thumbnail = _thumbnail(image)
            row = nothing if found is None else found.astype(np.float32)
            if before is not None and _is_cut(before, thumbnail, rows[-1], row):
                cuts.append(len(times))
            before, size = thumbnail, (image.shape[1], image.shape[0])
            times.append(time_s)
            rows.append(row)
            if progress is not None:
                progress(len(times), count)
        faces = follower.faces
    if not any(np.isfinite(r[0, 0]) for r in rows):
        raise NoFaceError(
            f"no face was found in the {len(rows)} frames of {name!r}, so there is no motion"
        )
    return Recording(np.array(times), np.stack(rows), tuple(cuts), faces, *size)


def _thumbnail(image: ByteImage) -> Array:
    import cv2

    grey = cv2.cvtColor(cv2.resize(image, _THUMBNAIL, interpolation=cv2.INTER_AREA), 7)
    return np.asarray(grey, np.float64)


def _is_cut(
    before: Array, now: Array, last: npt.NDArray[np.float32], row: npt.NDArray[np.float32]
) -> bool:
    difference = float(np.abs(now - before).mean())
    if difference > _CUT_LEVELS:
        return True
    eyes = float(np.linalg.norm(last[OUTER_EYE_LEFT] - last[OUTER_EYE_RIGHT]))
    jump = float(np.abs(row[:, :2].mean(axis=0) - last[:, :2].mean(axis=0)).max()) / max(eyes, 1.0)
    return difference > _CUT_LEVELS_AND_JUMP and jump > _CUT_JUMP
