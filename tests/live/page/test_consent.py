"""The question on what basis a face may be animated, on the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.live.page.fake_answers import picture_file
from tests.live.page.fake_server import PAGE

from gioconda.trust.consent.wording import GUARDIANS, HONESTLY, LANGUAGES, LIMITED, OF_AGE, TEXTS


def begin(page: Any, folder: Path) -> None:
    page.set_input_files("#portrait-file", picture_file(folder))
    page.wait_for_selector("#consent-dialog[open]")


def test_nothing_is_sent_before_a_basis_is_stated(
    watched: Any, server: Any, tmp_path: Path
) -> None:
    page = watched.open()
    begin(page, tmp_path)
    assert page.query_selector("#consent-form input:checked") is None
    page.click("#consent-form [type=submit]")  # nothing is chosen
    assert page.is_visible("#consent-dialog")
    page.keyboard.press("Escape")
    page.wait_for_selector("#consent-dialog", state="hidden")
    page.wait_for_timeout(200)
    assert server.uploads == []
    assert page.evaluate("gioconda.created.portrait") == "example"
    # It is not remembered: the next picture is asked about again, with nothing chosen.
    begin(page, tmp_path)
    assert page.query_selector("#consent-form input:checked") is None
    assert not any(page.evaluate("Object.keys(localStorage).map(k => k.includes('consent'))"))


def test_a_permission_is_told_with_whom_and_until_when(
    watched: Any, server: Any, tmp_path: Path
) -> None:
    page = watched.open()
    begin(page, tmp_path)
    page.check("input[value=permission]")
    page.click("#consent-form [type=submit]")
    assert page.is_visible("#consent-dialog"), "who, and whether a minor, must be said"
    page.fill("[name=of]", "Ann Example")
    page.check("[name=minor][value=false]")
    assert LIMITED["en"] not in page.inner_text("#consent-text")
    page.fill("[name=until]", "2030-01-31")
    page.dispatch_event("[name=until]", "change")
    assert LIMITED["en"] in page.inner_text("#consent-text")
    text = page.inner_text("#consent-text")
    assert TEXTS["en"]["permission"] in text
    assert OF_AGE["en"] in text
    page.click("#consent-form [type=submit]")
    page.wait_for_selector(".facts .warning")
    assert server.consents == [
        {"language": "en", "basis": "permission", "minor": "false", "of": "Ann Example",
         "until": "2030-01-31"}
    ]  # fmt: skip
    assert "I have permission" in page.inner_text(".facts")


def test_a_minor_needs_a_guardian(watched: Any, server: Any, tmp_path: Path) -> None:
    page = watched.open()
    begin(page, tmp_path)
    page.check("input[value=self]")
    assert not page.is_visible("[name=guardian]")
    page.check("[name=minor][value=true]")
    page.click("#consent-form [type=submit]")
    assert page.is_visible("#consent-dialog")
    page.fill("[name=guardian]", "Ben Example")
    page.fill("[name=relation]", "father")
    assert GUARDIANS["en"] in page.inner_text("#consent-text")
    page.click("#consent-form [type=submit]")
    page.wait_for_selector(".facts .warning")
    [said] = server.consents
    assert (said["minor"], said["guardian"]) == ("true", "Ben Example, father")


def test_what_was_answered_before_another_basis_is_not_sent(
    watched: Any, server: Any, tmp_path: Path
) -> None:
    page = watched.open()
    begin(page, tmp_path)
    page.check("input[value=permission]")
    page.fill("[name=of]", "Ann Example")
    page.check("[name=minor][value=true]")
    page.check("input[value=artwork]")
    page.click("#consent-form [type=submit]")
    page.wait_for_selector(".facts .warning")
    assert server.consents == [{"language": "en", "basis": "artwork"}]


def test_it_is_answered_by_the_keyboard_alone(watched: Any, server: Any, tmp_path: Path) -> None:
    page = watched.open()
    begin(page, tmp_path)
    page.focus("input[value=self]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(".facts .warning")
    assert server.consents[0]["basis"] == "artwork"


def test_consent_is_revoked_beside_the_portrait(watched: Any, server: Any, tmp_path: Path) -> None:
    page = watched.open()
    assert not page.is_visible("#portrait-revoke"), "the example's is not the page's to revoke"
    begin(page, tmp_path)
    watched.state()
    page.wait_for_function("gioconda.state === 'live' && gioconda.created.portrait !== 'example'")
    portrait = page.evaluate("gioconda.created.portrait")
    page.click("#portrait-revoke")
    page.click("#revoke-dialog [data-close]")
    assert server.revoked == []
    page.click("#portrait-revoke")
    page.fill("#revoke-reason", "she asked me to")
    page.click("#revoke-form [type=submit]")
    page.wait_for_function("gioconda.state === 'live' && gioconda.created.portrait === 'example'")
    assert server.revoked == [(portrait, "she asked me to")]
    assert not page.is_visible("#portrait-revoke")


def test_a_face_that_is_revoked_elsewhere_ends_with_a_word(
    watched: Any, server: Any, tmp_path: Path
) -> None:
    from tests.live.page.fake_server import ENDED, WITHDRAWN

    page = watched.open()
    begin(page, tmp_path)
    watched.state()
    page.wait_for_function("gioconda.state === 'live' && gioconda.created.portrait !== 'example'")
    server.behaviour.revoked_portrait = "revoked"
    server.tell(WITHDRAWN)
    server.tell(ENDED)
    server.cut()
    page.wait_for_function("gioconda.state === 'stopped'")
    assert "was revoked or has expired" in page.inner_text("#stage-words")
    page.click("#stage-action")
    page.wait_for_function("gioconda.state === 'live' && gioconda.created.portrait === 'example'")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_the_very_text_that_is_kept(language: str) -> None:
    words = json.loads((PAGE / "i18n" / f"{language}.json").read_text("utf-8"))
    for basis, text in TEXTS[language].items():
        assert words[f"consent.text.{basis}"] == text
    assert words["consent.text.limited"] == LIMITED[language]
    assert words["consent.text.guardian"] == GUARDIANS[language]
    assert words["consent.text.adult"] == OF_AGE[language]
    assert words["consent.honestly"] == HONESTLY[language]


@pytest.mark.parametrize("language", ["it-IT", "de-DE", "es-ES"])
def test_it_is_asked_in_the_users_language(
    new_page: Callable[..., Any], server: Any, tmp_path: Path, language: str
) -> None:
    watched = new_page(locale=language)
    page = watched.open()
    begin(page, tmp_path)
    code = language[:2]
    page.check("input[value=synthetic]")
    assert TEXTS[code]["synthetic"] in page.inner_text("#consent-text")
    page.click("#consent-form [type=submit]")
    page.wait_for_selector(".facts .warning")
    assert server.consents[0]["language"] == code


@pytest.mark.parametrize("width", [360, 820, 1440])
def test_the_question_fits(new_page: Callable[..., Any], tmp_path: Path, width: int) -> None:
    watched = new_page(viewport={"width": width, "height": 740}, locale="de-DE")
    page = watched.open()
    begin(page, tmp_path)
    page.check("input[value=permission]")
    page.check("[name=minor][value=true]")
    wide = page.evaluate(
        "() => { const d = document.getElementById('consent-dialog');"
        " return [d.scrollWidth - d.clientWidth, d.getBoundingClientRect().width] }"
    )
    assert wide[0] <= 0
    assert wide[1] <= width
    page.locator("#consent-form [type=submit]").scroll_into_view_if_needed()
    assert page.is_visible("#consent-form [type=submit]")
