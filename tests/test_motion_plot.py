from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gioconda import Sound, plot_motion
from gioconda.errors import OptionError
from gioconda.motion import CHANNELS, INDEX, Motion
from gioconda.motion_plot_panels import thinned


def motion(seconds: float = 4.0, start_s: float = 0.0) -> Motion:
    t = np.arange(round(50 * seconds)) / 50
    values = np.zeros((len(t), len(CHANNELS)), np.float32)
    values[:, INDEX["jawOpen"]] = np.clip(0.5 * np.sin(9 * t), 0, 1)
    values[:, INDEX["articulation"]] = t > 1
    values[:, INDEX["headYaw"]] = 9 * np.sin(t)
    values[(t % 3 > 2) & (t % 3 < 2.2), INDEX["eyeBlinkLeft"]] = 1
    values[:, INDEX["eyeBlinkRight"]] = values[:, INDEX["eyeBlinkLeft"]]
    return Motion(values, 50.0, start_s)


def tone(seconds: float) -> Sound:
    t = np.arange(round(16_000 * seconds)) / 16_000
    return Sound.from_array((0.5 * np.sin(700 * t) * (t % 1 < 0.6)).astype(np.float32), 16_000)


def texts(figure: object) -> list[str]:
    from matplotlib.text import Text

    return [t.get_text() for t in figure.findobj(Text) if t.get_text()]  # type: ignore[attr-defined]


def test_a_picture_shows_every_part_with_units_and_names(tmp_path: Path) -> None:
    with tone(4) as sound:
        figure = plot_motion(motion(), tmp_path / "m.png", sound=sound, width_px=900, title="hello")
    picture = np.asarray(Image.open(tmp_path / "m.png").convert("RGB"))
    assert picture.shape[1] == 900
    assert (picture == 255).all(2).mean() > 0.6  # a light theme
    said = texts(figure)
    words = [
        "hello", "Sound", "Mouth", "Head", "Eyes", "Face", "mm", "degrees", "weight", "seconds",
        "opening", "widening", "rounding", "waveform", "squint", "breath",
    ]  # fmt: skip
    assert set(words) <= set(said)
    panels = {tuple(ax.get_xlim()) for ax in figure.axes}
    assert panels == {(0.0, 4.0)}


def test_without_a_sound_there_is_no_panel_for_it() -> None:
    assert "Sound" not in texts(plot_motion(motion()))


def test_a_part_can_be_shown_larger() -> None:
    figure = plot_motion(motion(start_s=0.5), from_s=1.0, to_s=2.0)
    assert {tuple(ax.get_xlim()) for ax in figure.axes} == {(1.0, 2.0)}


def test_a_long_motion_is_drawn_as_bands_with_few_points() -> None:
    figure = plot_motion(motion(600), width_px=900)
    said = texts(figure)
    assert "minutes : seconds" in said
    assert "| blinks" in said
    points = max(len(line.get_xdata()) for ax in figure.axes for line in ax.lines)
    assert points < 2000
    yaw = figure.axes[1].lines[0].get_ydata()
    assert np.abs(yaw).max() <= 9


def test_the_same_motion_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        plot_motion(motion(), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert ET.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")


def test_thinning_keeps_the_peaks() -> None:
    t = np.arange(100_000) / 1000
    y = np.zeros(100_000)
    y[54_321], y[77_777] = 3, -2
    times, values = thinned(t, y, 500)
    assert len(times) <= 1000
    assert (values.max(), values.min()) == (3, -2)
    assert (np.diff(times) > 0).all()
    assert len(thinned(t[:100], y[:100], 500)[0]) == 100


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_the_shortest_motions_can_be_drawn(rows: int, tmp_path: Path) -> None:
    plot_motion(Motion(motion().values[:rows]), tmp_path / "short.png", width_px=600)
    assert (tmp_path / "short.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"from_s": 3.0, "to_s": 2.0}, "nothing lies between 3 and 2 s"),
        ({"from_s": 9.0, "to_s": 12.0}, "lasts from 0 to 4 s"),
        ({"width_px": 100}, "width is 100; it must be 600 to 8000"),
        ({"path": "m.gif"}, r"a plot is a \.png, \.svg or \.pdf file, not 'm\.gif'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options: dict[str, object], text: str) -> None:
    with pytest.raises(OptionError, match=text):
        plot_motion(motion(), **options)  # type: ignore[arg-type]


def test_an_empty_motion_is_no_picture() -> None:
    with pytest.raises(OptionError, match="no rows"):
        plot_motion(Motion(np.zeros((0, len(CHANNELS)), np.float32)))
