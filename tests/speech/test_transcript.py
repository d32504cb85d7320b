from __future__ import annotations

from pathlib import Path

import pytest

from gioconda.errors import TranscriptError
from gioconda.speech.transcript import Cue, Transcript

SRT = """\ufeff1
00:00:01,000 --> 00:00:02,500
<i>Hello</i> there.

2
00:00:03,000 --> 00:00:04,250
- [door slams] Who is it?
- (laughs) Me!
3
00:01:05,000 --> 00:01:06,000
No empty line before it

4
00:02:00,000 --> 00:02:01,000
♪
"""
VTT = """WEBVTT - a title

NOTE a remark

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.500 align:start position:10%
<v Ann>Good <b>morning</b>

01:00:00.000 --> 01:00:01.5
Late
"""


def test_srt(tmp_path: Path) -> None:
    path = tmp_path / "talk.srt"
    path.write_text(SRT, encoding="utf-8")
    assert Transcript.of(str(path)).cues == (
        Cue("Hello there.", 1.0, 2.5),
        Cue("Who is it? Me!", 3.0, 4.25),
        Cue("No empty line before it", 65.0, 66.0),
    )
    assert Transcript.of(path).timed


def test_vtt(tmp_path: Path) -> None:
    path = tmp_path / "talk.vtt"
    path.write_text(VTT)
    assert Transcript.of(path).cues == (
        Cue("Good morning", 1.0, 2.5), Cue("Late", 3600.0, 3601.5),
    )  # fmt: skip


def test_text_and_text_files(tmp_path: Path) -> None:
    assert [c.text for c in Transcript.of("One. Two.").cues] == ["One.", "Two."]
    assert not Transcript.of("One.").timed
    for encoding, words in (
        ("utf-8", "Größe"),
        ("latin-1", "Größe"),
        ("cp1252", "Größe"),
        ("utf-16", "Größe"),
    ):
        path = tmp_path / f"{encoding}.txt"
        path.write_text(words, encoding=encoding)
        assert Transcript.of(str(path)).cues == (Cue("Größe"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\n00:00:01,000 --> soon\nHi\n", "line 2: '00:00:01,000 --> soon' is no time"),
        ("1\n00:00:02,000 --> 00:00:01,000\nHi\n", "line 2: the cue ends before it starts"),
        ("no cues here", "no cues with words"),
        ("1\n00:00:01,000 --> 00:00:02,000\n[music]\n", "no cues with words"),
    ],
)
def test_bad_subtitles_are_told_by_their_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.srt"
    path.write_text(text)
    with pytest.raises(TranscriptError, match=message):
        Transcript.of(path)


def test_bad_transcripts_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n ...\n")
    (tmp_path / "binary.txt").write_bytes(b"\x00\x01\x02")
    (tmp_path / "junk.txt").write_bytes(bytes(range(1, 256)))
    (tmp_path / "folder.txt").mkdir()
    for source, message in (
        ("", "no words"), (" ... ", "no words"),
        (tmp_path / "none.srt", "no text file"),
        (tmp_path / "empty.txt", "'empty.txt' has no words"),
        (tmp_path / "binary.txt", "not a text file"), (tmp_path / "junk.txt", "not a text file"),
        (tmp_path / "folder.txt", "is a folder"),
    ):  # fmt: skip
        with pytest.raises(TranscriptError, match=message):
            Transcript.of(source)
