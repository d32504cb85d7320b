"""Contours are smoothed where they show, however steep the surface is beside them."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.render.mesh.contour_kernels import smooth_contours

SIDE = 24
#: The contour runs from (10.3, -1) to (13.9, 24); a front triangle left of it, its back behind.
SCREEN = np.array([[10.3, -1], [13.9, 24], [0, 12], [5, 12]], np.float32)
TRIANGLES = np.array([[0, 1, 2], [0, 3, 1]], np.int32)
EDGES = np.array([[0, 1, 0, 1]], np.int32)


def smoothed(
    edge_z: float,
    near: float,
    far: float,
    screen: np.ndarray = SCREEN,
    edges: np.ndarray = EDGES,
    triangles: np.ndarray = TRIANGLES,
) -> tuple[int, np.ndarray]:
    """White in front at ``near`` left of the contour, black at ``far`` right of it."""
    contour = 10.3 + (np.arange(SIDE)[:, None] + 1) * 3.6 / 25
    left = np.arange(SIDE)[None] < contour
    z = np.tile([edge_z, edge_z, near, near], len(screen) // 4)
    position = np.column_stack([screen, z]).astype(np.float32)
    depth = np.where(left, near, far).astype(np.float32)
    out = np.repeat(np.where(left, 255, 0)[..., None], 3, axis=2).astype(np.uint8)
    count = smooth_contours(
        screen, position, edges, triangles, depth, np.float32(10), np.float32(1), out
    )
    return count, out


def test_a_slanted_contour_loses_its_stairs() -> None:
    count, out = smoothed(edge_z=20, near=20, far=150)
    assert count >= SIDE - 4
    # every row holds as much white as the contour leaves to its left
    white = out[2:-2, :, 0].sum(axis=1) / 255
    contour = 10.3 + (np.arange(SIDE) + 1) * 3.6 / 25 + 0.5
    assert np.abs(white - contour[2:-2]).max() < 0.06


def test_a_cheek_that_is_steep_beside_its_contour_is_smoothed_too() -> None:
    assert smoothed(edge_z=70, near=20, far=150)[0] >= SIDE - 4


@pytest.mark.parametrize("inner_px", [0.3, 0.6])
@pytest.mark.parametrize("inner_first", [False, True])
def test_only_the_outermost_of_several_folds_counts(inner_px: float, inner_first: bool) -> None:
    single_count, single = smoothed(edge_z=20, near=20, far=150)
    # the same fold again, a little farther in, as where the sheet zigzags at its outline
    inner = SCREEN - np.array([inner_px, 0], np.float32)
    screen = np.vstack([SCREEN, inner])
    edges = np.vstack([EDGES, [[4, 5, 2, 3]]]).astype(np.int32)
    count, out = smoothed(
        edge_z=20, near=20, far=150, screen=screen,
        edges=edges[::-1].copy() if inner_first else edges,
        triangles=np.vstack([TRIANGLES, TRIANGLES + 4]),
    )  # fmt: skip
    assert count >= single_count
    white, expected = (frame[2:-2, :, 0].sum(axis=1) / 255 for frame in (out, single))
    assert np.abs(white - expected).max() < 0.06


def test_a_fold_that_opens_the_other_way_is_no_contour() -> None:
    # both triangles lie on the far side: the surface goes on behind the near one
    screen = SCREEN.copy()
    screen[2:, 0] += 18
    assert smoothed(edge_z=20, near=20, far=150, screen=screen)[0] == 0


def test_an_edge_that_is_hidden_or_not_there_is_left_alone() -> None:
    assert smoothed(edge_z=200, near=20, far=150)[0] == 0
    assert smoothed(edge_z=0, near=40, far=150)[0] == 0
    assert smoothed(edge_z=20, near=20, far=25)[0] == 0
