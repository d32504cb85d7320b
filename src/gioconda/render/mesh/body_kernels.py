"""Compiled kernel that moves shoulders and chest."""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True, fastmath=True)
def move_body(  # type: ignore[no-untyped-def]
    ids, weight, inhaled, breath, shift, turn, pivot, camera_now, centre, position, screen
):
    """Add the body's motion to posed vertices, in place, and project them again.

    Args:
        ids: (n,) vertices that follow the body.
        weight: (n,) how far.
        inhaled: (n, 2) way of each at a full breath, pixels, weighted already.
        breath: 0 to 1.
        shift: (2,) sway in pixels.
        turn: tilt of the shoulders in radians, > 0 clockwise as seen; small.
        pivot: (2,) that they tilt about.
        camera_now: distance of the camera, pixels.
        centre: of the view, pixels.
        position: (V, 3) posed vertices.
        screen: (V, 2) projected.
    """
    for i in range(ids.shape[0]):
        v = ids[i]
        w = weight[i]
        x, y = position[v, 0], position[v, 1]
        dx = w * (shift[0] - turn * (y - pivot[1])) + breath * inhaled[i, 0]
        dy = w * (shift[1] + turn * (x - pivot[0])) + breath * inhaled[i, 1]
        position[v, 0] = x + dx
        position[v, 1] = y + dy
        k = camera_now / (camera_now + position[v, 2])
        screen[v, 0] = centre + (position[v, 0] - centre) * k
        screen[v, 1] = centre + (position[v, 1] - centre) * k
