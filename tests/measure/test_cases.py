"""Which clips are measured, and how their clocks are brought to the sound's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gioconda.errors import OptionError
from gioconda.measure.cases import find_cases
from gioconda.measure.tracking import CURVES


def write_curves(path: Path, offset_ms: float) -> None:
    t = np.arange(0, 2, 0.04)
    np.savez(path, t=t, curves=np.zeros((len(t), 22)), names=np.array(CURVES),
             av_offset_ms=offset_ms)  # fmt: skip


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    clips, tracked, rivals = (tmp_path / n for n in ("clips", "tracked", "rivals"))
    for folder in (clips, tracked, rivals / "vasa1_9", rivals / "emo_x", rivals / "notes"):
        folder.mkdir(parents=True)
    for name in ("a_1", "a_2", "b_1", "extra_song"):
        (clips / f"{name}.mp4").touch()
        write_curves(tracked / f"{name}.npz", 100.0)
    (clips / "untracked.mp4").touch()
    for case in ("vasa1_9", "emo_x"):
        (rivals / case / "portrait.jpg").touch()
        (rivals / case / "speech.mp3").touch()
        write_curves(rivals / case / "tracked.npz", 0.0)
    return clips, tracked, rivals


def test_real_clips_come_first_then_rivals_by_system(folders) -> None:
    cases = find_cases(*folders)
    assert [(c.group, c.name) for c in cases] == [
        ("real", "a_1"), ("real", "a_2"), ("real", "b_1"), ("VASA-1", "vasa1_9"),
        ("EMO", "emo_x"),
    ]  # fmt: skip
    assert cases[0].portrait is None
    assert cases[3].portrait.name == "portrait.jpg"


def test_real_clocks_are_shifted_and_rivals_are_not(folders) -> None:
    real, *_, rival, _ = find_cases(*folders)
    assert real.face().time_s[0] == pytest.approx(0.02)  # -0.100 + 0.040, cut at 0
    assert real.face().time_s[-1] == pytest.approx(1.96 - 0.06)
    assert rival.face().time_s[0] == 0


def test_names_choose(folders) -> None:
    assert [c.name for c in find_cases(*folders, names=["a_", "emo"])] == ["a_1", "a_2", "emo_x"]
    with pytest.raises(OptionError, match=r"no clip is called 'c'.*a_1"):
        find_cases(*folders, names=["c"])


def test_missing_folders_are_refused(folders, tmp_path) -> None:
    with pytest.raises(OptionError, match="there is no folder"):
        find_cases(tmp_path / "none", folders[1])
    with pytest.raises(OptionError, match="no clip with tracked curves"):
        find_cases(folders[0], folders[2])


def test_a_speakers_own_video_tracked_again_is_the_speaker(shared) -> None:
    from gioconda.measure.lip_report import OWN, measure_lips
    from gioconda.measure.performances import Stage

    data = shared / "data"
    cases = find_cases(data / "clips", data / "tracked", names=["grid_02"])
    own = measure_lips(cases, Stage(), motion_only=True, own=True).scores["real"][OWN]
    assert own.r["aperture"].value > 0.97
    assert own.r["width"].value > 0.9
    assert own.best_lag_ms.value == 0
    rival = find_cases(None, None, data / "rivals", ["emo_hb"])[0]
    assert rival.video.is_file()
