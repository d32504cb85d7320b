"""Compiled kernel that smooths the stair-steps of contours.

The method is geometric post-process anti-aliasing (Emil Persson, 2011): after drawing, each pixel
that a silhouette edge cuts is blended with its neighbour across the edge by the share of the pixel
that lies beyond. Only edges with a jump in depth count, so inner edges of the sheet stay sharp.
"""

from __future__ import annotations

import math

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
def smooth_contours(screen, position, edges, triangles, depth, jump, scale, out):  # type: ignore[no-untyped-def]
    """Blend the pixels along silhouette edges, in place.

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
        Number of pixels blended.
    """
    height = depth.shape[0]
    width = depth.shape[1]
    blended = 0
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
            along, across = height, width
        else:
            p0, p1, q0, q1 = screen[a, 0], screen[b, 0], screen[a, 1], screen[b, 1]
            along, across = width, height
        z0, z1 = position[a, 2], position[b, 2]
        if abs(p1 - p0) < 0.05:
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
            m = math.floor(q + 0.5)
            if m < 2 or m > across - 3:
                continue
            if steep:
                z_before, z_here, z_after = depth[s, m - 1], depth[s, m], depth[s, m + 1]
            else:
                z_before, z_here, z_after = depth[m - 1, s], depth[m, s], depth[m + 1, s]
            nearest = min(z_before, z_after)
            farthest = max(z_before, z_after)
            if farthest - nearest < jump:
                continue
            # A contour lies between what is on its two sides: in front of both it was not drawn,
            # behind both it is hidden. Not nearer, for a cheek is steep beside its contour.
            slack = 0.5 * jump + 2.0 * scale
            if z_edge < nearest - slack or z_edge > farthest + slack:
                continue
            offset = q - m
            if offset > 0:
                other, weight, z_other = 1, 0.5 - offset, z_after
            else:
                other, weight, z_other = -1, 0.5 + offset, z_before
            if abs(z_other - z_here) < 0.6 * jump:
                continue
            blended += 1
            share = int(weight * 256)
            for c in range(3):
                if steep:
                    mixed = int(out[s, m, c]) * (256 - share) + int(out[s, m + other, c]) * share
                    out[s, m, c] = (mixed + 128) >> 8
                else:
                    mixed = int(out[m, s, c]) * (256 - share) + int(out[m + other, s, c]) * share
                    out[m, s, c] = (mixed + 128) >> 8
    return blended
