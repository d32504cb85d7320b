"""Faces and views of one picture, computed once and then taken from the disk cache."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.portrait.cache import DiskCache
from gioconda.portrait.crop import blur_beyond, sample
from gioconda.portrait.decode import Picture
from gioconda.portrait.face import CHIN, FOREHEAD, describe, face_height_px
from gioconda.portrait.finder import FaceFinder
from gioconda.portrait.framing import frame_face, frame_in_place, stepped_back
from gioconda.portrait.matte import coarse_matte, refine_matte
from gioconda.portrait.plate import fill_person
from gioconda.portrait.types import ByteImage, Face, FloatArray, View

logger = logging.getLogger(__name__)

LANDMARKS: Final = 478
#: A head with its hair reaches this far from the middle of its face, in face heights.
_HEAD_REACH: Final = 1.1
_FIGURES: Final = (
    "yaw_deg", "pitch_deg", "roll_deg", "width_px", "height_px", "sharpness",
)  # fmt: skip


def find_faces(picture: Picture, finder: FaceFinder, cache: DiskCache | None) -> tuple[Face, ...]:
    """Return the faces of a picture, left to right."""
    key = f"{picture.sha256}-faces"
    if cache is not None and (stored := cache.load(key)) is not None:
        faces = _faces_from(stored, picture.image)
        if faces is not None:
            return faces
    meshes = finder.find(picture.image)
    meshes.sort(key=lambda mesh: float(mesh[:, 0].mean()))
    faces = tuple(describe(picture.image, mesh) for mesh in meshes)
    if cache is not None:
        cache.store(key, _arrays_of(faces))
    return faces


def make_view(
    picture: Picture,
    face: Face,
    index: int,
    size: int,
    cache: DiskCache | None,
    distance: float = 1.0,
    others: Sequence[FloatArray] = (),
) -> View:
    """Return the view of one face at one size, from a camera 1 or more times as far away."""
    away = "" if distance == 1 else f"-{distance:.3f}"
    key = f"{picture.sha256}-face{index}-{size}{away}"
    if cache is not None and (stored := cache.load(key)) is not None:
        view = _view_from(stored, size)
        if view is not None:
            return view
    view = build_view(picture.image, face.landmarks, size, distance, others)
    if cache is not None:
        _keep(cache, key, view)
    return view


def _keep(cache: DiskCache, key: str, view: View) -> None:
    """Store a view."""
    cache.store(
        key,
        {
            "image": view.image,
            "landmarks": view.landmarks,
            "matte": view.matte,
            "plate": view.plate,
            "to_picture": view.to_picture,
        },
    )


def make_view_in_place(
    picture: Picture,
    face: Face,
    index: int,
    bounds: tuple[int, int],
    cache: DiskCache | None,
    others: Sequence[FloatArray] = (),
) -> View:
    """Return the view of one face at the picture's own resolution, to be pasted back into it.

    Where its side in the picture's pixels lies in the bounds, the view's pixels are the picture's.

    Args:
        picture: the whole picture.
        face: the face.
        index: its number.
        bounds: least and greatest side of the view.
        cache: where it is kept, if anywhere.
        others: landmarks of the picture's other faces.
    """
    key = f"{picture.sha256}-face{index}-place"
    image = picture.image
    if cache is not None and (stored := cache.load(key)) is not None:
        view = _view_from(stored, len(stored.get("image", ())))
        if view is not None and bounds[0] <= view.size <= bounds[1]:
            return _joined(view, image.shape)
    frame = frame_in_place(image, face.landmarks)
    least, most = bounds
    size = min(int(frame.side), most)
    if size < least:  # a whole multiple, so that pixels of the picture stay wholes
        size *= math.ceil(least / size)
    view = _cut_out(_geometry_of(image, frame.to_picture(size), face.landmarks, size), others)
    if cache is not None:
        _keep(cache, key, view)
    return _joined(view, image.shape)


def _joined(view: View, shape: tuple[int, ...]) -> View:
    """Return the view told on which sides the picture goes on."""
    step, size = float(view.to_picture[0, 0]), view.size
    low = view.to_picture[:, 2] - (step - 1) / 2
    high = low + step * size
    rows, columns = shape[:2]
    sides = (low[0] > 0.5, low[1] > 0.5, high[0] < columns - 0.5, high[1] < rows - 0.5)
    left, top, right, bottom = (bool(v) for v in sides)
    return replace(view, joined=(left, top, right, bottom))


def build_view(
    picture: ByteImage,
    landmarks: FloatArray,
    size: int,
    distance: float = 1.0,
    others: Sequence[FloatArray] = (),
) -> View:
    """Frame, sample, cut out and fill: the view of (478, 3) landmarks of a picture."""
    return _cut_out(view_geometry(picture, landmarks, size, distance), others)


def view_geometry(
    picture: ByteImage, landmarks: FloatArray, size: int, distance: float = 1.0
) -> View:
    """Frame and sample alone: enough to measure a face by, with all of it taken for the person."""
    frame = frame_face(picture, landmarks)
    if distance > 1:
        frame = stepped_back(frame, distance, picture)
    return _geometry_of(picture, frame.to_picture(size), landmarks, size, drawn_out=distance > 1)


def _geometry_of(
    picture: ByteImage,
    to_picture: FloatArray,
    landmarks: FloatArray,
    size: int,
    *,
    drawn_out: bool = False,
) -> View:
    """Sample a view; beyond its edge the picture is drawn out or mirrored."""
    image = sample(picture, to_picture, size, replicate=drawn_out)
    if drawn_out:
        image = blur_beyond(image, to_picture, picture.shape)
    everywhere = np.ones(image.shape[:2], np.float32)
    return View(image, _placed(landmarks, to_picture), everywhere, image, to_picture)


def _cut_out(bare: View, others: Sequence[FloatArray]) -> View:
    """Cut the person out and fill the background behind.

    Args:
        bare: the view without matte and plate.
        others: landmarks, in the picture, of people who are background.
    """
    image = bare.image
    elsewhere = [_placed(other, bare.to_picture) for other in others]
    coarse = coarse_matte(image, bare.landmarks, elsewhere)
    matte = refine_matte(image, coarse, fill_person(image, coarse, textured=False))
    plate = fill_person(image, matte, avoid=_people(bare.size, elsewhere))
    return replace(bare, matte=matte, plate=plate)


def _people(size: int, faces: Sequence[FloatArray]) -> npt.NDArray[np.uint8]:
    """Return 1 where the heads of faces are with their hair, (size, size)."""
    y, x = np.mgrid[:size, :size]
    found = np.zeros((size, size), np.uint8)
    for face in faces:
        middle = (face[FOREHEAD, :2] + face[CHIN, :2]) / 2
        reach = _HEAD_REACH * face_height_px(face)
        found |= (np.hypot(x - middle[0], y - middle[1]) < reach).astype(np.uint8)
    return found


def _placed(landmarks: FloatArray, to_picture: FloatArray) -> FloatArray:
    """Return landmarks of the picture in pixels of a view."""
    step = to_picture[0, 0]
    placed = landmarks.astype(np.float32).copy()
    placed[:, :2] = (placed[:, :2] - to_picture[:, 2]) / step
    placed[:, 2] /= step
    return placed


def _arrays_of(faces: tuple[Face, ...]) -> dict[str, npt.NDArray[Any]]:
    meshes = [face.landmarks for face in faces]
    figures = [[getattr(face, name) for name in _FIGURES] for face in faces]
    return {
        "landmarks": np.asarray(meshes, np.float32).reshape(-1, LANDMARKS, 3),
        "figures": np.asarray(figures, np.float64).reshape(-1, len(_FIGURES)),
    }


def _faces_from(stored: dict[str, npt.NDArray[Any]], image: ByteImage) -> tuple[Face, ...] | None:
    """Rebuild faces from a cache entry; None if it is not one of these."""
    landmarks, figures = stored.get("landmarks"), stored.get("figures")
    if landmarks is None or figures is None:
        return None
    count = len(landmarks)
    if landmarks.shape != (count, LANDMARKS, 3) or figures.shape != (count, len(_FIGURES)):
        return None
    if not (np.isfinite(landmarks).all() and np.isfinite(figures).all()):
        return None
    if np.abs(landmarks).max(initial=0.0) > 8 * max(image.shape):
        return None
    rows = [dict(zip(_FIGURES, (float(v) for v in row), strict=True)) for row in figures]
    return tuple(
        Face(landmarks=np.asarray(mesh, np.float32), **row)
        for mesh, row in zip(landmarks, rows, strict=True)
    )


def _view_from(stored: dict[str, npt.NDArray[Any]], size: int) -> View | None:
    """Rebuild a view from a cache entry; None if it is not one of that size."""
    shapes: dict[str, tuple[tuple[int, ...], type]] = {
        "image": ((size, size, 3), np.uint8),
        "landmarks": ((LANDMARKS, 3), np.float32),
        "matte": ((size, size), np.float32),
        "plate": ((size, size, 3), np.uint8),
        "to_picture": ((2, 3), np.float32),
    }
    for name, (shape, kind) in shapes.items():
        array = stored.get(name)
        if array is None or array.shape != shape or array.dtype != kind:
            return None
    image, landmarks, matte, plate, to_picture = (stored[name] for name in shapes)
    return View(image, landmarks, matte, plate, to_picture)
