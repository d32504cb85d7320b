"""Compiled kernels for the mirrored texture on the far side of a turned face."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

f32 = np.float32
#: One over the pixels over which new skin fades at the face's outline.
RIM_FADE = 0.5


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def stretch_weights(screen, triangles, rest_area, mask, begin, span, spread, fall, counts, weights):  # type: ignore[no-untyped-def]
    """Weight of the mirrored texture on each vertex: how far its skin is stretched on screen.

    Args:
        screen: (V, 2) float32 projected vertices.
        triangles: (T, 3) int32 of the far side.
        rest_area: (T,) float32 twice the area of each triangle in the photo.
        mask: (n,) float32, 0 to 1, where the mirror may show at all.
        begin: ratio of areas at which the mirror starts to show.
        span: how far above that it shows fully.
        spread: how many times the weights spread to the neighbours: the contour's own dark line
            lies beside the stretched skin, and must not stay.
        fall: float32 part of a weight that reaches the neighbours.
        counts: (n,) float32, room.
        weights: (n,) float32, receives the weights.

    Returns:
        The greatest weight.
    """
    for v in range(weights.shape[0]):
        weights[v] = f32(0.0)
        counts[v] = f32(0.0)
    for t in range(triangles.shape[0]):
        i = triangles[t, 0]
        j = triangles[t, 1]
        k = triangles[t, 2]
        area = (screen[j, 0] - screen[i, 0]) * (screen[k, 1] - screen[i, 1]) - (
            screen[j, 1] - screen[i, 1]
        ) * (screen[k, 0] - screen[i, 0])
        ratio = area / rest_area[t]
        for v in (i, j, k):
            weights[v] += ratio
            counts[v] += f32(1.0)
    greatest = f32(0.0)
    for v in range(weights.shape[0]):
        if counts[v] > 0:
            x = min(max((weights[v] / counts[v] - begin) / span, f32(0.0)), f32(1.0))
            weights[v] = x * x * (f32(3.0) - f32(2.0) * x)
            greatest = max(greatest, weights[v])
    if greatest > 0:
        for _ in range(spread):
            counts[:] = weights
            for t in range(triangles.shape[0]):
                most = f32(0.0)
                for k in range(3):
                    most = max(most, counts[triangles[t, k]])
                for k in range(3):
                    v = triangles[t, k]
                    weights[v] = max(weights[v], fall * most)
        for v in range(weights.shape[0]):
            weights[v] *= mask[v]
    return greatest


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def draw_mirror(  # type: ignore[no-untyped-def]
    screen, position, own_at, mirror_at, gain, weights, rim, triangles, depth, tolerance, light_map,
    shading, detail, out,
):  # fmt: skip
    """Blend own shading with mirrored detail over the visible pixels of the far side, in place.

    Args:
        screen: (V, 2) float32 projected vertices.
        position: (V, 3) float32 posed vertices.
        own_at: (n, 2) float32 place of each face vertex in the photo.
        mirror_at: (n, 2) float32 place of its mirror image.
        gain: (n,) float32 of the mirrored detail.
        weights: (n,) float32 from :func:`stretch_weights`.
        rim: (n,) bool, vertices of the face's outline; the new skin fades over the last pixels
            before an edge between two of them, or it would end in stairs.
        triangles: (T, 3) int32.
        depth: (H, W) float32 depth of what was drawn.
        tolerance: float32, depth difference that still counts as visible.
        light_map: (H, W) uint16, 256 = unchanged.
        shading: (h, w, 3) float32 the photo, smoothed.
        detail: (h, w, 3) float32 the photo less its shading.
        out: (H, W, 3) uint8 frame.
    """
    height = depth.shape[0]
    width = depth.shape[1]
    u_limit = f32(detail.shape[1] - 1.01)
    v_limit = f32(detail.shape[0] - 1.01)
    slack = f32(1e-4)
    one = f32(1.0)
    for t in range(triangles.shape[0]):
        i = triangles[t, 0]
        j = triangles[t, 1]
        k = triangles[t, 2]
        if max(weights[i], weights[j], weights[k]) <= f32(0.003):
            continue
        ax = screen[i, 0]
        ay = screen[i, 1]
        bx = screen[j, 0] - ax
        by = screen[j, 1] - ay
        cx = screen[k, 0] - ax
        cy = screen[k, 1] - ay
        area = bx * cy - by * cx
        if area < f32(1e-6):
            continue
        inverse = one / area
        # height over the edge on the rim, if there is one: a barycentric coordinate times this
        fade = f32(1e9)
        apex = 3
        if rim[i] and rim[j] and not rim[k]:
            fade, apex = area / math.sqrt(bx * bx + by * by), 2
        elif rim[j] and rim[k] and not rim[i]:
            fade, apex = area / math.hypot(cx - bx, cy - by), 0
        elif rim[k] and rim[i] and not rim[j]:
            fade, apex = area / math.sqrt(cx * cx + cy * cy), 1
        x_first = max(math.ceil(min(ax, ax + bx, ax + cx)), 0)
        x_last = min(math.floor(max(ax, ax + bx, ax + cx)), width - 1)
        y_first = max(math.ceil(min(ay, ay + by, ay + cy)), 0)
        y_last = min(math.floor(max(ay, ay + by, ay + cy)), height - 1)
        for y in range(y_first, y_last + 1):
            dy = f32(y) - ay
            for x in range(x_first, x_last + 1):
                dx = f32(x) - ax
                s = (dx * cy - dy * cx) * inverse
                q = (dy * bx - dx * by) * inverse
                r = one - s - q
                if s < -slack or q < -slack or r < -slack:
                    continue
                z = position[i, 2] * r + position[j, 2] * s + position[k, 2] * q
                if abs(z - depth[y, x]) > tolerance:
                    continue
                share = weights[i] * r + weights[j] * s + weights[k] * q
                if apex < 3:
                    part = r if apex == 0 else (s if apex == 1 else q)
                    share *= min((part * fade + f32(0.5)) * f32(RIM_FADE), one)
                u = mirror_at[i, 0] * r + mirror_at[j, 0] * s + mirror_at[k, 0] * q
                v = mirror_at[i, 1] * r + mirror_at[j, 1] * s + mirror_at[k, 1] * q
                u = min(max(u, f32(0.0)), u_limit)
                v = min(max(v, f32(0.0)), v_limit)
                iu = int(u)
                iv = int(v)
                fu = u - f32(iu)
                fv = v - f32(iv)
                u = own_at[i, 0] * r + own_at[j, 0] * s + own_at[k, 0] * q
                v = own_at[i, 1] * r + own_at[j, 1] * s + own_at[k, 1] * q
                ou = int(min(max(u, f32(0.0)), u_limit) + f32(0.5))
                ov = int(min(max(v, f32(0.0)), v_limit) + f32(0.5))
                light = f32(light_map[y, x]) * f32(1.0 / 256.0)
                much = gain[i] * r + gain[j] * s + gain[k] * q
                for c in range(3):
                    upper = detail[iv, iu, c] * (one - fu) + detail[iv, iu + 1, c] * fu
                    lower = detail[iv + 1, iu, c] * (one - fu) + detail[iv + 1, iu + 1, c] * fu
                    finer = (upper * (one - fv) + lower * fv) * much
                    colour = max(shading[ov, ou, c] + finer, f32(0.0)) * light
                    mixed = f32(out[y, x, c]) * (one - share) + colour * share + f32(0.5)
                    out[y, x, c] = np.uint8(min(mixed, f32(255.0)))
