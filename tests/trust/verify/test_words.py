"""Plain words, and one that is never said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gioconda.trust.verify.sentences import of_claim
from gioconda.trust.verify.words import clock, counted, length, probability, source_type

ROOT = Path(__file__).resolve().parents[3]
#: In a word of another meaning, such as whose token it is.
OTHER = re.compile(r"authenticat|proxy-authentic", re.IGNORECASE)
SAID = re.compile(r"\bauthentic(?!at)\w*", re.IGNORECASE)


def places() -> list[Path]:
    page = ROOT / "src" / "gioconda" / "live" / "page"
    trust = ROOT / "src" / "gioconda" / "trust"
    commands = ROOT / "src" / "gioconda" / "cli"
    return [
        ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "docs" / "openapi.json",
        *sorted(page.rglob("*.json")), *sorted(page.rglob("*.html")), *sorted(page.rglob("*.js")),
        *sorted(trust.rglob("*.py")), *sorted(commands.rglob("*.py")),
    ]  # fmt: skip


@pytest.mark.parametrize("path", places(), ids=lambda p: p.name)
def test_nothing_is_called_authentic(path: Path) -> None:
    text = path.read_text("utf-8")
    # Documents may say that the word is never said.
    text = text.replace('the word "authentic"', "")
    assert not SAID.findall(text)


@pytest.mark.parametrize("language", ["autentic", "authentisch", "echt"])
def test_nor_in_the_pages_other_languages(language: str) -> None:
    for path in (ROOT / "src" / "gioconda" / "live" / "page" / "i18n").glob("*.json"):
        words = " ".join(re.findall(r'"check\.[^"]+": "([^"]+)"', path.read_text("utf-8")))
        assert not re.search(rf"\b{language}", words, re.IGNORECASE), path.name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture", "digitalCapture"),
        ("trainedAlgorithmicMedia", "trainedAlgorithmicMedia"), ("anything", ""), ("", ""),
    ],
)  # fmt: skip
def test_source_types_are_known_by_their_last_part(text: str, name: str) -> None:
    assert source_type(text) == name
    assert bool(of_claim("DigitalSourceType", text)) == bool(name)


def test_numbers_in_words() -> None:
    assert [clock(s) for s in (0, 61.9, 3661)] == ["0:00", "1:01", "1:01:01"]
    assert [length(s) for s in (5, 600)] == ["5 s", "10 min"]
    assert probability(0.5) == "50%"
    assert probability(1e-6) == "1 in 1,000,000"
    assert probability(0.0).startswith("less than")


def test_one_and_many() -> None:
    assert [counted(n, "frame") for n in (0, 1, 1200)] == ["0 frames", "1 frame", "1,200 frames"]
    assert counted(2, "stretch", "stretches") == "2 stretches"
