"""Frames to packets, one after the other, with no frame held back."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from gioconda.live.packets import Flag, Kind

ByteImage = npt.NDArray[np.uint8]

#: A key frame comes at least this often; in VP8 seldom, since its receivers ask for one.
KEY_S: Final = 2.0
VP8_KEY_S: Final = 10.0
JPEG_QUALITY: Final = 85
#: Bits a second of a WebRTC stream of 512 x 512; others by their area.
VP8_BITS: Final = 1_800_000
#: Constrained baseline, which every browser decodes; the level follows.
_PROFILE: Final = "42C0"
#: Level (as avcC has it) and the macroblocks a second that it allows (H.264, table A-1).
_LEVELS: Final = ((30, 40_500), (31, 108_000), (32, 216_000), (40, 245_760), (50, 589_824))


#: Start of a JPEG with an XMP packet that says what it is (IPTC digital source type).
_XMP: Final = (
    b"http://ns.adobe.com/xap/1.0/\0"
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
    b' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" rdf:about=""'
    b' Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/'
    b'compositeSynthetic"/></rdf:RDF></x:xmpmeta>'
)
_SYNTHETIC_JPEG: Final = b"\xff\xd8\xff\xe1" + (len(_XMP) + 2).to_bytes(2, "big") + _XMP


class LiveEncoder(Protocol):
    """Turns frames into packets."""

    kind: Kind

    def encode(self, image: ByteImage, time_s: float, key: bool) -> list[tuple[bytes, Flag]]:
        """Return the packets of a frame, one as a rule.

        Args:
            image: uint8 RGB, (height, width, 3).
            time_s: its instant; rises from frame to frame.
            key: whether no other frame may be needed to show it.
        """
        ...


def create_encoder(kind: Kind, width: int, height: int, fps: float) -> LiveEncoder:
    """Return an encoder; ``kind`` is one of H264, VP8, JPEG."""
    if kind is Kind.JPEG:
        return JpegEncoder()
    return CodecEncoder(kind, width, height, fps)


def codec_string(width: int, height: int, fps: float) -> str:
    """Return what H264 packets are, as WebCodecs names it, such as ``avc1.42C01E``."""
    return f"avc1.{_PROFILE}{_level(width, height, fps):02X}"


def _level(width: int, height: int, fps: float) -> int:
    blocks = -(-width // 16) * -(-height // 16) * fps
    return next((level for level, most in _LEVELS if blocks <= most), _LEVELS[-1][0])


class JpegEncoder:
    """One JPEG for each frame; its XMP says that it is synthetic."""

    kind = Kind.JPEG

    def encode(self, image: ByteImage, time_s: float, key: bool) -> list[tuple[bytes, Flag]]:
        """Return the frame as JPEG."""
        import cv2

        options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
        # After the start of the image; what follows is as it was.
        return [(_SYNTHETIC_JPEG + data.tobytes()[2:], Flag.KEY)]


class CodecEncoder:
    """H.264 by x264, or VP8 by libvpx, on one thread, each frame out at once.

    Args:
        kind: H264 or VP8.
        width, height: of the frames, in pixels.
        fps: frames a second.
    """

    def __init__(self, kind: Kind, width: int, height: int, fps: float) -> None:
        import av

        self.kind = kind
        name = "libx264" if kind is Kind.H264 else "libvpx"
        context: Any = av.CodecContext.create(name, "w")
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, 90_000)
        context.framerate = Fraction(fps).limit_denominator(1001)
        context.thread_count = 1
        context.max_b_frames = 0
        context.gop_size = round((KEY_S if kind is Kind.H264 else VP8_KEY_S) * fps)
        area = width * height / (512 * 512)
        if kind is Kind.H264:
            bits = round(4_000_000 * area)
            context.options = {
                "preset": "ultrafast", "tune": "zerolatency", "profile": "baseline",
                "level": f"{_level(width, height, fps) / 10:.1f}",
                "crf": "21", "maxrate": str(bits), "bufsize": str(bits // 4),
            }  # fmt: skip
            # WebCodecs reads the matrix from the stream.
            context.color_primaries = context.color_trc = context.colorspace = 1
            self._matrix = 1
        else:
            context.bit_rate = round(VP8_BITS * area)
            # A quantiser below 10 is not seen (46 dB either way), takes a fifth more bits, doubles
            # a key frame, which goes out at once, and costs a tenth of the time.
            context.options = {"deadline": "realtime", "cpu-used": "-14", "lag-in-frames": "0",
                               "error-resilient": "default", "qmin": "10"}  # fmt: skip
            # RTP carries no matrix for VP8, and receivers take BT.601.
            self._matrix = 5
        context.color_range = 1
        self._context = context
        self._frame: Any = av.VideoFrame(width, height, "yuv420p")
        self._last_pts = -1

    def encode(self, image: ByteImage, time_s: float, key: bool) -> list[tuple[bytes, Flag]]:
        """Return the frame's packet."""
        from av.video.frame import PictureType

        frame = self._frame
        frame.make_writable()
        self._fill(image)
        pts = max(round(time_s * 90_000), self._last_pts + 1)
        self._last_pts = pts
        frame.pts, frame.time_base = pts, Fraction(1, 90_000)
        frame.pict_type = PictureType.I if key else PictureType.NONE
        return [
            (bytes(p), Flag.KEY if p.is_keyframe else Flag(0)) for p in self._context.encode(frame)
        ]

    def _fill(self, image: ByteImage) -> None:
        planes = [
            np.frombuffer(p, np.uint8).reshape(p.height, p.line_size) for p in self._frame.planes
        ]
        if self._matrix == 1:
            from gioconda.video.colour_kernels import rgb_to_i420

            rgb_to_i420(np.ascontiguousarray(image), *planes)
            return
        import cv2

        packed = cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420).ravel()
        height, width = image.shape[:2]
        at = 0
        for plane, (rows, columns) in zip(
            planes, ((height, width), (height // 2, width // 2), (height // 2, width // 2)),
            strict=True,
        ):  # fmt: skip
            size = rows * columns
            plane[:, :columns] = packed[at : at + size].reshape(rows, columns)
            at += size
