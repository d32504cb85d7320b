"""Size, length and what the plain metadata of a file claim of its making. Runs confined.

Anybody can write such metadata, and most re-encoders drop it: what is read here is a claim. Read
are: IPTC's DigitalSourceType and its fields on AI in XMP (IPTC Photo Metadata Standard 2025.1),
the tags of containers and of PNG text chunks, EXIF's Software.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from gioconda.plain_text import plain_value
from gioconda.sandbox.xmp import packets, properties

if TYPE_CHECKING:
    from PIL import Image

#: XMP is looked for at the beginning and at the end of a file, where writers put it.
_LOOKED_BYTES: Final = 4 * 2**20
#: Most claims that are told, and characters of each.
CLAIMS: Final = 24
CHARACTERS: Final = 300
#: Claims by the name of a property, in XMP or as a tag of a container.
_XMP_NAMES: Final = (
    "DigitalSourceType", "AISystemUsed", "AISystemVersionUsed", "AIPromptInformation",
    "AIPromptWriterName", "CreatorTool", "AIGC",
)  # fmt: skip
_TAGS: Final = (
    "comment", "description", "software", "encoder", "encoded_by", "creation_tool",
    "digital_source_type", "digitalsourcetype", "com.apple.quicktime.software", "aigc",
    "parameters", "prompt", "workflow", "generator", "source",
)  # fmt: skip
#: What FFmpeg writes of itself into every file says nothing of how that was made.
_WRITERS: Final = ("Lavf", "Lavc")
_EXIF: Final = {0x0131: "Software", 0x010E: "ImageDescription", 0x9286: "UserComment"}


def facts_of(file: BinaryIO, *, picture: bool) -> dict[str, Any]:
    """Return what a file is and claims.

    Args:
        file: it.
        picture: whether it is one, by its first bytes.

    Returns:
        ``width``, ``height`` (None for a sound), ``length_s`` (None where unknown or a still),
        ``pictures`` (whether there are any) and ``claims``: lists of where it stands, the name and
        the text.

    Raises:
        GiocondaError: it is neither a picture nor a video nor a sound that is known here.
    """
    file.seek(0)
    claims = [["XMP", name, text] for name, text in _xmp(file)]
    file.seek(0)
    whole = _picture(file) if picture else _container(file)
    claims += whole.pop("claims")
    seen: set[tuple[str, str]] = set()
    kept: list[list[str]] = []
    for where, name, text in claims:
        plain = plain_value(text, CHARACTERS)
        if (
            plain
            and not plain.startswith(_WRITERS)
            and (name, plain) not in seen
            and len(kept) < CLAIMS
        ):
            seen.add((name, plain))
            kept.append([where, plain_value(name, 60), plain])
    return whole | {"claims": kept}


def _xmp(file: BinaryIO) -> list[tuple[str, str]]:
    """Return the properties of XMP packets that tell how a file was made."""
    head = file.read(_LOOKED_BYTES)
    end = file.seek(0, os.SEEK_END)
    tail = b""
    if end > _LOOKED_BYTES:
        file.seek(max(end - _LOOKED_BYTES, _LOOKED_BYTES))
        tail = file.read(_LOOKED_BYTES)
    return [
        said
        for part in (head, tail)
        for packet in packets(part)
        for said in properties(packet, _XMP_NAMES)
    ]


def _picture(file: BinaryIO) -> dict[str, Any]:
    from gioconda.sandbox.picture_luma import opened

    picture = opened(file, 2**31)
    claims = [["EXIF", name, text] for name, text in _exif(picture)]
    for name, value in list(picture.info.items())[:200]:
        if isinstance(name, str) and name.lower() in _TAGS and isinstance(value, (str, bytes)):
            text = value if isinstance(value, str) else value.decode("utf-8", "replace")
            claims.append(["text", name, text])
    moves = bool(getattr(picture, "is_animated", False))
    width, height = picture.size
    return {
        "width": width, "height": height, "length_s": None, "pictures": True, "moves": moves,
        "claims": claims,
    }  # fmt: skip


def _exif(picture: Image.Image) -> list[tuple[str, str]]:
    try:
        exif = picture.getexif()
        both = dict(exif) | dict(exif.get_ifd(0x8769))
    except Exception:  # damaged EXIF is ignored; its parser raises many kinds
        return []
    found = []
    for tag, name in _EXIF.items():
        value = both.get(tag)
        if isinstance(value, bytes):
            value = value.removeprefix(b"ASCII\0\0\0").decode("utf-8", "replace")
        if isinstance(value, str):
            found.append((name, value))
    return found


def _container(file: BinaryIO) -> dict[str, Any]:
    from gioconda.sandbox.video_luma import length_s, opened, picture_stream

    with opened(file) as container:
        video = picture_stream(container)
        tags = list(container.metadata.items())
        for stream in list(container.streams)[:8]:
            tags += list(stream.metadata.items())[:50]
        size = (None, None) if video is None else (video.width, video.height)
        return {
            "width": size[0], "height": size[1], "length_s": length_s(container, video),
            "pictures": video is not None, "moves": True,
            "claims": [["container", n, text] for n, text in tags[:300] if n.lower() in _TAGS],
        }  # fmt: skip
