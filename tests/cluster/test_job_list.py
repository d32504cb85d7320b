"""Lists of videos: what they say, and what is wrong with them by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gioconda.cluster.job_list import read_jobs
from gioconda.errors import OptionError


def write(folder: Path, text: str) -> Path:
    path = folder / "jobs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_are_relative_to_the_list(tmp_path: Path) -> None:
    jobs = read_jobs(
        write(
            tmp_path,
            "Sound,portrait,output,controls\n"
            "a.wav,anna.jpg,videos/anna.mp4,\n"
            "\n"
            '"b, c.wav",/faces/bob.png,bob.webm,sad.json\n',
        )
    )
    assert [j.line for j in jobs] == [2, 4]
    assert jobs[0].portrait == tmp_path / "anna.jpg"
    assert jobs[0].output == tmp_path / "videos" / "anna.mp4"
    assert jobs[0].controls is None
    assert jobs[1].sound == tmp_path / "b, c.wav"
    assert jobs[1].portrait == Path("/faces/bob.png")
    assert jobs[1].controls == tmp_path / "sad.json"


def test_a_folder_takes_the_outputs(tmp_path: Path) -> None:
    listed = write(tmp_path, "\ufeffportrait,sound,output\na.jpg,b.wav,c.mp4\n")
    (job,) = read_jobs(listed, "elsewhere")
    assert job.output == Path("elsewhere/c.mp4")
    assert job.portrait == tmp_path / "a.jpg"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'portrait' 0 times"),
        ("portrait,sound,output\n", "names no video"),
        ("portrait,sound,output,size\na,b,c,d\n", "no column 'size'"),
        ("portrait,sound,sound,output\na,b,c,d\n", "'sound' 2 times"),
        ("portrait,sound,output\na,b,c\na,,d\n", "line 3 names no sound"),
        ("portrait,sound,output\na,b\n", "line 2 names no output"),
        ("portrait,sound,output\na,b,c,d\n", "line 2 has 4 values for 3 columns"),
        ("portrait,sound,output\na,b,c\nd,b,c\n", "lines 2 and 3 have the same output"),
        ('portrait,sound,output\n"a,b,c\n', "is not CSV"),
    ],
)
def test_a_bad_list_is_refused_by_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(OptionError, match=says) as refused:
        read_jobs(write(tmp_path, text))
    assert "jobs.csv" in str(refused.value)


def test_a_list_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="cannot be read"):
        read_jobs(tmp_path / "none.csv")
    binary = tmp_path / "picture.csv"
    binary.write_bytes(b"\xff\xd8\xff\xe0" * 50)
    with pytest.raises(OptionError, match="not UTF-8"):
        read_jobs(binary)
