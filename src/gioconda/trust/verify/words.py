"""Plain words for what a file says of its making."""

from __future__ import annotations

from typing import Final

#: IPTC's digital source types (cv.iptc.org/newscodes/digitalsourcetype), in plain words. Each
#: completes "says that".
SOURCE_TYPES: Final = {
    "digitalCapture": "a camera captured it",
    "computationalCapture": "a camera captured it, with computation",
    "negativeFilm": "it was scanned from film",
    "positiveFilm": "it was scanned from film",
    "print": "it was scanned from a print",
    "minorHumanEdits": "a person edited it slightly",
    "humanEdits": "a person edited it",
    "compositeCapture": "it was put together from captures",
    "algorithmicallyEnhanced": "a program enhanced it",
    "dataDrivenMedia": "a program made it from data",
    "digitalArt": "a person drew it digitally",
    "digitalCreation": "a person made it digitally",
    "virtualRecording": "it records something virtual",
    "compositeSynthetic": "parts of it are synthetic",
    "trainedAlgorithmicMedia": "generative AI made it",
    "compositeWithTrainedAlgorithmicMedia": "generative AI made parts of it",
    "algorithmicMedia": "a program made it",
    "screenCapture": "it is a recording of a screen",
    "composite": "it was put together from several sources",
}
#: Those that say that something was seen by a camera.
CAPTURED: Final = frozenset(
    {"digitalCapture", "computationalCapture", "negativeFilm", "positiveFilm", "print"}
)
#: Those that say that something is made and not seen.
SYNTHETIC: Final = frozenset(
    {
        "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia",
        "compositeSynthetic", "dataDrivenMedia", "virtualRecording",
    }
)  # fmt: skip


def source_type(text: str) -> str:
    """Return the name of a digital source type that a text is or ends with; empty for none."""
    last = text.rstrip("/").rpartition("/")[2]
    return last if last in SOURCE_TYPES else ""


def clock(seconds: float) -> str:
    """Return an instant of a file, as players show it."""
    whole = max(int(seconds), 0)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def length(seconds: float) -> str:
    """Return a length of time in words."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


def counted(number: int, name: str, names: str = "") -> str:
    """Return a number of things in words: ``1 frame``, ``2 frames``."""
    return f"{number} {name}" if number == 1 else f"{number:,} {names or name + 's'}"


def probability(value: float) -> str:
    """Return a small probability in words."""
    if value >= 0.1:
        return f"{value:.0%}"
    if value < 1e-12:
        return "less than one in a million million"
    return f"1 in {1 / value:,.0f}"
