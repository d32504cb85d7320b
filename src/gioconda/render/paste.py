"""A frame back into the whole picture it was cut from, at the picture's own resolution.

Resampling a crop twice softens it, so views that are pasted have the picture's own pixels where
they can, and only what moved is pasted. Where a frame equals the frame at rest, the picture's own
pixels stay, to the bit; at the neutral moment nothing is pasted at all. The region that moved is
found in blocks, widened and softened, so that its border lies in still surroundings.

Towards the sides of the square the frame is led over into the picture within 6 % of its side.
Renderers let the body's motion end before a side beyond which the picture goes on; where something
still moves at the border, it dissolves over that band instead of tearing. Sides of the square that
lie on the picture's own edge need none of this and are pasted to the edge.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError
from gioconda.portrait.types import View
from gioconda.render.paste_kernels import blend_patch, block_difference
from gioconda.render.types import ByteImage

#: Width of the band in which the crop is led over into the picture, part of its side.
FEATHER: Final = 0.06
#: Blocks in which motion is looked for, in a view of 512.
BLOCK_PX: Final = 8
#: Difference in grey levels from which a block begins to count as moved, and counts fully.
MOVED_FROM: Final = 3.0
MOVED_FULL: Final = 8.0
#: Pictures handed out before a buffer is used again.
BUFFERS: Final = 4


class Paster:
    """Pastes frames of one view into its picture.

    Args:
        picture: (H, W, 3) uint8 RGB, the whole picture.
        view: the view that was cut from it, upright, and that the frames animate.
        rest: (size, size, 3) uint8, the frame at rest, which a renderer gives back from the view
            but for some grey levels where the person fades out; the view's image if None.

    Raises:
        OptionError: the view is rotated, or does not overlap the picture.
    """

    def __init__(self, picture: ByteImage, view: View, rest: ByteImage | None = None) -> None:
        matrix = view.to_picture.astype(np.float64)
        scale = float(matrix[0, 0])
        if not np.allclose(matrix[:, :2], np.eye(2) * scale) or scale <= 0:
            raise OptionError("only an upright view can be pasted back into its picture")
        self._picture = picture
        self._rest = view.image if rest is None else rest
        self._scale = scale
        size = view.size

        # The patch is the frame resized by the exact scale. Its first pixel lies on a whole pixel
        # of the picture; what is left over to the view's true place is a shift of the frame.
        first = np.round(matrix[:, 2] + 0.5 - 0.5 * scale).astype(int)
        shift = (first - matrix[:, 2] - 0.5) / scale + 0.5
        self._kernels = tuple(_shift_kernel(float(s), scale) for s in shift)
        # A view of the picture's own pixels is pasted as it is.
        self._exact = scale == 1 and bool(np.abs(shift).max() < 1e-4)
        side = round(size * scale)
        height, width = picture.shape[:2]
        x0, y0 = np.maximum(first, 0)
        x1, y1 = np.minimum(first + side, (width, height))
        if x1 <= x0 or y1 <= y0:
            raise OptionError("the view does not overlap the picture")
        self._region = (slice(int(y0), int(y1)), slice(int(x0), int(x1)))
        x, y = (int(v) for v in (x0, y0) - first)
        self._patch_part = (slice(y, y + int(y1 - y0)), slice(x, x + int(x1 - x0)))

        self._block = max(round(BLOCK_PX * size / 512), 2)
        blocks = -(-size // self._block)
        self._difference = np.zeros((blocks, blocks), np.uint8)
        feather = _feather(
            size, [v > 0 for v in first], [side < v for v in (width, height) - first]
        )
        self._feather = self._resized(feather, scale, cv2.INTER_LINEAR)
        self._buffers: list[ByteImage] = []
        self._next = 0

    def paste(self, frame: ByteImage, out: ByteImage | None = None) -> ByteImage:
        """Return the whole picture with a frame in it.

        Args:
            frame: (size, size, 3) uint8 RGB, as the view.
            out: (H, W, 3) uint8 to write into; one of four own buffers if None.

        Returns:
            ``out``, or a buffer that stays untouched for the next three calls. It may be
            written into.

        Raises:
            OptionError: the frame or ``out`` has the wrong shape.
        """
        if frame.shape != self._rest.shape:
            raise OptionError(f"the frame has shape {frame.shape}; {self._rest.shape} is needed")
        if out is None:
            out = self._own_buffer()
        elif out.shape != self._picture.shape:
            raise OptionError(f"out has shape {out.shape}; {self._picture.shape} is needed")
        np.copyto(out, self._picture)
        mask = self._moved(frame)
        if mask is not None:
            blend_patch(self._picture[self._region], self._patch(frame), mask, out[self._region])
        return out

    def _own_buffer(self) -> ByteImage:
        if not self._buffers:
            self._buffers = [np.empty_like(self._picture) for _ in range(BUFFERS)]
        self._next = (self._next + 1) % BUFFERS
        return self._buffers[self._next]

    def _moved(self, frame: ByteImage) -> ByteImage | None:
        """Return where the frame is to show, over the region; None if nowhere."""
        block_difference(frame, self._rest, self._block, self._difference)
        moved = (self._difference.astype(np.float32) - MOVED_FROM) / (MOVED_FULL - MOVED_FROM)
        moved = np.clip(moved, 0, 1)
        if not moved.any():
            return None
        moved = cv2.GaussianBlur(cv2.dilate(moved, np.ones((5, 5), np.uint8)), (5, 5), 1.0)
        blocks = np.round(moved * 255).astype(np.uint8)
        mask = self._resized(blocks, self._scale * self._block, cv2.INTER_LINEAR)
        result: ByteImage = cv2.multiply(mask, self._feather, scale=1 / 255)
        return result

    def _patch(self, frame: ByteImage) -> ByteImage:
        if self._exact:
            return frame[self._patch_part]
        across, down = self._kernels
        placed = cv2.sepFilter2D(frame, -1, across, down, borderType=cv2.BORDER_REPLICATE)
        method = cv2.INTER_CUBIC if self._scale > 1 else cv2.INTER_LINEAR
        return self._resized(placed, self._scale, method)

    def _resized(self, image: ByteImage, scale: float, method: int) -> ByteImage:
        """Return an image of the view by an exact scale, cut to the region."""
        patch: ByteImage = cv2.resize(image, None, fx=scale, fy=scale, interpolation=method)
        return patch[self._patch_part]


def _shift_kernel(shift: float, scale: float) -> npt.NDArray[np.float64]:
    """Return the taps that sample a row at a constant offset, cubic, or smoothed where it shrinks.

    Args:
        shift: offset in pixels of the view.
        scale: of the resizing that follows; below 1 the taps take out what would alias.
    """
    reach = math.ceil(abs(shift)) + 2
    sigma = 0.5 * math.sqrt(1 / scale**2 - 1) if scale < 1 else 0.0
    reach += math.ceil(3 * sigma)
    distance = np.abs(np.arange(-reach, reach + 1) - shift)
    if sigma > 0.3:
        taps = np.exp(-0.5 * (distance / sigma) ** 2)
    else:  # Catmull-Rom
        near = 1.5 * distance**3 - 2.5 * distance**2 + 1
        far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
        taps = np.where(distance < 1, near, np.where(distance < 2, far, 0.0))
    return np.asarray(taps / taps.sum())


def _feather(size: int, before: list[bool], beyond: list[bool]) -> ByteImage:
    """Return the view's weight towards its sides, (size, size) uint8.

    Args:
        size: side of the view.
        before: for x and y, whether the picture goes on before the view.
        beyond: for x and y, whether it goes on beyond.
    """
    ramp = np.clip((np.arange(size) + 0.5) / (FEATHER * size), 0, 1)
    rise = ramp * ramp * (3 - 2 * ramp)
    across, down = (
        np.where(first, rise, 1.0) * np.where(last, rise[::-1], 1.0)
        for first, last in zip(before, beyond, strict=True)
    )
    mask: ByteImage = np.round(np.outer(down, across) * 255).astype(np.uint8)
    return mask
