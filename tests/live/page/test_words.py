"""The page's words: every language has every key, and every key is used."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.live.page.fake_server import PAGE

LANGUAGES = ("en", "it", "de", "es")
#: Keys that are put together at run time, by their beginning.
MADE = (
    "state.", "theme.", "path.", "emotion.", "dial.", "error.", "device.microphone.",
    "device.camera.", "check.verdict.", "check.why.", "check.credentials.", "check.watermark.",
    "check.log.", "consent.text.", "consent.revoked", "consent.expired",
)  # fmt: skip


def words(language: str) -> dict[str, str]:
    return json.loads((PAGE / "i18n" / f"{language}.json").read_text("utf-8"))


def sources() -> str:
    scripts = [path.read_text("utf-8") for path in sorted(PAGE.rglob("*.js"))]
    return "\n".join([(PAGE / "index.html").read_text("utf-8"), *scripts])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_key(language: str) -> None:
    assert words(language).keys() == words("en").keys()
    assert all(text.strip() for text in words(language).values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_values_are_filled_in(language: str) -> None:
    for key, text in words(language).items():
        names = set(re.findall(r"\{(\w+)\}", text))
        assert names == set(re.findall(r"\{(\w+)\}", words("en")[key])), key


def test_every_word_of_the_page_is_known() -> None:
    text = sources()
    asked = set(re.findall(r'data-i18n(?:-\w+)?="([^"]+)"', text))
    asked |= set(re.findall(r"""\bt\(\s*'([\w.-]+)'""", text))
    assert asked <= words("en").keys()
    assert len(asked) > 100


def test_no_word_is_left_over() -> None:
    text = sources()
    left = [
        key for key in words("en")
        if f'"{key}"' not in text and f"'{key}'" not in text and not key.startswith(MADE)
    ]  # fmt: skip
    assert left == []


def test_nothing_is_inline() -> None:
    """A strict Content-Security-Policy holds: no script, style or handler in the document."""
    html = (PAGE / "index.html").read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)
    assert not re.search(r"<style|\sstyle=|\son\w+=", html)


@pytest.mark.parametrize(
    "path", sorted(p for p in PAGE.rglob("*") if p.is_file()), ids=lambda p: p.name
)
def test_no_address_of_elsewhere(path: Path) -> None:
    text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://", text)
