"""The head's pose in every frame, seen by the renderer's own camera.

The pose is the one that lays points of the skull onto their images, in x and y alone: the depth
that a face mesh gives for each frame is not to be trusted, since it swings with the expression.
Only points that do not slide over the face count: the nose and the corners of the eyes. Points
on the face's outline do slide as the head turns, and tilt a pose that counts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

#: Landmarks that keep their place on the skull: the ridge, tip and wings of the nose, the corners
#: of the eyes.
RIGID: Final = (
    168, 6, 197, 195, 5, 4, 1, 33, 133, 362, 263, 98, 327, 122, 351, 193, 417, 245, 465, 128, 357,
)  # fmt: skip
#: Rounds of Gauss-Newton; steps after them are below a hundredth of a degree.
_ROUNDS: Final = 8
#: Frames fitted at a time.
_BLOCK: Final = 500
#: A pull of each step towards none, as part of the mean diagonal: keeps a distance that hardly
#: shows from running away.
_DAMPING: Final = 1e-6


@dataclass(frozen=True)
class Camera:
    """The pinhole camera that the renderer shows a view with.

    Attributes:
        centre: of the view, pixels.
        distance: of the camera from the picture plane, pixels.
        pivot: (3,) that the head turns about, pixels of the view.
    """

    centre: float
    distance: float
    pivot: Array

    def unproject(self, points: Array) -> Array:
        """Take the perspective out of points as seen, (..., 3); z is kept."""
        k = (self.distance + points[..., 2:3]) / self.distance
        xy = self.centre + (points[..., :2] - self.centre) * k
        return np.concatenate([xy, points[..., 2:3]], axis=-1)

    def project(self, points: Array) -> Array:
        """Project points, (..., 3), to the view, (..., 2)."""
        k = self.distance / (self.distance + points[..., 2:3])
        projected: Array = self.centre + (points[..., :2] - self.centre) * k
        return projected


@dataclass(frozen=True)
class HeadPoses:
    """A pose for each frame, relative to rest: X' = R (X - pivot) + pivot + t.

    Attributes:
        rotation: (T, 3, 3).
        translation: (T, 3) pixels of the view.
        misfit: (T,) root mean square distance of the points, pixels.
        information: (T, 6, 6) how firmly the image holds small turns about the view's axes (in
            radians) and shifts (in pixels): the normal matrix of the fit.
    """

    rotation: Array
    translation: Array
    misfit: Array
    information: Array

    def angles_deg(self) -> Array:
        """Return (T, 3) yaw, pitch and roll, signs as in :mod:`gioconda.motion`."""
        r = self.rotation
        yaw = np.arcsin(np.clip(r[:, 2, 0], -1, 1))
        pitch = np.arctan2(r[:, 2, 1], r[:, 2, 2])
        roll = np.arctan2(r[:, 1, 0], r[:, 0, 0])
        angles: Array = np.degrees(np.stack([yaw, pitch, roll], axis=1))
        return angles

    def information_deg(self) -> Array:
        """Return the information for yaw, pitch, roll in degrees and the translation."""
        yaw, _, roll = np.radians(self.angles_deg()).T
        c, s, zero = np.cos(roll), np.sin(roll), np.zeros_like(roll)
        # Axes of a small change of each angle, in the view: of Rz @ Ry @ Rx.
        about_yaw = np.stack([s, -c, zero], axis=1)
        about_pitch = np.stack([c * np.cos(yaw), s * np.cos(yaw), np.sin(yaw)], axis=1)
        about_roll = np.stack([zero, zero, zero + 1], axis=1)
        change = np.broadcast_to(np.eye(6), (len(yaw), 6, 6)).copy()
        change[:, :3, :3] = np.radians(1) * np.stack([about_yaw, about_pitch, about_roll], axis=2)
        result: Array = np.swapaxes(change, 1, 2) @ self.information @ change
        return result

    def apply(self, points: Array, camera: Camera) -> Array:
        """Pose points of the skull: (N, 3) for all frames or (T, N, 3), to (T, N, 3)."""
        from_pivot = np.broadcast_to(
            points - camera.pivot, (len(self.rotation), *points.shape[-2:])
        )
        turned = from_pivot @ np.swapaxes(self.rotation, 1, 2)
        posed: Array = turned + camera.pivot + self.translation[:, None]
        return posed

    def undo(self, points: Array, camera: Camera) -> Array:
        """Take the pose out of points, (T, N, 3)."""
        from_pivot = points - camera.pivot - self.translation[:, None]
        rest: Array = from_pivot @ self.rotation + camera.pivot
        return rest


def rotations(yaw_deg: Array, pitch_deg: Array, roll_deg: Array) -> Array:
    """Return rotations (T, 3, 3) of angles (T,), Rz(roll) @ Ry(yaw) @ Rx(pitch)."""
    y, p, r = (np.radians(a) for a in (yaw_deg, pitch_deg, roll_deg))
    one, zero = np.ones_like(y), np.zeros_like(y)

    def stacked(*rows: tuple[Array, Array, Array]) -> Array:
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    cy, sy, cp, sp, cr, sr = np.cos(y), np.sin(y), np.cos(p), np.sin(p), np.cos(r), np.sin(r)
    about_y = stacked((cy, zero, -sy), (zero, one, zero), (sy, zero, cy))
    about_x = stacked((one, zero, zero), (zero, cp, -sp), (zero, sp, cp))
    about_z = stacked((cr, -sr, zero), (sr, cr, zero), (zero, zero, one))
    result: Array = about_z @ about_y @ about_x
    return result


def fit_poses(
    rest: Array, seen: Array, camera: Camera, weights: Array | None = None,
    start: HeadPoses | None = None,
) -> HeadPoses:  # fmt: skip
    """Fit the pose of each frame by least squares on the image, Gauss-Newton.

    Args:
        rest: (N, 3) points of the skull at rest, or (T, N, 3), perspective taken out
            (:meth:`Camera.unproject`).
        seen: (T, N, 2) where they are seen, pixels of the view.
        camera: of the renderer.
        weights: (N,) or (T, N); all 1 if None.
        start: poses to start from; rest if None.
    """
    parts = []
    for first in range(0, max(len(seen), 1), _BLOCK):  # what Gauss-Newton needs is large
        block = slice(first, first + _BLOCK)
        parts.append(
            _fit_block(
                rest if rest.ndim == 2 else rest[block],
                seen[block],
                camera,
                weights if weights is None or weights.ndim == 1 else weights[block],
                None if start is None else (start.rotation[block], start.translation[block]),
            )
        )
    return HeadPoses(*(np.concatenate(fields) for fields in zip(*parts, strict=True)))


def _fit_block(
    rest: Array, seen: Array, camera: Camera, weights: Array | None,
    start: tuple[Array, Array] | None,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """Return rotations, translations, misfits and information; see :func:`fit_poses`."""
    count = len(seen)
    rotation, shift = np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 3))
    if start is not None:
        rotation, shift = start
    w = np.broadcast_to(1.0 if weights is None else weights, seen.shape[:2])[..., None]
    from_pivot = np.broadcast_to(rest - camera.pivot, (count, *rest.shape[-2:]))
    for _ in range(_ROUNDS):
        turned = from_pivot @ np.swapaxes(rotation, 1, 2)
        posed = turned + camera.pivot + shift[:, None]
        k = camera.distance / (camera.distance + posed[..., 2:3])
        off = posed[..., :2] - camera.centre
        miss = seen - (camera.centre + off * k)
        slope = -off * k / (camera.distance + posed[..., 2:3])
        x, y, z = turned[..., 0], turned[..., 1], turned[..., 2]
        # d(turned) for small turns about the three axes, then for shifts.
        moves = np.zeros((*seen.shape[:2], 3, 6))
        moves[..., 1, 0], moves[..., 2, 0] = -z, y
        moves[..., 0, 1], moves[..., 2, 1] = z, -x
        moves[..., 0, 2], moves[..., 1, 2] = -y, x
        moves[..., 0, 3] = moves[..., 1, 4] = moves[..., 2, 5] = 1
        jacobian = k[..., None] * moves[..., :2, :] + slope[..., None] * moves[..., 2:, :]
        weighted = jacobian * w[..., None]
        normal = np.einsum("tnij,tnik->tjk", weighted, jacobian)
        information = normal.copy()
        right = np.einsum("tnij,tni->tj", weighted, miss)
        scale = np.sqrt(np.einsum("tjj->tj", normal)) + 1e-12
        normal /= scale[:, :, None] * scale[:, None, :]
        normal += _DAMPING * np.eye(6)
        step = np.linalg.solve(normal, (right / scale)[..., None])[..., 0] / scale
        rotation = _turned(step[:, :3]) @ rotation
        shift = shift + step[:, 3:]
    misfit = np.sqrt((w * miss**2).sum(axis=(1, 2)) / np.maximum(w.sum(axis=(1, 2)), 1e-9))
    return rotation, shift, misfit, information


def _turned(vector: Array) -> Array:
    """Return the rotations (T, 3, 3) about vectors (T, 3) by their lengths (Rodrigues)."""
    angle = np.linalg.norm(vector, axis=1)[:, None, None]
    cross = np.zeros((len(vector), 3, 3))
    x, y, z = vector.T
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -z, y, -x
    cross[:, 1, 0], cross[:, 2, 0], cross[:, 2, 1] = z, -y, x
    result: Array = (
        np.eye(3) + np.sinc(angle / np.pi) * cross
        + 0.5 * np.sinc(angle / (2 * np.pi)) ** 2 * cross @ cross
    )  # fmt: skip
    return result
