"""Format and size of a picture by its first bytes, without a decoder.

PNG: W3C PNG, 11.2.2 (IHDR). JPEG: ITU-T T.81, B.2.2 (frame header). WebP: RFC 9649, 2.5 to 2.7.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Literal

from gioconda.errors import ImageDecodeError, ImageFormatError

#: Segments before the frame header of a JPEG; real ones have a few dozen.
_SEGMENTS: Final = 2_000
#: Scans of a JPEG; encoders make a dozen at most, and each takes the time of a whole picture.
_SCANS: Final = 100
#: Frame headers: SOF0 to SOF15 without DHT, JPG and DAC.
_FRAME_MARKERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: Markers without a length.
_LONELY_MARKERS: Final = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True)
class PictureHeader:
    """What a picture says of itself.

    Attributes:
        format: of the file.
        width: in pixels, 1 or more, before any turning.
        height: in pixels, 1 or more.
    """

    format: Literal["PNG", "JPEG", "WebP"]
    width: int
    height: int


def picture_header(data: bytes) -> PictureHeader:
    """Read a header.

    Raises:
        ImageFormatError: neither PNG nor JPEG nor WebP.
        ImageDecodeError: empty, or a header that is cut off or makes no sense.
    """
    if not data:
        raise ImageDecodeError("the picture is empty; choose another file")
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            header = PictureHeader("PNG", *_png(data))
        elif data.startswith(b"\xff\xd8\xff"):
            header = PictureHeader("JPEG", *_jpeg(data))
            if data.count(b"\xff\xda") > _SCANS:
                raise ImageDecodeError(f"the picture has over {_SCANS} scans; save it again")
        elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            header = PictureHeader("WebP", *_webp(data))
        else:
            raise ImageFormatError("the file is no PNG, JPEG or WebP picture; send one of these")
    except (struct.error, IndexError, _DamagedError) as e:
        raise ImageDecodeError("the picture's header is damaged; save or send it again") from e
    if header.width < 1 or header.height < 1:
        raise ImageDecodeError("the picture has no pixels; choose another file")
    return header


class _DamagedError(Exception):
    """A header that makes no sense."""


def _png(data: bytes) -> tuple[int, int]:
    length, kind, width, height = struct.unpack_from(">I4sII", data, 8)
    if kind != b"IHDR" or length != 13:
        raise _DamagedError
    return width, height


def _jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    for _ in range(_SEGMENTS):
        if data[at] != 0xFF:
            raise _DamagedError
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _LONELY_MARKERS:
            at += 2
        elif marker in _FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        elif marker in (0xD8, 0xD9, 0xDA):  # an image, its end or a scan without a frame header
            raise _DamagedError
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            at += 2 + max(length, 2)
    raise _DamagedError


def _webp(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        return (
            1 + int.from_bytes(data[24:27], "little"),
            1 + int.from_bytes(data[27:30], "little"),
        )
    if kind == b"VP8L":
        mark, bits = struct.unpack_from("<BI", data, 20)
        if mark != 0x2F:
            raise _DamagedError
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        if data[23:26] != b"\x9d\x01\x2a":
            raise _DamagedError
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise _DamagedError
