"""Which format a file has, and how it carries metadata and credentials."""

from __future__ import annotations

from typing import BinaryIO, Final, Literal

from gioconda.trust.containers.pieces import part

#: How a format carries credentials: in the file by C2PA's own rules, attached to it, or beside it.
Carrier = Literal["embedded", "attached", "beside"]

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


def carrier_of(media_type: str) -> Carrier:
    """Return how a format carries credentials."""
    if media_type in _ATTACHED:
        return "attached"
    return "beside" if media_type in _BESIDE else "embedded"


def media_type_of(file: BinaryIO, suffix: str) -> str:
    """Return the media type of a file: by its first bytes, else by its suffix; empty if neither."""
    head = part(file, 0, 16)
    suffix = "." + suffix.lower().lstrip(".")
    if head[4:8] == b"ftyp":
        brands = {b"qt  ": "video/quicktime", b"avif": "image/avif", b"heic": "image/heic"}
        named = MEDIA_TYPES.get(suffix) or _READ.get(suffix, "")
        by_name = named if named.split("/")[-1] in ("mp4", "quicktime", "heif") else "video/mp4"
        return brands.get(head[8:12], by_name)
    if head.startswith(b"RIFF"):
        kinds = {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/avi"}
        return kinds.get(head[8:12], "")
    for magic, media_type in (
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"\x1aE\xdf\xa3", "video/webm" if suffix == ".webm" else "video/x-matroska"),
        (b"FLV\x01", "video/x-flv"),
        (b"fLaC", "audio/flac"),
        (b"ID3", "audio/mpeg"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"%PDF", "application/pdf"),
    ):
        if head.startswith(magic):
            return media_type
    return MEDIA_TYPES.get(suffix) or _READ.get(suffix, "")
