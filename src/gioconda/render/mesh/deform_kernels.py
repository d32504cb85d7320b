"""Compiled inner loops of the per-frame deformation. Plain arrays in, plain arrays out."""

from __future__ import annotations

import numpy as np
from numba import njit

# The two products below are loops of ours and no matrix products of numpy's: those would wake
# the threads of BLAS for a tenth of a millisecond's work, which costs several on a busy machine.


@njit(cache=True, nogil=True, fastmath=True)
def blend_shapes(weights, shapes, out):  # type: ignore[no-untyped-def]
    """Sum weighted shapes: weights (K,) times shapes (K, n) into out (n,)."""
    out[:] = np.float32(0)
    for k in range(weights.shape[0]):
        w = weights[k]
        if w != 0:
            for i in range(out.shape[0]):
                out[i] += w * shapes[k, i]


@njit(cache=True, nogil=True, fastmath=True)
def follow(weights, displacement, out):  # type: ignore[no-untyped-def]
    """Let vertices follow the handles.

    Args:
        weights: (n, H) handle weights.
        displacement: (3, H) of the handles.
        out: (n, 3) of the vertices.
    """
    for i in range(weights.shape[0]):
        x = y = z = np.float32(0)
        for h in range(weights.shape[1]):
            w = weights[i, h]
            x += w * displacement[0, h]
            y += w * displacement[1, h]
            z += w * displacement[2, h]
        out[i, 0] = x
        out[i, 1] = y
        out[i, 2] = z


@njit(cache=True, nogil=True)
def part_lips(  # type: ignore[no-untyped-def]
    d, upper, lower, upper_outer, lower_outer, gap, least, depth, upper_lip, lower_lip, sight, mm
):
    """Undo crossings of the lips, in place.

    Args:
        d: (H, 3) displacement of the handles in head axes.
        upper: (n,) handle indices of the upper inner lip.
        lower: (n,) of the landmarks that they meet.
        upper_outer: (n,) of the upper lip's outer edge.
        lower_outer: (n,) of the lower lip's outer edge.
        gap: (n,) distance from upper to lower inner lip at rest, down the image.
        least: (n,) smallest gap allowed.
        depth: (n,) the same distance along the head's z axis.
        upper_lip: (n,) thickness of the upper lip at rest; a quarter of it always stays.
        lower_lip: (n,) the same of the lower lip.
        sight: (3,) the image's downward direction in head axes.
        mm: one millimetre.
    """
    for k in range(upper.shape[0]):
        u, l, uo, lo = upper[k], lower[k], upper_outer[k], lower_outer[k]
        over = gap[k] - least[k]
        for c in range(3):
            over += (d[l, c] - d[u, c]) * sight[c]
        if over < 0:
            # Lips that press on each other come to lie at one depth, or they would cross once
            # the head turns. Gradually, so that first contact shows no jump.
            apart = depth[k] + d[l, 2] - d[u, 2]
            apart *= min(np.float32(1), -over / mm)
            d[u, 2] += np.float32(0.5) * apart
            d[l, 2] -= np.float32(0.5) * apart
            over = (over - apart * sight[2]) / sight[1]
            if over < 0:
                d[u, 1] += np.float32(0.4) * over
                d[l, 1] -= np.float32(0.6) * over
                d[uo, 1] += np.float32(0.2) * over
                d[lo, 1] -= np.float32(0.35) * over
        thin = np.float32(0.75) * upper_lip[k] + d[u, 1] - d[uo, 1]
        if thin < 0:
            d[uo, 1] += thin
        thin = np.float32(0.75) * lower_lip[k] + d[lo, 1] - d[l, 1]
        if thin < 0:
            d[lo, 1] -= thin


@njit(cache=True, nogil=True)
def part_lids(d, upper, lower, aperture, least, sight):  # type: ignore[no-untyped-def]
    """Undo crossings of the lids, in place: the upper lid rests on the lower one."""
    for k in range(upper.shape[0]):
        u, l = upper[k], lower[k]
        over = aperture[k] - least[k]
        for c in range(3):
            over += (d[l, c] - d[u, c]) * sight[c]
        if over < 0:
            d[u, 1] += over / sight[1]


@njit(cache=True, nogil=True)
def pose_vertices(  # type: ignore[no-untyped-def]
    rest, row, moved, face_count, collapse, collapse_by, behind, yaw, pitch, weight, free,
    rotation, pivot, shift, camera, camera_now, centre, position, screen,
):  # fmt: skip
    """Deform, take out the rest camera's perspective, turn with the head, project.

    Args:
        rest: (V, 3) vertices at rest, pixels.
        row: (V,) row of ``moved`` of each vertex, or -1.
        moved: (n, 3) displacements in view axes.
        face_count: number of vertices before the sheet round the face.
        collapse: (V - face_count, 3) way of the far sheet to the contour; may be empty.
        collapse_by: 0 to 1.
        behind: (V - face_count, 3) unit vector from the face to the sheet, and the depth that the
            sheet falls back by on a side that turns away.
        yaw: of the head, 1 where what turns away has fallen back fully.
        pitch: the same.
        weight: (V,) how far each vertex follows the head.
        free: (V, 4) how much of that it does to the right, left, down, up.
        rotation: (3, 3) of the head.
        pivot: (3,) that it turns about.
        shift: (3,) of the head, pixels.
        camera: distance of the camera at rest, pixels.
        camera_now: its distance now.
        centre: of the view, pixels.
        position: (V, 3) out, posed vertices.
        screen: (V, 2) out, projected.
    """
    for v in range(rest.shape[0]):
        x, y, z = rest[v, 0], rest[v, 1], rest[v, 2]
        r = row[v]
        if r >= 0:
            x += moved[r, 0]
            y += moved[r, 1]
            z += moved[r, 2]
        if collapse_by > 0 and v >= face_count:
            x += collapse_by * collapse[v - face_count, 0]
            y += collapse_by * collapse[v - face_count, 1]
            z += collapse_by * collapse[v - face_count, 2]
        if v >= face_count:
            s = v - face_count
            away = min(behind[s, 0] * yaw + behind[s, 1] * pitch, np.float32(1))
            if away > 0:
                z += behind[s, 2] * away * away * (np.float32(3) - np.float32(2) * away)
        k = (camera + z) / camera
        x = centre + (x - centre) * k
        y = centre + (y - centre) * k
        w = weight[v]
        if w > 0:
            a, b, c = x - pivot[0], y - pivot[1], z - pivot[2]
            dx = rotation[0, 0] * a + rotation[0, 1] * b + rotation[0, 2] * c + shift[0] - a
            dy = rotation[1, 0] * a + rotation[1, 1] * b + rotation[1, 2] * c + shift[1] - b
            x += w * dx * (free[v, 0] if dx > 0 else free[v, 1])
            y += w * dy * (free[v, 2] if dy > 0 else free[v, 3])
            # depth too, or perspective would draw what is held towards the middle
            w *= min(free[v, 0], free[v, 1], free[v, 2], free[v, 3])
            z += w * (rotation[2, 0] * a + rotation[2, 1] * b + rotation[2, 2] * c + shift[2] - c)
        position[v, 0] = x
        position[v, 1] = y
        position[v, 2] = z
        k = camera_now / (camera_now + z)
        screen[v, 0] = centre + (x - centre) * k
        screen[v, 1] = centre + (y - centre) * k
