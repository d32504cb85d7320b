"""Compiled kernel that draws triangles into sampling maps.

Pixel centres lie at integers. The maps are in the packed fixed-point form that ``cv2.remap``
takes directly: whole texture pixels as two int16, fractions as 5 + 5 bits of one uint16. Writing
them straight from the triangle setup saves a conversion pass over float maps.
"""

from __future__ import annotations

import numpy as np
from numba import njit

f32 = np.float32
i32 = np.int32
#: Light 1.0 in the light map; a light of 4 and more is not told apart.
LIGHT_ONE = 256
LIGHT_LIMIT = 1023
#: Marks pixels of the light map that no triangle drew: the background picture stays.
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

    Each row of a triangle is one span between two edges; inside it depth, texture place and light
    advance by constant steps. Triangles seen from behind are kept, but
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
    left = i32(width)
    top = i32(height)
    right = i32(0)
    bottom = i32(0)
    tiny = f32(1e-9)
    # for numbers above 0, truncation after these additions is a ceiling and a floor with slack;
    # calls of ceil and floor cost half the time of this kernel
    slack = f32(1e-3)
    before_one = f32(1.0) - slack
    limit_x = f32(width - 1)
    limit_y = f32(height - 1)
    for t in range(triangles.shape[0]):
        i = triangles[t, 0]
        j = triangles[t, 1]
        k = triangles[t, 2]
        ay = screen[i, 1]
        by = screen[j, 1]
        cy = screen[k, 1]
        y_low = min(ay, by, cy)
        y_high = max(ay, by, cy)
        if y_high < 0 or y_low > limit_y:
            continue
        y_first = i32(y_low + before_one) if y_low > 0 else i32(0)
        y_last = i32(min(y_high, limit_y))
        if y_last < y_first:
            continue
        ax = screen[i, 0]
        bx = screen[j, 0]
        cx = screen[k, 0]
        x_low = min(ax, bx, cx)
        x_high = max(ax, bx, cx)
        if x_high < 0 or x_low > limit_x:
            continue
        abx = bx - ax
        aby = by - ay
        acx = cx - ax
        acy = cy - ay
        area = abx * acy - aby * acx
        if abs(area) < f32(1e-6):
            continue
        inverse = f32(1.0) / area
        # barycentric s (towards j) and q (towards k): steps along x and y
        sx = acy * inverse
        sy = -acx * inverse
        qx = -aby * inverse
        qy = abx * inverse
        z0 = position[i, 2]
        z1 = position[j, 2] - z0
        z2 = position[k, 2] - z0
        if area < 0:
            z0 += back_bias
        u0 = texture_at[i, 0] * f32(32.0)
        u1 = texture_at[j, 0] * f32(32.0) - u0
        u2 = texture_at[k, 0] * f32(32.0) - u0
        v0 = texture_at[i, 1] * f32(32.0)
        v1 = texture_at[j, 1] * f32(32.0) - v0
        v2 = texture_at[k, 1] * f32(32.0) - v0
        l0 = light[i]
        l1 = light[j] - l0
        l2 = light[k] - l0
        z_x = z1 * sx + z2 * qx
        u_x = u1 * sx + u2 * qx
        v_x = v1 * sx + v2 * qx
        l_x = l1 * sx + l2 * qx
        z_y = z1 * sy + z2 * qy
        u_y = u1 * sy + u2 * qy
        v_y = v1 * sy + v2 * qy
        l_y = l1 * sy + l2 * qy
        top = min(top, y_first)
        bottom = max(bottom, y_last)
        left = min(left, i32(max(x_low, f32(0.0))))
        right = max(right, i32(min(x_high + f32(1.0), limit_x)))

        # corners from top to bottom: one edge spans all rows, the other bends at the middle one
        tx, ty, mx, my, ex, ey = ax, ay, bx, by, cx, cy
        if my < ty:
            tx, ty, mx, my = mx, my, tx, ty
        if ey < my:
            mx, my, ex, ey = ex, ey, mx, my
            if my < ty:
                tx, ty, mx, my = mx, my, tx, ty
        whole_slope = (ex - tx) / max(ey - ty, tiny)
        upper_slope = (mx - tx) / max(my - ty, tiny)
        lower_slope = (ex - mx) / max(ey - my, tiny)
        bends_right = tx + (my - ty) * whole_slope < mx
        for y in range(y_first, y_last + 1):
            fy = f32(y)
            straight = tx + (fy - ty) * whole_slope
            bent = tx + (fy - ty) * upper_slope if fy < my else mx + (fy - my) * lower_slope
            if bends_right:
                low = max(straight, x_low)
                high = min(bent, x_high)
            else:
                low = max(bent, x_low)
                high = min(straight, x_high)
            if high < 0:
                continue
            x_first = i32(low + before_one) if low > 0 else i32(0)
            x_last = i32(min(high + slack, limit_x))
            if x_last < x_first:
                continue
            dx = f32(x_first) - ax
            dy = fy - ay
            z = z0 + dx * z_x + dy * z_y
            u = u0 + dx * u_x + dy * u_y + f32(0.5)
            v = v0 + dx * v_x + dy * v_y + f32(0.5)
            l = l0 + dx * l_x + dy * l_y + f32(0.5)
            start = np.uintp(y * width + x_first)
            count = np.uintp(x_last - x_first + 1)
            for p in range(start, start + count):
                if z < flat_depth[p]:
                    flat_depth[p] = z
                    iu = i32(u)
                    iv = i32(v)
                    whole[p] = np.uint32(((iv >> 5) << 16) | ((iu >> 5) & 65535))
                    flat_fraction[p] = np.uint16(((iv & 31) << 5) | (iu & 31))
                    flat_light[p] = np.uint16(i32(l))
                z += z_x
                u += u_x
                v += v_x
                l += l_x
    box[0] = left
    box[1] = top
    box[2] = max(right + 1, left)
    box[3] = max(bottom + 1, top)
