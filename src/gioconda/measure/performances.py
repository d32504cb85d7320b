"""Our performance of a case's sound: rendered and tracked, or as motion alone."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.measure.cases import REAL, Case
from gioconda.measure.tracking import CURVES, TrackedFace, track_frames
from gioconda.motion import Motion, concatenate
from gioconda.targets import replacing

if TYPE_CHECKING:
    from gioconda.portrait import Portrait

ByteImage = npt.NDArray[np.uint8]
#: Told how many frames, or seconds of sound, are done and how many there are.
Progress = Callable[[float, float | None], None]

DEFAULT_PERFORMER: Final = "rules"


def total_frames(cases: Sequence[Case], fps: float) -> int:
    """Return how many frames the cases' sounds make, as far as their files tell."""
    from gioconda.speech.sound import Sound

    frames = 0
    for case in cases:
        with Sound.open(case.sound) as sound:
            frames += math.ceil((sound.duration_s or 0.0) * fps)
    return frames


class Stage:
    """Renders our performances of cases and tracks them, each on its portrait.

    Args:
        portrait: who speaks the real clips; the example portrait if None. A rival's case is
            spoken by the photo that the rival animated.
        fps: frames a second, 24 to 60.
        size: side of the rendered square in pixels.
        controls: of the performance; defaults if None. Every clip has a seed of its own.
        performers: case name -> performer in the registry that was not fitted on the case; the
            default one elsewhere.
        lookahead_ms: (of the speech analysis, of the performer) in place of their defaults.
        advance: called after every frame.

    Raises:
        OptionError: the analysis or the performer has no such look-ahead.
    """

    def __init__(
        self,
        portrait: str | PathLike[str] | None = None,
        *,
        fps: float = 25.0,
        size: int = 512,
        controls: Controls | None = None,
        performers: dict[str, str] | None = None,
        lookahead_ms: tuple[int, float] | None = None,
        advance: Callable[[], None] = lambda: None,
    ) -> None:
        if lookahead_ms is not None:
            live_motion((), Controls(), DEFAULT_PERFORMER, lookahead_ms)
        self._lookahead_ms = lookahead_ms
        self._named = portrait
        self._fps, self._size, self._controls = fps, size, controls or Controls()
        self._performers = performers or {}
        self._advance = advance
        self._open: Portrait | None = None

    def motion(self, case: Case) -> Motion:
        """Return the motion that a case's sound calls for."""
        from gioconda.pipeline import perform
        from gioconda.speech.sound import Sound

        controls = self._controls_for(case)
        if self._lookahead_ms is None:
            return perform(case.sound, controls, performer=self._performer(case))
        with Sound.open(case.sound) as sound:
            return live_motion(sound.chunks(), controls, self._performer(case), self._lookahead_ms)

    def has_seen(self, case: Case) -> bool:
        """Tell whether the lips of a case are read off a table that was fitted on that very clip.

        The table that ships was fitted on all the clips it names; figures of them are not
        held out.
        """
        from gioconda.performance.readout import shipped

        unseen = case.name in self._performers or case.group != REAL
        return not unseen and case.name in shipped().fitted_on

    def face(self, case: Case) -> TrackedFace:
        """Render a case's sound on its portrait, and track what is seen."""
        return track_frames(self._frames(case))

    def _performer(self, case: Case) -> str:
        return self._performers.get(case.name, DEFAULT_PERFORMER)

    def _controls_for(self, case: Case) -> Controls:
        """Return the controls with a seed by the clip's name: one seed would be one head."""
        seed = self._controls.seed + zlib.crc32(case.name.encode()) % 10_000
        return replace(self._controls, seed=seed)

    def _frames(self, case: Case) -> Iterator[tuple[float, ByteImage]]:
        from gioconda.pipeline import render_motion

        animation = render_motion(
            self._portrait(case), self.motion(case), fps=self._fps, size=self._size
        )
        for frame in animation.frames():
            yield frame.time_s, frame.image
            self._advance()

    def _portrait(self, case: Case) -> Portrait:
        from gioconda import examples
        from gioconda.portrait import Portrait

        if case.portrait is not None:
            return Portrait.open(case.portrait)
        if self._open is None:
            self._open = Portrait.open(
                examples.portrait_path() if self._named is None else Path(self._named)
            )
        return self._open


def live_motion(
    chunks: Iterable[npt.NDArray[np.float32]],
    controls: Controls,
    performer: str,
    lookahead_ms: tuple[int, float],
) -> Motion:
    """Return the motion of a sound at a look-ahead of analysis and performer of one's own.

    Raises:
        OptionError: one of them has no such look-ahead.
    """
    from gioconda.performance import registry
    from gioconda.speech import SpeechAnalyser

    analyser = SpeechAnalyser(lookahead_ms[0])
    made = registry.create(performer, lookahead_ms=lookahead_ms[1])
    heard, state = analyser.start(), made.start(controls)
    parts = [made.step(state, analyser.step(heard, pcm)) for pcm in chunks]
    parts += [made.step(state, analyser.finish(heard)), made.finish(state)]
    return concatenate(parts)


def check_kept(folder: Path, cases: Sequence[Case]) -> None:
    """Refuse a folder in which our curves would replace those that cases are measured against.

    Raises:
        OptionError: ``<case>.npz`` in it is some case's tracked curves.
    """
    references = [case.curves for case in cases if case.curves.exists()]
    for case in cases:
        kept = folder / f"{case.name}.npz"
        if kept.exists() and any(kept.samefile(curves) for curves in references):
            raise OptionError(
                f"{str(kept)!r} holds the curves that {case.name!r} is measured against; "
                "keep ours in another folder"
            )


def save_face(path: Path, face: TrackedFace) -> None:
    """Write tracked curves as ``.npz``, laid out as those of the clips: ``t``, ``curves``..."""
    with replacing(path) as temporary:
        np.savez_compressed(temporary, t=face.time_s, curves=face.curves, names=np.array(CURVES))


def held_out_readouts(folder: str | PathLike[str], cases: Sequence[Case]) -> dict[str, str]:
    """Register a performer for each table of lip curves in a folder; say who speaks which clip.

    Args:
        folder: ``.npz`` tables for ``RulePerformer(readout=...)``, each with an entry
            ``fitted_on``: the names of the clips that it was fitted on. A table that names none
            is left out.
        cases: what is to be spoken.

    Returns:
        Name of each real clip -> performer whose table was not fitted on it.

    Raises:
        OptionError: the folder has no such table, or a clip is in all of them.
    """
    tables = {path: _fitted_on(path) for path in sorted(Path(folder).glob("*.npz"))}
    tables = {path: clips for path, clips in tables.items() if clips}
    if not tables:
        raise OptionError(f"{str(folder)!r} holds no .npz table that names clips in 'fitted_on'")
    chosen: dict[str, str] = {}
    for case in cases:
        if case.group != REAL:
            continue
        unseen = [p for p, clips in tables.items() if case.name not in clips]
        if not unseen:
            raise OptionError(f"every table in {str(folder)!r} was fitted on {case.name!r}")
        chosen[case.name] = _register(unseen[0])
    return chosen


def _fitted_on(path: Path) -> frozenset[str]:
    try:
        with np.load(path, allow_pickle=False) as data:
            names = data["fitted_on"].tolist() if "fitted_on" in data else []
    except (OSError, ValueError) as e:
        raise OptionError(f"{str(path)!r} cannot be read as a table of lip curves: {e}") from e
    return frozenset(str(n) for n in names)


def _register(table: Path) -> str:
    """Register a performer that reads its lips off a table; return its name."""
    from gioconda.performance import registry
    from gioconda.performance.performer import DEFAULT_LOOKAHEAD_MS, RulePerformer

    name = f"{DEFAULT_PERFORMER}:{table}"

    def make(lookahead_ms: float | None) -> RulePerformer:
        ahead = DEFAULT_LOOKAHEAD_MS if lookahead_ms is None else lookahead_ms
        return RulePerformer(ahead, readout=table)

    registry.register(name, make)
    return name
