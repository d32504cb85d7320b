"""Sparse substitution for many right-hand sides."""

from __future__ import annotations

import numpy as np
from scipy.sparse import random as random_sparse
from scipy.sparse.linalg import splu

from gioconda.render.mesh.weights import _factor, _solve_many


def test_the_solution_solves_the_system() -> None:
    rng = np.random.default_rng(2)
    half = random_sparse(80, 80, 0.05, random_state=rng)
    system = (half @ half.T).tocsc()
    system.setdiag(system.diagonal() + 1.0)
    right = rng.standard_normal((80, 7))
    solution = _solve_many(_factor(system.tocsc(), splu), right)
    np.testing.assert_allclose(system @ solution, right, atol=1e-9)
