"""What the portrait room gives: a picture, its faces, and a square view ready to animate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ByteImage = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Face:
    """One face found in a picture.

    Attributes:
        landmarks: (478, 3) MediaPipe face mesh with irises, in pixels of the picture; z in the
            same unit, away from the camera.
        yaw_deg, pitch_deg, roll_deg: its angle; 0 is frontal and upright, signs as in motion.
        width_px, height_px: box of the mesh.
        sharpness: 0 (blurred) to 1 (crisp), from the Laplacian's spread at a fixed face size.
    """

    landmarks: FloatArray
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    width_px: float
    height_px: float
    sharpness: float


@dataclass(frozen=True)
class View:
    """The square crop that is animated, at one size.

    Attributes:
        image: (size, size, 3) uint8 sRGB, RGB order. Neutral motion must give this back.
        landmarks: (478, 3) in pixels of the view.
        matte: (size, size) float32, 0 background to 1 person, tight (hair included).
        plate: (size, size, 3) uint8: the background with the person filled in.
        to_picture: (2, 3) affine from view pixels to picture pixels (cv2 convention).
        joined: left, top, right, bottom: whether frames are shown with the picture going on
            there; motion then ends before that side.
        foreground: (size, size, 3) uint8, the person's own colours without any of what was
            behind: where given, the person is cut out tightly along the matte, and the plate is
            another background, over which the person makes ``image``.
    """

    image: ByteImage
    landmarks: FloatArray
    matte: FloatArray
    plate: ByteImage
    to_picture: FloatArray
    joined: tuple[bool, bool, bool, bool] = (False, False, False, False)
    foreground: ByteImage | None = None

    @property
    def size(self) -> int:
        """Side of the square in pixels."""
        return int(self.image.shape[0])
