"""What the parts of the mesh renderer pass to one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ByteImage = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True)
class HeadMesh:
    """A portrait's view as a layered 2.5D sheet; everything in view pixels at rest.

    Attributes:
        size: side of the view.
        landmarks: (478, 3) as in the view.
        vertices: (V, 3); x, y where the vertex samples the view (its texture coordinate too),
            z away from the camera. Vertices 0 to 467 are the landmarks.
        face_count: vertices below this index are the subdivided face; the rest the sheet round it.
        triangles: (T, 3), positive cross product at rest.
        strips: (U, 3) triangles across the mouth and eye slits; at rest they show the photo.
        rings: vertex ids of the subdivided rings "oval", "mouth", "eye_right", "eye_left". Mouth
            and eye rings start at the corner on the image's left and run along the upper edge to
            the other corner and back along the lower edge; first and second half have equal length.
        midpoint_parents: (face_count - 468, 2) the two ends whose midpoint a subdivided vertex is.
        rotation_weight: (V,) 1 moves with the head, 0 stays (shoulders, background).
        relief: (V,) pixels, the depths that the head turns with: the vertices' own, but nowhere so
            steep at the edge of the face and behind it that a turn would smear the photo.
        behind: (V - face_count,) pixels by which the sheet lies deeper on a side that turns away.
        free: (V, 4) 0 to 1, how much of the head's movement right, left, down and up a vertex
            takes part in: less where that leads away from a cut by the frame.
        rotation_weight: (V,) 1 moves with the head, 0 does not (shoulders, background).
        body_weight: (V,) 1 moves with shoulders and chest, 0 does not.
        handles: (H,) landmark ids that blendshapes move.
        handle_weights: (V, H) biharmonic weights; a vertex moves by weights @ handle displacement.
        axes: (3, 3), rows are the head's x, y, z axes in view coordinates at rest.
        mm: pixels in one millimetre of a typical face.
        eye_distance: outer-eye distance in pixels (unit of head translation).
        face_height, face_width: pixels, chin to forehead and ear to ear.
        pivot: (3,) point that the head turns about.
        yaw_deg: the portrait's own yaw.
        far_side: (V - face_count,) 0 to 1, sheet that lies beyond the far contour of a turned face.
    """

    size: int
    landmarks: FloatArray
    vertices: FloatArray
    face_count: int
    triangles: IntArray
    strips: IntArray
    rings: dict[str, IntArray]
    midpoint_parents: IntArray
    rotation_weight: FloatArray
    relief: FloatArray
    behind: FloatArray
    free: FloatArray
    body_weight: FloatArray
    handles: IntArray
    handle_weights: FloatArray
    axes: FloatArray
    mm: float
    eye_distance: float
    face_height: float
    face_width: float
    pivot: FloatArray
    yaw_deg: float
    far_side: FloatArray


@dataclass(frozen=True)
class ShapeBasis:
    """Displacements of the handles, in head axes, pixels of the view.

    Attributes:
        names: K names: the 52 ARKit blendshapes, then the internal "lidUpLeft", "lidUpRight",
            "lidDownLeft", "lidDownRight" (lids that follow vertical gaze).
        displacements: (K, H, 3) at weight 1, relative to neutral, closed lips.
        closing: (H, 3) brings the portrait's own lips (open, smiling) to neutral, closed ones;
            all zeros where the portrait's lips are closed already. Scaled by ``articulation``.
        own_gap_mm: inner-lip gap of the portrait itself.
    """

    names: tuple[str, ...]
    displacements: FloatArray
    closing: FloatArray
    own_gap_mm: float


@dataclass
class PosedHead:
    """The head at one moment, filled in afresh for each frame.

    Attributes:
        moment: (60,) the motion.
        weights: (K,) weights of the shape basis, internal lid shapes included.
        displacement: (H, 3) of the handles in head axes, closing included, lips and lids resolved.
        rotation: (3, 3) of the head in view coordinates.
        translation: (3,) pixels.
        pivot: (3,) pixels.
        camera: distance of the rest camera from the picture plane, pixels.
        camera_now: the same at this moment (control of distance).
        screen: (V, 2) projected vertices.
        position: (V, 3) posed vertices before projection.
        gaze_deg: (yaw, pitch) of the eyes in the head.
    """

    moment: FloatArray
    weights: FloatArray
    displacement: FloatArray
    rotation: FloatArray
    translation: FloatArray
    pivot: FloatArray
    camera: float
    camera_now: float
    screen: FloatArray
    position: FloatArray
    gaze_deg: tuple[float, float]
    size: int

    def rigid(self, points: FloatArray) -> FloatArray:
        """Turn and shift points of the skull, (n, 3) at rest, with the head."""
        moved: FloatArray = (
            (points - self.pivot) @ self.rotation.T + self.pivot + self.translation
        ).astype(np.float32)
        return moved

    def project(self, points: FloatArray) -> FloatArray:
        """Project posed points, (n, 3), to the screen, (n, 2)."""
        c = self.size / 2
        k = self.camera_now / (self.camera_now + points[:, 2:3])
        projected: FloatArray = (c + (points[:, :2] - c) * k).astype(np.float32)
        return projected
