"""Compiled substitutions with sparse triangular factors, all right-hand sides at once."""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def forward_substitute(starts, rows, values, x):  # type: ignore[no-untyped-def]
    """Solve L y = x in place, L lower triangular with ones on its diagonal.

    Args:
        starts: (n + 1,) int32 first entry of each column (CSC), rows sorted.
        rows: (entries,) int32.
        values: (entries,) float64.
        x: (n, m) float64, the right-hand sides; receives y.
    """
    for column in range(x.shape[0]):
        for e in range(starts[column], starts[column + 1]):
            row = rows[e]
            if row > column:
                factor = values[e]
                for k in range(x.shape[1]):
                    x[row, k] -= factor * x[column, k]


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def back_substitute(starts, rows, values, x):  # type: ignore[no-untyped-def]
    """Solve U y = x in place, U upper triangular; arguments as in :func:`forward_substitute`."""
    for column in range(x.shape[0] - 1, -1, -1):
        last = starts[column + 1] - 1
        inverse = 1.0 / values[last]
        for k in range(x.shape[1]):
            x[column, k] *= inverse
        for e in range(starts[column], last):
            row = rows[e]
            factor = values[e]
            for k in range(x.shape[1]):
                x[row, k] -= factor * x[column, k]
