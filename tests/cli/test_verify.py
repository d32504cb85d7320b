"""The command ``verify``: what is printed, written and answered to scripts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.cli.test_other_commands import gioconda
from tests.sandbox.media import picture, sound
from tests.trust.verify import media

from gioconda.trust.verify.finding import Finding


@pytest.fixture(scope="module")
def folder(astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A marked video, an unmarked picture, and a picture that is damaged."""
    place = tmp_path_factory.mktemp("folder")
    small = np.ascontiguousarray(astronaut[:256, :256])
    (place / "deep").mkdir()
    (place / "marked.mp4").write_bytes(media.video(media.frames(small, 24, marked=True)))
    (place / "deep" / "plain.png").write_bytes(picture("PNG"))
    (place / "broken.png").write_bytes(picture("PNG")[:20] + bytes(60))
    return place


def test_a_marked_file_is_told_and_exits_with_0(folder: Path) -> None:
    done = gioconda("verify", folder / "marked.mp4")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "marked.mp4: It was made with Gioconda: its pictures are synthetic."
    assert any(line.startswith("  watermark    Gioconda's watermark is in it") for line in lines)
    assert any(line.startswith("  credentials  It carries no") for line in lines)


def test_json_is_a_finding_and_no_evidence_exits_with_1(folder: Path) -> None:
    done = gioconda("verify", folder / "deep" / "plain.png", "--json", "--quick")
    assert done.returncode == 1, done.stderr
    found = Finding.model_validate_json(done.stdout)
    assert found.file.name == "plain.png"
    assert found.watermark.quick
    assert found.verdict.exit_code == 1
    assert done.stderr == ""


def test_quiet_says_nothing_and_unreadable_exits_with_2(folder: Path) -> None:
    done = gioconda("verify", folder / "broken.png", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")
    done = gioconda("verify", folder / "broken.png")
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1


def test_a_folder_is_a_table_with_a_sum_or_lines_of_json(folder: Path) -> None:
    done = gioconda("verify", folder, "--quick")
    assert done.returncode == 0, done.stderr
    assert "deep/plain.png" in done.stdout
    assert done.stdout.splitlines()[-1] == (
        "3 files: 1 made with Gioconda, 1 no evidence, 1 unreadable"
    )
    done = gioconda("verify", folder, "--quick", "--json")
    found = [Finding.model_validate(json.loads(line)) for line in done.stdout.splitlines()]
    assert [f.file.name for f in found] == ["broken.png", "marked.mp4", "deep/plain.png"]
    assert [f.verdict.exit_code for f in found] == [2, 0, 1]


@pytest.mark.parametrize("suffix", ["html", "png"])
def test_a_report_is_written(folder: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"report.{suffix}"
    done = gioconda("verify", folder / "marked.mp4", "--quick", "--report", target)
    assert done.returncode == 0, done.stderr
    if suffix == "png":
        assert Image.open(target).size[0] == 1200
    else:
        assert "Made with Gioconda" in target.read_text("utf-8")
    again = gioconda("verify", folder / "marked.mp4", "--quick", "--report", target)
    assert again.returncode == 2
    assert "--force" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.mp4"], "no file or folder 'nowhere.mp4'"),
        (["{folder}", "--report", "r.html"], "a report is of one file"),
        (["{folder}/marked.mp4", "--report", "r.pdf"], ".html or .png"),
        (["{empty}"], "no picture, video or sound"),
    ],
)
def test_wrong_usage_exits_with_2(
    folder: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = gioconda("verify", *(a.format(folder=folder, empty=tmp_path) for a in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_name_that_looks_like_markup_or_orders_stays_a_name(tmp_path: Path) -> None:
    name = "[red]<b>\x1b]0;x\x07.wav"
    (tmp_path / name).write_bytes(sound("wav"))
    done = gioconda("verify", tmp_path)
    assert done.returncode == 1, done.stderr
    assert "[red]<b>" in done.stdout
    assert "\x1b" not in done.stdout
    odd = tmp_path / os.fsdecode(b"\xff.png")
    odd.write_bytes(picture("PNG"))
    done = gioconda("verify", odd, "--json", "--quick")
    assert done.returncode == 1, done.stderr
    json.loads(done.stdout)


@pytest.mark.parametrize("columns", ["50", "70", "500"])
def test_lines_fit_the_terminal_and_hang(
    folder: Path, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = gioconda("verify", folder / "marked.mp4", "--quick")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= min(int(columns), 100)
    at = next(i for i, line in enumerate(lines) if line.startswith("  watermark "))
    assert lines[at + 1].startswith(" " * 15)
    assert lines[at + 1][15] != " "
    words = " ".join(" ".join(lines).split())
    assert "the number of this installation; read by key 1" in words


#: Clears the screen by a control of one character, and turns what follows about.
HOSTILE = "a\x9b2J\u202egnp.exe.png"


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("whole", [False, True])
def test_names_of_strangers_do_nothing_to_a_terminal(
    tmp_path: Path, options: tuple[str, ...], whole: bool
) -> None:
    path = tmp_path / HOSTILE
    path.write_bytes(picture("PNG"))
    done = gioconda("verify", tmp_path if whole else path, "--quick", *options)
    assert done.returncode == 1, done.stderr
    text = done.stdout + done.stderr
    assert "gnp.exe" in text
    assert all(c.isprintable() or c == "\n" for c in text)
    if options:
        assert text.isascii()
        assert Finding.model_validate_json(done.stdout).file.name == HOSTILE
