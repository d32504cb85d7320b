"""Decoding: every kind of picture comes out the same, every bad one is refused early."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from gioconda.errors import GiocondaError, ImageDecodeError, MissingExtraError
from gioconda.portrait.decode import BACKDROP_RGB, PIXEL_LIMIT, SIDE_LIMIT_PX, decode


def gradient(height: int = 40, width: int = 60) -> np.ndarray:
    """A smooth colour picture that JPEG hardly changes."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 / width, y * 255 / height, np.full_like(x, 90)], -1).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes that declares any size."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "PPM"])
def test_formats_give_the_same_picture(kind: str) -> None:
    source = gradient()
    got = decode(encoded(Image.fromarray(source), kind)).image
    assert got.shape == source.shape
    assert got.dtype == np.uint8
    assert np.abs(got.astype(int) - source).mean() < (0.01 if kind not in ("JPEG", "WEBP") else 6)


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(encoded(Image.fromarray(gradient()), "PNG"))
    picture = decode(path)
    assert np.array_equal(picture.image, gradient())
    assert picture.name == "picture.jpg"
    assert decode(str(path)).sha256 == picture.sha256 == decode(path.read_bytes()).sha256


def test_first_frame_of_a_gif() -> None:
    frames = [Image.new("RGB", (30, 20), c) for c in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(data).image[5, 5].tolist() == [255, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    upright = np.zeros((24, 40, 3), np.uint8)
    upright[:8, :8] = (250, 10, 10)  # the mark belongs at the top left
    undo = {
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
        5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a.transpose(1, 0, 2), 2), 8: lambda a: np.rot90(a, 3),
    }  # fmt: skip
    stored = np.ascontiguousarray(undo[orientation](upright))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(stored), "PNG", exif=exif)
    assert np.array_equal(decode(data).image, upright)


def test_alpha_lies_over_the_backdrop() -> None:
    rgba = np.zeros((10, 20, 4), np.uint8)
    rgba[:, 10:] = (200, 100, 50, 255)
    rgba[:, 5:10] = (0, 0, 0, 128)
    for got in (decode(encoded(Image.fromarray(rgba), "PNG")).image, decode(rgba).image):
        assert got[0, 0].tolist() == list(BACKDROP_RGB)
        assert got[0, 15].tolist() == [200, 100, 50]
        assert np.abs(got[0, 7].astype(int) - np.array(BACKDROP_RGB) * 127 / 255).max() <= 1


def test_palette_with_a_transparent_colour() -> None:
    image = Image.new("P", (10, 10), 0)
    image.putpalette([255, 0, 255, 10, 20, 30] + [0] * 762)
    image.putpixel((3, 4), 1)
    got = decode(encoded(image, "PNG", transparency=0)).image
    assert got[4, 3].tolist() == [10, 20, 30]
    assert got[0, 0].tolist() == list(BACKDROP_RGB)


def test_grey_and_one_bit() -> None:
    grey = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    expected = np.repeat(grey[..., None], 3, 2)
    assert np.array_equal(decode(encoded(Image.fromarray(grey), "PNG")).image, expected)
    assert np.array_equal(decode(grey).image, expected)
    bits = Image.fromarray(grey).point(lambda v: 255 * (v > 127)).convert("1")
    assert set(np.unique(decode(encoded(bits, "PNG")).image)) == {0, 255}


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(kind: str) -> None:
    deep = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (4, 1))
    got = decode(encoded(Image.fromarray(deep), kind)).image
    assert np.abs(got[0, :, 0].astype(int) - np.arange(256)).max() <= 1
    colour = np.stack([deep, deep[:, ::-1], deep], -1)
    assert np.abs(decode(colour).image[0, :, 1].astype(int) - np.arange(255, -1, -1)).max() <= 1


def test_dark_sixteen_bits_stay_dark() -> None:
    deep = np.full((8, 8), 2570, np.uint16)  # 10 of 255
    assert np.abs(decode(encoded(Image.fromarray(deep), "PNG")).image.astype(int) - 10).max() <= 1


def test_cmyk() -> None:
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    got = decode(encoded(red, "JPEG", quality=95)).image[8, 8].astype(int)
    assert got[0] > 220
    assert got[1] < 40
    assert got[2] < 40


def test_a_colour_profile_is_converted() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    data = encoded(Image.new("RGB", (8, 8), (10, 200, 30)), "PNG", icc_profile=lab.tobytes())
    # a profile that does not fit the mode is ignored rather than trusted
    assert decode(data).image[0, 0].tolist() == [10, 200, 30]


def test_floats_are_zero_to_one() -> None:
    values = np.linspace(0, 1, 30, dtype=np.float32).reshape(1, 10, 3).repeat(4, 0)
    assert decode(values).image.max() == 255
    with pytest.raises(ImageDecodeError, match="0 to 1"):
        decode(values * 255)


@pytest.mark.parametrize("shape", [(5,), (4, 4, 2), (0, 5, 3), (3, 4, 4, 3)])
def test_arrays_of_wrong_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageDecodeError, match="shape"):
        decode(np.zeros(shape, np.uint8))


def test_arrays_of_wrong_type_are_refused() -> None:
    with pytest.raises(ImageDecodeError, match="int64"):
        decode(np.zeros((8, 8, 3), np.int64))


def test_the_picture_does_not_share_memory_with_the_caller() -> None:
    source = gradient()
    picture = decode(source)
    before = picture.image.copy()
    source[:] = 0
    assert np.array_equal(picture.image, before)


def test_missing_folder_and_odd_paths(tmp_path: Path) -> None:
    with pytest.raises(ImageDecodeError, match="no file"):
        decode(tmp_path / "absent.png")
    with pytest.raises(ImageDecodeError, match="folder"):
        decode(tmp_path)
    with pytest.raises(ImageDecodeError):
        decode("bad\0name.png")
    with pytest.raises(ImageDecodeError, match="regular"):
        decode("/dev/zero")


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0", b"%!PS-Adobe-3.0 EPSF"],
)
def test_what_is_not_an_image_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "thing.png"
    path.write_bytes(data)
    with pytest.raises(ImageDecodeError) as caught:
        decode(path)
    assert "thing.png" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated_files_are_refused(kind: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (80, 90, 3), np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    with pytest.raises(ImageDecodeError):
        decode(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    ("width", "height", "says"), [(50_000, 50_000, "2500"), (10_000, 10_000, "100 megapixels")]
)
def test_a_bomb_is_refused_by_its_header(width: int, height: int, says: str) -> None:
    bomb = png_header(width, height)
    assert len(bomb) < 200
    with pytest.raises(ImageDecodeError, match=says):
        decode(bomb)


def test_a_legal_size_with_too_little_data_is_truncated_not_too_large() -> None:
    with pytest.raises(ImageDecodeError, match="damaged"):
        decode(png_header(9_000, 9_000))


def test_a_bomb_among_arrays_is_refused() -> None:
    with pytest.raises(ImageDecodeError, match="megapixels"):
        decode(np.broadcast_to(np.uint8(0), (1, PIXEL_LIMIT, 3)))


def test_large_pictures_are_reduced() -> None:
    large = np.zeros((100, SIDE_LIMIT_PX * 2, 3), np.uint8)
    large[:, :SIDE_LIMIT_PX] = 200
    got = decode(large).image
    assert got.shape == (50, SIDE_LIMIT_PX, 3)
    assert got[25, 100, 0] == 200
    assert got[25, -100, 0] == 0


def test_a_forty_megapixel_jpeg_opens() -> None:
    data = encoded(Image.new("RGB", (8000, 5000), (120, 130, 140)), "JPEG")
    image = decode(data).image
    assert max(image.shape) == SIDE_LIMIT_PX
    assert np.abs(image[::100, ::100].astype(int) - (120, 130, 140)).max() <= 3


def test_heic_without_its_part_names_the_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    heic = b"\0\0\0\x18ftypheic" + b"\0" * 64
    with pytest.raises(MissingExtraError, match="heic"):
        decode(heic)


@pytest.mark.parametrize("seed", range(20))
def test_flipped_bytes_never_escape_the_error_tree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kind = ("PNG", "JPEG", "WEBP", "GIF", "TIFF")[seed % 5]
    data = bytearray(encoded(Image.fromarray(gradient()), kind))
    for position in rng.integers(0, len(data), 12):
        data[position] = rng.integers(0, 256)
    try:
        image = decode(bytes(data)).image
    except GiocondaError:
        return
    assert image.ndim == 3
    assert image.shape[2] == 3


def test_a_heic_picture_is_read(astronaut: np.ndarray, tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="the extra 'heic' is not installed")
    pillow_heif.register_heif_opener()
    path = tmp_path / "face.heic"
    Image.fromarray(astronaut).save(path)
    decoded = decode(path).image
    assert decoded.shape == astronaut.shape
    assert np.abs(decoded.astype(int) - astronaut).mean() < 6
