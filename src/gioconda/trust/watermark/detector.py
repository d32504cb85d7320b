"""Finds the watermark in a video or a picture from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.trust.watermark.chance import false_alarm, false_reading
from gioconda.trust.watermark.detection import (
    FAINT,
    FALSE_ALARM,
    Detection,
    Segment,
    Verdict,
)
from gioconda.trust.watermark.keys import OperatorKey
from gioconda.trust.watermark.layout import Pilots, public_pilots, secret_layout
from gioconda.trust.watermark.placing import Picture, Placing, aligned
from gioconda.trust.watermark.reading import pilot_z, read_grid
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
#: Shares of a file's false alarms that each group of trials may cause; they add up to 1.
_AS_IT_IS, _WHOLE_FRAME, _SECONDS = 0.3, 0.15, 0.15
_SQUARE, _PARTS, _TURNED, _SQUEEZED = 0.2, 0.05, 0.05, 0.1
#: Grids that one search reads under each key, at most.
_TRIES: Final = 256
#: Below this, a place may be wrong by a fraction of a chip.
_EXACT: Final = 16.0
_BETTER: Final = 0.8
#: Frames with a shorter side than this, in pixels, cannot be read.
_LEAST_SIDE: Final = 96
#: Keys whose pilots are looked for without the public mark, and that are always decoded.
_FEW_KEYS: Final = 2


@dataclass(frozen=True)
class _Best:
    """The best of some trials, and how likely chance gives it."""

    found: Found
    false_alarm: float
    picture: Picture | None = None


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
        self._windows = Windows(self._seconds.take)

    def add(self, luma: ByteImage, time_s: float = 0.0) -> None:
        """Take the next frame; memory stays bounded whatever the length.

        Args:
            luma: uint8 (height, width); not kept. Later frames may have another size.
            time_s: its instant, ascending.
        """
        self._windows.add(luma, time_s)

    def result(self) -> Detection:
        """Search all that was added; may be asked again after more was."""
        windows = self._windows.all()
        if not windows:
            return Detection("inconclusive", 1.0, 0.0, usable=False)
        seconds = deepcopy(self._seconds)
        if self._windows.frames > 1:
            seconds.take(self._windows.open_second())
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
        self._keys = keys
        self._progress = progress
        together = joined(windows)
        self._mean = together.luma()
        self._usable = _usable(self._mean)
        self._search = search and self._usable
        self._whole = Picture(self._mean, together.spread())
        self._scale = source.given[0] / self._mean.shape[1]
        self._parts: dict[int, Picture] = {}
        self._public = public_pilots()
        # A key that is held makes more chips known: those that place the grid are then more.
        known = keys if len(keys) <= _FEW_KEYS else ()
        self._pilots = [self._public, *(_together(self._public, k) for k in known)]
        self._trials = 0.0
        self._tries = 0
        self._candidates: list[Placing] = []
        self._boxes = [(slice(0, self._whole.height), slice(0, self._whole.width))]
        if (inside := without_bars(self._mean)) is not None:
            self._boxes.append(inside)

    def result(self) -> Detection:
        best = self._everywhere()
        self._progress(1.0)
        keyed = self._identifier(best)
        chance = best.false_alarm
        if keyed is not None:
            chance = min(chance, keyed[2])
        verdict: Verdict = "not_detected"
        if chance <= FALSE_ALARM:
            verdict = "detected"
        elif chance <= FAINT or not self._usable:
            verdict = "inconclusive"
        place = keyed[3] if keyed is not None and keyed[2] < best.false_alarm else None
        place = place or best.found.placing
        segments, z = self._segments(place, verdict)
        return Detection(
            verdict,
            chance,
            z,
            place.geometry(self._scale) if verdict == "detected" else None,
            segments,
            keyed[0] if keyed is not None else None,
            keyed[1] if keyed is not None else None,
            int(self._trials),
            self._frames,
            self._usable,
        )

    # -- where the grid lies ----------------------------------------------------------------

    def _everywhere(self) -> _Best:
        """Go through ever more places until the mark is found."""
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
        best = _Best(Found(-9.0, aligned(width, height, width / height, False)), 1.0)
        for stage in stages:
            new = stage()
            if (new.false_alarm, -new.found.z) < (best.false_alarm, -best.found.z):
                best = new
            if best.false_alarm <= FALSE_ALARM:
                return self._settled(best)
        return best

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
            shape = (columns.stop - columns.start) / (rows.stop - rows.start)
            for mirrored in (False, True):
                place = self._in_box(rows, columns, shape, mirrored)
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
            own = (columns.stop - columns.start) / (rows.stop - rows.start)
            for shape in (own, *_SHAPES):
                for mirrored in (False, True):
                    place = self._in_box(rows, columns, shape, mirrored)
                    found.append(search.strongest(place))
        found.sort(key=lambda f: -f.z)
        best = found[0]
        if best.z < _EXACT:
            climbed = [search.climbed(f.placing, f.group, rounds=3, warp=False) for f in found[:4]]
            best = max(climbed, key=lambda f: f.z)
        return self._judged(best, len(found) * CLIMB, _WHOLE_FRAME)

    def _in_box(self, rows: slice, columns: slice, shape: float, mirrored: bool) -> Placing:
        place = aligned(columns.stop - columns.start, rows.stop - rows.start, shape, mirrored)
        return _moved(place, (self._whole.width, self._whole.height), rows, columns)

    def _single_seconds(self) -> _Best:
        """Try each second by itself, in whole frames."""
        z, mirrored = self._seconds.best()
        count = len(self._seconds.strengths[False])
        return self._judged(Found(z, self._own(mirrored)), max(2 * count, 1), _SECONDS)

    def _own(self, mirrored: bool) -> Placing:
        """Return where the grid lies in a whole frame of unchanged shape."""
        width, height = self._whole.width, self._whole.height
        return aligned(width, height, width / height, mirrored)

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
            return _Best(Found(-9.0, self._candidates[0]), 1.0)
        search = Search(picture, *self._pilots)
        found = search.best(sizes, lambda part: self._progress(done + part * (until - done)))
        self._candidates += [f.placing for f in found]
        return self._judged(found[0], len(sizes) * float(SHIFTS) * CLIMB * times, share, picture)

    def _sought_in_parts(self, sizes: list[Hypothesis]) -> _Best:
        count = len(self._windows)
        chosen = sorted({0, count // 2, count - 1}) if count > 1 else []
        best = _Best(Found(-9.0, self._candidates[0]), 1.0)
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

    def _identifier(self, best: _Best) -> tuple[int, int, float, Placing] | None:
        """Return identifier, epoch, probability of chance and place, if a key reads it."""
        if not self._keys:
            return None
        places = [best.found.placing]
        if best.false_alarm > FALSE_ALARM:
            places += self._candidates
        read: list[tuple[int, int, float, Placing]] = []
        for place in places:
            for grid in self._grids(place):
                if (hit := self._decoded(grid, place)) is not None:
                    return hit
        if best.false_alarm > FALSE_ALARM and len(self._keys) <= _FEW_KEYS and self._search:
            read += self._by_secret_pilots()
        return read[0] if read else None

    def _grids(self, place: Placing) -> list[FloatImage]:
        grids = []
        if place == self._own(place.mirrored) and self._frames > 1:
            marked = self._seconds.grid(place.mirrored)
            grids += [] if marked is None else [marked]
        if (whole := self._whole.read(place)) is not None:
            grids.append(whole)
        if len(self._windows) > 1:
            parts = [self._part(i).read(place) for i in range(len(self._windows))]
            known = [p for p in parts if p is not None]
            if known:
                grids.append(np.sum(known, axis=0, dtype=np.float32))
                grids.append(max(known, key=lambda p: pilot_z(p.ravel(), self._public)))
        return grids

    def _decoded(self, grid: FloatImage, place: Placing) -> tuple[int, int, float, Placing] | None:
        keys = self._keys
        if len(keys) > _FEW_KEYS:
            flat = grid.ravel()
            keys = tuple(k for k in keys if pilot_z(flat, _own_pilots(k.secret)) > 3.0)
        self._tries += len(self._keys)
        for reading in read_grid(grid, keys).keyed:
            if reading.identifier is not None:
                chance = false_reading(reading.z, max(self._tries, _TRIES * len(self._keys)))
                if chance <= FALSE_ALARM:
                    return reading.identifier, reading.epoch, chance, place
        return None

    def _by_secret_pilots(self) -> list[tuple[int, int, float, Placing]]:
        """Look for the key's own pilots, where the public mark is gone."""
        height, width = self._mean.shape
        for key in self._keys:
            search = Search(self._whole, secret_layout(key.secret).pilots)
            for found in search.best(square_sizes(width, height), keep=2):
                for grid in self._grids(found.placing)[:1]:
                    if (hit := self._decoded(grid, found.placing)) is not None:
                        return [hit]
        return []

    # -- where in the file ------------------------------------------------------------------

    def _segments(self, place: Placing, verdict: Verdict) -> tuple[tuple[Segment, ...], float]:
        """Return the parts of the file, and the strength in all of it."""
        first, last = self._windows[0], self._windows[-1]
        values = self._whole.read(place)
        z = -9.0 if values is None else pilot_z(values.ravel(), self._public)
        if verdict != "detected" or self._frames == 1:
            return (Segment(first.start_s, last.end_s, z, verdict),), z
        if place == self._own(place.mirrored):
            return sections(self._seconds.strengths[place.mirrored]), z
        pictures = [self._part(i) for i in range(len(self._windows))]
        return sections(strengths_at(place, self._windows, pictures, self._public)), z


@lru_cache(maxsize=1024)
def _own_pilots(secret: bytes) -> Pilots:
    """Return a key's pilots; with many keys, making them takes longer than everything else."""
    return secret_layout(secret).pilots


def _together(public: Pilots, key: OperatorKey) -> Pilots:
    own = secret_layout(key.secret).pilots
    return Pilots(
        np.concatenate([public.places, own.places]), np.concatenate([public.signs, own.signs])
    )


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


def _usable(mean: FloatImage) -> bool:
    low, high = np.percentile(mean, (5, 95))
    return min(mean.shape) >= _LEAST_SIDE and float(high) >= 16 and float(high - low) >= 4
