"""Compiled kernel that smooths the stair-steps of contours.

The method is geometric post-process anti-aliasing (Emil Persson, 2011): after drawing, each pixel
that a silhouette edge cuts is blended with its neighbour across the edge by the share of the pixel
that lies beyond. Only edges with a jump in depth count, so inner edges of the sheet stay sharp.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def _turn(screen, triangles, t):  # type: ignore[no-untyped-def]
    i = triangles[t, 0]
    j = triangles[t, 1]
    k = triangles[t, 2]
    return (screen[j, 0] - screen[i, 0]) * (screen[k, 1] - screen[i, 1]) - (
        screen[j, 1] - screen[i, 1]
    ) * (screen[k, 0] - screen[i, 0])


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def _lies_after(screen, triangles, t, a, b, steep):  # type: ignore[no-untyped-def]
    """Tell whether a triangle lies at greater x (steep), or y, than its edge from a to b."""
    c = triangles[t, 0] + triangles[t, 1] + triangles[t, 2] - a - b
    if steep:
        run = (screen[c, 1] - screen[a, 1]) / (screen[b, 1] - screen[a, 1])
        return screen[c, 0] > screen[a, 0] + run * (screen[b, 0] - screen[a, 0])
    run = (screen[c, 0] - screen[a, 0]) / (screen[b, 0] - screen[a, 0])
    return screen[c, 1] > screen[a, 1] + run * (screen[b, 1] - screen[a, 1])


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def smooth_contours(screen, position, edges, triangles, depth, jump, scale, out):  # type: ignore[no-untyped-def]
    """Blend the pixels along silhouette edges, in place.

    A contour passes between two pixels. Where the sheet is folded more than once several edges
    pass there; the outermost of those that bound the nearer surface is the contour. Every step
    is blended once, from the frame as it was drawn.

    Args:
        screen: (V, 2) float32 projected vertices.
        position: (V, 3) float32 posed vertices.
        edges: (E, 4) int32: two vertices, and the two triangles that share them.
        triangles: (T, 3) int32.
        depth: (H, W) float32 depth of what was drawn.
        jump: float, depth step that makes an edge a contour.
        scale: float, size of the frame over 512.
        out: (H, W, 3) uint8 frame.

    Returns:
        Number of steps blended.
    """
    height = depth.shape[0]
    width = depth.shape[1]
    most = 16 * (height + width)
    # the steps met so far, in one chain for each column and each row
    chain = np.full(2 * max(height, width), -1, np.int32)
    following = np.empty(most, np.int32)
    place = np.empty((most, 4), np.int32)  # pixel of the nearer surface, pixel beyond
    reach = np.empty(most, np.float32)  # from the middle of the nearer to the contour
    count = 0
    for e in range(edges.shape[0]):
        # a silhouette edge has one triangle seen from the front and one from behind
        if _turn(screen, triangles, edges[e, 2]) * _turn(screen, triangles, edges[e, 3]) > 0:
            continue
        a = edges[e, 0]
        b = edges[e, 1]
        steep = abs(screen[b, 1] - screen[a, 1]) >= abs(screen[b, 0] - screen[a, 0])
        # walk along the longer axis ("along"), the edge crosses the other one ("across")
        if steep:
            p0, p1, q0, q1 = screen[a, 1], screen[b, 1], screen[a, 0], screen[b, 0]
            along, across, chains = height, width, 0
        else:
            p0, p1, q0, q1 = screen[a, 0], screen[b, 0], screen[a, 1], screen[b, 1]
            along, across, chains = width, height, max(height, width)
        z0, z1 = position[a, 2], position[b, 2]
        if abs(p1 - p0) < 0.05:
            continue
        after = _lies_after(screen, triangles, edges[e, 2], a, b, steep)
        if after != _lies_after(screen, triangles, edges[e, 3], a, b, steep):
            continue
        if p0 > p1:
            p0, p1 = p1, p0
            q0, q1 = q1, q0
            z0, z1 = z1, z0
        first = max(math.ceil(p0), 1)
        last = min(math.ceil(p1) - 1, along - 2)
        slope = (q1 - q0) / (p1 - p0)
        z_slope = (z1 - z0) / (p1 - p0)
        for s in range(first, last + 1):
            q = q0 + (s - p0) * slope
            z_edge = z0 + (s - p0) * z_slope
            m = math.floor(q)
            if m < 2 or m > across - 4:
                continue
            inner = m + 1 if after else m
            beyond = m if after else m + 1
            if steep:
                z_inner, z_beyond = depth[s, inner], depth[s, beyond]
            else:
                z_inner, z_beyond = depth[inner, s], depth[beyond, s]
            if z_beyond - z_inner < jump:
                continue
            # A contour lies between what is on its two sides: in front of both it was not drawn,
            # behind both it is hidden. Not nearer, for a cheek is steep beside its contour.
            slack = 0.5 * jump + 2.0 * scale
            if z_edge < z_inner - slack or z_edge > z_beyond + slack:
                continue
            far = np.float32(abs(q - inner))
            known = chain[chains + s]
            while known >= 0:
                at = place[known, 1] if steep else place[known, 0]
                to = place[known, 3] if steep else place[known, 2]
                if at == inner and to == beyond:
                    break
                known = following[known]
            if known >= 0:
                reach[known] = max(reach[known], far)
                continue
            if count == most:
                continue
            if steep:
                place[count, 0], place[count, 1], place[count, 2], place[count, 3] = (
                    s, inner, s, beyond,
                )  # fmt: skip
            else:
                place[count, 0], place[count, 1], place[count, 2], place[count, 3] = (
                    inner, s, beyond, s,
                )  # fmt: skip
            reach[count] = far
            following[count] = chain[chains + s]
            chain[chains + s] = count
            count += 1
    mixed = np.empty((count, 3), np.uint8)
    for n in range(count):
        y, x, y_beyond, x_beyond = place[n]
        # the contour cuts the nearer pixel, or the one beyond
        share = int((0.5 + reach[n]) * 256) if reach[n] < 0.5 else int((reach[n] - 0.5) * 256)
        for c in range(3):
            value = int(out[y, x, c]) * share + int(out[y_beyond, x_beyond, c]) * (256 - share)
            mixed[n, c] = (value + 128) >> 8
    for n in range(count):
        cut = 0 if reach[n] < 0.5 else 2
        for c in range(3):
            out[place[n, cut], place[n, cut + 1], c] = mixed[n, c]
    return count
