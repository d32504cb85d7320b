"""The measured readout: from speech features to six lip curves, by one linear table.

A row of the table says how far each of 126 numbers moves the curves (aperture, width, protrusion,
jaw, upper lip, lower lip; z-scores): the phone posteriors 20 ms before, at and 20 ms after the
instant, the eight band energies, the phonetic net's own curves, and 1. It was fitted by ridge
regression towards the viseme table on lips tracked in clips of talking people, one half of the
people at a time; what ships is the mean of both halves. See docs/weights/readout.md;
``scripts/measure_readout.py`` makes it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from os import PathLike
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError
from gioconda.performance.window import PAST_ROWS, FeatureWindow
from gioconda.speech.types import ARTICULATION, PHONES

FloatArray = npt.NDArray[np.float64]

READOUT: Final = Path(__file__).parent / "readout.npz"
BANDS: Final = 8
#: Rows at which the posteriors are read.
OFFSETS: Final = (-1, 0, 1)
#: Rows of the table: posteriors offset by offset, bands, the net's curves, the constant.
ROWS: Final = len(OFFSETS) * len(PHONES) + BANDS + len(ARTICULATION) + 1
#: Smoothing of the curves, at -2 to 2 rows: sigma 20 ms. More would lose closures.
SMOOTHING: Final = (0.0545, 0.2442, 0.4026, 0.2442, 0.0545)
#: What the log odds of p, b, m, f, v take off the aperture. A linear table says too little about
#: closures: with this, closed frames are told from open ones .01 to .02 (AUC) better, at .005 of
#: r; twice as much costs .013.
CLOSURE_TERM: Final = 0.03
#: Posteriors are at least this far from 0 and 1 in the log odds.
_ODDS_FLOOR: Final = 0.003
_CURVES: Final = len(ARTICULATION)
_LABIALS: Final = np.array([PHONES.index(phone) for phone in "pmf"])


@dataclass(frozen=True, eq=False)
class Readout:
    """A table from speech features to lip curves.

    Attributes:
        weights: (126, 6).
        fitted_on: names of the clips that it was fitted on; a mean has those of all its tables.
    """

    weights: FloatArray
    fitted_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a table of another shape, or one that is not finite."""
        wanted = (ROWS, len(ARTICULATION))
        if self.weights.shape != wanted or not np.isfinite(self.weights).all():
            raise OptionError(
                f"a readout is a finite table of {wanted[0]} x {wanted[1]} numbers, "
                f"not {self.weights.shape}"
            )

    def curves(self, window: FeatureWindow) -> FloatArray:
        """Return the six curves of the rows of a window, (rows, 6) z-scores.

        They have about .44 of the spread of real lips. Look-ahead under 60 ms degrades them
        slightly: the last row known stands in for what is to come.
        """
        from gioconda.performance import articulation_kernels as kernels

        f = window.features
        total = kernels.read_curves(
            f.posteriors, f.bands, f.articulation, self._posterior_part, self._other_part,
            _smoothing_shares(), _LABIALS, CLOSURE_TERM, _ODDS_FLOOR, PAST_ROWS, window.rows,
            window.future,
        )  # fmt: skip
        curves = self.weights[-1] + total[:, -_CURVES:]
        for k in range(len(OFFSETS)):
            curves = curves + total[:, k * _CURVES : (k + 1) * _CURVES]
        return np.asarray(curves, np.float64)

    @cached_property
    def _posterior_part(self) -> FloatArray:
        """What multiplies the posteriors, (37, 18): the curves, offset by offset."""
        blocks = self.weights[: len(OFFSETS) * len(PHONES)].reshape(-1, len(PHONES), _CURVES)
        return np.ascontiguousarray(blocks.transpose(1, 0, 2).reshape(len(PHONES), -1))

    @cached_property
    def _other_part(self) -> FloatArray:
        """What multiplies bands and the net's curves, (14, 6)."""
        return np.ascontiguousarray(self.weights[len(OFFSETS) * len(PHONES) : -1])

    def save(self, path: str | PathLike[str]) -> None:
        """Write the table to an .npz file, replacing one that is there."""
        np.savez(path, weights=self.weights, fitted_on=np.array(self.fitted_on, np.str_))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Readout:
        """Read a table that :meth:`save` wrote.

        Raises:
            OptionError: the file is missing, is no such table, or has another shape.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                weights = np.asarray(stored["weights"], np.float64)
                names = tuple(str(name) for name in stored["fitted_on"])
        except (OSError, KeyError, ValueError) as error:
            raise OptionError(f"{path} is no readout table: {error}") from error
        return cls(weights, names)


def averaged(tables: list[Readout]) -> Readout:
    """Return the mean of tables, fitted on all their clips."""
    clips = {name for table in tables for name in table.fitted_on}
    return Readout(np.mean([table.weights for table in tables], axis=0), tuple(sorted(clips)))


@lru_cache(maxsize=1)
def shipped() -> Readout:
    """Return the table that ships, loaded once."""
    return Readout.load(READOUT)


@lru_cache(maxsize=1)
def _smoothing_shares() -> FloatArray:
    """Return the share of each reading at -3 to 3 rows, (7, 24)."""
    half = len(SMOOTHING) // 2
    offsets = range(OFFSETS[0] - half, OFFSETS[-1] + half + 1)
    smoothing = dict(zip(range(-half, half + 1), SMOOTHING, strict=True))
    shares = [[smoothing.get(o - step, 0.0) for step in (*OFFSETS, 0)] for o in offsets]
    return np.repeat(np.array(shares), _CURVES, axis=1)


def columns() -> Iterator[str]:
    """Yield a name for each row of the table."""
    for offset in OFFSETS:
        yield from (f"{phone} {20 * offset:+d} ms" for phone in PHONES)
    yield from (f"band {k}" for k in range(BANDS))
    yield from (f"net {name}" for name in ARTICULATION)
    yield "constant"
