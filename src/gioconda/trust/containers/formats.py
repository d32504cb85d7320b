"""Which format a file has, and how it carries metadata and credentials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final, Literal

from gioconda.trust.containers.pieces import part

#: How a format carries credentials: in the file by C2PA's own rules, attached to it, or beside it.
Carrier = Literal["embedded", "attached", "beside"]
Kind = Literal["picture", "video", "sound", "unknown"]

#: Media types by suffix, of what can be sealed.
MEDIA_TYPES: Final[dict[str, str]] = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".gif": "image/gif",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".wav": "audio/wav",
    ".ts": "video/mp2t",
    ".flv": "video/x-flv",
}
_ATTACHED: Final = ("video/x-matroska", "video/webm")
_BESIDE: Final = ("video/mp2t", "video/x-flv")
#: Others that are only read.
_READ: Final[dict[str, str]] = {
    ".m4v": "video/mp4",
    ".m4a": "audio/mp4",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".avif": "image/avif",
    ".webp": "image/webp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".avi": "video/avi",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".svg": "image/svg+xml",
    ".jxl": "image/jxl",
    ".dng": "image/dng",
    ".pdf": "application/pdf",
}
#: So many first bytes tell a format.
HEAD_BYTES: Final = 400
#: Between two sync bytes of a transport stream (ISO/IEC 13818-1, 2.4.3).
_TS_PACKET: Final = 188


@dataclass(frozen=True)
class Format:
    """What a file seems to be.

    Attributes:
        kind: of the file; a video may turn out to be a sound.
        suffix: by which readers of credentials know the format.
        media_type: of the format.
    """

    kind: Kind
    suffix: str
    media_type: str


#: Formats whose first bytes say as little as this: the suffix may say which it is.
_VARIANTS: Final[dict[str, tuple[str, ...]]] = {
    "video/mp4": ("video/mp4", "video/quicktime", "audio/mp4", "image/heif", "image/avif"),
    "image/tiff": ("image/tiff", "image/dng"),
    "video/x-matroska": ("video/x-matroska", "video/webm"),
}
_UNKNOWN: Final = Format("unknown", "", "")
_STARTS: Final = (
    (b"\x89PNG\r\n\x1a\n", Format("picture", ".png", "image/png")),
    (b"\xff\xd8\xff", Format("picture", ".jpg", "image/jpeg")),
    (b"GIF8", Format("picture", ".gif", "image/gif")),
    (b"II*\0", Format("picture", ".tiff", "image/tiff")),
    (b"MM\0*", Format("picture", ".tiff", "image/tiff")),
    (b"\0\0\0\x0cjP  ", Format("picture", ".jp2", "image/jp2")),
    (b"FLV\x01", Format("video", ".flv", "video/x-flv")),
    (b"\0\0\x01\xba", Format("video", ".mpg", "video/mpeg")),
    (b"\0\0\x01\xb3", Format("video", ".mpg", "video/mpeg")),
    (b"\x30\x26\xb2\x75", Format("video", ".wmv", "video/x-ms-wmv")),
    (b"OggS", Format("video", ".ogg", "video/ogg")),
    (b"fLaC", Format("sound", ".flac", "audio/flac")),
    (b"ID3", Format("sound", ".mp3", "audio/mpeg")),
    (b"\xff\xfb", Format("sound", ".mp3", "audio/mpeg")),
    (b"\xff\xf3", Format("sound", ".mp3", "audio/mpeg")),
)
_RIFF: Final = {
    b"WEBP": Format("picture", ".webp", "image/webp"),
    b"AVI ": Format("video", ".avi", "video/avi"),
    b"WAVE": Format("sound", ".wav", "audio/wav"),
}
_BRANDS: Final = {
    b"avif": Format("picture", ".avif", "image/avif"),
    b"avis": Format("picture", ".avif", "image/avif"),
    b"heic": Format("picture", ".heic", "image/heic"),
    b"heix": Format("picture", ".heic", "image/heic"),
    b"mif1": Format("picture", ".heic", "image/heif"),
    b"qt  ": Format("video", ".mov", "video/quicktime"),
    b"M4A ": Format("sound", ".m4a", "audio/mp4"),
}


def format_of(head: bytes) -> Format:
    """Return what a file seems to be by its first :data:`HEAD_BYTES`."""
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], _UNKNOWN)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], Format("video", ".mp4", "video/mp4"))
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):
        return Format("video", ".mov", "video/quicktime")
    if head[:4] == b"\x1a\x45\xdf\xa3":
        if b"webm" in head:
            return Format("video", ".webm", "video/webm")
        return Format("video", ".mkv", "video/x-matroska")
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return Format("picture", ".bmp", "image/bmp")
    if head[:1] == b"\x47" == head[_TS_PACKET : _TS_PACKET + 1]:
        return Format("video", ".ts", "video/mp2t")
    for start, format_ in _STARTS:
        if head.startswith(start):
            return format_
    return _UNKNOWN


def carrier_of(media_type: str) -> Carrier:
    """Return how a format carries credentials."""
    if media_type in _ATTACHED:
        return "attached"
    return "beside" if media_type in _BESIDE else "embedded"


def media_type_of(file: BinaryIO, suffix: str) -> str:
    """Return the media type under which a file's credentials are read; empty if there is none.

    Args:
        file: it; its first bytes tell.
        suffix: which tells where they do not, and variants of one format apart.
    """
    suffix = "." + suffix.lower().lstrip(".")
    named = MEDIA_TYPES.get(suffix) or _READ.get(suffix, "")
    seen = format_of(part(file, 0, HEAD_BYTES)).media_type
    if seen in _VARIANTS and named in _VARIANTS[seen]:
        return named
    if not seen:
        return named
    return seen if seen in MEDIA_TYPES.values() or seen in _READ.values() else ""
