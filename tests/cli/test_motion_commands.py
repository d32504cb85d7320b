from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gioconda import examples
from gioconda.cli.app import app
from gioconda.errors import GiocondaError, MotionError, OptionError, OutputError
from gioconda.motion import CHANNELS, INDEX, Motion

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "motion.md").read_text(encoding="utf-8")


def gioconda(*words: object) -> None:
    app([str(w) for w in words], standalone_mode=False)


def ramp(rows: int = 100) -> Motion:
    values = np.zeros((rows, len(CHANNELS)), np.float32)
    values[:, INDEX["jawOpen"]] = np.linspace(0, 1, rows)
    values[:, INDEX["headYaw"]] = np.linspace(0, 20, rows)
    values[:, INDEX["articulation"]] = 1
    return Motion(values, 50.0)


@pytest.fixture
def motion(tmp_path: Path) -> Path:
    ramp().save(tmp_path / "m.npz")
    return tmp_path / "m.npz"


def test_steps_are_taken_in_the_order_given(motion: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    gioconda("edit", motion, "-q", "--offset", "headYaw=5", "--scale", "headYaw=2", "-o", out)
    assert Motion.load(out)["headYaw"][0] == pytest.approx(10)
    gioconda("edit", motion, "-qf", "--scale", "headYaw=2", "--offset", "headYaw=5", "-o", out)
    assert Motion.load(out)["headYaw"][0] == pytest.approx(5)
    gioconda(
        "edit", motion, "-qf", "--offset", "headYaw=1", "--scale", "headYaw=3", "--offset",
        "headYaw=1", "--mirror", "--offset=headYaw=2", "-o", out,
    )  # fmt: skip
    assert Motion.load(out)["headYaw"][0] == pytest.approx(-2)
    gioconda("edit", motion, "-qf", "--mirror", "--mirror", "-o", out)
    np.testing.assert_array_equal(Motion.load(out).values, Motion.load(motion).values)


def test_times_and_other_files(motion: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    gioconda("edit", motion, "-q", "--cut", "0.5:1", "-o", out)
    part = Motion.load(out)
    assert (part.start_s, len(part)) == (0.5, 25)
    gioconda(
        "edit",
        motion,
        "-qf",
        "--cut",
        "1:",
        "--start",
        "0",
        "--join",
        out,
        "-o",
        tmp_path / "j.npz",
    )
    joined = Motion.load(tmp_path / "j.npz")
    assert joined.start_s == 0
    assert len(joined) == 50 + 25 - 12
    gioconda("edit", motion, "-qf", "--replace", f"head={out}", "-o", tmp_path / "r.npz")
    assert Motion.load(tmp_path / "r.npz")["headYaw"][0] == pytest.approx(part["headYaw"][0])
    gioconda("edit", motion, "-qf", "--speed", "2", "--rate", "60", "-o", out)
    assert (Motion.load(out).rate_hz, len(Motion.load(out))) == (60, 60)


def test_the_name_chooses_the_format(
    motion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, kind, rate_hz in (
        ("a.livelink.csv", "livelink", 60), ("a.csv", "csv", 50), ("a.bvh", "bvh", 50),
        ("a.glb", "glb", 50), ("a.gltf", "gltf", 50),
    ):  # fmt: skip
        gioconda("convert", motion, "-o", tmp_path / name, "--json")
        said = json.loads(capsys.readouterr().out)
        assert (said["format"], said["rate_hz"]) == (kind, rate_hz)
        assert (tmp_path / name).stat().st_size > 500
    assert (tmp_path / "a.livelink.csv").read_text().startswith("Timecode,BlendShapeCount,Eye")
    gioconda("convert", motion, "-qo", tmp_path / "take.csv", "--format", "livelink", "--rate", 30)
    assert Motion.load(tmp_path / "take.csv").rate_hz == pytest.approx(30)


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        ("convert {m} -o x.txt", OptionError, r"\.npz or \.csv file, .*not into 'x\.txt'"),
        ("convert {m} -o x.npz --format livelink", OptionError, r"name it \*\.livelink\.csv"),
        ("convert {m} -o x.csv --format fbx", OptionError, "no motion format 'fbx'"),
        ("convert {m} -o x.csv --rate 0", OptionError, "--rate is 0; it must be 1 to 1000"),
        ("convert none.npz -o x.csv", MotionError, "there is no motion file 'none.npz'"),
        ("convert x.glb -o x.csv", MotionError, "there is no motion file 'x.glb'"),
        ("edit {m} --mirror -o {m} -f", OutputError, "is an input"),
        ("edit {m} --join o.npz -o o.npz -f", OutputError, "is an input"),
        ("edit {m} -o x.npz --scale jawOpn=1", OptionError, "did you mean 'jawOpen'"),
        ("edit {m} -o x.npz", OptionError, "there is nothing to do"),
        ("edit {m} -o x.npz --mirror --crossfade 1", OptionError, "there is no --join"),
        (
            "edit {m} -o x.npz --offset head=5",
            OptionError,
            "headYaw, headPitch, headRoll in degrees; headX, headY, headZ in outer-eye distances",
        ),
        ("edit {m} -o x.npz --offset all=0.1", OptionError, "the others in weights"),
        ("edit {m} -o x.npz --scale jawOpen", OptionError, "--scale is 'jawOpen'; it needs"),
        ("edit {m} -o x.npz --scale jawOpen=big", OptionError, "'big' where a number is needed"),
        ("edit {m} -o x.npz --cut 3", OptionError, "--cut is '3'; it needs two times"),
        ("edit {m} -o x.npz --cut 7:9", OptionError, "lasts from 0 to 2 s"),
        ("edit {m} -o x.npz --replace mouth", OptionError, "--replace mouth=other.npz"),
        ("edit {m} -o x.npz --replace face={m}", OptionError, "named 'face'"),
        ("edit {m} -o x.npz --scale gazeYaw=2", OptionError, "named 'gazeYaw'"),
        ("plot {m} -o x.gif", OptionError, r"a plot is a \.png, \.svg or \.pdf file"),
        ("plot {m} --from 2 --to 1 -o x.png", OptionError, "must come before"),
        ("plot {m} --from 50 -o x.png", OptionError, "nothing lies between|lasts from"),
    ],
)
def test_refusals_say_what_to_do_and_leave_nothing(
    motion: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str,
    error: type[GiocondaError], text: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    ramp(20).save("o.npz")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(error, match=text):
        gioconda(*shlex.split(words.format(m=motion.name)))
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_plot_of_a_sound_performs_it_first(tmp_path: Path) -> None:
    gioconda("plot", examples.speech_path(), "-qo", tmp_path / "speech.png", "--width", 700)
    assert (tmp_path / "speech.png").stat().st_size > 20_000


def test_refusals_end_with_their_exit_codes(motion: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gioconda", "edit", motion, "--scale", "jaw=x", "-o",
         tmp_path / "x.npz"], capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "gioconda: --scale has 'x' where a number is needed\n"


# The guide.


def test_every_command_of_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.cli.test_animate import write_wav

    from gioconda import Sound

    monkeypatch.chdir(tmp_path)
    shutil.copy(examples.portrait_path(), "portrait.jpg")
    with Sound.open(examples.speech_path()) as sound:
        write_wav(Path("speech.wav"), next(iter(sound.chunks(1.0))))
    commands = [
        line.split("#")[0].strip()
        for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
        for line in block.splitlines()
    ]
    assert len(commands) > 12
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "gioconda"
        if words[1] == "render":  # the renderer's own tests stand for it
            assert Path(words[3]).exists()
            continue
        gioconda(*words[1:], "-q")
        assert Path(words[words.index("-o") + 1]).stat().st_size > 0
    for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL):
        exec(compile(block, "docs/motion.md", "exec"), {})


def test_pictures_and_pages_that_the_guide_names_exist() -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", GUIDE):
        assert (docs / target).exists(), target
