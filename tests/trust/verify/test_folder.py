"""Folders: which files are looked at, and one answer for many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.media import picture, sound

from gioconda.trust.containers.formats import format_of
from gioconda.trust.verify.finding import Verdict
from gioconda.trust.verify.folder import SHORT, files_in, summary_of, whole_exit


def test_media_are_found_by_their_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "b.png").write_bytes(picture("PNG"))
    (tmp_path / "deep" / "er" / "no suffix").write_bytes(picture("JPEG"))
    (tmp_path / "deep" / "a.wav").write_bytes(sound("wav"))
    (tmp_path / ".hidden" / "c.png").write_bytes(picture("PNG"))
    (tmp_path / ".d.png").write_bytes(picture("PNG"))
    (tmp_path / "lies.png").write_text("Good morning, this is a text" * 40)
    (tmp_path / "link.png").symlink_to(tmp_path / "b.png")
    (tmp_path / "round").symlink_to(tmp_path)
    found = [str(path.relative_to(tmp_path)) for path in files_in(tmp_path)]
    assert found == ["b.png", "deep/a.wav", "deep/er/no suffix"]


@pytest.mark.parametrize(
    ("codes", "whole"),
    [
        ([1, 1], 1), ([1, 0, 1], 0), ([0, 3, 1], 3), ([2, 2], 2), ([2, 1], 1), ([2, 3], 3),
        ([0, 2], 0),
    ],
)  # fmt: skip
def test_one_exit_code_for_many(codes: list[int], whole: int) -> None:
    assert whole_exit([Verdict(exit_code=code) for code in codes]) == whole


def test_a_line_counts_verdicts() -> None:
    codes: list[Any] = ["no_evidence", "made_with_gioconda", "no_evidence"]
    line = summary_of([Verdict(code=code) for code in codes])
    assert line == "3 files: 1 made with Gioconda, 2 no evidence"
    assert len(SHORT) == 10


@pytest.mark.parametrize(
    ("head", "kind", "suffix"),
    [
        (b"\0\0\0\x20ftypisom", "video", ".mp4"), (b"\0\0\0\x20ftypqt  ", "video", ".mov"),
        (b"\0\0\0\x20ftypavif", "picture", ".avif"), (b"\0\0\0\x20ftypM4A ", "sound", ".m4a"),
        (b"\x1a\x45\xdf\xa3....B\x82\x84webm", "video", ".webm"),
        (b"\x1a\x45\xdf\xa3....B\x82\x88matroska", "video", ".mkv"),
        (b"RIFF....WEBPVP8 ", "picture", ".webp"), (b"RIFF....AVI ", "video", ".avi"),
        (b"\x47" + bytes(187) + b"\x47", "video", ".ts"), (b"Good morning" * 30, "unknown", ""),
        (b"BMW is a car, nothing else", "unknown", ""), (b"#EXTM3U\nhttp", "unknown", ""),
    ],
)  # fmt: skip
def test_formats_by_their_first_bytes(head: bytes, kind: str, suffix: str) -> None:
    told = format_of(head)
    assert (told.kind, told.suffix) == (kind, suffix)
