"""What the page says and does when something is refused, cut or gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.live.page.fake_answers import picture_file

from gioconda.live import messages as m


def test_a_cut_line_is_resumed(watched: Any, server: Any) -> None:
    page = watched.open()
    watched.frames(5)
    session = page.evaluate("gioconda.session")
    server.cut()
    page.wait_for_selector(".notice")
    assert "same session goes on" in page.inner_text("#notices")
    assert [u.resume for u in server.of(m.SessionUpdate) if u.resume] == [session]
    watched.frames(5)


def test_a_forgotten_session_is_begun_anew_with_its_dials(watched: Any, server: Any) -> None:
    page = watched.open()
    page.focus("#dial-head")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(150)
    server.behaviour.forget_sessions = True
    server.cut()
    page.wait_for_selector(".notice")
    assert "new session" in page.inner_text("#notices")
    last = [u for u in server.of(m.SessionUpdate) if u.fps is not None][-1]
    assert last.resume is None
    assert last.controls.head == pytest.approx(0.95)


def test_a_server_that_is_gone_is_waited_for(watched: Any, server: Any) -> None:
    page = watched.open()
    server.stop()
    try:
        page.wait_for_selector("#stage-message:not([hidden])")
        assert "connection was lost" in page.inner_text("#stage-words")
        assert page.get_attribute("#line", "data-state") == "reconnecting"
    finally:
        server.start()
    page.wait_for_function("gioconda.state === 'live'")
    watched.frames(3)
    assert page.is_hidden("#stage-message")


def test_a_full_server_is_tried_again(new_page: Callable[..., Any], server: Any) -> None:
    server.behaviour.full_for = 1
    watched = new_page()
    watched.page.goto(watched.url)
    watched.page.wait_for_selector("#stage-message:not([hidden])")
    assert "All places are taken" in watched.page.inner_text("#stage-words")
    watched.page.wait_for_function("gioconda.state === 'live'")


def test_a_token_is_asked_for(new_page: Callable[..., Any], server: Any) -> None:
    server.behaviour.token = "right"
    watched = new_page()
    page = watched.page
    page.goto(watched.url)
    page.wait_for_selector("#login:not([hidden])")
    page.fill("#login-token", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice.error")
    assert "missing or wrong" in page.inner_text("#notices")
    page.fill("#login-token", "right")
    page.keyboard.press("Enter")
    page.wait_for_function("gioconda.state === 'live'")
    assert page.is_hidden("#login")


def test_a_refused_portrait_says_why(watched: Any, server: Any, tmp_path: Path) -> None:
    page = watched.open()
    server.behaviour.refuse_portrait = "no face was found; try a picture that shows one"
    page.set_input_files("#portrait-file", picture_file(tmp_path))
    watched.state()
    page.wait_for_selector(".facts .refused")
    for place in (".facts", "#notices"):
        assert "no face was found; try a picture that shows one" in page.inner_text(place)
    assert page.evaluate("gioconda.state") == "live"


def test_a_refused_message_is_told_in_the_pages_language(
    new_page: Callable[..., Any], server: Any
) -> None:
    watched = new_page(locale="it-IT")
    page = watched.open()
    server.tell(m.ErrorEvent(code="voice", message="there is no voice named xx"))
    page.wait_for_selector(".notice.error")
    assert page.inner_text(".notice p") == "Il server ha rifiutato: there is no voice named xx"
    assert page.get_attribute(".notice p", "role") == "alert"


def test_a_denied_microphone_is_told(new_page: Callable[..., Any]) -> None:
    watched = new_page()
    watched.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    page = watched.open()
    page.click("#tab-voice")
    page.click("#voice-free")
    page.wait_for_selector(".notice.error")
    assert "does not allow the microphone" in page.inner_text("#notices")
    assert not page.is_checked("#voice-free")
