"""Compiled kernel that paints an eyeball between the lids."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

f32 = np.float32


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def _sample(table, x, y, channel):  # type: ignore[no-untyped-def]
    """Bilinear sample of one channel; the caller keeps x, y inside."""
    ix = int(x)
    iy = int(y)
    fx = x - f32(ix)
    fy = y - f32(iy)
    one = f32(1.0)
    upper = table[iy, ix, channel] * (one - fx) + table[iy, ix + 1, channel] * fx
    lower = table[iy + 1, ix, channel] * (one - fx) + table[iy + 1, ix + 1, channel] * fx
    return upper * (one - fy) + lower * fy


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def lid_edge(screen, edge, origin, along, length, table):  # type: ignore[no-untyped-def]
    """Lay a lid's edge into a table over the line between the corners.

    Args:
        screen: (V, 2) float32 projected vertices.
        edge: (n,) int32 vertices from the corner on the image's left to the other one.
        origin: (2,) float32 the corner on the image's left.
        along: (2,) float32 unit vector to the other corner.
        length: float32 pixels between the corners.
        table: (m,) float32, receives the edge's y, downwards, at m even steps.
    """
    steps = table.shape[0] - 1
    filled = 0
    before_x = f32(0.0)
    before_y = f32(0.0)
    for n in range(1, edge.shape[0]):
        dx = screen[edge[n], 0] - origin[0]
        dy = screen[edge[n], 1] - origin[1]
        x = (dx * along[0] + dy * along[1]) / length * f32(steps)
        y = dy * along[0] - dx * along[1]
        if n == edge.shape[0] - 1:
            x = f32(steps)
        while filled <= steps and f32(filled) <= x:
            t = (f32(filled) - before_x) / max(x - before_x, f32(1e-6))
            table[filled] = before_y + (y - before_y) * t
            filled += 1
        # a row of lid points may double back at a corner; the table goes on from the farthest
        if x > before_x:
            before_x = x
            before_y = y


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def paint_eyeball(  # type: ignore[no-untyped-def]
    out,
    corner,
    along,
    length,
    upper,
    lower,
    to_texture,
    sclera,
    iris,
    centre,
    radius,
    pupil,
    glint,
    glint_centre,
    strength,
    shadow,
    shadow_px,
):
    """Paint sclera and iris inside the opening of the lids, in place.

    The opening is given in a frame laid through the two corners: x along the line between them,
    y across it, downwards; its two edges are tables over x. Coverage of a pixel is the product of
    its signed distances to both edges, clipped to one pixel.

    Args:
        out: (H, W, 3) uint8 frame.
        corner: (2,) float32, the corner on the image's left, on screen.
        along: (2,) float32 unit vector towards the other corner.
        length: float32 pixels between the corners.
        upper: (n,) float32 y of the upper lid's edge at n even steps from corner to corner.
        lower: (n,) float32 the same of the lower lid.
        to_texture: (2, 3) float32 affine from screen to the eye's texture.
        sclera: (h, w, 3) float32 texture of the eye without iris.
        iris: (n, n, 4) float32 premultiplied sprite; its half side is two iris radii.
        centre: (2,) float32 iris centre in texture pixels.
        radius: (2,) float32 half axes of the iris in texture pixels, foreshortened.
        pupil: float32, how much wider the pupil is than in the sprite; 0.1 is a tenth.
        glint: (n, n, 3) float32 light that the cornea reflects, added; laid out like ``iris``.
        glint_centre: (2,) float32 its centre in texture pixels.
        strength: float32, 0 leaves the frame as it is, 1 paints fully.
        shadow: float32, darkness right under the upper lid, 0 to 1.
        shadow_px: float32, depth of that shadow.
    """
    height = out.shape[0]
    width = out.shape[1]
    bins = upper.shape[0] - 1
    one = f32(1.0)
    half = f32(0.5)
    zero = f32(0.0)
    # box on screen
    top = upper[0]
    bottom = lower[0]
    for n in range(bins + 1):
        top = min(top, upper[n])
        bottom = max(bottom, lower[n])
    x_low = f32(1e9)
    x_high = f32(-1e9)
    y_low = f32(1e9)
    y_high = f32(-1e9)
    for a in (zero, length):
        for b in (top, bottom):
            x = corner[0] + a * along[0] - b * along[1]
            y = corner[1] + a * along[1] + b * along[0]
            x_low = min(x_low, x)
            x_high = max(x_high, x)
            y_low = min(y_low, y)
            y_high = max(y_high, y)
    x_first = max(math.floor(x_low) - 1, 0)
    x_last = min(math.ceil(x_high) + 1, width - 1)
    y_first = max(math.floor(y_low) - 1, 0)
    y_last = min(math.ceil(y_high) + 1, height - 1)
    texture_w = f32(sclera.shape[1] - 1.001)
    texture_h = f32(sclera.shape[0] - 1.001)
    sprite = iris.shape[0]
    sprite_unit = f32(sprite) * f32(0.25)
    sprite_half = f32(sprite) * half
    per_px = f32(bins) / length
    for y in range(y_first, y_last + 1):
        for x in range(x_first, x_last + 1):
            dx = f32(x) - corner[0]
            dy = f32(y) - corner[1]
            a = (dx * along[0] + dy * along[1]) * per_px
            b = dy * along[0] - dx * along[1]
            if a <= zero or a >= f32(bins):
                continue
            ia = int(a)
            fa = a - f32(ia)
            lid = upper[ia] * (one - fa) + upper[ia + 1] * fa
            below = lower[ia] * (one - fa) + lower[ia + 1] * fa
            from_lid = b - lid
            cover = min(max(from_lid + half, zero), one) * min(max(below - b + half, zero), one)
            cover *= min(max(below - lid, zero), one) * strength
            if cover <= f32(0.004):
                continue
            u = to_texture[0, 0] * f32(x) + to_texture[0, 1] * f32(y) + to_texture[0, 2]
            v = to_texture[1, 0] * f32(x) + to_texture[1, 1] * f32(y) + to_texture[1, 2]
            iris_x = (u - centre[0]) / radius[0] * sprite_unit + sprite_half
            iris_y = (v - centre[1]) / radius[1] * sprite_unit + sprite_half
            inside = iris_x >= 0 and iris_y >= 0 and iris_x < sprite - 1 and iris_y < sprite - 1
            if inside and pupil != zero:
                # the middle of the iris is drawn out, its rim stays
                ox = (iris_x - sprite_half) / sprite_unit
                oy = (iris_y - sprite_half) / sprite_unit
                rho = ox * ox + oy * oy
                if rho < one:
                    squeeze = one - pupil * (one - rho) * (one - rho)
                    iris_x = ox * squeeze * sprite_unit + sprite_half
                    iris_y = oy * squeeze * sprite_unit + sprite_half
            opaque = _sample(iris, iris_x, iris_y, 3) if inside else zero
            glint_x = (u - glint_centre[0]) / radius[0] * sprite_unit + sprite_half
            glint_y = (v - glint_centre[1]) / radius[1] * sprite_unit + sprite_half
            lit = (
                glint_x >= 0 and glint_y >= 0 and glint_x < sprite - 1 and glint_y < sprite - 1
            )  # fmt: skip
            u = min(max(u, zero), texture_w)
            v = min(max(v, zero), texture_h)
            shade = max(one - from_lid / shadow_px, zero)
            shade = one - shadow * shade * shade
            for c in range(3):
                colour = _sample(sclera, u, v, c) * (one - opaque)
                if inside:
                    colour += _sample(iris, iris_x, iris_y, c)
                if lit:
                    colour += _sample(glint, glint_x, glint_y, c)
                colour = min(colour, f32(255.0))
                mixed = f32(out[y, x, c]) * (one - cover) + colour * shade * cover + half
                out[y, x, c] = np.uint8(min(max(mixed, zero), f32(255.0)))
