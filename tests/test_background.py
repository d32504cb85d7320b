"""Another background: read from words, shown behind the person, and refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gioconda import Motion, Portrait, render_motion
from gioconda.background import Background, background_of
from gioconda.errors import OptionError
from gioconda.frame_maker import FrameMaker
from gioconda.motion import moment, neutral
from gioconda.render import registry

pytestmark = pytest.mark.usefixtures("unmarked")

SIDE = 256
#: Where the astronaut's view of 256 shows only background, only face, and a shoulder; x, y.
AWAY, NOSE_TIP = (236, 30), 1


@pytest.fixture(scope="module")
def portrait(astronaut: np.ndarray) -> Portrait:
    return Portrait.open(astronaut)


def maker(portrait: Portrait, background: object, **options: object) -> FrameMaker:
    return FrameMaker(portrait, size=SIDE, background=background, **options)  # type: ignore[arg-type]


def nose(portrait: Portrait) -> tuple[int, int]:
    x, y = portrait.view(SIDE).landmarks[NOSE_TIP, :2]
    return round(float(x)), round(float(y))


@pytest.mark.parametrize(
    ("text", "colour"),
    [("#00ff00", (0, 255, 0)), ("#F80", (255, 136, 0)), (" Navy ", (0, 0, 128)),
     ("white", (255, 255, 255))],
)  # fmt: skip
def test_colours_have_names_and_numbers(text: str, colour: tuple[int, int, int]) -> None:
    assert background_of(text) == Background("colour", colour=colour)


def test_words_and_pictures_are_read(tmp_path: Path) -> None:
    for word in ("keep", "blur", "none"):
        assert background_of(word.upper()).kind == word
    assert background_of("none").transparent
    picture = tmp_path / "red"  # a file, though its name is a colour's
    Image.new("RGB", (40, 20), (1, 2, 3)).save(picture, format="PNG")
    read = background_of(picture)
    assert read.image is not None
    assert read.image.shape == (20, 40, 3)
    assert background_of("red").kind == "colour"
    assert background_of(str(picture)).kind == "image"


@pytest.mark.parametrize(
    ("bad", "text"),
    [("gren", "keep, blur, none, a colour"), ("#12345", "written like #1e90ff"), ("", "keep, blur"),
     ("no/such.png", "picture file"), ("x" * 5000, "picture file")],
)  # fmt: skip
def test_what_is_no_background_is_said_in_a_sentence(bad: str, text: str) -> None:
    with pytest.raises(OptionError, match=text):
        background_of(bad)


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("words")
    with pytest.raises(OptionError, match=r"background cannot be used: .*notes\.png"):
        background_of(tmp_path / "notes.png")


def test_the_whole_picture_keeps_its_background(portrait: Portrait) -> None:
    with pytest.raises(OptionError, match="framing 'crop'"):
        maker(portrait, "blur", framing="full")


def test_keep_changes_nothing(portrait: Portrait) -> None:
    m = moment(headYaw=8, jawOpen=0.3)
    usual = FrameMaker(portrait, size=SIDE).frame(m).copy()
    assert (maker(portrait, "keep").frame(m) == usual).all()


@pytest.mark.parametrize("m", [neutral(), moment(headYaw=12, headX=0.2, jawOpen=0.4, breath=1)])
def test_a_colour_is_behind_the_person_and_nowhere_before_them(
    portrait: Portrait, m: np.ndarray
) -> None:
    frame = maker(portrait, "#00ff00").frame(m)
    assert (frame[AWAY[1], AWAY[0]] == (0, 255, 0)).all()
    face = frame[nose(portrait)[1] - 10 :][:20, nose(portrait)[0] - 10 :][:, :20].astype(int)
    assert (face[..., 1] - face[..., 0]).max() < 10
    # about as much of it as of the person's surroundings: neither all nor none
    green = (frame == (0, 255, 0)).all(2).mean()
    assert 0.1 < green < 0.6


def test_at_rest_the_person_before_a_colour_is_the_photos(portrait: Portrait) -> None:
    view = portrait.view(SIDE)
    frame = maker(portrait, "black").frame(neutral())
    inner = view.matte > 0.999
    assert np.abs(frame[inner].astype(int) - view.image[inner]).mean() < 0.5


def test_hair_sheds_the_old_background(portrait: Portrait) -> None:
    """Before black, what the matte half covers is darker than in the photo before a bright wall."""
    view = portrait.view(SIDE)
    frame = maker(portrait, "black").frame(neutral()).astype(float)
    half = (view.matte > 0.3) & (view.matte < 0.7)
    half[view.landmarks[10, 1].astype(int) :] = False  # hair above the forehead
    behind = view.plate[half].astype(float).mean()
    assert behind > 90
    assert frame[half].mean() < 0.6 * view.image[half].mean()


def test_a_picture_covers_the_frame_at_every_distance(portrait: Portrait, tmp_path: Path) -> None:
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, :100], wide[:, 100:200], wide[:, 200:] = (255, 0, 0), (0, 0, 255), (255, 0, 0)
    path = tmp_path / "wide.png"
    Image.fromarray(wide).save(path)
    for distance in (0.8, 1.0, 1.5):
        frame = maker(portrait, path, distance=distance).frame(neutral())
        corners = frame[2, [2, -3]]
        assert (corners[..., 2] > 240).all()  # the middle third, as high as the frame
        assert (corners[..., 0] < 15).all()


def test_blur_takes_detail_from_the_background_alone(portrait: Portrait) -> None:
    view = portrait.view(SIDE)
    frame = maker(portrait, "blur").frame(neutral())
    inner = view.matte > 0.999
    assert np.abs(frame[inner].astype(int) - view.image[inner]).mean() < 0.5
    away = view.matte == 0

    def detail(image: np.ndarray) -> float:
        return float(np.abs(np.diff(image.astype(int), axis=1))[away[:, 1:]].mean())

    assert detail(frame) < 0.35 * detail(view.image)
    assert abs(frame[away].mean() - view.image[away].mean()) < 8


def test_no_background_gives_alpha_that_follows_the_head(portrait: Portrait) -> None:
    made = maker(portrait, "none")
    rest = made.frame(neutral()).copy()
    assert rest.shape == (SIDE, SIDE, 4)
    x, y = nose(portrait)
    assert rest[y, x, 3] == 255
    assert rest[AWAY[1], AWAY[0], 3] == 0
    moved = made.frame(moment(headX=0.3)).copy()
    row = int(portrait.view(SIDE).landmarks[10, 1])  # through the forehead

    def middle(frame: np.ndarray) -> float:
        """Centre of what is covered, beside the background's own."""
        cover = frame[row, :, 3].astype(float)
        return float((cover * np.arange(SIDE)).sum() / cover.sum())

    expected = 0.3 * np.linalg.norm(np.diff(portrait.view(SIDE).landmarks[[33, 263], :2], axis=0))
    assert middle(moved) - middle(rest) == pytest.approx(expected, rel=0.25)
    over_grey = moved[..., :3] * (moved[..., 3:] / 255) + 128 * (1 - moved[..., 3:] / 255)
    on_grey = maker(portrait, "#808080").frame(moment(headX=0.3))
    assert np.abs(over_grey - on_grey).mean() < 1.0


def test_renderers_without_alpha_are_told_apart(portrait: Portrait) -> None:
    class Flat:
        size = SIDE

        def __init__(self, view: object) -> None:
            pass

        def render(self, m: np.ndarray) -> np.ndarray:
            return np.zeros((SIDE, SIDE, 3), np.uint8)

    registry.register("flat", Flat)
    try:
        assert maker(portrait, "red", renderer="flat").frame(neutral()).shape == (SIDE, SIDE, 3)
        with pytest.raises(OptionError, match="'flat' cannot leave the background out"):
            maker(portrait, "none", renderer="flat")
    finally:
        del registry._RENDERERS["flat"]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".gif"])
def test_formats_without_transparency_are_refused_before_any_work(
    portrait: Portrait, tmp_path: Path, suffix: str
) -> None:
    animation = render_motion(
        portrait, Motion(neutral()[None]), fps=30, size=SIDE, background="none"
    )
    with pytest.raises(OptionError, match=rf"\{suffix} files hold no transparency; use \.webm"):
        animation.save(tmp_path / f"talk{suffix}")
    assert not list(tmp_path.iterdir())


def test_a_png_sequence_carries_the_alpha(portrait: Portrait, tmp_path: Path) -> None:
    rows = np.stack([neutral(), moment(headX=0.2)])
    animation = render_motion(portrait, Motion(rows, 30.0), fps=30, size=SIDE, background="none")
    frames = [frame.image.copy() for frame in animation.frames()]
    animation.save(tmp_path / "p_%02d.png")
    for i, frame in enumerate(frames):
        picture = Image.open(tmp_path / f"p_{i:02d}.png")
        assert picture.mode == "RGBA"
        assert (np.asarray(picture) == frame).all()


@pytest.mark.parametrize("name", ["photo_man_beard_01.png", "photo_man_glasses_curly.jpg"])
def test_alpha_over_a_colour_is_the_frame_on_that_colour(shared: Path, name: str) -> None:
    portrait = Portrait.open(shared / "data" / "portraits" / name, cache=False)
    m = moment(headYaw=14, headRoll=5, jawOpen=0.3, articulation=1)
    layered = maker(portrait, "none").frame(m).astype(float)
    share = layered[..., 3:] / 255
    over = layered[..., :3] * share + 255 * (1 - share)
    off = np.abs(over - maker(portrait, "white").frame(m)).max(2)
    assert off.mean() < 1.0
    assert (off > 60).mean() < 5e-4


def test_a_moving_webm_keeps_alpha_and_colour(portrait: Portrait, tmp_path: Path) -> None:
    from tests.video.test_alpha import read

    rows = np.stack([moment(headX=0.05 * k, headRoll=2 * k, breath=0.2 * k) for k in range(5)])
    animation = render_motion(portrait, Motion(rows, 30.0), fps=30, size=SIDE, background="none")
    frames = [frame.image.astype(int) for frame in animation.frames()]
    animation.save(tmp_path / "talk.webm")
    for frame, back in zip(frames, read(tmp_path / "talk.webm"), strict=True):
        assert np.abs(back[..., 3] - frame[..., 3]).mean() < 2
        assert (back[..., 3][frame[..., 3] == 0] < 16).mean() > 0.99
        assert (back[..., 3][frame[..., 3] == 255] > 239).mean() > 0.99
        person = frame[..., 3] > 250
        assert np.abs(back[..., :3].astype(int) - frame[..., :3])[person].mean() < 6
