"""The visible label: where it stands, how it reads, when it is seen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gioconda import Portrait, Sound, animate
from gioconda.errors import OptionError
from gioconda.frame_maker import FrameMaker
from gioconda.live import Session
from gioconda.motion import neutral
from gioconda.trust import label as label_module
from gioconda.trust.label import (
    SHOWN_S,
    WORDS,
    Label,
    LabelTiming,
    callers_language,
    label_language,
    label_language_or_english,
)


def drawn(label: Label, frame: np.ndarray, seen: float = 1.0) -> np.ndarray:
    with label.on(frame, seen):
        return frame.copy()


def contrast(a: float, b: float) -> float:
    """WCAG 2.2 contrast of two grey levels of sRGB."""

    def light(level: float) -> float:
        part = level / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    bright, dark = sorted((light(a), light(b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("size", [256, 512, 1024])
def test_it_reads_on_light_and_dark_and_leaves_the_frame_as_it_was(
    language: str, level: int, size: int
) -> None:
    label = Label(size, size, language)
    frame = np.full((size, size, 3), level, np.uint8)
    shown = drawn(label, frame)
    assert (frame == level).all()
    left, top, right, bottom = label.box
    inside = shown[top:bottom, left:right].astype(int)
    assert (np.ptp(inside, axis=2) <= 1).all()
    shown[top:bottom, left:right] = level
    assert (shown == level).all()
    ground, letters = np.median(inside), inside.max()
    assert contrast(ground, letters) > 4.5
    assert 0.03 < (bottom - top) / size < 0.09
    # Anti-aliased: there are levels between ground and letters.
    assert len(np.unique(inside)) > 20


def test_on_a_transparent_frame_it_is_there_to_be_read() -> None:
    label = Label(512, 512)
    frame = np.zeros((512, 512, 4), np.uint8)
    shown = drawn(label, frame).astype(float)
    left, top, right, bottom = label.box
    part = shown[top:bottom, left:right]
    assert np.median(part[..., 3]) > 140
    for behind in (0, 255):
        seen = part[..., :3] * part[..., 3:] / 255 + behind * (1 - part[..., 3:] / 255)
        assert contrast(np.median(seen), seen.max()) > 4.5
    assert (frame == 0).all()


def test_it_looks_the_same_on_an_opaque_frame_with_alpha() -> None:
    label, rng = Label(256, 256), np.random.default_rng(1)
    colour = rng.integers(0, 256, (256, 256, 3), np.uint8)
    with_alpha = np.dstack([colour, np.full((256, 256), 255, np.uint8)])
    a, b = drawn(label, with_alpha), drawn(label, colour)
    assert (a[..., 3] == 255).all()
    assert np.abs(a[..., :3].astype(int) - b).max() <= 1


@pytest.mark.parametrize(
    ("face", "corner"),
    [
        ((150, 100, 360, 400), "left bottom"),
        ((0, 300, 200, 512), "right bottom"),
        ((0, 300, 512, 512), "left top"),
        ((0, 0, 300, 512), "right bottom"),
    ],
)
def test_it_covers_no_face(face: tuple[float, float, float, float], corner: str) -> None:
    left, top, right, bottom = Label(512, 512, "en", [face]).box
    assert corner == f"{'left' if left < 200 else 'right'} {'top' if top < 200 else 'bottom'}"
    assert right <= face[0] or left >= face[2] or bottom <= face[1] or top >= face[3]


@pytest.mark.parametrize("distance", [0.7, 1.0, 2.0, (0.7, 1.5)])
def test_it_covers_no_face_at_any_distance(
    portrait: Portrait, distance: float | tuple[float, float]
) -> None:
    maker = FrameMaker(portrait, size=512, distance=distance)
    frame = maker.frame(neutral()).copy()
    shown = maker.frame(neutral(), label=1.0)
    changed = np.argwhere(np.abs(shown.astype(int) - frame).max(axis=2) > 24)
    (top, left), (bottom, right) = changed.min(0), changed.max(0)
    face = portrait.face.landmarks[:468, :2]
    square = portrait.frame()
    at = distance if isinstance(distance, float) else distance[0]
    points = (face - (square.left, square.top)) * (512 / square.side)
    points = (points - 256) / at + 256
    inside = (
        (points[:, 0] > left) & (points[:, 0] < right)
        & (points[:, 1] > top) & (points[:, 1] < bottom)
    )  # fmt: skip
    assert not inside.any()


def test_small_frames_hold_it_too() -> None:
    frame = np.zeros((96, 64, 3), np.uint8)
    label = Label(64, 96, "fr")
    assert drawn(label, frame).shape == frame.shape
    left, top, right, bottom = label.box
    assert left >= 0
    assert top >= 0
    assert (right, bottom) <= (64, 96)


def test_files_carry_it_from_the_first_frame_to_the_last(
    portrait: Portrait, speech: np.ndarray
) -> None:
    sound = Sound.from_array(speech, 16_000)
    plain = [f.image.copy() for f in animate(portrait, sound, fps=25, size=256).frames()]
    shown = [
        f.image.copy() for f in animate(portrait, sound, fps=25, size=256, label="de").frames()
    ]
    left, top, right, bottom = Label(256, 256, "de").box
    for a, b in zip(plain, shown, strict=True):
        difference = cv2.absdiff(a, b)
        assert difference[top:bottom, left:right].mean() > 15
        difference[top:bottom, left:right] = 0
        assert difference.mean() < 2  # the watermark looks at the picture with its label


def test_labels_that_there_are_not(portrait: Portrait) -> None:
    with pytest.raises(OptionError, match="there is no label in 'xx'; there are de, en"):
        animate(portrait, Sound.from_array(np.zeros(800), 16_000), label="xx")


def test_the_languages_of_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert callers_language() == "en"
    monkeypatch.setenv("LANG", "it_IT.UTF-8")
    assert callers_language() == label_language(True) == "it"
    monkeypatch.setenv("LC_ALL", "C")
    assert callers_language() == "en"
    assert label_language(False) == ""
    assert [label_language_or_english(tag) for tag in ("de-AT", "pt_BR", "ja", None)] == [
        "de", "pt", "en", "en",
    ]  # fmt: skip


def levels(timing: LabelTiming, seconds: float, start_s: float = 0.0) -> np.ndarray:
    return np.array([timing.seen(start_s + k / 40) for k in range(round(seconds * 40))])


def test_live_it_fades_in_stays_and_fades_out() -> None:
    seen = levels(LabelTiming(), 7)
    assert seen[0] == 0
    assert (seen[20 : round((SHOWN_S - 0.5) * 40)] == 1).all()
    assert (seen[round(SHOWN_S * 40) + 1 :] == 0).all()
    assert np.abs(np.diff(seen)).max() < 0.12  # softly


def test_live_it_comes_again_for_whoever_begins_to_watch() -> None:
    timing = LabelTiming()
    levels(timing, 10)
    timing.show(10.0)
    seen = levels(timing, 7, 10.0)
    assert (seen[20:180] == 1).all()
    assert seen[-1] == 0


def test_no_setting_takes_it_away_in_the_first_seconds() -> None:
    timing = LabelTiming()
    timing.keep(False, 0.0)
    assert (levels(timing, 4)[20:] == 1).all()
    timing.keep(True, 4.0)
    assert (levels(timing, 8, 4.0) == 1).all()
    timing.keep(False, 12.0)
    assert levels(timing, 2, 12.0)[-1] == 0


def test_a_live_session_shows_it_and_takes_what_is_asked_for(portrait: Portrait) -> None:
    asked: list[float] = []

    class Noted(FrameMaker):
        def frame(self, moment, distance=None, *, label=0.0):  # type: ignore[no-untyped-def]
            asked.append(label)
            return super().frame(moment, distance, label=label)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gioconda.live.session.FrameMaker", Noted)
        session = Session(portrait, fps=25, size=256)
        for k in range(200):
            session.step(k / 25)
            if k == 160:
                session.show_label()
    assert asked[50] == 1
    assert asked[150] == 0
    assert asked[-1] == 1


def test_words_are_those_of_the_page() -> None:
    import json
    from pathlib import Path

    folder = Path(label_module.__file__).parents[1] / "live" / "page" / "i18n"
    for path in folder.glob("*.json"):
        assert WORDS[path.stem] == json.loads(path.read_text("utf-8"))["synthetic"]
