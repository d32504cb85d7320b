"""Large pictures are reduced in little memory, and hopeless ones are refused without a search."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from gioconda.errors import FaceAngleError, FaceTooSmallError, ImageDecodeError, NoFaceError
from gioconda.portrait import Portrait
from gioconda.portrait.decode import BACKDROP_RGB, SIDE_LIMIT_PX, decode

WIDTH, HEIGHT = 5000, 700


def encoded(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=1, **options)
    return stream.getvalue()


def expected(rgb: np.ndarray) -> np.ndarray:
    """Reduce in one go and in floating point."""
    size = (SIDE_LIMIT_PX, round(len(rgb) * SIDE_LIMIT_PX / WIDTH))
    return cv2.resize(rgb.astype(np.float32), size, interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """A wide RGBA picture with detail and every transparency."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    channels = [120 + 100 * np.sin(x / 9), y * 255 / HEIGHT, 90 + 80 * np.cos(y / 7), x % 256]
    return np.stack(channels, -1).astype(np.uint8)


def test_alpha_is_laid_over_the_backdrop_before_the_mean(scene: np.ndarray) -> None:
    alpha = scene[..., 3:] / 255
    wanted = expected(scene[..., :3] * alpha + np.array(BACKDROP_RGB) * (1 - alpha))
    for source in (encoded(Image.fromarray(scene)), scene):
        picture = decode(source)
        assert np.abs(picture.image - wanted).max() < 2
        assert picture.original_size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "LA", "1"])
def test_every_mode_is_reduced_as_it_would_be_at_once(scene: np.ndarray, mode: str) -> None:
    scene = scene.copy()
    scene[..., 3] = 255
    image = Image.fromarray(scene).convert("RGB").convert(mode)
    wanted = expected(np.asarray(image.convert("RGB")))
    assert np.abs(decode(encoded(image)).image - wanted).max() < 2


def test_deep_grey_is_scaled_by_the_whole_picture(scene: np.ndarray) -> None:
    deep = scene[..., 1].astype(np.uint16) * 257
    got = decode(encoded(Image.fromarray(deep))).image
    assert np.abs(got - expected(np.repeat(scene[..., 1:2], 3, 2))).max() < 2
    floats = io.BytesIO()
    Image.fromarray(deep.astype(np.float32) / 65535).save(floats, "TIFF")
    assert np.abs(decode(floats.getvalue()).image.astype(int) - got).max() <= 1


def test_a_large_turned_picture_is_upright(scene: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    rgb = np.ascontiguousarray(scene[..., :3])
    picture = decode(encoded(Image.fromarray(rgb), exif=exif))
    assert np.abs(picture.image - np.rot90(expected(rgb), -1)).max() < 2
    assert picture.original_size == (HEIGHT, WIDTH)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("mode", ["RGBA", "I;16"])
def test_a_bomb_below_the_limit_takes_little_memory(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "bomb.png"
    colour = (10, 20, 30, 40) if mode == "RGBA" else 9_000
    Image.new(mode, (9_990, 9_990), colour).save(path)
    assert path.stat().st_size < 2**20
    program = (
        "import sys; from gioconda.portrait.decode import decode\n"
        "assert decode(sys.argv[1]).image.shape == (4096, 4096, 3)\n"
        "print(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) / 1024 < 900  # MB; the decoder's own copy takes 400


@pytest.mark.parametrize("url", ["https://example.org/face.jpg", "http://h/" + "x" * 300])
def test_a_url_is_not_read(url: str) -> None:
    for source in (url, Path(url)):
        with pytest.raises(ImageDecodeError, match="is a URL; URLs are not read, download"):
            decode(source)


class Recorder:
    """Finds nothing, or a face in pictures that are higher than wide; keeps their sizes."""

    def __init__(self, mesh: np.ndarray | None = None) -> None:
        self.mesh = mesh
        self.shapes: list[tuple[int, ...]] = []

    def find(self, picture: np.ndarray) -> list[np.ndarray]:
        self.shapes.append(picture.shape)
        upright = picture.shape[0] > picture.shape[1]
        return [self.mesh] if self.mesh is not None and upright else []


def test_a_flat_picture_is_not_turned_to_search_it() -> None:
    finder = Recorder()
    noise = np.random.default_rng(0).integers(100, 108, (300, 400, 3)).astype(np.uint8)
    with pytest.raises(NoFaceError):
        Portrait.open(noise, finder=finder)
    assert len(finder.shapes) == 1


def test_a_turned_face_is_looked_for_in_a_small_picture() -> None:
    finder = Recorder(np.zeros((478, 3), np.float32))
    picture = np.random.default_rng(0).integers(0, 255, (1500, 2048, 3)).astype(np.uint8)
    picture[:700] //= 4
    with pytest.raises(FaceAngleError, match="rolled by 90 degrees clockwise"):
        Portrait.open(picture, finder=finder)
    assert finder.shapes == [(1500, 2048, 3), (1024, 750, 3)]


def test_a_flat_picture_needs_no_search_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def searched(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("gioconda.portrait.finder.MediapipeFinder.find", searched)
    with pytest.raises(NoFaceError, match="no human face"):
        Portrait.open(np.full((2000, 2000, 4), 50, np.uint8), cache=False)


def test_an_extreme_shape_is_told_by_its_own_size() -> None:
    with pytest.raises(FaceTooSmallError, match=r"is 2 x 20000 px, too narrow"):
        Portrait.open(np.zeros((20_000, 2, 3), np.uint8))
    with pytest.raises(FaceTooSmallError, match=r"is 20000 x 200 px, too narrow"):
        Portrait.open(encoded(Image.new("L", (20_000, 200))))
    with pytest.raises(FaceTooSmallError, match=r"is 30 x 400 px; .* use a larger picture"):
        Portrait.open(np.zeros((400, 30, 3), np.uint8))
