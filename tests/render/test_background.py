"""What the frame cuts off goes on above it, and nothing else does."""

from __future__ import annotations

import numpy as np

from gioconda.render.mesh.background import CROWN_PX, crowned

SIZE = 512
CROWN = round(CROWN_PX)


def crown_of(first: int, last: int) -> np.ndarray:
    """The part above the frame, of a person whose columns from first to last are cut."""
    matte = np.zeros((SIZE, SIZE), np.float32)
    matte[:, first:last] = 1
    rows = np.linspace(40, 200, SIZE)[:, None, None]
    texture = np.round(matte[..., None] * np.concatenate([rows] * 3 + [0 * rows + 255], 2))
    result = crowned(texture.astype(np.uint8), matte)
    assert result.shape == (SIZE + CROWN, SIZE, 4)
    assert (result[CROWN:] == texture).all()
    return result[:CROWN]


def test_a_cut_head_gets_a_round_crown() -> None:
    crown = crown_of(180, 330)
    tall = (crown[..., 3] > 127).sum(0)
    assert tall[255] > 15
    assert (np.diff(tall[181:255]) >= 0).all()
    assert (np.diff(tall[256:329]) <= 0).all()
    assert tall[190] < 0.5 * tall[255]


def test_a_crown_mirrors_what_is_below_it() -> None:
    crown = crown_of(100, 400)
    inner = crown[CROWN // 3 :, 250, 0].astype(int)
    assert (np.diff(inner) <= 0).all()
    assert inner[0] > inner[-1] + 4
    assert crown[-1, 250, 0] == 40


def test_a_cut_from_side_to_side_goes_on_full() -> None:
    assert (crown_of(0, SIZE)[-8:, :, 3] == 255).all()


def test_nothing_grows_over_a_whole_head() -> None:
    matte = np.zeros((SIZE, SIZE), np.float32)
    matte[40:] = 1
    texture = np.full((SIZE, SIZE, 4), 255, np.uint8)
    assert not crowned(texture, matte)[:CROWN].any()
