"""Statements that do not suffice, on the page: told in the dialog, with what was typed kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.live.page.fake_answers import picture_file

TODAY = date.today()
YESTERDAY = (TODAY - timedelta(days=1)).isoformat()
TOMORROW = (TODAY + timedelta(days=1)).isoformat()
MESSAGE = "name => document.querySelector(`#consent-form [name=${name}]`).validationMessage"
REVOKED = {
    "code": "consent", "reason": "revoked", "day": "2026-05-01",
    "message": "consent to animate this portrait was revoked on 2026-05-01",
}  # fmt: skip


def permitted(page: Any, folder: Path) -> None:
    """Open the dialog and answer all that a permission needs."""
    page.set_input_files("#portrait-file", picture_file(folder))
    page.wait_for_selector("#consent-dialog[open]")
    page.check("input[value=permission]")
    page.fill("[name=of]", "Ann Example")
    page.check("[name=minor][value=false]")


def state(page: Any) -> None:
    page.click("#consent-form [type=submit]")


@pytest.mark.parametrize(
    ("field", "wrong", "right", "words"),
    [
        ("of", "   ", "Ann", "name of who has permitted it"),
        ("until", YESTERDAY, TODAY.isoformat(), "This day has passed"),
        ("given", TOMORROW, TODAY.isoformat(), "still to come"),
    ],
)
def test_what_the_server_would_refuse_is_told_before_it_is_sent(
    watched: Any, server: Any, tmp_path: Path, field: str, wrong: str, right: str, words: str
) -> None:
    page = watched.open()
    permitted(page, tmp_path)
    page.fill(f"[name={field}]", wrong)
    state(page)
    page.wait_for_timeout(100)
    assert page.is_visible("#consent-dialog")
    assert words in page.evaluate(MESSAGE, field)
    assert page.evaluate("document.activeElement.name") == field
    assert page.input_value(f"[name={field}]") == wrong
    assert server.uploads == []
    page.fill(f"[name={field}]", right)
    state(page)
    page.wait_for_selector(".facts .warning")
    assert server.consents[0][field] == right
    assert page.is_hidden("#consent-dialog")


def test_an_end_before_its_beginning_is_told(watched: Any, server: Any, tmp_path: Path) -> None:
    page = watched.open()
    permitted(page, tmp_path)
    page.fill("[name=given]", TOMORROW)
    page.fill("[name=until]", TODAY.isoformat())
    assert page.evaluate(MESSAGE, "until") == "It ends before it was given."


@pytest.mark.parametrize(
    ("language", "words"),
    [("it-IT", "Scrivi il nome"), ("de-DE", "Schreib den Namen"), ("es-ES", "Escribe el nombre")],
)
def test_it_is_told_in_the_pages_words(
    new_page: Callable[..., Any], server: Any, tmp_path: Path, language: str, words: str
) -> None:
    page = new_page(locale=language).open()
    permitted(page, tmp_path)
    page.fill("[name=of]", " ")
    assert words in page.evaluate(MESSAGE, "of")


def test_what_is_refused_stays_open_with_what_was_typed(
    watched: Any, server: Any, tmp_path: Path
) -> None:
    page = watched.open()
    server.behaviour.refuse_consent = {
        "code": "consent", "reason": "refused", "param": "until",
        "message": "this permission ended; ask again",
    }  # fmt: skip
    permitted(page, tmp_path)
    page.fill("[name=until]", "2030-01-31")
    state(page)
    page.wait_for_selector("#consent-error:not([hidden])")
    assert "This day has passed" in page.inner_text("#consent-error")
    assert page.evaluate("document.activeElement.name") == "until"
    assert page.input_value("[name=of]") == "Ann Example"
    assert page.input_value("[name=until]") == "2030-01-31"
    assert page.inner_text("#notices") == "", "it is told once, where one looks"
    server.behaviour.refuse_consent = None
    state(page)
    page.wait_for_selector(".facts .warning")
    assert server.consents[0]["of"] == "Ann Example"


@pytest.mark.parametrize(
    ("language", "words"),
    [("en-US", "was revoked on May 1, 2026"), ("de-DE", "wurde am 1. Mai 2026 widerrufen")],
)
def test_a_revoked_picture_is_told_in_the_dialog(
    new_page: Callable[..., Any], server: Any, tmp_path: Path, language: str, words: str
) -> None:
    watched = new_page(locale=language)
    page = watched.open()
    server.behaviour.refuse_consent = REVOKED
    permitted(page, tmp_path)
    state(page)
    page.wait_for_selector("#consent-error:not([hidden])")
    assert words in page.inner_text("#consent-error")
    page.keyboard.press("Escape")
    page.wait_for_selector("#consent-dialog", state="hidden")
    assert page.evaluate("gioconda.created.portrait") == "example"
    # Another picture is not told what was the matter with this one.
    page.set_input_files("#portrait-file", picture_file(tmp_path))
    page.wait_for_selector("#consent-dialog[open]")
    assert page.is_hidden("#consent-error")


def test_the_example_is_told_as_what_it_is(watched: Any) -> None:
    page = watched.open()
    page.wait_for_selector(".facts .shipped")
    words = page.inner_text(".facts")
    assert "She is a real person and was not asked" in words
    assert "artwork" not in words


def test_what_to_do_stays_in_sight_on_a_phone(
    new_page: Callable[..., Any], server: Any, tmp_path: Path
) -> None:
    page = new_page(viewport={"width": 390, "height": 700}, locale="de-DE").open()
    permitted(page, tmp_path)
    page.check("[name=minor][value=true]")
    for at in (0, 10_000):
        page.evaluate("at => document.getElementById('consent-dialog').scrollTo(0, at)", at)
        box = page.locator("#consent-form [type=submit]").bounding_box()
        assert box["y"] + box["height"] <= 700


@pytest.mark.parametrize("language", ["en-US", "de-DE", "it-IT", "es-ES"])
def test_the_head_is_one_line_on_a_phone(new_page: Callable[..., Any], language: str) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, locale=language).open()
    tops = [page.locator(f"#{i}").bounding_box()["y"] for i in ("check-open", "theme")]
    assert tops[0] == pytest.approx(tops[1], abs=3)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_refusals_go_and_cover_nothing_that_is_needed(
    new_page: Callable[..., Any], server: Any
) -> None:
    from gioconda.live.messages import ErrorEvent

    watched = new_page(viewport={"width": 1440, "height": 900})
    watched.page.clock.install()
    page = watched.open()
    server.tell(ErrorEvent(code="voice", message="there is no voice named xx"))
    page.wait_for_selector(".notice.error")
    notice = page.locator(".notice").bounding_box()
    for needed in (".portrait", "#type-text"):
        other = page.locator(needed).bounding_box()
        assert other["x"] + other["width"] <= notice["x"], needed
    page.hover(".notice")
    page.clock.run_for(20_000)
    assert page.is_visible(".notice"), "what is being read stays"
    page.mouse.move(5, 5)
    page.clock.run_for(13_000)
    page.wait_for_selector(".notice", state="detached")
