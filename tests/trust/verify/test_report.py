"""Reports: nothing of a stranger's is markup, nothing is loaded, everything is told."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gioconda.trust.verify.finding import (
    Claim,
    CredentialsFinding,
    FileFinding,
    Finding,
    LogFinding,
    Looked,
    Stretch,
    Verdict,
    WatermarkFinding,
)
from gioconda.trust.verify.report import write_report
from gioconda.trust.verify.report_content import HEADLINES, TONES, times
from gioconda.trust.verify.report_page import page_of
from gioconda.trust.verify.report_picture import write_picture

HOSTILE = "</title><script>alert('1')</script>\"><img src=http://127.0.0.1/x>$\\frac{$"


def stretch(start_s: float, end_s: float, z: float, status: Any) -> Stretch:
    return Stretch(start_s=start_s, end_s=end_s, z=z, status=status)


def finding(code: Any = "spliced", text: str = HOSTILE) -> Finding:
    return Finding(
        verdict=Verdict(code=code, sentence="Parts of it.", details=("One more thing.",)),
        file=FileFinding(name=f"{text}.mp4", sha256="ab" * 32, size=10**6, kind="video",
                         media_type="video/mp4", width=512, height=512, length_s=20.0),
        credentials=CredentialsFinding(
            status="valid_unknown_signer", sentence="Signed.", signer=text, generator=text,
            title=text, signed_at=datetime(2026, 5, 1, tzinfo=UTC), actions=("c2pa.created",),
        ),
        watermark=WatermarkFinding(
            status="detected", sentence="It is in it.", z=20, false_alarm=1e-20,
            stretches=(
                stretch(0, 6, 30, "detected"), stretch(6, 13, 0, "not_detected"),
                stretch(13, 20, 15, "detected"),
            ),
            looked=Looked(frames=250, seconds=20, of_s=20),
        ),
        log=LogFinding(), claims=(Claim(where="XMP", name=text, text=text),),
        version="0.1.0", checked_at=datetime(2026, 5, 2, tzinfo=UTC),
    )  # fmt: skip


class Seen(HTMLParser):
    """Every element and its attributes, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(page: str) -> Seen:
    parser = Seen()
    parser.feed(page)
    return parser


def test_what_a_stranger_wrote_is_only_text() -> None:
    parsed = seen(page_of(finding()))
    tags = {tag for tag, _ in parsed.tags}
    assert not tags & {"script", "img", "iframe", "link", "object", "a", "form", "base"}
    for _, attributes in parsed.tags:
        assert not any(name.startswith("on") or name in ("src", "href") for name in attributes)
    assert parsed.text.count(HOSTILE) >= 4


def test_nothing_is_loaded_and_no_script_may_run() -> None:
    page = page_of(finding(text="a"))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'")
    assert not re.search(r"https?://", page)
    assert "@import" not in page
    assert "url(" not in page


def test_the_timeline_shows_where_the_mark_is() -> None:
    bars = [a for tag, a in seen(page_of(finding())).tags if tag == "rect"][1:]
    lefts = [float(str(a["x"])) for a in bars]
    heights = [float(str(a["height"])) for a in bars]
    assert lefts == [0.0, 240.0, 520.0]
    assert heights[0] > heights[2] > heights[1]
    assert "0:06 to 0:13: no mark" in page_of(finding())


def test_the_file_is_named_hashed_and_dated() -> None:
    text = seen(page_of(finding(text="talk"))).text
    for words in ("talk.mp4", "ab" * 32, "2026-05-02 00:00 UTC", "Gioconda 0.1.0", "One more"):
        assert words in text


@pytest.mark.parametrize("code", sorted(HEADLINES))
def test_every_verdict_has_a_headline(code: str) -> None:
    assert HEADLINES[code] in seen(page_of(finding(code))).text
    assert code in TONES


def test_a_picture_holds_the_timeline_in_its_colours(tmp_path: Path) -> None:
    path = tmp_path / "report.png"
    write_report(finding(), path)
    image = np.asarray(Image.open(path).convert("RGB")).astype(int)
    brown = np.abs(image - (0x8A, 0x54, 0x15)).sum(axis=2) < 12
    columns = np.flatnonzero(brown.sum(axis=0) > 50)
    span = columns[-1] - columns[0]
    gap = np.diff(columns).max()
    assert gap / span == pytest.approx(7 / 20, abs=0.02)


def test_long_texts_do_not_grow_a_picture_without_end() -> None:
    small, large = io.BytesIO(), io.BytesIO()
    write_picture(finding(text="a"), small)
    write_picture(finding(text="word " * 59), large)
    heights = [Image.open(f).size[1] for f in (small, large)]
    assert heights[1] < 2 * heights[0]


def test_a_page_is_written_as_utf8(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(finding(text="Élève 你好"), path)
    assert "Élève 你好.mp4" in path.read_text("utf-8")


@pytest.mark.parametrize("end_s", [0.5, 2, 20, 100, 3600, 50_000])
def test_a_timeline_has_a_few_round_instants(end_s: float) -> None:
    instants = times(end_s)
    assert 1 <= len(instants) <= 9
    assert instants[0] == 0
    assert instants[-1] <= end_s


def test_headlines_claim_no_more_than_sentences() -> None:
    assert HEADLINES["altered"] == "Its credentials do not fit it"
    assert HEADLINES["known_frames"].startswith("No evidence")


def test_numbers_are_explained() -> None:
    found = finding(text="talk")
    mark = found.watermark.model_copy(
        update={"identifier": "ab" * 8, "own": True, "epoch": 1, "looked": Looked(frames=1)}
    )
    text = seen(page_of(found.model_copy(update={"watermark": mark}))).text
    assert "standard deviations" not in text
    assert f"{'ab' * 8} (this installation's identifier" in text
    assert "looked at1 frame" in text
    assert "1 frames" not in text


def test_a_page_breaks_addresses_at_their_slashes() -> None:
    assert "<dd>video/<wbr>mp4</dd>" in page_of(finding(text="talk"))
