"""Check a file, on the page: what is sent, shown and refused; keyboard, widths, languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.live.page.test_page import NAMELESS
from tests.live.served_page import DROP

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

HOSTILE = "<img src=x onerror=alert(1)>"


def stretch(start_s: float, end_s: float, z: float, status: str) -> Stretch:
    return Stretch(start_s=start_s, end_s=end_s, z=z, status=status)


def answer(code: str = "spliced", **parts: Any) -> dict[str, Any]:
    whole = Finding(
        verdict=Verdict(code=code, sentence="A sentence."),
        file=FileFinding(kind="video", length_s=20.0, sha256="ab" * 32),
        credentials=CredentialsFinding(
            status="valid_unknown_signer", signer=HOSTILE, generator="gioconda 0.1.0",
            source_type="trainedAlgorithmicMedia", signed_at=datetime(2026, 5, 1, tzinfo=UTC),
        ),
        watermark=WatermarkFinding(
            status="detected", z=25.9, false_alarm=1e-40, identifier="af1ac1cafd3f1e83",
            stretches=(
                stretch(0, 6, 33, "detected"), stretch(6, 13, -0.4, "not_detected"),
                stretch(13, 20, 32, "detected"),
            ),
            looked=Looked(frames=250, seconds=20, of_s=20),
        ),
        log=LogFinding(), checked_at=datetime.now(UTC),
        claims=(Claim(where="XMP", name="CreatorTool", text=HOSTILE),),
    )  # fmt: skip
    return whole.model_copy(update=parts).model_dump(mode="json")


def opened(watched: Any) -> Any:
    page = watched.open()
    page.click("#check-open")
    return page


def choose(page: Any, name: str = "clip.mp4", data: bytes = b"film" * 100) -> None:
    page.set_input_files("#check-file", {"name": name, "mimeType": "video/mp4", "buffer": data})


def test_a_spliced_video_is_told_and_drawn(watched: Any, server: Any) -> None:
    server.behaviour.finding = answer()
    page = opened(watched)
    choose(page)
    page.wait_for_selector("#check-verdict")
    assert page.inner_text("#check-verdict") == "Put together from several sources"
    words = page.inner_text("#check-finding")
    assert "0:00 to 0:06" in words
    assert "0:06 to 0:13" in words
    assert "af1ac1cafd3f1e83" in words
    assert "clip.mp4" in words
    bars = page.eval_on_selector_all(
        ".check-timeline rect",
        "all => all.map((r) => [r.getAttribute('class'), +r.x.baseVal.value])",
    )
    assert [kind for kind, _ in bars] == ["detected", "not_detected", "detected"]
    assert bars[1][1] == pytest.approx(800 * 6 / 20)
    assert page.evaluate("document.activeElement.id") == "check-finding"
    # A file's own name is nobody's business.
    assert server.uploads == [("file", 400)]
    assert watched.problems == []


@pytest.mark.parametrize("attested", [True, False])
def test_a_time_that_nobody_attests_is_the_signers_word(
    watched: Any, server: Any, attested: bool
) -> None:
    found = answer()
    found["credentials"]["timestamped"] = attested
    server.behaviour.finding = found
    page = opened(watched)
    choose(page)
    page.wait_for_selector("#check-verdict")
    words = page.inner_text("#check-finding")
    assert "2026" in words
    assert ("as the signer says" in words) is not attested


def test_noise_is_given_no_figures_and_no_drawing(watched: Any, server: Any) -> None:
    noise = WatermarkFinding(
        status="not_detected", z=7.2, false_alarm=1,
        stretches=(stretch(0, 10, 7.2, "not_detected"),),
        looked=Looked(frames=250, seconds=10, of_s=10),
    )  # fmt: skip
    server.behaviour.finding = answer("no_evidence", watermark=noise)
    page = opened(watched)
    choose(page)
    page.wait_for_selector("#check-verdict")
    words = page.inner_text("#check-finding")
    assert "no more than chance" in words
    assert "7.2" not in words
    assert "False alarm" not in words
    assert page.query_selector(".check-timeline") is None


def test_what_is_not_detected_is_drawn_low_however_it_swings(watched: Any, server: Any) -> None:
    found = WatermarkFinding(
        status="detected", z=25.9, false_alarm=1e-40,
        stretches=(stretch(0, 10, 33, "detected"), stretch(10, 20, 7.2, "not_detected")),
        looked=Looked(frames=250, seconds=20, of_s=20),
    )  # fmt: skip
    server.behaviour.finding = answer("spliced", watermark=found)
    page = opened(watched)
    choose(page)
    page.wait_for_selector("#check-verdict")
    tall = page.eval_on_selector_all(
        ".check-timeline rect", "all => all.map((r) => r.height.baseVal.value)"
    )
    assert tall == [63, 5]


def test_what_a_stranger_wrote_is_only_text(watched: Any, server: Any) -> None:
    server.behaviour.finding = answer()
    page = opened(watched)
    choose(page, f"{HOSTILE}.mp4")
    page.wait_for_selector("#check-verdict")
    assert page.inner_text("#check-finding").count(HOSTILE) == 3
    assert page.query_selector("#check-finding img") is None


def test_refusals_are_told_in_the_dialog_and_one_can_go_on(watched: Any, server: Any) -> None:
    page = opened(watched)
    choose(page)
    page.wait_for_selector("#check-error:not([hidden])")
    assert "no picture that can be read" in page.inner_text("#check-error")
    assert page.is_visible("#check-choose")
    server.behaviour.finding = answer("no_evidence")
    choose(page)
    page.wait_for_selector("#check-verdict")
    assert page.is_hidden("#check-error")
    assert page.inner_text("#check-verdict") == "No evidence either way"


def test_a_dropped_file_goes_to_the_open_check_and_to_no_portrait(
    watched: Any, server: Any
) -> None:
    server.behaviour.finding = answer("made_with_gioconda")
    page = opened(watched)
    page.evaluate(DROP, ["me.png", "image/png", "QUJD"])
    page.wait_for_selector("#check-verdict")
    assert server.uploads == [("file", 3)]


def test_it_can_be_cancelled_and_closing_forgets(watched: Any, server: Any) -> None:
    server.behaviour.finding, server.behaviour.check_s = answer(), 30
    page = opened(watched)
    choose(page)
    page.wait_for_selector("#check-progress:not([hidden])")
    page.wait_for_function("document.getElementById('check-words').textContent.includes('search')")
    page.click("#check-cancel")
    assert page.is_visible("#check-choose")
    server.behaviour.check_s = 0
    choose(page)
    page.wait_for_selector("#check-verdict")
    page.keyboard.press("Escape")
    page.wait_for_function("!document.getElementById('check-dialog').open")
    page.click("#check-open")
    assert page.is_hidden("#check-finding")


def test_it_works_without_a_session(watched: Any, server: Any) -> None:
    server.behaviour.full_for = 10_000
    server.behaviour.finding = answer("altered")
    watched.page.goto(watched.url)
    watched.page.wait_for_function("window.gioconda?.state === 'full'")
    watched.page.click("#check-open")
    choose(watched.page)
    watched.page.wait_for_selector("#check-verdict")
    assert watched.page.inner_text("#check-verdict") == "Its credentials do not fit it"


def test_every_verdict_and_state_has_its_words(watched: Any, server: Any) -> None:
    page = opened(watched)
    codes = ("made_with_gioconda", "credentials_only", "known_frames", "spliced", "altered",
             "contradicted", "other_tool", "inconclusive", "no_evidence")  # fmt: skip
    for language in ("de", "it", "es", "en"):
        page.keyboard.press("Escape")
        page.select_option("#language", language)
        page.wait_for_function(f"document.documentElement.lang === '{language}'")
        page.click("#check-open")
        seen = set()
        for code in codes:
            server.behaviour.finding = answer(code)
            choose(page)
            page.wait_for_selector("#check-verdict")
            words = page.inner_text("#check-finding")
            assert "check." not in words
            assert "undefined" not in words
            seen.add(page.inner_text("#check-verdict"))
            page.keyboard.press("Escape")
            page.click("#check-open")
        assert len(seen) == len(codes)


@pytest.mark.parametrize("width", [390, 820, 1440])
@pytest.mark.parametrize("language", ["de", "it"])
def test_no_width_scrolls_sideways(
    new_page: Callable[..., Any], server: Any, width: int, language: str
) -> None:
    server.behaviour.finding = answer()
    page = opened(new_page(viewport={"width": width, "height": 844}, locale=language))
    choose(page, "a-rather-long-name-of-a-file-that-somebody-sent-by-a-messenger-2026-05-01.mp4")
    page.wait_for_selector("#check-verdict")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (
        page.evaluate(
            "(d => d.scrollWidth - d.clientWidth)(document.getElementById('check-dialog'))"
        )
        <= 0
    )
    assert page.evaluate(NAMELESS) == []


def test_a_strict_policy_holds(new_page: Callable[..., Any], server: Any) -> None:
    server.behaviour.finding = answer()
    watched = new_page(bypass_csp=False)
    page = watched.page
    page.goto(watched.url)
    page.click("#check-open")
    choose(page)
    for _ in range(100):
        if page.query_selector("#check-verdict"):
            break
        page.wait_for_timeout(50)
    lefts = page.eval_on_selector_all(".check-times .at", "all => all.map((e) => e.style.left)")
    assert len(set(lefts)) > 2
    assert watched.problems == []
