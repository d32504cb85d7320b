"""The cut-out of a moved head is tight and keeps none of the old background's colour."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from gioconda.motion import moment
from gioconda.portrait import Portrait, View
from gioconda.render import MeshRenderer
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.background import soft_matte
from gioconda.render.mesh.edge import mark_edge, premultiplied, tight_texture
from gioconda.render.mesh.edge_kernels import tighten

SIZE = 512
MIDDLE, RADIUS = 256, 120
RED, BLUE = np.array([200.0, 40, 30]), np.array([30.0, 60, 210])


def disc_view(matte_blur: float = 2.0) -> View:
    """A red disc before blue, its edge mixed as the matte says."""
    matte = np.zeros((SIZE, SIZE), np.float32)
    cv2.circle(matte, (MIDDLE, MIDDLE), RADIUS, 1.0, -1)
    matte = cv2.GaussianBlur(matte, (0, 0), matte_blur)
    image = matte[..., None] * RED + (1 - matte[..., None]) * BLUE
    plate = np.broadcast_to(BLUE, image.shape).astype(np.uint8).copy()
    return View(
        np.round(image).astype(np.uint8), np.zeros((478, 3), np.float32), matte, plate,
        np.array([[1, 0, 0], [0, 1, 0]], np.float32),
    )  # fmt: skip


def textures(view: View) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The soft matte of a view, the texture cut out with it, and the tight one."""
    cover = soft_matte(view.matte)
    return cover, premultiplied(view.image, cover), tight_texture(view, cover)


def test_half_covered_pixels_keep_the_persons_colour_alone() -> None:
    _, soft, tight = textures(disc_view())
    texture = tight.astype(float)
    alpha = texture[..., 3] / 255
    half = (alpha > 0.3) & (alpha < 0.9)
    assert half.sum() > 100
    colour = texture[half][:, :3] / alpha[half][:, None]
    assert np.abs(colour - RED).mean(0).max() < 12
    assert np.abs(soft[half][:, :3] - RED).mean(0).max() > 40


def test_the_tight_cut_out_ends_where_the_person_does_and_lies_within_the_soft_one() -> None:
    view = disc_view()
    cover, _, tight = textures(view)
    alpha = tight[..., 3] / 255
    assert (alpha <= cover + 0.004).all()
    assert alpha[view.matte < 0.02].max() < 0.05
    assert alpha[view.matte > 0.98].min() > 0.95
    assert cover[view.matte < 0.02].sum() > 500


def test_an_earring_that_the_matte_missed_goes_along() -> None:
    view = disc_view()
    y = MIDDLE + RADIUS + 7
    cv2.circle(view.image, (MIDDLE, y), 3, (150, 20, 10), -1)
    _, _, texture = textures(view)
    assert texture[y, MIDDLE, 3] > 180
    assert texture[y, MIDDLE, 2] < 60


def test_a_third_colour_where_the_matte_is_unsure_covers_fully() -> None:
    # an ear: neither the person's colour nearby nor the wall's, and half missed by the matte
    view = disc_view()
    x = MIDDLE + RADIUS + 6
    cv2.circle(view.image, (x, MIDDLE), 8, (90, 200, 60), -1)
    cv2.circle(view.matte, (x, MIDDLE), 8, 0.3, -1)
    # a shadow that the matte is as unsure of lies on the way from the wall to the person
    y = MIDDLE + RADIUS + 6
    mixed = np.round(0.3 * RED + 0.7 * BLUE)
    cv2.circle(view.image, (MIDDLE, y), 8, mixed.tolist(), -1)
    cv2.circle(view.matte, (MIDDLE, y), 8, 0.3, -1)
    _, _, texture = textures(view)
    assert texture[MIDDLE, x, 3] > 240
    assert np.abs(texture[MIDDLE, x, :3].astype(int) - (90, 200, 60)).max() < 15
    assert texture[y, MIDDLE, 3] < 120


def tightened(moved_px: float, begin: float = 0.5, span: float = 5.0) -> np.ndarray:
    """One row of a sample that shows the texture from ``moved_px`` farther right."""
    _, soft, tight = textures(disc_view())
    mark_edge(soft, tight)
    whole = np.zeros((SIZE, SIZE, 2), np.int16)
    whole[..., 0] = np.arange(SIZE)[None] + int(moved_px)
    whole[..., 1] = np.arange(SIZE)[:, None]
    fraction = np.full((SIZE, SIZE), round((moved_px % 1) * 32), np.uint16)
    light = np.full((SIZE, SIZE), 256, np.uint16)
    f = np.float32
    at = np.clip(whole[..., 0], 0, SIZE - 1)
    sample = soft[np.arange(SIZE)[:, None], at].copy()
    tighten(sample, whole, fraction, light, tight, 0, 1, f(begin), f(span), 0, 0)
    return sample[MIDDLE].astype(int)


def test_what_has_not_moved_stays_the_photo() -> None:
    _, soft, _ = textures(disc_view())
    assert (tightened(0) == soft[MIDDLE]).all()


def test_what_has_moved_far_wears_the_tight_cut_out() -> None:
    _, _, tight = textures(disc_view())
    row = tightened(20)[:450]
    assert np.abs(row - tight[MIDDLE, 20:470].astype(int)).max() <= 1


def test_the_cut_out_tightens_without_a_jump() -> None:
    widths = np.array([tightened(m)[:, 3].sum() / 255 for m in np.arange(0, 8, 0.25)])
    steps = np.diff(widths)
    assert widths[0] - widths[-1] > 8
    assert np.abs(steps).max() < 0.2 * (widths[0] - widths[-1])


@pytest.mark.parametrize(
    "name", ["photo_man_darkskin_glasses_afro.jpg", "photo_frontal_woman_02.jpg"]
)
def test_a_turned_head_drags_no_halo_of_its_background_along(shared: Path, name: str) -> None:
    """Just outside the moved outline the frame is the plate (it was 5 to 16 grey levels off)."""
    path = next((shared / "data" / "portraits").glob(Path(name).stem + ".*"))
    view = Portrait.open(path, cache=False).view(512)
    renderer = MeshRenderer(view)
    frame = renderer.render(moment(headYaw=18)).astype(np.float32)
    surface = renderer._surface
    place = surface._maps.whole.astype(np.float32) / 2 - (0, surface._crown)
    place = place.astype(np.float32)
    alpha = cv2.remap(view.matte, place[..., 0], place[..., 1], cv2.INTER_LINEAR)
    shown = surface.light_map != 65535
    alpha[~shown] = 0
    near = cv2.dilate((alpha > 0.04).astype(np.uint8), np.ones((3, 3), np.uint8))
    away = cv2.distanceTransform((alpha <= 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    moved = np.hypot(*np.moveaxis(place - np.moveaxis(np.indices((512, 512))[::-1], 0, -1), -1, 0))
    ring = (near == 0) & (away < 16) & (moved > 6) & shown
    assert ring.sum() > 500
    assert np.abs(frame - surface._plate)[ring].mean() < 2.5


def test_a_matte_that_frays_inside_the_face_tears_no_hole() -> None:
    view = disc_view()
    ring = np.linspace(0, 2 * np.pi, len(topo.RINGS["oval"]), endpoint=False)
    circle = MIDDLE + 100 * np.stack([np.cos(ring), np.sin(ring)], 1)
    view.landmarks[list(topo.RINGS["oval"]), :2] = circle
    cv2.circle(view.matte, (MIDDLE, MIDDLE + 80), 3, 0.1, -1)
    _, _, tight = textures(view)
    assert tight[MIDDLE + 80, MIDDLE, 3] > 250
