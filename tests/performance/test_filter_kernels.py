from __future__ import annotations

import numpy as np
from scipy import signal

from gioconda.performance.filter_kernels import run_filter
from gioconda.performance.head import _butterworth_1, _butterworth_2


def test_it_filters_as_scipy_does_in_any_chunks() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 4))
    b, a = signal.butter(3, 0.1)
    expected = signal.lfilter(b, a, x, axis=0)
    state = np.zeros((3, 4))
    pieces = [x[:1].copy(), x[1:7].copy(), x[7:7].copy(), x[7:].copy()]
    for piece in pieces:
        run_filter(b, a, piece, state)
    assert np.allclose(np.concatenate(pieces), expected, atol=1e-12)


def test_the_low_passes_are_butterworths() -> None:
    for order, ours in ((1, _butterworth_1), (2, _butterworth_2)):
        for cut in (0.4, 2.5, 11.0):
            b, a = ours(cut)
            expected_b, expected_a = signal.butter(order, cut, fs=50.0)
            assert np.allclose(b, expected_b)
            assert np.allclose(a, expected_a)
