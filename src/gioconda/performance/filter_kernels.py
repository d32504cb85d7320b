"""A recursive filter that runs on from chunk to chunk, compiled."""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True)
def run_filter(numerator, denominator, signal, state):  # type: ignore[no-untyped-def]
    """Filter the columns of a signal, in place (transposed direct form II).

    Args:
        numerator: (order + 1,) coefficients.
        denominator: (order + 1,) coefficients; the first is 1.
        signal: (rows, channels).
        state: (order, channels); zeros at the start, left ready for the next rows.
    """
    order = state.shape[0]
    for i in range(signal.shape[0]):
        for c in range(signal.shape[1]):
            x = signal[i, c]
            y = numerator[0] * x + state[0, c]
            for k in range(order - 1):
                state[k, c] = numerator[k + 1] * x + state[k + 1, c] - denominator[k + 1] * y
            state[order - 1, c] = numerator[order] * x - denominator[order] * y
            signal[i, c] = y
