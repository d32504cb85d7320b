"""Reduced luma of a picture, and of the frames of one that moves. Runs confined."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import ImageDecodeError
from gioconda.sandbox.luma_stream import LookedAt, packed, packed_end
from gioconda.sandbox.wire import Kind

if TYPE_CHECKING:
    from PIL import Image

    from gioconda.sandbox.file_tasks import Say

ByteImage = npt.NDArray[np.uint8]

#: Of those that pillow knows: what platforms, cameras and screenshots give.
FORMATS: Final = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "HEIF")
#: Most pixels of a picture that moves, and of all its frames together.
_MOVING_PIXELS: Final = 16_000_000
_ALL_PIXELS: Final = 1_500_000_000
#: Longest time that a frame may be said to last, and that of one which says nothing, in seconds.
_LONGEST_S: Final = 60.0
_UNSAID_S: Final = 0.1


def opened(file: BinaryIO, pixels: int) -> Image.Image:
    """Open a picture; only its header is read.

    Raises:
        ImageDecodeError: no picture that is known here, or of too many pixels.
    """
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # counted here
    Image.init()
    known = tuple(f for f in FORMATS if f in Image.OPEN)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(file, formats=known)
    except MemoryError:
        raise
    except Exception as e:  # parsers raise whatever they met
        raise ImageDecodeError("the picture is damaged or of a format that is not read here") from e
    width, height = picture.size
    if width * height > pixels:
        raise ImageDecodeError(
            f"the picture has {width} x {height} pixels; "
            f"up to {pixels / 1e6:.0f} megapixels are looked at"
        )
    return picture


def stream(file: BinaryIO, options: dict[str, Any], say: Say) -> None:
    """Stream the frames, one of a still, then what was looked at.

    Args:
        file: of the picture.
        options: as :func:`gioconda.sandbox.video_luma.stream` takes them.
        say: takes the stream.

    Raises:
        ImageDecodeError: no picture, too large, or damaged.
    """
    from PIL import Image

    side, fps = int(options["side"]), float(options["fps"])
    picture = opened(file, int(options["pixels"]))
    moves = bool(getattr(picture, "is_animated", False))
    area = picture.width * picture.height
    if moves and area > _MOVING_PIXELS:
        raise ImageDecodeError(
            f"the moving picture has {picture.width} x {picture.height} pixels; "
            f"up to {_MOVING_PIXELS / 1e6:.0f} megapixels are looked at"
        )
    if moves:
        Image.MAX_IMAGE_PIXELS = _MOVING_PIXELS // 2  # pillow refuses twice as many
    else:
        picture.draft("L", (side, side))
    say(Kind.HEAD, b"")
    at_s, due_s, count, index, pixels, cut = 0.0, 0.0, 0, 0, 0, False
    whole_s = float(options["whole_s"])
    while True:
        try:
            if index:
                picture.seek(index)
                area = picture.width * picture.height  # a frame may enlarge the whole
                if area > _MOVING_PIXELS:
                    raise ValueError("a frame is too large")
            pixels += area
            with _lenient():
                picture.load()
        except EOFError:
            break
        except MemoryError:
            raise
        except Exception as e:
            if count:  # what came before the damage counts
                break
            raise ImageDecodeError("the picture is truncated or damaged") from e
        spent = time.process_time() > float(options["seconds"]) or pixels > _ALL_PIXELS
        if count and (spent or at_s > whole_s or count >= int(options["frames"])):
            cut = True
            break
        if at_s >= due_s:
            say(Kind.DATA, packed(at_s, reduced(picture, side)))
            count, due_s = count + 1, max(due_s + 1 / fps, at_s)
        if not moves:
            break
        at_s += _lasts_s(picture)
        index += 1
    looked = LookedAt(at_s, None if cut else at_s, 1, cut)
    say(Kind.DATA, packed_end(looked))


@contextmanager
def _lenient() -> Iterator[None]:
    """Show what there is of a damaged picture, as viewers do: damage is no way to hide a mark."""
    from PIL import ImageFile

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _lasts_s(picture: Image.Image) -> float:
    said = picture.info.get("duration")
    seconds = float(said) / 1000 if isinstance(said, (int, float)) and said > 0 else _UNSAID_S
    return min(seconds, _LONGEST_S)


def reduced(picture: Image.Image, side: int) -> ByteImage:
    """Return a picture's luma, upright, transparency laid over grey."""
    from PIL import Image

    from gioconda.portrait.decode import BACKDROP_RGB

    orientation = _orientation(picture)
    scale = min(1.0, side / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    whole = max(picture.size) // side
    if whole >= 2 and picture.mode in ("L", "RGB", "RGBA", "CMYK"):
        picture = picture.reduce(whole)  # the rest works on a small one, and takes little memory
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        ground = Image.new("RGBA", clear.size, (*BACKDROP_RGB, 255))
        grey = Image.alpha_composite(ground, clear).convert("L")
    elif picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        grey = _from_deep(picture)
    else:
        grey = picture.convert("L")
    if size != grey.size:
        grey = grey.resize(size, Image.Resampling.BOX)
    if orientation is not None:
        grey = grey.transpose(Image.Transpose[orientation])
    return np.ascontiguousarray(np.asarray(grey, np.uint8))


def _orientation(picture: Image.Image) -> str | None:
    try:
        return _ORIENTATIONS.get(int(picture.getexif().get(0x0112, 1)))
    except Exception:  # damaged EXIF is ignored; its parser raises many kinds
        return None


def _from_deep(picture: Image.Image) -> Image.Image:
    """Return grey levels of more than 8 bits as 8, by the largest there is."""
    from PIL import Image

    values = np.nan_to_num(np.asarray(picture, np.float32))
    top = max(float(values.max()), 1.0)
    full = 1.0 if top <= 1 else 255.0 if top <= 255 else max(65535.0, top)
    return Image.fromarray(np.clip(values * (255 / full), 0, 255).astype(np.uint8))


#: How a picture is turned, by EXIF orientation (CIPA DC-008, 4.6.4).
_ORIENTATIONS: Final = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270",
    7: "TRANSVERSE", 8: "ROTATE_90",
}  # fmt: skip
