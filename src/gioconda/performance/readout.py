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
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError
from gioconda.performance.window import FeatureWindow
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
_LABIALS: Final = tuple(PHONES.index(phone) for phone in "pmf")


@dataclass(frozen=True, eq=False)
class Readout:
    """A table from speech features to lip curves.

    Attributes:
        weights: (126, 6).
        fitted_on: names of the clips that it was fitted on; empty for the shipped mean.
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
        features, count = window.features, len(PHONES)
        blocks = self.weights[: len(OFFSETS) * count].reshape(len(OFFSETS), count, -1)
        # Not matrix products: a row's sum must not depend on how many rows are computed together.
        read = np.einsum("np,opc->onc", features.posteriors.astype(np.float64), blocks)
        rest = np.concatenate([features.bands, features.articulation], axis=1).astype(np.float64)
        own = np.einsum("nf,fc->nc", rest, self.weights[len(OFFSETS) * count : -1])
        own[:, 0] -= CLOSURE_TERM * _labial_odds(features.posteriors)
        total = np.zeros((window.rows, len(ARTICULATION)))
        for weight, offset in zip(SMOOTHING, range(-2, 3), strict=True):
            part = window.at(own, offset)
            for table, step in zip(read, OFFSETS, strict=True):
                part = part + window.at(table, offset + step)
            total += weight * part
        return np.asarray(total + self.weights[-1], np.float64)

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
    """Return the mean of tables, without their clips' names."""
    return Readout(np.mean([table.weights for table in tables], axis=0))


@lru_cache(maxsize=1)
def shipped() -> Readout:
    """Return the table that ships, loaded once."""
    return Readout.load(READOUT)


def _labial_odds(posteriors: npt.NDArray[np.float32]) -> FloatArray:
    """Return the log odds that the lips or lip and teeth touch, (rows,)."""
    shut = posteriors[:, _LABIALS[0]].astype(np.float64)
    for column in _LABIALS[1:]:
        shut = shut + posteriors[:, column]
    odds = (shut + _ODDS_FLOOR) / (np.maximum(1.0 - shut, 0.0) + _ODDS_FLOOR)
    return np.asarray(np.log(odds))


def columns() -> Iterator[str]:
    """Yield a name for each row of the table."""
    for offset in OFFSETS:
        yield from (f"{phone} {20 * offset:+d} ms" for phone in PHONES)
    yield from (f"band {k}" for k in range(BANDS))
    yield from (f"net {name}" for name in ARTICULATION)
    yield "constant"
