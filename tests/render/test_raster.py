"""Kernels that draw: triangles into maps, texture over plate, smooth contours."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.render.mesh.background import MATTE_CLEAR_PX, soft_matte
from gioconda.render.mesh.composite_kernels import composite
from gioconda.render.mesh.contour_kernels import smooth_contours
from gioconda.render.mesh.raster_kernels import LIGHT_NOTHING, LIGHT_ONE, rasterize
from gioconda.render.mesh.surface import Maps, silhouette_edges

SQUARE = np.array([[2, 2], [13, 2], [2, 13], [13, 13]], np.float32)
FRONT = np.array([[0, 1, 2], [1, 3, 2]], np.int32)
BACK = FRONT[:, ::-1].copy()


def draw(
    maps: Maps,
    points: np.ndarray = SQUARE,
    triangles: np.ndarray = FRONT,
    depth: float = 5.0,
    shift: float = 0.0,
    light: float = 256.0,
) -> np.ndarray:
    """Draw flat triangles whose texture is the screen itself, shifted to the right."""
    position = np.c_[points, np.full(len(points), depth)].astype(np.float32)
    texture_at = (points + np.array([shift, 0])).astype(np.float32)
    box = np.zeros(4, np.int32)
    rasterize(
        points, position, texture_at, np.full(len(points), light, np.float32), triangles,
        np.float32(60), maps.whole.reshape(-1).view(np.uint32), maps.fraction, maps.light,
        maps.depth, box,
    )  # fmt: skip
    return box


def test_the_maps_name_the_texture_pixel_that_shows() -> None:
    maps = Maps.empty(16)
    box = draw(maps, shift=2.25)
    ys, xs = np.mgrid[2:14, 2:14]
    assert (maps.whole[2:14, 2:14, 0] == xs + 2).all()
    assert (maps.whole[2:14, 2:14, 1] == ys).all()
    assert (maps.fraction[2:14, 2:14] == 8).all()  # a quarter, of 32
    assert (maps.light[2:14, 2:14] == LIGHT_ONE).all()
    assert box.tolist() == [2, 2, 15, 14] or box.tolist() == [2, 2, 14, 14]


def test_what_no_triangle_covers_is_marked() -> None:
    maps = Maps.empty(16)
    draw(maps)
    outside = np.ones((16, 16), bool)
    outside[2:14, 2:14] = False
    assert (maps.light[outside] == LIGHT_NOTHING).all()
    assert (maps.light[~outside] != LIGHT_NOTHING).all()


def test_neighbouring_triangles_leave_no_crack() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        maps = Maps.empty(16)
        middle = rng.uniform(3, 12, 2)
        points = np.vstack([SQUARE, middle]).astype(np.float32)
        fan = np.array([[0, 1, 4], [1, 3, 4], [3, 2, 4], [2, 0, 4]], np.int32)
        draw(maps, points, fan)
        assert (maps.light[2:14, 2:14] == LIGHT_ONE).all()


@pytest.mark.parametrize("order", [(3.0, 8.0), (8.0, 3.0)])
def test_the_nearer_triangle_wins_in_any_order(order: tuple[float, float]) -> None:
    maps = Maps.empty(16)
    for depth in order:
        draw(maps, depth=depth, shift=depth)
    assert (maps.whole[8, 8] == (8 + 3, 8)).all()
    assert maps.depth[8, 8] == pytest.approx(3)


def test_a_triangle_seen_from_behind_gives_way_to_one_a_little_farther() -> None:
    maps = Maps.empty(16)
    draw(maps, depth=3, shift=3, triangles=BACK)
    draw(maps, depth=20, shift=1)
    assert maps.whole[8, 8, 0] == 8 + 1


def test_triangles_off_the_screen_touch_nothing() -> None:
    maps = Maps.empty(16)
    box = draw(maps, SQUARE + np.float32(100))
    assert box[2] <= box[0] or box[3] <= box[1]
    assert (maps.light == LIGHT_NOTHING).all()


def shade(light: int, gains: tuple[int, int, int], alpha: int = 255) -> np.ndarray:
    sampled = np.full((1, 1, 4), 120, np.uint8)
    sampled[..., 3] = alpha
    plate = np.full((1, 1, 3), 200, np.uint8)
    out = np.zeros((1, 1, 3), np.uint8)
    light_map = np.full((1, 1), light, np.uint16)
    composite(sampled, plate, light_map, np.array(gains, np.int32), out, 0, 0)
    return out[0, 0].astype(int)


def test_an_opaque_unlit_pixel_is_the_photo_itself() -> None:
    assert shade(256, (200, 256, 300)).tolist() == [120, 120, 120]


def test_shadow_is_warm_and_light_is_not_tinted() -> None:
    red, green, blue = shade(200, (189, 282, 312))
    assert red > green > blue
    assert (red + green + blue) / 3 == pytest.approx(120 * 200 / 256, abs=2)
    assert len(set(shade(300, (189, 282, 312)).tolist())) == 1


def test_the_plate_shows_through_a_thin_cover_and_alone_where_nothing_is() -> None:
    assert shade(256, (256, 256, 256), alpha=155).tolist() == [120 + 78] * 3  # 200 * 100 / 255
    assert shade(LIGHT_NOTHING, (256, 256, 256)).tolist() == [200, 200, 200]


def test_edges_between_two_triangles_are_found_once() -> None:
    edges = silhouette_edges(FRONT)
    assert edges.tolist() == [[1, 2, 0, 1]]


def test_a_contour_pixel_is_blended_by_the_share_the_edge_cuts_off() -> None:
    # a near sheet ends at x = 7.8 and folds back there; beyond lies a far one
    points = np.array([[0, 0], [7.8, 0], [0, 15], [7.8, 15], [3, 0], [3, 15]], np.float32)
    depth = np.array([5, 5, 5, 5, 40, 40], np.float32)
    triangles = np.array([[0, 1, 2], [1, 3, 2], [1, 4, 3], [4, 5, 3]], np.int32)
    buffer = np.full((16, 16), 60, np.float32)
    buffer[:, :8] = 5
    out = np.zeros((16, 16, 3), np.uint8)
    out[:, :8] = 200
    position = np.c_[points, depth].astype(np.float32)
    blended = smooth_contours(
        points, position, silhouette_edges(triangles), triangles, buffer, np.float32(10),
        np.float32(1), out,
    )  # fmt: skip
    assert blended > 10
    # pixel 8 is cut at 7.8: its part left of that, 0.3, belongs to the near sheet
    assert out[8, 8, 0] == pytest.approx(0.3 * 200, abs=3)
    assert out[8, 7, 0] == 200
    assert out[8, 9, 0] == 0


@pytest.mark.parametrize("size", [256, 512])
def test_the_matte_is_full_on_the_person_and_fades_out_beyond(size: int) -> None:
    tight = np.zeros((size, size), np.float32)
    tight[:, : size // 2] = 1
    soft = soft_matte(tight)
    row = soft[size // 2]
    k = size / 512
    edge = size // 2
    assert (row[: edge + round(3 * k)] == 1).all()
    assert (row[edge + round((MATTE_CLEAR_PX + 2) * k) :] == 0).all()
    assert (np.diff(row) <= 0).all()
