"""Looks for the grid of chips over a picture: scale, shift, mirror, rotation and aspect.

The known pilots are correlated with the picture at two samples a chip, all shifts at once by FFT,
for each scale of a list; the best places are then followed uphill with the exact statistic. Scales
lie close enough together that half a step moves the grid's edge by less than half a chip.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import scipy.fft

from gioconda.trust.watermark.layout import SIDE, Pilots, pilot_grid
from gioconda.trust.watermark.placing import LEAST_CHIP, Picture, Placing
from gioconda.trust.watermark.reading import pilot_z
from gioconda.trust.watermark.statistic import statistic

FloatImage = npt.NDArray[np.float32]
ComplexImage = npt.NDArray[np.complex64]
#: Called with the share that is done, 0 to 1.
Progress = Callable[[float], None]

_SAMPLES: Final = 2
_GRID: Final = SIDE * _SAMPLES
#: Pixels a chip of the picture that is whitened for the search, and how close scales share one.
_LEVEL_CHIP: Final = 2.2
_LEVEL_STEP: Final = 1.2
#: Places of each list that are followed uphill.
_FOLLOWED: Final = 10
#: Steps of the climb: scale, aspect, shift in chips, rotation, shear, tilt; halved each round.
_STEPS: Final = (0.004, 0.004, 0.5, 0.005, 0.004, 0.01)
_ROUNDS: Final = 4
#: Places that one place of a list is taken to climb to, as far as they differ: five each of scale,
#: aspect and rotation, three each of shear and both tilts, and two shifts each way. A climb may go
#: farther, so this is an estimate, not a bound: 30 full searches of unmarked pictures with random
#: pilots came to 7.1 at most, where 1e-6 a file asks for 8.6.
CLIMB: Final = 5**3 * 3**3 * 2**2


@dataclass(frozen=True)
class Hypothesis:
    """A size and turn of the grid; all shifts are tried at once, mirrored and not."""

    chip_x: float
    chip_y: float
    rotation: float = 0.0


@dataclass(frozen=True)
class Found:
    """A place of the grid, how well pilots agree there, and which group of them."""

    z: float
    placing: Placing
    group: int = 0


#: Readings that one hypothesis stands for.
SHIFTS: Final = 2 * _GRID * _GRID


def square_sizes(width: int, height: int) -> list[Hypothesis]:
    """Return square chips: from a frame in a corner of a screenshot to a crop to less than half."""
    usual = min(width, height) / SIDE
    low, high = max(LEAST_CHIP, 0.3 * usual), 2.2 * usual
    sizes = [Hypothesis(c, c) for c in _ladder(low, high, 0.007)]
    # The likely sizes first: the order decides nothing but how soon the search ends.
    return sorted(sizes, key=lambda h: abs(math.log(h.chip_x / usual)))


def turned_sizes(width: int, height: int) -> list[Hypothesis]:
    """Return square chips of a frame turned by up to about two degrees and cropped a little."""
    usual = min(width, height) / SIDE
    return [
        Hypothesis(c, c, math.radians(turn))
        for turn in (0.6, -0.6, 1.2, -1.2, 1.8, -1.8)
        for c in _ladder(max(LEAST_CHIP, 0.85 * usual), 1.5 * usual, 0.008)
    ]


def squeezed_sizes(width: int, height: int) -> list[Hypothesis]:
    """Return chips that are not square: aspects 0.68 to 1.47, cropped by up to 35 %."""
    across, down = width / SIDE, height / SIDE
    sizes = []
    for ratio in _ladder(0.68, 1.47, 0.011):
        if abs(math.log(ratio)) < 0.006:
            continue
        # The smaller of what full width and full height give: then the rest is cropped.
        least = min(across / math.sqrt(ratio), down * math.sqrt(ratio))
        for mean in _ladder(0.97 * least, 1.5 * least, 0.011):
            x, y = mean * math.sqrt(ratio), mean / math.sqrt(ratio)
            if min(x, y) >= LEAST_CHIP:
                sizes.append(Hypothesis(x, y))
    return sizes


class Search:
    """Looks for pilots in one picture.

    Args:
        picture: where.
        pilots: which; each of several groups is looked for by itself.
    """

    def __init__(self, picture: Picture, *pilots: Pilots) -> None:
        self._picture = picture
        self._pilots = pilots
        self._templates = [
            (group, mirrored, _spectrum(template[:, ::-1] if mirrored else template))
            for group, template in enumerate(_template(p) for p in pilots)
            for mirrored in (False, True)
        ]
        self._levels: dict[int, tuple[FloatImage, float, float]] = {}

    def best(
        self,
        hypotheses: Sequence[Hypothesis],
        progress: Progress | None = None,
        keep: int = _FOLLOWED,
    ) -> list[Found]:
        """Return the best places among hypotheses, followed uphill, best first."""
        rough: list[Found] = []
        for i, hypothesis in enumerate(hypotheses):
            rough += self._correlated(hypothesis)
            if len(rough) > 64 * keep:
                rough = _distinct(rough, 4 * keep)
            if progress is not None and i % 32 == 0:
                progress(i / len(hypotheses))
        found = [self.climbed(f.placing, f.group) for f in _distinct(rough, keep)]
        return sorted(found, key=lambda f: -f.z)

    def climbed(
        self, start: Placing, group: int = 0, rounds: int = _ROUNDS, warp: bool = True
    ) -> Found:
        """Follow a place uphill.

        Args:
            start: from where.
            group: of pilots.
            rounds: of ever smaller steps.
            warp: whether rotation, shear and perspective may change too.
        """
        best = Found(self.z(start, group), start, group)
        for round_ in range(rounds):
            size = 0.5**round_
            for _ in range(3):
                before = best.z
                for move in _moves(size, warp and best.z > 4.5):
                    best = self._climbed_along(best, move)
                if best.z < before + 0.05:
                    break
        return best

    def z(self, at: Placing, group: int = 0) -> float:
        """Return how far pilots agree at a place; -9 where too little of the grid shows."""
        values = self._picture.read(at)
        return -9.0 if values is None else pilot_z(values.ravel(), self._pilots[group])

    def strongest(self, at: Placing) -> Found:
        """Return what the group says that agrees best at a place."""
        values = self._picture.read(at)
        if values is None:
            return Found(-9.0, at)
        readings = [pilot_z(values.ravel(), pilots) for pilots in self._pilots]
        group = int(np.argmax(readings))
        return Found(readings[group], at, group)

    def _climbed_along(self, best: Found, move: _Move) -> Found:
        for sign in (1.0, -1.0):
            moved = False
            while True:
                place = move(best.placing, sign)
                z = self.z(place, best.group)
                if z <= best.z:
                    break
                best, moved = Found(z, place, best.group), True
            if moved:
                break
        return best

    def _correlated(self, h: Hypothesis) -> Iterator[Found]:
        level, zoom_x, zoom_y = self._level(h)
        grid, first_x, first_y = _fine_grid(level, h, zoom_x, zoom_y)
        spectrum = scipy.fft.rfft2(grid)
        spread = 1.0
        for group, mirrored, template in self._templates:
            match = scipy.fft.irfft2(spectrum * template, s=(_GRID, _GRID))
            peak = int(match.argmax())
            if not mirrored:
                # What chance gives: only to rank places, so one estimate does for both.
                spread = float(match.std()) + 1e-12
            z = float(match.flat[peak]) / spread
            row, column = divmod(peak, _GRID)
            x = (first_x + column) / _SAMPLES if mirrored else (-first_x - column) / _SAMPLES
            y = (-first_y - row) / _SAMPLES
            # The climb mirrors the picture, which turns the other way then.
            turn = -h.rotation if mirrored else h.rotation
            place = Placing(h.chip_x, h.chip_y, x % SIDE, y % SIDE, mirrored, turn)
            yield Found(z, place, group)

    def _level(self, h: Hypothesis) -> tuple[FloatImage, float, float]:
        """Return the whitened picture at about two pixels a chip, and its pixels in one."""
        chip = math.sqrt(h.chip_x * h.chip_y)
        step = round(math.log(chip) / math.log(_LEVEL_STEP))
        if step not in self._levels:
            luma, spread = self._picture.luma, self._picture.spread
            height, width = luma.shape
            shrink = min(1.0, _LEVEL_CHIP / _LEVEL_STEP**step)
            small = (max(16, round(width * shrink)), max(16, round(height * shrink)))
            if small != (width, height):
                luma = cv2.resize(luma, small, interpolation=cv2.INTER_AREA)
                if spread is not None:
                    spread = cv2.resize(spread, small, interpolation=cv2.INTER_AREA)
            samples = _LEVEL_STEP**step * small[0] / width
            white = statistic(luma, spread, samples)
            self._levels[step] = (white, small[0] / width, small[1] / height)
        return self._levels[step]


_Move = Callable[[Placing, float], Placing]


def _moves(size: float, warp: bool) -> list[_Move]:
    scale, aspect, shift, turn, shear, tilt = (s * size for s in _STEPS)

    def sized(p: Placing, x: float, y: float) -> Placing:
        return replace(p, chip_x=p.chip_x * math.exp(x), chip_y=p.chip_y * math.exp(y))

    moves: list[_Move] = [
        lambda p, s: replace(p, middle_x=p.middle_x + s * shift),
        lambda p, s: replace(p, middle_y=p.middle_y + s * shift),
        lambda p, s: sized(p, s * scale, s * scale),
        lambda p, s: sized(p, s * aspect / 2, -s * aspect / 2),
    ]
    if warp:
        moves += [
            lambda p, s: replace(p, rotation=p.rotation + s * turn),
            lambda p, s: replace(p, shear=p.shear + s * shear),
            lambda p, s: replace(p, tilt_x=p.tilt_x + s * tilt),
            lambda p, s: replace(p, tilt_y=p.tilt_y + s * tilt),
        ]
    return moves


def _ladder(low: float, high: float, step: float) -> list[float]:
    if high <= low:
        return []
    count = math.ceil(math.log(high / low) / step)
    return [low * math.exp(i * math.log(high / low) / count) for i in range(count + 1)]


def _template(pilots: Pilots) -> FloatImage:
    """Return pilots as they are drawn, two samples a chip."""
    grid = np.pad(pilot_grid(pilots), 1, mode="wrap")
    fine = cv2.resize(grid, None, fx=_SAMPLES, fy=_SAMPLES, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(fine[_SAMPLES:-_SAMPLES, _SAMPLES:-_SAMPLES], np.float32)


def _spectrum(template: FloatImage) -> ComplexImage:
    spectrum: ComplexImage = np.conj(scipy.fft.rfft2(np.ascontiguousarray(template)))
    return spectrum


def _fine_grid(
    level: FloatImage, h: Hypothesis, zoom_x: float, zoom_y: float
) -> tuple[FloatImage, int, int]:
    """Return two samples a chip, folded, and the first sample counted from the middle."""
    height, width = level.shape
    step_x, step_y = h.chip_x * zoom_x / _SAMPLES, h.chip_y * zoom_y / _SAMPLES
    half_x, half_y = int(width / 2 / step_x), int(height / 2 / step_y)
    c, s = math.cos(h.rotation), math.sin(h.rotation)
    xx, xy, yx, yy = c * step_x, -s * step_y, s * step_x, c * step_y
    x0, y0 = 0.5 - half_x, 0.5 - half_y
    where = np.array(
        [
            [xx, xy, xx * x0 + xy * y0 + (width - 1) / 2],
            [yx, yy, yx * x0 + yy * y0 + (height - 1) / 2],
        ]
    )
    grid = cv2.warpAffine(
        level, where, (2 * half_x, 2 * half_y),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    total = np.zeros((_GRID, _GRID), np.float32)
    for top in range(0, grid.shape[0], _GRID):
        for left in range(0, grid.shape[1], _GRID):
            tile = grid[top : top + _GRID, left : left + _GRID]
            total[: tile.shape[0], : tile.shape[1]] += tile
    return total, -half_x, -half_y


def _distinct(found: list[Found], keep: int) -> list[Found]:
    """Return the best that are not the same place again."""
    kept: list[Found] = []
    for f in sorted(found, key=lambda f: -f.z):
        if not any(_same(f.placing, k.placing) for k in kept):
            kept.append(f)
            if len(kept) == keep:
                break
    return kept


def _same(a: Placing, b: Placing) -> bool:
    def apart(x: float, y: float) -> float:
        return abs((x - y + SIDE / 2) % SIDE - SIDE / 2)

    return (
        a.mirrored == b.mirrored
        and apart(a.middle_x, b.middle_x) < 2
        and apart(a.middle_y, b.middle_y) < 2
        and abs(math.log(a.chip_x / b.chip_x)) < 0.03
        and abs(math.log(a.chip_y / b.chip_y)) < 0.03
    )
