"""The kernels agree with the formulas they are made from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda.video.colour_kernels import rgb_to_i420
from gioconda.video.palette_kernels import bayer_offsets, map_to_palette, nearest_table


def converted(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    height, width = -(-rgb.shape[0] // 2) * 2, -(-rgb.shape[1] // 2) * 2
    planes = [np.full((height, width + 5), 99, np.uint8)]
    planes += [np.full((height // 2, width // 2 + 3), 99, np.uint8) for _ in range(2)]
    rgb_to_i420(rgb, *planes)
    assert (planes[0][:, width:] == 99).all()
    assert (planes[1][:, width // 2 :] == 99).all()
    return planes[0][:, :width], planes[1][:, : width // 2], planes[2][:, : width // 2]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_conversion_is_bt709_limited(height: int, width: int, seed: int) -> None:
    rgb = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    y, u, v = converted(rgb)
    padded = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), "edge").astype(float)
    luma = padded @ [0.2126, 0.7152, 0.0722]
    assert np.abs(y - (16 + 219 / 255 * luma)).max() < 0.51
    blocks = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2, 3).mean((1, 3))
    block_luma = blocks @ [0.2126, 0.7152, 0.0722]
    assert np.abs(u - (128 + 224 / 255 * (blocks[..., 2] - block_luma) / 1.8556)).max() < 0.51
    assert np.abs(v - (128 + 224 / 255 * (blocks[..., 0] - block_luma) / 1.5748)).max() < 0.51


@pytest.mark.parametrize(
    ("colour", "expected"),
    [  # ITU-R BT.709 colour bars, 8 bits
        ((255, 255, 255), (235, 128, 128)),
        ((0, 0, 0), (16, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
    ],
)
def test_known_colours(colour: tuple[int, ...], expected: tuple[int, ...]) -> None:
    planes = converted(np.full((2, 2, 3), colour, np.uint8))
    assert tuple(int(p[0, 0]) for p in planes) == expected


def test_palette_colours_map_to_themselves() -> None:
    palette = np.random.default_rng(1).integers(0, 64, (256, 3)).astype(np.uint8) * 4 + 2
    palette = np.unique(palette, axis=0)
    out = np.empty((1, len(palette)), np.uint8)
    map_to_palette(palette[None], nearest_table(palette), np.zeros((8, 8), np.int32), out)
    assert np.array_equal(out[0], np.arange(len(palette)))


def test_dither_keeps_the_mean() -> None:
    offsets = bayer_offsets(32)
    assert np.unique(offsets).size > 30
    assert abs(offsets.mean()) <= 0.5
    grey = np.full((64, 64, 3), 120, np.uint8)
    out = np.empty((64, 64), np.uint8)
    palette = np.array([[96] * 3, [160] * 3], np.uint8)
    map_to_palette(grey, nearest_table(palette), offsets, out)
    assert palette[out, 0].mean() == pytest.approx(120, abs=3)
