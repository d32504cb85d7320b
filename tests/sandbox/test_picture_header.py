"""Format and size are known without decoding; nonsense is refused."""

from __future__ import annotations

import random

import pytest
from tests.sandbox import media

from gioconda.errors import ImageDecodeError, ImageFormatError
from gioconda.measure.mutations import mutate
from gioconda.sandbox.picture_header import picture_header


@pytest.mark.parametrize(
    ("format_", "options", "named"),
    [
        ("PNG", {}, "PNG"),
        ("JPEG", {}, "JPEG"),
        ("JPEG", {"progressive": True}, "JPEG"),
        ("WEBP", {}, "WebP"),
        ("WEBP", {"lossless": True}, "WebP"),
        ("WEBP", {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"}, "WebP"),
    ],
)
def test_the_size_is_what_the_encoder_was_given(
    format_: str, options: dict[str, object], named: str
) -> None:
    header = picture_header(media.picture(format_, (72, 40), **options))
    assert (header.format, header.width, header.height) == (named, 72, 40)


@pytest.mark.parametrize("format_", ["GIF", "BMP", "TIFF", "PPM"])
def test_other_formats_are_refused_by_name_of_those_taken(format_: str) -> None:
    with pytest.raises(ImageFormatError, match="PNG, JPEG or WebP"):
        picture_header(media.picture(format_))


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_every_cut_of_a_header_is_refused_or_read(format_: str) -> None:
    whole = media.picture(format_)
    read = 0
    for length in range(400):
        try:
            header = picture_header(whole[:length])
        except ImageDecodeError:
            assert not read, "a longer cut is refused though a shorter one was read"
        else:
            read += 1
            assert (header.width, header.height) == (64, 48)
    assert 0 < read < 400 - 20


def test_zero_pixels_are_refused() -> None:
    with pytest.raises(ImageDecodeError, match="no pixels"):
        picture_header(media.png_bomb(0, 8))


def test_a_jpeg_of_hundreds_of_scans_is_refused() -> None:
    whole = media.picture("JPEG", progressive=True)
    scan = whole.index(b"\xff\xda")
    with pytest.raises(ImageDecodeError, match="scans"):
        picture_header(whole[:-2] + whole[scan : scan + 20] * 200 + whole[-2:])


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_a_thousand_mutations_end_in_a_header_or_a_refusal(format_: str) -> None:
    rng = random.Random(11)
    whole = media.picture(format_)
    for _ in range(1000):
        try:
            header = picture_header(mutate(whole, rng))
        except ImageDecodeError:
            continue
        assert header.width >= 1
        assert header.height >= 1
