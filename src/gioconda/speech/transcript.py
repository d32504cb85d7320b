"""The words of a sound: plain text, or cues with times from an SRT or WebVTT file."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gioconda.errors import TranscriptError
from gioconda.voices.sentences import sentences, speakable

SUFFIXES: Final = (".txt", ".srt", ".vtt")
_LARGEST_BYTES: Final = 20_000_000
_STAMP: Final = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES: Final = re.compile(rf"^\s*{_STAMP}\s*-->\s*{_STAMP}(?:\s.*)?$")
#: What is in a cue but not said: mark-up, and remarks such as [music] or (laughs).
_MARKUP: Final = re.compile(r"<[^>]*>|\{\\[^}]*\}|\[[^\]]*\]|\([^)]*\)|♪")
#: Characters that no text has: controls but for white space, escape, and the end mark of old files.
_CONTROLS: Final = re.compile("[\0-\x08\x0e-\x19\x1c-\x1f\x7f]")
_SPEAKER_DASH: Final = re.compile(r"^\s*[-–]\s*", re.MULTILINE)


@dataclass(frozen=True)
class Cue:
    """Some words, and when they are said, in seconds of the sound, if that is known."""

    text: str
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True)
class Transcript:
    """Cues in order; either all have times, or none has."""

    cues: tuple[Cue, ...]

    @property
    def timed(self) -> bool:
        """Whether cues have times."""
        return self.cues[0].start_s is not None

    @classmethod
    def of(cls, source: str | os.PathLike[str]) -> Transcript:
        """Take a text, or the name of a .txt, .srt or .vtt file.

        Raises:
            TranscriptError: nothing to say in it, the file is missing, or a line of it is wrong.
        """
        given = os.fspath(source)
        path = Path(given) if "\0" not in given and len(given) < 4096 else None
        if path is None or not (path.suffix.lower() in SUFFIXES or _is_file(path)):
            if not isinstance(source, str):
                raise TranscriptError(f"there is no transcript file {given!r}")
            return cls.of_text(given, "the transcript")
        text = read_text(path)
        if path.suffix.lower() in (".srt", ".vtt") or _TIMES.search(text[:2000].split("\n\n")[0]):
            return cls.of_subtitles(text, path.name)
        return cls.of_text(text, repr(path.name))

    @classmethod
    def of_text(cls, text: str, name: str) -> Transcript:
        """Take plain text."""
        cues = tuple(Cue(sentence) for sentence in sentences(text))
        if not cues:
            raise TranscriptError(f"{name} has no words in it")
        return cls(cues)

    @classmethod
    def of_subtitles(cls, text: str, name: str) -> Transcript:
        """Read SRT or WebVTT; cues without words are left out, and the rest put in order.

        Raises:
            TranscriptError: a time stamp cannot be read, a cue ends before it starts, or there
                is none.
        """
        cues: list[Cue] = []
        lines = text.splitlines()
        i = 0
        while i < len(lines):
            if "-->" not in lines[i]:
                i += 1
                continue
            start_s, end_s = _times(lines[i], f"{name!r}, line {i + 1}")
            words = []
            i += 1
            while i < len(lines) and lines[i].strip() and "-->" not in lines[i]:
                words.append(lines[i])
                i += 1
            if i < len(lines) and "-->" in lines[i] and words and words[-1].strip().isdigit():
                words.pop()  # the number of the next cue, with no empty line before it
            said = _MARKUP.sub(" ", "\n".join(words))
            said = " ".join(_SPEAKER_DASH.sub("", said).split())
            if speakable(said):
                cues.append(Cue(said, start_s, end_s))
        if not cues:
            raise TranscriptError(f"{name!r} has no cues with words in it")
        return cls(tuple(sorted(cues, key=lambda c: c.start_s or 0.0)))


def read_text(path: Path) -> str:
    """Read a text file in UTF-8, UTF-16 with a mark, or else Windows' Latin-1.

    Raises:
        TranscriptError: missing, a folder, too large, or not text.
    """
    try:
        if path.is_dir():
            raise TranscriptError(f"{str(path)!r} is a folder, not a text file")
        if path.stat().st_size > _LARGEST_BYTES:
            raise TranscriptError(f"{str(path)!r} is too large for a text")
        raw = path.read_bytes()
    except OSError as e:
        missing = isinstance(e, FileNotFoundError)
        reason = "there is no text file" if missing else "cannot read the text file"
        raise TranscriptError(f"{reason} {str(path)!r}") from e
    return decoded(raw, repr(str(path)))


def decoded(raw: bytes, name: str) -> str:
    """Decode a text as :func:`read_text` does.

    Raises:
        TranscriptError: it is not text.
    """
    marked = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROLS.search(text):
            return text
    raise TranscriptError(f"{name} is not a text file: it holds bytes that no text has")


def _times(line: str, place: str) -> tuple[float, float]:
    found = _TIMES.match(line)
    if found is None:
        raise TranscriptError(
            f"{place}: {line.strip()[:60]!r} is no time, such as 00:00:01,000 --> 00:00:02,500"
        )
    parts = found.groups()
    start_s, end_s = (
        int(h or 0) * 3600 + int(m) * 60 + int(s) + int(f.ljust(3, "0")) / 1000
        for h, m, s, f in (parts[:4], parts[4:])
    )
    if end_s <= start_s:
        raise TranscriptError(f"{place}: the cue ends before it starts")
    return start_s, end_s


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # names that are too long
        return False
