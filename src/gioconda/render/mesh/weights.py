"""Smoothing on the mesh graph, and the weights by which vertices follow the handles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.render.mesh import topology as topo

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
else:
    csr_matrix = Any

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: Part of the plain Laplacian mixed into the biharmonic energy: keeps its fall-off from
#: overshooting.
HARMONIC_PART: Final = 1e-3


def graph_laplacian(points: Array, triangles: IntArray) -> csr_matrix:
    """Return the normalised graph Laplacian, (n, n), edges weighted by 1 / length."""
    from scipy.sparse import coo_matrix, diags

    n = len(points)
    i = triangles.ravel()
    j = np.roll(triangles, -1, axis=1).ravel()
    weight = 1 / np.maximum(np.linalg.norm(points[i, :2] - points[j, :2], axis=1), 1.0)
    half = coo_matrix((weight, (i, j)), shape=(n, n)).tocsr()
    graph = half + half.T
    degree = np.asarray(graph.sum(1)).ravel()
    degree[degree == 0] = 1
    laplacian: csr_matrix = (diags(1 / degree) @ (diags(degree) - graph)).tocsr()
    return laplacian


def smoothed(laplacian: csr_matrix, values: Array, data_weight: Array, stiffness: float) -> Array:
    """Minimise stiffness |L x|^2 + sum of data_weight (x - values)^2."""
    from scipy.sparse import diags
    from scipy.sparse.linalg import splu

    system = (stiffness * (laplacian.T @ laplacian) + diags(data_weight)).tocsc()
    result: Array = _factor(system, splu).solve(data_weight * values)
    return result


def handle_weights(
    laplacian: csr_matrix, handles: IntArray, fixed: IntArray, parents: IntArray, rings: Array
) -> Array:
    """Return biharmonic weights of the vertices with respect to the handles, (n, handles).

    A handle's own weight is 1, ``fixed`` vertices have none. Vertices that halve the edges of
    the slits' rings (``rings``, their ids) take the mean of their parents, so that lips and
    lids stay as they meet at the landmarks: where the handles do not cross, nothing does.
    """
    from scipy.sparse.linalg import splu

    n = laplacian.shape[0]
    known = np.zeros((n, len(handles)))
    known[handles, np.arange(len(handles))] = 1
    between = rings[rings >= topo.LANDMARKS]
    known[between] = 0.5 * known[parents[between - topo.LANDMARKS]].sum(1)
    is_known = np.zeros(n, bool)
    is_known[handles] = is_known[fixed] = is_known[between] = True
    free, given = np.flatnonzero(~is_known), np.flatnonzero(is_known)

    energy = (laplacian.T @ laplacian + HARMONIC_PART * laplacian).tocsr()[free].tocsc()
    factors = _factor(energy[:, free].tocsc(), splu)
    known[free] = _solve_many(factors, -(energy[:, given] @ known[given]))
    return known


def _solve_many(factors: Any, right: Array) -> Array:
    """Solve with a factored system for many right-hand sides at once, (n, m).

    SuperLU goes through them one by one; row by row over all of them, the same arithmetic takes
    a tenth of the time.
    """
    from gioconda.render.mesh.solve_kernels import back_substitute, forward_substitute

    lower, upper = factors.L.tocsc(), factors.U.tocsc()
    lower.sort_indices()
    upper.sort_indices()
    x = np.empty_like(right)
    x[factors.perm_r] = right
    forward_substitute(lower.indptr, lower.indices, lower.data, x)
    back_substitute(upper.indptr, upper.indices, upper.data, x)
    solution: Array = x[factors.perm_c]
    return solution


def _factor(system: Any, splu: Any) -> Any:
    # The systems are symmetric up to rounding and diagonally strong: pivoting on the diagonal
    # keeps the fill of the factors low.
    return splu(
        system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )
