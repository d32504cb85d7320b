"""What is measured against: clips of real talkers, and what other systems made of a photo.

A case is a sound with the lip, eye and head curves of whoever spoke it. A folder of rivals holds
one folder a case: ``portrait.jpg``, ``speech.mp3``, ``rival.mp4``, ``tracked.npz``, named
``<system>_<case>``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError
from gioconda.measure.tracking import TrackedFace, track_video

FloatArray = npt.NDArray[np.float64]

REAL: Final = "real"
#: The offsets stated for real clips share this bias (measured, +-12 ms).
OFFSET_BIAS_S: Final = 0.040
VIDEO_SUFFIXES: Final = (".mp4", ".mpg", ".mov", ".mkv", ".webm", ".avi")
#: What a case's folder name begins with -> the set it belongs to.
_SYSTEMS: Final = {"vasa1": "VASA-1", "emo": "EMO"}


@dataclass(frozen=True)
class Case:
    """A sound, and the face of whoever spoke it.

    Attributes:
        name: of the clip or of the rival's case.
        group: the set it belongs to: ``real``, or the rival system's name.
        sound: file with the sound.
        curves: ``.npz`` of tracked curves.
        portrait: the photo that the rival animated; None for real clips.
    """

    name: str
    group: str
    sound: Path
    curves: Path
    portrait: Path | None = None

    @property
    def video(self) -> Path:
        """The speaker's own video; the rival's for a rival's case."""
        return self.sound if self.group == REAL else self.sound.with_name("rival.mp4")

    def face(self) -> TrackedFace:
        """Return the speaker's curves on a 25 fps grid, their instants those of the sound."""
        return self._heard(TrackedFace.load(self.curves))

    def tracked_again(self) -> TrackedFace:
        """Track the speaker's own video anew, as our frames are; takes as long as the video.

        Raises:
            OptionError: the video cannot be read, or shows no face.
        """
        return self._heard(track_video(self.video))

    def _heard(self, face: TrackedFace) -> TrackedFace:
        """Bring the picture's clock to the sound's."""
        shift_s = 0.0
        if self.group == REAL:
            with np.load(self.curves, allow_pickle=False) as data:
                if "av_offset_ms" in data:
                    shift_s = OFFSET_BIAS_S - float(data["av_offset_ms"]) / 1000.0
        known = face.time_s + shift_s >= 0
        return TrackedFace(face.time_s[known] + shift_s, face.curves[known])


def find_cases(
    clips: str | PathLike[str] | None,
    tracked: str | PathLike[str] | None,
    rivals: str | PathLike[str] | None = None,
    names: Sequence[str] = (),
) -> tuple[Case, ...]:
    """Return the cases in folders, real clips first, then the rivals' by system.

    Args:
        clips: folder of talking clips; names that start with ``extra_`` are left out.
        tracked: folder of ``<clip>.npz``.
        rivals: folder of rivals' cases.
        names: only these; the start of a name stands for all that begin with it.

    Raises:
        OptionError: a folder is missing, no case is found, or a name fits none.
    """
    found: list[Case] = []
    if clips is not None and tracked is not None:
        found += _real(_folder(clips), _folder(tracked))
    if rivals is not None:
        found += _rivals(_folder(rivals))
    if not found:
        where = " or ".join(repr(str(f)) for f in (clips, rivals) if f is not None)
        raise OptionError(f"no clip with tracked curves is found in {where or 'no folder'}")
    for name in names:
        if not any(c.name.startswith(name) for c in found):
            raise OptionError(
                f"no clip is called {name!r}; there are: {', '.join(c.name for c in found)}"
            )
    return tuple(c for c in found if not names or c.name.startswith(tuple(names)))


def _folder(path: str | PathLike[str]) -> Path:
    folder = Path(path)
    if not folder.is_dir():
        raise OptionError(f"there is no folder {str(path)!r}")
    return folder


def _real(clips: Path, tracked: Path) -> list[Case]:
    return [
        Case(path.stem, REAL, path, tracked / f"{path.stem}.npz")
        for path in sorted(clips.iterdir())
        if path.suffix.lower() in VIDEO_SUFFIXES
        and not path.name.startswith("extra_")
        and (tracked / f"{path.stem}.npz").is_file()
    ]


def _rivals(folder: Path) -> list[Case]:
    cases = []
    for path in folder.iterdir():
        files = {n: path / n for n in ("speech.mp3", "tracked.npz", "portrait.jpg")}
        if path.is_dir() and all(f.is_file() for f in files.values()):
            system = path.name.split("_")[0]
            group = _SYSTEMS.get(system, system)
            cases.append(
                Case(
                    path.name, group, files["speech.mp3"], files["tracked.npz"],
                    files["portrait.jpg"],
                )
            )  # fmt: skip
    order = list(_SYSTEMS.values())

    def place(case: Case) -> tuple[int, str, str]:
        known = order.index(case.group) if case.group in order else len(order)
        return known, case.group, case.name

    return sorted(cases, key=place)
