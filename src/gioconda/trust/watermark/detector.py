"""Finds the watermark in a video or a picture from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.trust.watermark.chance import false_alarm
from gioconda.trust.watermark.detection import (
    FAINT,
    FALSE_ALARM,
    Detection,
    Segment,
    Verdict,
)
from gioconda.trust.watermark.keyed import Identity, Keys
from gioconda.trust.watermark.keys import OperatorKey
from gioconda.trust.watermark.layout import public_pilots
from gioconda.trust.watermark.placing import Picture, Placing, aligned, whole_frames
from gioconda.trust.watermark.reading import pilot_z
from gioconda.trust.watermark.search import (
    CLIMB,
    SHIFTS,
    Found,
    Hypothesis,
    Search,
    square_sizes,
    squeezed_sizes,
    turned_sizes,
)
from gioconda.trust.watermark.sections import WholeFrames, sections, strengths_at
from gioconda.trust.watermark.windows import Window, Windows, joined, without_bars

ByteImage = npt.NDArray[np.uint8]
FloatImage = npt.NDArray[np.float32]
#: Called with the share of the search that is done, 0 to 1.
Progress = Callable[[float], None]

#: Shapes of frames, width over height, that a squeezed picture may have had.
_SHAPES: Final = (1.0, 4 / 3, 3 / 4, 16 / 9, 9 / 16, 3 / 2, 2 / 3, 5 / 4, 4 / 5)
#: Shares of a file's false alarms that each group of trials may cause; with that of identifiers
#: (:data:`gioconda.trust.watermark.keyed.SHARE`) they add up to 1.
_AS_IT_IS, _WHOLE_FRAME, _SECONDS = 0.25, 0.15, 0.15
_SQUARE, _PARTS, _TURNED, _SQUEEZED = 0.2, 0.05, 0.05, 0.1
#: Below this, a place may be wrong by a fraction of a chip.
_EXACT: Final = 16.0
_BETTER: Final = 0.8
#: Frames with a shorter side than this, in pixels, cannot be read.
_LEAST_SIDE: Final = 96


@dataclass(frozen=True)
class _Best:
    """The best of some trials, and how likely chance gives it."""

    found: Found
    false_alarm: float
    picture: Picture | None = None

    @property
    def whole(self) -> bool:
        """Whether frames were taken to be whole."""
        return self.picture is None


@dataclass(frozen=True)
class _Read:
    """What a key read, and where."""

    identity: Identity
    place: Placing


class Detector:
    """Looks for the public mark, and for the identifier under the keys that are held.

    A file without a mark is called ``detected`` with a probability of at most 1e-6, whatever it
    shows (:mod:`gioconda.trust.watermark.chance`).

    Args:
        keys: of operators; each is tried.
        progress: told how far the search is.
        search: whether to look beyond whole frames if those show nothing.
    """

    def __init__(
        self,
        keys: Sequence[OperatorKey] = (),
        *,
        progress: Progress | None = None,
        search: bool = True,
    ) -> None:
        self._keys = tuple(keys)
        self._progress = progress or (lambda share: None)
        self._search = search
        self._seconds = WholeFrames()
        self._windows = Windows(self._take)

    def add(self, luma: ByteImage, time_s: float = 0.0) -> None:
        """Take the next frame; memory stays bounded whatever the length.

        Args:
            luma: uint8 (height, width); not kept. Later frames may have another size.
            time_s: its instant, ascending.
        """
        self._windows.add(luma, time_s)

    def _take(self, second: Window) -> None:
        self._seconds.take(second, self._windows.given[0] / second.fine.shape[1])

    def result(self) -> Detection:
        """Search all that was added; may be asked again after more was."""
        windows = self._windows.all()
        if not windows:
            return Detection("inconclusive", 1.0, 0.0, usable=False)
        seconds = deepcopy(self._seconds)
        if self._windows.frames > 1:
            second = self._windows.open_second()
            seconds.take(second, self._windows.given[0] / second.fine.shape[1])
        looking = _Looking(
            windows, self._windows, seconds, self._keys, self._progress, self._search
        )
        return looking.result()


class _Looking:
    """One search of everything that was added."""

    def __init__(
        self,
        windows: tuple[Window, ...],
        source: Windows,
        seconds: WholeFrames,
        keys: tuple[OperatorKey, ...],
        progress: Progress,
        search: bool,
    ) -> None:
        self._windows = windows
        self._frames = source.frames
        self._seconds = seconds
        self._keys = Keys(keys)
        self._progress = progress
        together = joined(windows)
        self._mean = together.luma()
        self._usable = _usable(self._mean)
        self._search = search and self._usable
        self._whole = Picture(self._mean, together.spread())
        self._scale = source.given[0] / self._mean.shape[1]
        self._parts: dict[int, Picture] = {}
        self._public = public_pilots()
        self._pilots = (self._public, *self._keys.together)
        self._trials = 0.0
        self._candidates: list[Placing] = []
        width, height = self._whole.width, self._whole.height
        #: What is named where nothing was found.
        self._nowhere = aligned(width, height, width / height, False)
        self._boxes = [(slice(0, self._whole.height), slice(0, self._whole.width))]
        if (inside := without_bars(self._mean)) is not None:
            self._boxes.append(inside)

    def result(self) -> Detection:
        best, read = self._everywhere()
        self._progress(1.0)
        chance, place = best.false_alarm, best.found.placing
        if read is not None and read.identity.false_alarm < chance:
            chance, place = read.identity.false_alarm, read.place
        verdict: Verdict = "not_detected"
        if chance <= FALSE_ALARM:
            verdict = "detected"
        elif chance <= FAINT or not self._usable:
            verdict = "inconclusive"
        segments, z = self._segments(place, verdict)
        return Detection(
            verdict,
            chance,
            z,
            place.geometry(self._scale) if verdict == "detected" else None,
            segments,
            None if read is None else read.identity.identifier,
            None if read is None else read.identity.epoch,
            int(self._trials),
            self._frames,
            self._usable,
        )

    # -- where the grid lies ----------------------------------------------------------------

    def _everywhere(self) -> tuple[_Best, _Read | None]:
        """Go through ever more places until the mark is found, or an identifier is read."""
        height, width = self._mean.shape
        stages: list[Callable[[], _Best]] = [
            self._as_it_is,
            self._single_seconds,
            self._whole_frames,
        ]
        if self._search:
            square = square_sizes(width, height)
            stages += [
                lambda: self._sought(self._whole, square, _SQUARE, 0.0, 0.1),
                lambda: self._sought_in_parts(square),
                lambda: self._sought(self._whole, turned_sizes(width, height), _TURNED, 0.25, 0.4),
                lambda: self._sought(
                    self._whole, squeezed_sizes(width, height), _SQUEEZED, 0.4, 1.0
                ),
            ]
        best = _Best(Found(-9.0, self._nowhere), 1.0)
        for stage in stages:
            new = stage()
            if (new.false_alarm, -new.found.z) < (best.false_alarm, -best.found.z):
                best = new
            if best.false_alarm <= FALSE_ALARM:
                best = self._settled(best)
                return best, self._identifier([best.found.placing, *self._candidates[:2]])
            # A key may read what its few pilots alone would not make sure of.
            if (read := self._identifier(self._candidates, new.whole)) is not None:
                return best, read
            self._candidates = []
        return best, self._by_secret_pilots() if self._search else None

    def _settled(self, best: _Best) -> _Best:
        """Return the place where the mark was found, exactly."""
        if best.found.z >= _EXACT:
            return best
        found = Search(best.picture or self._whole, *self._pilots).climbed(
            best.found.placing, best.found.group
        )
        # A whole frame that reads a little better a hair off is still a whole frame.
        return replace(best, found=found) if found.z > best.found.z + _BETTER else best

    def _as_it_is(self) -> _Best:
        """Try the grid as it lies in a frame of which only the size was changed."""
        search = Search(self._whole, *self._pilots)
        best: Found | None = None
        for rows, columns in self._boxes:
            width, height = columns.stop - columns.start, rows.stop - rows.start
            for mirrored in (False, True):
                for own in whole_frames(width, height, self._scale, mirrored):
                    place = self._moved(own, rows, columns)
                    self._candidates.append(place)
                    found = search.strongest(place)
                    if best is None or found.z > best.z:
                        best = found
        assert best is not None
        return self._judged(best, len(self._candidates), _AS_IT_IS)

    def _whole_frames(self) -> _Best:
        """Try the grid as it lies in a whole frame that was squeezed, or not quite whole."""
        search = Search(self._whole, *self._pilots)
        found = []
        for rows, columns in self._boxes:
            width, height = columns.stop - columns.start, rows.stop - rows.start
            for mirrored in (False, True):
                places = whole_frames(width, height, self._scale, mirrored)
                places += [aligned(width, height, shape, mirrored) for shape in _SHAPES]
                found += [search.strongest(self._moved(p, rows, columns)) for p in places]
        found.sort(key=lambda f: -f.z)
        best = found[0]
        if best.z < _EXACT:
            climbed = [search.climbed(f.placing, f.group, rounds=3, warp=False) for f in found[:4]]
            best = max(climbed, key=lambda f: f.z)
            self._candidates = [f.placing for f in climbed]
        return self._judged(best, len(found) * CLIMB, _WHOLE_FRAME)

    def _moved(self, place: Placing, rows: slice, columns: slice) -> Placing:
        """Return a place of a part of the picture as one of all of it."""
        return _moved(place, (self._whole.width, self._whole.height), rows, columns)

    def _single_seconds(self) -> _Best:
        """Try each second by itself, in whole frames."""
        z, place = self._seconds.best() or (-9.0, self._nowhere)
        self._candidates = [place]
        count = sum(len(strengths) for strengths in self._seconds.strengths.values())
        return self._judged(Found(z, place), max(count, 1), _SECONDS)

    def _sought(
        self,
        picture: Picture,
        sizes: list[Hypothesis],
        share: float,
        done: float,
        until: float,
        times: int = 1,
    ) -> _Best:
        if not sizes:
            return _Best(Found(-9.0, self._nowhere), 1.0)
        search = Search(picture, *self._pilots)
        found = search.best(sizes, lambda part: self._progress(done + part * (until - done)))
        self._candidates += [f.placing for f in found]
        return self._judged(found[0], len(sizes) * float(SHIFTS) * CLIMB * times, share, picture)

    def _sought_in_parts(self, sizes: list[Hypothesis]) -> _Best:
        count = len(self._windows)
        chosen = sorted({0, count // 2, count - 1}) if count > 1 else []
        best = _Best(Found(-9.0, self._nowhere), 1.0)
        for i, part in enumerate(chosen):
            done = 0.1 + 0.05 * i
            new = self._sought(self._part(part), sizes, _PARTS, done, done + 0.05, len(chosen))
            if new.false_alarm < best.false_alarm:
                best = new
            if best.false_alarm <= FALSE_ALARM:
                break
        return best

    def _judged(
        self, found: Found, trials: float, share: float, picture: Picture | None = None
    ) -> _Best:
        trials *= len(self._pilots)
        self._trials += trials
        return _Best(found, false_alarm(found.z, trials, share), picture)

    def _part(self, index: int) -> Picture:
        if index not in self._parts:
            window = self._windows[index]
            self._parts[index] = Picture(window.luma(), window.spread())
        return self._parts[index]

    # -- what it says -----------------------------------------------------------------------

    def _identifier(self, places: Sequence[Placing], windows: bool = True) -> _Read | None:
        """Return what the first key reads at the first of places that says anything.

        Args:
            places: where.
            windows: whether the windows are read too, not their mean alone.
        """
        if self._keys:
            for place in places:
                for grid in self._grids(place, windows):
                    if (identity := self._keys.read(grid)) is not None:
                        return _Read(identity, place)
        return None

    def _grids(self, place: Placing, windows: bool) -> Iterator[FloatImage]:
        """Yield what may be read at a place: of all frames, of the marked ones, of one window."""
        if (marked := self._seconds.grid(place)) is not None:
            yield marked
        if (whole := self._whole.read(place)) is not None:
            yield whole
        if windows and len(self._windows) > 1:
            pictures = [self._part(i) for i in range(len(self._windows))]
            parts = [p.read(place) for p in pictures]
            if known := [p for p in parts if p is not None]:
                total = _sum(known)
                yield total
                # Where everything moves, what moves is all there is.
                alike = [p.read(place, weighed=False) for p in pictures]
                every = _sum([p for p in alike if p is not None])
                yield every
                yield _sum([total / (total.std() + 1e-9), every / (every.std() + 1e-9)])
                yield max(known, key=lambda p: pilot_z(p.ravel(), self._public))

    def _by_secret_pilots(self) -> _Read | None:
        """Look for a key's own pilots, where the public mark is gone."""
        height, width = self._mean.shape
        for pilots in self._keys.own:
            found = Search(self._whole, pilots).best(square_sizes(width, height))
            if (read := self._identifier([f.placing for f in found], False)) is not None:
                return read
        return None

    # -- where in the file ------------------------------------------------------------------

    def _segments(self, place: Placing, verdict: Verdict) -> tuple[tuple[Segment, ...], float]:
        """Return the parts of the file, and the strength in all of it."""
        first, last = self._windows[0], self._windows[-1]
        values = self._whole.read(place)
        z = -9.0 if values is None else pilot_z(values.ravel(), self._public)
        if verdict != "detected" or self._frames == 1:
            return (Segment(first.start_s, last.end_s, z, verdict),), z
        if place in self._seconds.strengths:
            return sections(self._seconds.strengths[place]), z
        pictures = [self._part(i) for i in range(len(self._windows))]
        return sections(strengths_at(place, self._windows, pictures, self._public)), z


def _moved(place: Placing, size: tuple[int, int], rows: slice, columns: slice) -> Placing:
    """Return the same place about the middle of a picture of which its own is a part."""
    width, height = size
    x = (width / 2 - (columns.start + columns.stop) / 2) / place.chip_x
    y = (height / 2 - (rows.start + rows.stop) / 2) / place.chip_y
    return replace(
        place,
        middle_x=place.middle_x + (-x if place.mirrored else x),
        middle_y=place.middle_y + y,
    )


def _sum(grids: Sequence[FloatImage]) -> FloatImage:
    return np.asarray(np.sum(grids, axis=0), np.float32)


def _usable(mean: FloatImage) -> bool:
    low, high = np.percentile(mean, (5, 95))
    return min(mean.shape) >= _LEAST_SIDE and float(high) >= 16 and float(high - low) >= 4
