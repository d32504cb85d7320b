"""Compiled kernels for the light on the face's vertices."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

f32 = np.float32


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def shade_vertices(position, triangles, count, direction, floor, normals, shade):  # type: ignore[no-untyped-def]
    """First-order light on each vertex: 1 + direction . normal, at least ``floor``.

    Normals are the area-weighted mean of the triangles round a vertex.

    Args:
        position: (V, 3) float32.
        triangles: (T, 3) int32, all indices below ``count``.
        count: number of vertices to shade.
        direction: (3,) float32, the light in view axes.
        floor: float32, least light.
        normals: (count, 3) float32, room for the normals; receives them, not normalised.
        shade: (count,) float32, receives the light.
    """
    for v in range(count):
        normals[v, 0] = f32(0.0)
        normals[v, 1] = f32(0.0)
        normals[v, 2] = f32(0.0)
    for t in range(triangles.shape[0]):
        i = triangles[t, 0]
        j = triangles[t, 1]
        k = triangles[t, 2]
        ax = position[j, 0] - position[i, 0]
        ay = position[j, 1] - position[i, 1]
        az = position[j, 2] - position[i, 2]
        bx = position[k, 0] - position[i, 0]
        by = position[k, 1] - position[i, 1]
        bz = position[k, 2] - position[i, 2]
        nx = ay * bz - az * by
        ny = az * bx - ax * bz
        nz = ax * by - ay * bx
        for v in (i, j, k):
            normals[v, 0] += nx
            normals[v, 1] += ny
            normals[v, 2] += nz
    for v in range(count):
        x = normals[v, 0]
        y = normals[v, 1]
        z = normals[v, 2]
        length = math.sqrt(x * x + y * y + z * z) + f32(1e-9)
        light = f32(1.0) + (x * direction[0] + y * direction[1] + z * direction[2]) / f32(length)
        shade[v] = max(light, floor)


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def relight_vertices(shade, rest_shade, weight, strength, low, high, one, limit, out):  # type: ignore[no-untyped-def]
    """Light of each vertex relative to rest, in the units of the light map.

    Args:
        shade: (n,) float32 light now.
        rest_shade: (n,) float32 light at rest.
        weight: (n,) float32, 0 where the light must not change.
        strength: share of the relighting that is applied.
        low: least ratio.
        high: (n,) float32, greatest ratio.
        one: value of unchanged light.
        limit: largest value.
        out: (V,) float32, V >= n, receives the first n.
    """
    for v in range(shade.shape[0]):
        ratio = min(max(shade[v] / rest_shade[v], low), high[v])
        value = one * (f32(1.0) + strength * (ratio - f32(1.0)) * weight[v])
        out[v] = min(max(value, f32(0.0)), limit)
