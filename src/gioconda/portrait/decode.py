"""Image file, bytes or array to uint8 sRGB, refusing early what cannot be a portrait.

Everything that can be known from the header (is it an image, how many pixels) is checked before
any pixel is decoded. Large pictures are converted and reduced in strips, so that the decoder's own
copy is the only one of their full size.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import ImageDecodeError, MissingExtraError
from gioconda.portrait.types import ByteImage

if TYPE_CHECKING:
    from PIL import Image

PictureSource = str | Path | bytes | npt.NDArray[Any]

#: Pictures of this many pixels or more are refused, whatever their file size.
PIXEL_LIMIT: Final = 100_000_000
#: Larger files are refused unread: no legal picture below the pixel limit needs more.
FILE_LIMIT_BYTES: Final = 512 * 2**20
#: Larger pictures are reduced to this many pixels on their longer side.
SIDE_LIMIT_PX: Final = 4096
#: Soft grey behind transparent pictures, as in a studio: light enough that no dark fringe shows
#: round cut-out hair, dark enough that white shirts and hair stand out.
BACKDROP_RGB: Final = (218, 218, 220)
#: Formats that are read. Names a whole family of decoders out (EPS runs another program).
FORMATS: Final = (
    "PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF", "HEIF",
)  # fmt: skip
#: Pixels that are converted at once.
_STRIP_PX: Final = 2**21
_URL: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://?[^/]")
_HEIC_BRANDS: Final = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")


#: What stands for the name of a picture that came as an array.
NAMELESS: Final = "the picture"


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        image: (height, width, 3) uint8 sRGB, upright.
        sha256: hex digest of the file's bytes (of pixels and shape for an array).
        name: file name, or what stands for it in messages.
        original_size: (width, height) before it was reduced, upright; None where unknown.
    """

    image: ByteImage
    sha256: str
    name: str
    original_size: tuple[int, int] | None = None

    @property
    def shown(self) -> str:
        """The name as messages have it: a file's in quotation marks."""
        return self.name if self.name == NAMELESS else repr(self.name)


def decode(
    source: PictureSource, *, pixel_limit: int = PIXEL_LIMIT, formats: tuple[str, ...] = FORMATS
) -> Picture:
    """Return the picture behind a path, a file's bytes, or an array.

    Files may be PNG, JPEG, WebP, GIF (first frame), BMP, TIFF, AVIF and, with the ``heic``
    extra, HEIC; the content decides, not the name. EXIF orientation is applied, colour profiles
    are converted to sRGB, transparency is laid over :data:`BACKDROP_RGB`, and pictures with a
    side above :data:`SIDE_LIMIT_PX` are reduced to it.

    Arrays are (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA; uint8, uint16 (full range) or
    float (0 to 1).

    Args:
        source: a path, a file's bytes, or an array.
        pixel_limit: files of this many pixels or more are refused.
        formats: that files may have, of :data:`FORMATS`.

    Raises:
        ImageDecodeError: no such file, a folder, a URL, not an image, truncated, or too many
            pixels.
        MissingExtraError: a HEIC picture without the ``heic`` extra.
    """
    if isinstance(source, np.ndarray):
        image = _from_array(source)  # checks its size before anything is copied
        return Picture(image, array_sha256(source), NAMELESS, (source.shape[1], source.shape[0]))
    if isinstance(source, (bytes, bytearray, memoryview)):
        data, name = bytes(source), "the data"
    else:
        data, name = _read(source), Path(source).name
    image, size = _from_bytes(data, name, pixel_limit, formats)
    return Picture(image, hashlib.sha256(data).hexdigest(), name, size)


def array_sha256(pixels: npt.NDArray[Any]) -> str:
    """Return the hash of an array's shape, type and pixels, hex."""
    digest = hashlib.sha256(f"{pixels.shape} {pixels.dtype.str}".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


def _read(source: str | Path) -> bytes:
    """Return a regular file's bytes."""
    path = Path(source)
    try:
        if _URL.match(str(source)) and not os.path.exists(source):
            raise ImageDecodeError(
                f"{str(source)!r} is a URL; URLs are not read, download the picture first"
            )
        if not path.exists():
            raise ImageDecodeError(f"there is no file {str(path)!r}; check the path")
        if path.is_dir():
            raise ImageDecodeError(f"{str(path)!r} is a folder; name one picture in it")
        if not path.is_file():
            raise ImageDecodeError(f"{str(path)!r} is not a regular file; give a picture file")
        size = path.stat().st_size
        if size > FILE_LIMIT_BYTES:
            raise ImageDecodeError(
                f"{path.name!r} has {size / 2**20:.0f} MB; pictures up to "
                f"{FILE_LIMIT_BYTES / 2**20:.0f} MB are read"
            )
        return path.read_bytes()
    except (OSError, ValueError) as e:
        reason = getattr(e, "strerror", None) or "its name is not valid"
        raise ImageDecodeError(f"{str(path)!r} cannot be read: {reason}") from e


def _from_bytes(
    data: bytes, name: str, limit: int, formats: tuple[str, ...]
) -> tuple[ByteImage, tuple[int, int]]:
    """Decode a file's bytes; the header is judged first. Return the picture and its own size."""
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise ImageDecodeError(f"{name!r} is empty")
    if "HEIF" in formats:
        _register_heic(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            opened = Image.open(io.BytesIO(data), formats=_known(formats))
        except Image.DecompressionBombError as e:
            found = re.search(r"(\d+) pixels", str(e))
            pixels = int(found.group(1)) if found else 2 * PIXEL_LIMIT
            raise ImageDecodeError(_too_large(name, pixels, "", limit)) from e
        except UnidentifiedImageError as e:
            raise ImageDecodeError(
                f"{name!r} is not an image that can be read; give a PNG, JPEG, WebP or GIF file"
            ) from e
        except Exception as e:  # decoders raise whatever their format's parser met
            raise ImageDecodeError(f"{name!r} is a damaged image: {_reason(e)}") from e
        width, height = opened.size
        if width * height >= limit:
            size = f" ({width} x {height})"
            raise ImageDecodeError(_too_large(name, width * height, size, limit))
        try:
            opened.draft("RGB", (SIDE_LIMIT_PX, SIDE_LIMIT_PX))
            opened.load()
        except Exception as e:
            raise ImageDecodeError(
                f"{name!r} is truncated or damaged: {_reason(e)}; save or download it again"
            ) from e
        image = _upright(_to_rgb(opened), opened)
    lies = (image.shape[0] > image.shape[1]) != (height > width)
    return image, ((height, width) if lies else (width, height))


def _known(formats: tuple[str, ...]) -> tuple[str, ...]:
    """Return those formats that this build of pillow knows."""
    from PIL import Image

    Image.init()
    return tuple(f for f in formats if f in Image.OPEN)


def _register_heic(data: bytes) -> None:
    """Teach pillow HEIC where the content asks for it."""
    if data[4:8] != b"ftyp" or data[8:12] not in _HEIC_BRANDS:
        return
    try:
        import pillow_heif
    except ImportError as e:
        raise MissingExtraError("a HEIC picture", "heic") from e
    pillow_heif.register_heif_opener()


def _too_large(name: str, pixels: int, size: str, limit: int) -> str:
    return (
        f"{name!r} has {pixels / 1e6:.0f} megapixels{size}; "
        f"pictures of {limit / 1e6:.0f} or more are refused, make it smaller"
    )


def _reason(e: Exception) -> str:
    """Return an exception's first line, short enough for one sentence."""
    text = str(e).strip().splitlines()
    return (text[0] if text else type(e).__name__).rstrip(".")[:120]


def _upright(pixels: ByteImage, image: Image.Image) -> ByteImage:
    """Turn pixels as the image's EXIF orientation says; damaged EXIF is ignored."""
    try:
        orientation = image.getexif().get(0x0112, 1)
    except Exception:  # the EXIF parser raises many kinds
        return pixels
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _to_rgb(image: Image.Image) -> ByteImage:
    """Return any pillow mode as (H, W, 3) uint8 sRGB, reduced."""
    width, height = image.size

    def strip(top: int, bottom: int) -> Image.Image:
        return image.crop((0, top, width, bottom))

    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _from_deep_grey(lambda a, b: np.asarray(strip(a, b)), width, height)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        mode = "RGB"
        pixels = _reduced(
            lambda a, b: _over_backdrop(np.asarray(strip(a, b).convert("RGBA"))), width, height
        )
    else:
        mode = image.mode if image.mode in ("RGB", "CMYK", "L") else "RGB"
        pixels = _reduced(lambda a, b: np.asarray(strip(a, b).convert(mode)), width, height)
    profile = image.info.get("icc_profile")
    return _to_srgb(_pil(pixels, mode), profile) if profile or mode != "RGB" else pixels


def _reduced(
    read: Callable[[int, int], npt.NDArray[Any]], width: int, height: int
) -> npt.NDArray[Any]:
    """Return a picture, its longer side at most SIDE_LIMIT_PX, as an array of its own.

    Each strip is reduced in width as it is read, and all of them in height at the end, both by
    the mean of the area that a pixel covers.

    Args:
        read: returns the rows from one number to another, (rows, width) or (rows, width, 3 or 4).
        width: of the whole picture.
        height: of the whole picture.
    """
    import cv2

    scale = min(1.0, SIDE_LIMIT_PX / max(width, height))
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    rows = max(1, _STRIP_PX // width)
    whole: npt.NDArray[Any] | None = None
    for top in range(0, height, rows):
        part = read(top, min(top + rows, height))
        if across != width:
            part = cv2.resize(part, (across, len(part)), interpolation=cv2.INTER_AREA)
        if whole is None:
            whole = np.empty((height, *part.shape[1:]), part.dtype)
        whole[top : top + len(part)] = part
    assert whole is not None
    if down == height:
        return whole
    return np.asarray(cv2.resize(whole, (across, down), interpolation=cv2.INTER_AREA))


def _pil(pixels: ByteImage, mode: str) -> Image.Image:
    from PIL import Image

    height, width = pixels.shape[:2]
    return Image.frombuffer(mode, (width, height), pixels, "raw", mode, 0, 1)


def _to_srgb(image: Image.Image, profile: bytes | None) -> ByteImage:
    """Convert by the embedded colour profile where it is usable, else plainly."""
    if profile and b"sRGB" not in profile:
        try:
            from PIL import ImageCms

            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if converted is not None:
                return np.array(converted)
        except Exception:  # a wrong or damaged profile: the plain conversion serves
            pass
    return np.array(image.convert("RGB"))


def _from_deep_grey(
    read: Callable[[int, int], npt.NDArray[Any]], width: int, height: int
) -> ByteImage:
    """Scale grey levels of more than 8 bits to 8, by their type's range."""
    top, kind = 0.0, ""

    def levels(first: int, last: int) -> npt.NDArray[np.float32]:
        nonlocal top, kind
        values = read(first, last)
        floats = np.nan_to_num(values.astype(np.float32))
        top, kind = max(top, float(floats.max())), values.dtype.kind
        return floats

    grey = _reduced(levels, width, height)
    if top <= 1.0 and kind == "f":
        full = 1.0
    elif top <= 255.0 and kind == "f":
        full = 255.0
    else:
        full = 65535.0 if top <= 65535.0 else top
    grey *= 255.0 / full
    grey += 0.5
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _over_backdrop(rgba: ByteImage) -> ByteImage:
    """Lay (H, W, 4) over the backdrop."""
    if int(rgba[..., 3].min(initial=255)) == 255:
        return np.ascontiguousarray(rgba[..., :3])
    alpha = rgba[..., 3:].astype(np.uint16)
    backdrop = np.array(BACKDROP_RGB, np.uint16)
    mixed = (rgba[..., :3] * alpha + backdrop * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)


def _from_array(pixels: npt.NDArray[Any]) -> ByteImage:
    """Return an array of any accepted shape and type as (H, W, 3) uint8."""
    if (
        not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (1, 3, 4)))
        or 0 in pixels.shape
    ):
        raise ImageDecodeError(
            f"the array has shape {pixels.shape}; (height, width, 3) RGB or a grey or RGBA "
            "picture is needed"
        )
    if pixels.shape[0] * pixels.shape[1] >= PIXEL_LIMIT:
        size = f" ({pixels.shape[1]} x {pixels.shape[0]})"
        raise ImageDecodeError(
            _too_large("the array", pixels.shape[0] * pixels.shape[1], size, PIXEL_LIMIT)
        )
    if pixels.dtype not in (np.uint8, np.uint16) and pixels.dtype.kind != "f":
        raise ImageDecodeError(
            f"the picture array has type {pixels.dtype}; uint8, uint16 or float is needed"
        )
    height, width = pixels.shape[:2]
    reduced = _reduced(lambda top, bottom: _byte_strip(pixels[top:bottom]), width, height)
    return reduced if reduced.ndim == 3 else np.repeat(reduced[..., None], 3, axis=2)


def _byte_strip(pixels: npt.NDArray[Any]) -> ByteImage:
    """Return rows of an array of an accepted shape and type as uint8, grey (H, W) or RGB."""
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.dtype == np.uint16:
        levels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    elif pixels.dtype.kind == "f":
        if not np.isfinite(pixels).all() or pixels.min() < 0 or pixels.max() > 1:
            raise ImageDecodeError("a picture array of floats must hold values from 0 to 1 only")
        levels = (pixels * 255 + 0.5).astype(np.uint8)
    else:
        levels = pixels
    if levels.ndim == 3 and levels.shape[2] == 4:
        return _over_backdrop(levels)
    return np.ascontiguousarray(levels)
