"""Portrait.open and .view, from a picture to something a renderer can animate."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gioconda.errors import (
    FaceAngleError,
    FaceTooSmallError,
    ImageDecodeError,
    NoFaceError,
    OptionError,
    PortraitError,
)
from gioconda.portrait import MediapipeFinder, Portrait
from gioconda.portrait.crop import cut, sample
from gioconda.portrait.face import face_height_px, sharpness
from gioconda.portrait.framing import frame_face
from gioconda.portrait.matte import coarse_matte
from gioconda.portrait.plate import fill_person


class FixedFinder:
    """A finder that gives what it was told, and counts."""

    def __init__(self, *meshes: np.ndarray) -> None:
        self.meshes, self.calls = meshes, 0

    def find(self, picture: np.ndarray) -> list[np.ndarray]:
        self.calls += 1
        return list(self.meshes)


@pytest.fixture(scope="module")
def portrait(astronaut: np.ndarray) -> Portrait:
    return Portrait.open(astronaut, cache=False)


def shrunk(image: np.ndarray, factor: float) -> np.ndarray:
    import cv2

    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def test_the_astronaut(portrait: Portrait, astronaut: np.ndarray) -> None:
    assert np.array_equal(portrait.picture, astronaut)
    assert len(portrait.faces) == 1
    face = portrait.face
    assert face.landmarks.shape == (478, 3)
    assert abs(face.yaw_deg) < 8
    assert abs(face.roll_deg) < 8
    assert 85 < face.width_px < 100
    nose = face.landmarks[1, :2]
    assert np.linalg.norm(nose - (227, 124)) < 12


def test_a_view_is_what_the_renderer_expects(portrait: Portrait) -> None:
    view = portrait.view(256)
    assert view.size == 256
    assert view.image.shape == view.plate.shape == (256, 256, 3)
    assert view.image.dtype == view.plate.dtype == np.uint8
    assert view.matte.shape == (256, 256)
    assert view.matte.dtype == np.float32
    assert view.matte.min() >= 0
    assert view.matte.max() <= 1
    assert view.to_picture.shape == (2, 3)
    assert portrait.view(256) is view


@pytest.mark.parametrize("size", [256, 512])
def test_to_picture_maps_landmarks_back(portrait: Portrait, size: int) -> None:
    view = portrait.view(size)
    back = view.landmarks[:, :2] @ view.to_picture[:, :2].T + view.to_picture[:, 2]
    assert np.abs(back - portrait.face.landmarks[:, :2]).max() < 0.01
    step = view.to_picture[0, 0]
    assert np.allclose(view.landmarks[:, 2] * step, portrait.face.landmarks[:, 2], atol=0.01)


def test_pixels_of_the_view_lie_where_the_affine_says(portrait: Portrait) -> None:
    import cv2

    view = portrait.view(512)
    x, y = view.landmarks[1, :2].astype(int)
    place = view.to_picture[:, :2] @ (x, y) + view.to_picture[:, 2]
    there = cv2.getRectSubPix(portrait.picture, (1, 1), tuple(float(v) for v in place))
    assert np.abs(there[0, 0].astype(int) - view.image[y, x]).max() < 12


def test_matte_and_plate_part_person_and_background(portrait: Portrait) -> None:
    view = portrait.view(512)
    face = view.landmarks[[1, 50, 280, 152, 10], :2].astype(int)
    assert all(view.matte[y, x] > 0.95 for x, y in face)
    assert view.matte[:40, -40:].mean() < 0.1
    away = view.matte == 0
    import cv2

    far = cv2.erode(away.astype(np.uint8), np.ones((61, 61), np.uint8)) > 0
    assert far.any()
    assert np.abs(view.plate[far].astype(int) - view.image[far]).max() <= 1
    x, y = face[0]
    skin = view.image[y - 5 : y + 5, x - 5 : x + 5].mean((0, 1))
    assert np.abs(view.plate[y - 5 : y + 5, x - 5 : x + 5].mean((0, 1)) - skin).max() > 15


def test_sizes_outside_the_range_are_refused(portrait: Portrait) -> None:
    for size in (0, 127, 5000):
        with pytest.raises(OptionError, match="128 to 2048"):
            portrait.view(size)


def test_face_number_out_of_range_says_how_many(astronaut: np.ndarray) -> None:
    for number in (0, 2, -1):
        with pytest.raises(OptionError, match="1 face"):
            Portrait.open(astronaut, number)


def test_small_faces_are_refused_with_their_size(astronaut: np.ndarray) -> None:
    with pytest.raises(FaceTooSmallError, match=r"\d+ x \d+ px"):
        Portrait.open(shrunk(astronaut, 0.55), cache=False)
    with pytest.raises(FaceTooSmallError, match="40 x 40"):
        Portrait.open(np.zeros((40, 40, 3), np.uint8))


def test_a_picture_on_its_side_is_refused_with_its_angle(astronaut: np.ndarray) -> None:
    with pytest.raises(FaceAngleError, match="degrees"):
        Portrait.open(np.rot90(astronaut), cache=False)


def test_animals_and_things_are_refused() -> None:
    from skimage import data

    for image in (data.chelsea(), data.rocket(), data.coffee()):
        with pytest.raises(NoFaceError, match="no human face"):
            Portrait.open(image, cache=False)


def test_a_small_face_in_a_large_picture_is_found(astronaut: np.ndarray) -> None:
    canvas = np.full((2400, 3600, 3), 120, np.uint8)
    canvas[1500:2012, 2700:3212] = astronaut
    (mesh,) = MediapipeFinder().find(canvas)
    assert np.linalg.norm(mesh[1, :2] - (2700 + 227, 1500 + 124)) < 15


def test_another_finder_is_used_and_not_cached(portrait: Portrait, astronaut: np.ndarray) -> None:
    mesh = portrait.face.landmarks
    finder = FixedFinder(mesh + np.float32([200, 0, 0]), mesh)
    opened = Portrait.open(astronaut, finder=finder)
    assert [round(f.landmarks[0, 0] - mesh[0, 0]) for f in opened.faces] == [0, 200]
    Portrait.open(astronaut, 2, finder=finder)
    assert finder.calls == 2
    with pytest.raises(NoFaceError):
        Portrait.open(astronaut, finder=FixedFinder())


def test_warnings_name_what_is_wrong(portrait: Portrait, astronaut: np.ndarray) -> None:
    import cv2

    assert any("low resolution" in w for w in portrait.warnings)
    assert not any("low resolution" in w for w in portrait.warnings_for(256))
    assert any("mouth" in w for w in portrait.warnings)  # she smiles with parted lips
    mesh = portrait.face.landmarks
    blurred = Portrait.open(cv2.GaussianBlur(astronaut, (0, 0), 4), finder=FixedFinder(mesh))
    assert any("blurred" in w for w in blurred.warnings)


def test_sharpness_falls_with_blur_not_with_light(
    portrait: Portrait, astronaut: np.ndarray
) -> None:
    import cv2

    landmarks = portrait.face.landmarks
    crisp = sharpness(astronaut, landmarks)
    softer = sharpness(cv2.GaussianBlur(astronaut, (0, 0), 1.5), landmarks)
    blurred = sharpness(cv2.GaussianBlur(astronaut, (0, 0), 3), landmarks)
    assert crisp > 0.8
    assert crisp > softer > blurred
    assert blurred < 0.25
    assert sharpness((astronaut * 0.4).astype(np.uint8), landmarks) > crisp - 0.15
    assert sharpness(astronaut, landmarks - np.float32([2000, 0, 0])) == 0.0


def test_cache_gives_the_same_and_survives_damage(
    astronaut: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    folder = tmp_path / "cache"
    monkeypatch.setenv("GIOCONDA_CACHE", str(folder))
    path = tmp_path / "woman.png"
    Image.fromarray(astronaut).save(path)
    first = Portrait.open(path)
    view = first.view(256)
    again = Portrait.open(path)
    same = again.view(256)
    assert np.array_equal(again.face.landmarks, first.face.landmarks)
    for figure in ("yaw_deg", "pitch_deg", "roll_deg", "width_px", "height_px", "sharpness"):
        assert getattr(again.face, figure) == getattr(first.face, figure)
    for name in ("image", "landmarks", "matte", "plate", "to_picture"):
        assert np.array_equal(getattr(same, name), getattr(view, name)), name
    entries = list(folder.iterdir())
    assert len(entries) == 2
    for entry in entries:
        entry.write_bytes(b"not an entry")
    damaged = Portrait.open(path).view(256)
    assert np.abs(damaged.landmarks - view.landmarks).max() < 0.01
    assert all(entry.stat().st_size > 1000 for entry in folder.iterdir())  # written anew


def test_a_warm_cache_needs_no_mediapipe(astronaut: np.ndarray, tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "woman.png"
    Image.fromarray(astronaut).save(path)
    code = (
        "import sys; from gioconda.portrait import Portrait; "
        f"v = Portrait.open({str(path)!r}).view(128); "
        "print('mediapipe' in sys.modules, int(v.image.sum()))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "GIOCONDA_CACHE": str(tmp_path / "cache")},
            capture_output=True, text=True, check=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    cold, warm = (run.stdout.split() for run in runs)
    assert cold[0] == "True"
    assert warm[0] == "False"
    assert cold[1] == warm[1]
    assert runs[0].stderr == ""  # the native libraries are kept quiet


def test_importing_the_room_is_light() -> None:
    code = (
        "import sys, gioconda.portrait; "
        "print([m for m in ('mediapipe', 'cv2', 'scipy', 'PIL') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_sampling_does_not_alias() -> None:
    checks = np.indices((800, 800)).sum(0) % 2 * 255
    picture = np.repeat(checks.astype(np.uint8)[..., None], 3, 2)
    to_picture = np.array([[4, 0, 1.5], [0, 4, 1.5]], np.float32)
    assert np.abs(sample(picture, to_picture, 200).astype(int) - 127).max() <= 2
    identity = np.array([[1, 0, 10], [0, 1, 20]], np.float32)
    assert np.array_equal(sample(picture, identity, 50), picture[20:70, 10:60])


def test_cutting_past_the_edge_is_black() -> None:
    picture = np.full((10, 10, 3), 9, np.uint8)
    piece = cut(picture, -5, 5, 10, 10, 1)
    assert piece[0, 5:].min() == 9
    assert piece[:, :5].max() == 0
    assert piece[5:].max() == 0


def test_the_plate_of_a_plain_wall_is_the_wall() -> None:
    picture = np.full((128, 128, 3), 140, np.uint8)
    matte = np.zeros((128, 128), np.float32)
    picture[40:, 40:90] = (20, 200, 60)
    matte[40:, 40:90] = 1
    assert np.abs(fill_person(picture, matte).astype(int) - 140).max() <= 2


def test_what_lies_nearer_to_another_face_is_not_the_persons(portrait: Portrait) -> None:
    view = portrait.view(256)
    height = face_height_px(view.landmarks)
    neighbour = view.landmarks + np.array([-1.0 * height, 0.0, 0.0], np.float32)
    alone = coarse_matte(view.image, view.landmarks)
    parted = coarse_matte(view.image, view.landmarks, [neighbour])
    x = np.arange(256)[None] - view.landmarks[1, 0]
    theirs = np.broadcast_to(x < -0.65 * height, alone.shape)
    ours = np.broadcast_to(x > -0.3 * height, alone.shape)
    assert (alone[theirs] > 0.5).sum() > 100
    assert (parted[theirs] > 0.5).sum() == 0
    assert np.abs(parted - alone)[ours].mean() < 0.02


# --- with the development media -----------------------------------------------------------------


def names(shared: Path) -> list[str]:
    with (shared / "data" / "manifest.csv").open(newline="", encoding="utf-8") as f:
        return [r["file"] for r in csv.DictReader(f) if r["kind"] == "portrait"]


def test_every_portrait_is_taken_and_every_negative_refused(shared: Path) -> None:
    wrong = []
    for name in names(shared):
        stem = Path(name).stem
        try:
            opened = Portrait.open(shared / "data" / name, cache=False)
        except PortraitError as e:
            if stem.startswith("negative_"):
                ok = isinstance(e, NoFaceError)
            else:
                ok = stem.startswith("hard_") and isinstance(e, FaceAngleError)
            if not ok:
                wrong.append(f"{stem}: {e}")
            continue
        if stem.startswith("negative_"):
            wrong.append(f"{stem} was accepted")
        elif not stem.startswith("several_") and len(opened.faces) != 1:
            wrong.append(f"{stem}: {len(opened.faces)} faces")
    assert wrong == []


def test_turned_portraits_read_about_as_their_manifest_says(shared: Path) -> None:
    folder = shared / "data" / "portraits"
    for name, yaw in (
        ("photo_woman_threequarter.png", -34), ("photo_man_turned_lookup.jpg", 23),
        ("painting_pearl_earring_turned.jpg", -32), ("photo_frontal_woman_02.jpg", 0),
    ):  # fmt: skip
        opened = Portrait.open(folder / name, cache=False)
        assert opened.face.yaw_deg == pytest.approx(yaw, abs=5), name
        assert any("turned" in w for w in opened.warnings) == (abs(yaw) > 20), name


def test_several_faces(shared: Path) -> None:
    folder = shared / "data" / "portraits"
    two = Portrait.open(folder / "several_faces_two.jpg", cache=False)
    assert len(two.faces) == 2
    assert two.faces[0].landmarks[1, 0] < two.faces[1].landmarks[1, 0]
    largest = max(two.faces, key=lambda f: f.width_px * f.height_px)
    assert two.face is largest
    assert any(f"face {two.face_index + 1} of 2" in w for w in two.warnings)
    first = Portrait.open(folder / "several_faces_two.jpg", 1, cache=False)
    assert first.face_index == 0
    with pytest.raises(OptionError, match="2 faces"):
        Portrait.open(folder / "several_faces_two.jpg", 3, cache=False)
    six = Portrait.open(folder / "several_faces_six.jpg", cache=False)
    assert len(six.faces) == 6


@pytest.mark.parametrize(
    "name",
    ["painting_woman_darkskin_afro.png", "photo_man_glasses_curly.jpg", "statue_terracotta.jpg"],
)  # fmt: skip
def test_the_frame_holds_the_hair(shared: Path, name: str) -> None:
    opened = Portrait.open(shared / "data" / "portraits" / name, cache=False)
    frame = frame_face(opened.picture, opened.face.landmarks)
    rows, columns = opened.picture.shape[:2]
    assert frame.side < 3.5 * face_height_px(opened.face.landmarks)
    assert frame.left >= -1
    assert frame.top >= -1
    assert frame.left + frame.side <= columns + 1
    assert frame.top + frame.side <= rows + 1
    view = opened.view(256)
    coarse = coarse_matte(view.image, view.landmarks)
    crown = view.landmarks[10, 1]
    margin_open = frame.top > 2
    if margin_open:  # no hair at the upper edge unless the picture itself ends there
        assert coarse[:2].mean() < 0.05
    assert coarse[: int(crown)].max() > 0.9  # and there is hair above the forehead


def test_truncated_portrait_is_refused(shared: Path, tmp_path: Path) -> None:
    data = (shared / "data" / "portraits" / "photo_frontal_woman_02.jpg").read_bytes()
    path = tmp_path / "cut.jpg"
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageDecodeError, match="truncated"):
        Portrait.open(path)
