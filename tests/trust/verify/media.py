"""Small marked and unmarked media, made here."""

from __future__ import annotations

import io
from collections.abc import Sequence

import av
import numpy as np

from gioconda.trust.watermark.marker import Marker
from gioconda.trust.watermark.marks import own_marks

ByteImage = np.ndarray


def frames(picture: ByteImage, count: int, marked: bool) -> list[ByteImage]:
    """Frames of a picture that brightens a little, with or without this installation's marks."""
    height, width = picture.shape[:2]
    marker = Marker(width, height, own_marks())
    made = []
    for i in range(count):
        frame = np.clip(picture.astype(np.int16) + i % 5, 0, 255).astype(np.uint8)
        made.append(marker.marked(frame).copy() if marked else frame)
    return made


def video(
    images: Sequence[ByteImage], fps: int = 12, format_: str = "mp4", codec: str = "libx264"
) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=format_) as container:
        options = {"crf": "20", "g": "24"} if codec == "libx264" else {}
        stream = container.add_stream(codec, rate=fps, options=options)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for image in images:
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return file.getvalue()
