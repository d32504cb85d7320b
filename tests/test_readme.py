"""Every command in the README runs."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from gioconda import examples

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: Commands that this very test run, or the set-up before it, already stands on.
STOOD_ON = {"make demo", "make test", "make setup", "make lint"}
#: Commands that take minutes; `gioconda bench` and training have tests of their own parts.
SLOW = {
    "gioconda bench", "gioconda train speech", "gioconda measure lipsync",
    "gioconda measure reenact", "gioconda measure controls", "gioconda measure motion",
    "gioconda measure closures", "gioconda measure trust",
}  # fmt: skip


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    lines = [line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the README's commands name, and a ledger of its own."""
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path / "home"))
    shutil.copy(examples.portrait_path(), tmp_path / "portrait.jpg")
    from tests.cli.test_animate import write_wav

    from gioconda import Sound, animate

    with Sound.open(examples.speech_path()) as sound:
        pcm = next(iter(sound.chunks(1.0)))
    write_wav(tmp_path / "speech.wav", pcm)
    video = animate(tmp_path / "portrait.jpg", tmp_path / "speech.wav", fps=25, size=256)
    video.save(tmp_path / "me.mp4")
    shutil.copy(tmp_path / "speech.wav", tmp_path / "other.wav")
    page = (ROOT / "docs" / "controls.md").read_text(encoding="utf-8")
    directed = re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0]
    (tmp_path / "directed.json").write_text(directed, encoding="utf-8")
    shutil.copy(examples.portrait_path(), tmp_path / "bob.jpg")
    with Image.open(examples.portrait_path()) as picture:  # another portrait, to be revoked
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "ann.jpg", "PNG")
    return tmp_path


def has_espeak() -> bool:
    """Tell whether the default voice is installed; without it only the help is asked for."""
    return shutil.which("espeak-ng") is not None


def test_the_readme_has_commands() -> None:
    assert len(commands()) >= 8
    makefile = (ROOT / "Makefile").read_text()
    for command in commands():
        if command.startswith("make "):
            assert command in STOOD_ON
            assert f"\n{command.split()[1]}:" in makefile


def test_no_figure_is_left_to_be_filled_in() -> None:
    prose = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    known = {"YAW", "PITCH", "NAME", "STRENGTH", "FILE", "SOUND", "JPEG", "HEIC", "TIFF"}
    known |= {"SSIM", "VASA", "COLOUR", "IMAGE", "CONTRIBUTING", "CHANGELOG", "LICENSE"}
    known |= {"WHEP", "REST", "RTMP", "PSNR"}
    assert set(re.findall(r"\b[A-Z]{4,}\b", prose)) <= known


def test_every_command_runs(desk: Path) -> None:
    for command in commands():
        if command.startswith(("make ", "git clone", "cd ")):
            continue
        if command.startswith("gioconda say ") and not has_espeak():
            command = "gioconda say --help"
        if command == "gioconda serve":  # it ends with Ctrl-C, and has tests of its own
            command = "gioconda serve --help"
        if any(command.startswith(slow) for slow in SLOW):
            command = " ".join(command.split()[:3]) + " --help"
        words = shlex.split(command)
        stdin = None
        if words[0] == "cat":
            stdin = (desk / words[1]).read_bytes()
            words = words[3:]
        assert words[0] == "gioconda", command
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=desk, capture_output=True, input=stdin, timeout=300
        )
        assert done.returncode == 0, (command, done.stderr.decode())


def test_every_python_example_runs(desk: Path) -> None:
    for block in blocks("python"):
        done = subprocess.run(
            [sys.executable, "-c", block], cwd=desk, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, (block, done.stderr)


def test_pictures_and_pages_that_it_names_exist() -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
