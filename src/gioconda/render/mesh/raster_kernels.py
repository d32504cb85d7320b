"""Compiled kernel that draws triangles into sampling maps.

Pixel centres lie at integers. The maps are in the packed fixed-point form that ``cv2.remap``
takes directly: whole texture pixels as two int16, fractions as 5 + 5 bits of one uint16. Writing
them straight from the triangle setup saves a conversion pass over float maps.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

f32 = np.float32
#: ``cv2.remap`` resolves 1/32 of a texture pixel.
FRACTION_BITS = 5
#: Light 1.0 in the light map; a light of 4 and more is not told apart.
LIGHT_ONE = 256
LIGHT_LIMIT = 1023
#: Marks pixels of the light map that no triangle covers.
LIGHT_NOTHING = 65535


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def rasterize(  # type: ignore[no-untyped-def]
    screen,
    position,
    texture_at,
    light,
    triangles,
    back_bias,
    whole,
    fraction,
    light_map,
    depth,
    box,
):
    """Draw triangles, nearest first wins, and report the box of pixels they may have touched.

    Each row of a triangle is one span, cut out by the three edge functions; inside it depth,
    texture place and light advance by constant steps. Triangles seen from behind are kept, but
    pushed away by ``back_bias``, so that folds (nostrils, a far cheek) never show through.

    Args:
        screen: (V, 2) float32 projected vertices.
        position: (V, 3) float32 posed vertices; z is the depth.
        texture_at: (V, 2) float32 texture place of each vertex, pixels.
        light: (V,) float32, :data:`LIGHT_ONE` = unchanged.
        triangles: (T, 3) int32.
        back_bias: float32, pixels of depth.
        whole: (H * W,) uint32 view of the int16 pair map, x in the low half.
        fraction: (H, W) uint16.
        light_map: (H, W) uint16.
        depth: (H, W) float32, holds the depth to beat.
        box: (4,) int32, receives x0, y0, x1, y1, ends exclusive.
    """
    height = depth.shape[0]
    width = depth.shape[1]
    flat_depth = depth.reshape(-1)
    flat_fraction = fraction.reshape(-1)
    flat_light = light_map.reshape(-1)
    left, top, right, bottom = width, height, 0, 0
    tiny = f32(1e-9)
    slack = f32(1e-4)
    for t in range(triangles.shape[0]):
        i = triangles[t, 0]
        j = triangles[t, 1]
        k = triangles[t, 2]
        ay = screen[i, 1]
        by = screen[j, 1]
        cy = screen[k, 1]
        y_low = min(ay, by, cy)
        y_high = max(ay, by, cy)
        y_first = math.ceil(y_low) if y_low > 0 else 0
        y_last = math.floor(y_high) if y_high < height - 1 else height - 1
        if y_last < y_first:
            continue
        ax = screen[i, 0]
        bx = screen[j, 0]
        cx = screen[k, 0]
        x_low = min(ax, bx, cx)
        x_high = max(ax, bx, cx)
        if x_high < 0 or x_low > width - 1:
            continue
        bx -= ax
        by -= ay
        cx -= ax
        cy -= ay
        area = bx * cy - by * cx
        if abs(area) < f32(1e-6):
            continue
        inverse = f32(1.0) / area
        # barycentric s (towards j) and q (towards k): steps along x and y
        sx = cy * inverse
        sy = -cx * inverse
        qx = -by * inverse
        qy = bx * inverse
        z0 = position[i, 2]
        z1 = position[j, 2] - z0
        z2 = position[k, 2] - z0
        if area < 0:
            z0 += back_bias
        u0 = texture_at[i, 0] * f32(32.0)
        u1 = texture_at[j, 0] * f32(32.0) - u0
        u2 = texture_at[k, 0] * f32(32.0) - u0
        u0 += f32(0.5)
        v0 = texture_at[i, 1] * f32(32.0)
        v1 = texture_at[j, 1] * f32(32.0) - v0
        v2 = texture_at[k, 1] * f32(32.0) - v0
        v0 += f32(0.5)
        l0 = light[i]
        l1 = light[j] - l0
        l2 = light[k] - l0
        l0 += f32(0.5)
        z_step = z1 * sx + z2 * qx
        u_step = u1 * sx + u2 * qx
        v_step = v1 * sx + v2 * qx
        l_step = l1 * sx + l2 * qx
        top = min(top, y_first)
        bottom = max(bottom, y_last)
        left = min(left, int(x_low) if x_low > 0 else 0)
        right = max(right, int(x_high) + 1 if x_high < width - 1 else width - 1)
        rx = sx + qx
        inverse_sx = f32(1.0) / sx if abs(sx) > tiny else f32(0.0)
        inverse_qx = f32(1.0) / qx if abs(qx) > tiny else f32(0.0)
        inverse_rx = f32(1.0) / rx if abs(rx) > tiny else f32(0.0)
        for y in range(y_first, y_last + 1):
            dy = f32(y) - ay
            s0 = dy * sy - ax * sx
            q0 = dy * qy - ax * qx
            # s >= 0, q >= 0 and s + q <= 1, each an interval in x
            low = x_low
            high = x_high
            if sx > tiny:
                low = max(low, (-slack - s0) * inverse_sx)
            elif sx < -tiny:
                high = min(high, (-slack - s0) * inverse_sx)
            elif s0 < -slack:
                continue
            if qx > tiny:
                low = max(low, (-slack - q0) * inverse_qx)
            elif qx < -tiny:
                high = min(high, (-slack - q0) * inverse_qx)
            elif q0 < -slack:
                continue
            r0 = f32(1.0) + slack - s0 - q0
            if rx > tiny:
                high = min(high, r0 * inverse_rx)
            elif rx < -tiny:
                low = max(low, r0 * inverse_rx)
            elif r0 < 0:
                continue
            low = max(low, f32(0.0))
            high = min(high, f32(width - 1))
            x_first = math.ceil(low - f32(1e-3))
            x_last = math.floor(high + f32(1e-3))
            if x_first < 0:
                x_first = 0
            if x_last < x_first:
                continue
            s = s0 + f32(x_first) * sx
            q = q0 + f32(x_first) * qx
            z = z0 + s * z1 + q * z2
            u = u0 + s * u1 + q * u2
            v = v0 + s * v1 + q * v2
            l = l0 + s * l1 + q * l2
            start = np.uintp(y * width + x_first)
            count = np.uintp(x_last - x_first + 1)
            for p in range(start, start + count):
                if z < flat_depth[p]:
                    flat_depth[p] = z
                    iu = np.int32(u)
                    iv = np.int32(v)
                    whole[p] = np.uint32(((iv >> 5) << 16) | ((iu >> 5) & 65535))
                    flat_fraction[p] = np.uint16(((iv & 31) << 5) | (iu & 31))
                    flat_light[p] = np.uint16(np.int32(l))
                z += z_step
                u += u_step
                v += v_step
                l += l_step
    box[0] = left
    box[1] = top
    box[2] = max(right + 1, left)
    box[3] = max(bottom + 1, top)
