"""The page as a person uses it: what it asks for, keyboard, names, sizes, languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.live.page.fake_answers import picture_file

from gioconda.live import messages as m
from gioconda.live.packets import Kind

#: Every element that takes the focus or the pointer, with the name that is read out.
NAMELESS = """() => {
  const name = (e) => {
    const by = e.getAttribute('aria-labelledby');
    return (e.getAttribute('aria-label')
      || (by && document.getElementById(by)?.textContent)
      || e.labels?.[0]?.textContent
      || e.querySelector?.('img[alt]')?.alt
      || (e.matches('button, a, summary') && e.textContent)
      || '').trim();
  };
  const shown = (e) => !e.closest('[hidden]');
  const all = document.querySelectorAll(
    'button, a[href], input:not([type=hidden]):not([hidden]), select, textarea, summary,'
    + ' [tabindex="0"], canvas, video, progress, meter');
  const nameless = (e) => !name(e) && (shown(e) || !e.matches('#stage-action'));
  return [...all].filter(nameless).map((e) => e.outerHTML.slice(0, 90));
}"""


def test_no_request_leaves_the_server(watched: Any) -> None:
    watched.open()
    watched.frames(5)
    hosts = {urlsplit(url).netloc for url in watched.asked}
    assert hosts == {urlsplit(watched.url).netloc}
    assert watched.problems == []


def test_a_strict_policy_holds(new_page: Callable[..., Any]) -> None:
    watched = new_page(bypass_csp=False)
    watched.page.goto(watched.url)
    for _ in range(200):
        if watched.page.evaluate("(window.gioconda?.stats().shown ?? 0) > 5"):
            break
        watched.page.wait_for_timeout(50)
    assert watched.page.evaluate("gioconda.stats().shown") > 5
    assert watched.page.evaluate("gioconda.heard()") is not None
    assert watched.problems == []


def test_it_says_synthetic_always(watched: Any) -> None:
    page = watched.open()
    assert page.inner_text(".mark") == "Synthetic"
    assert page.is_visible(".mark")


def test_every_control_has_a_name(watched: Any) -> None:
    page = watched.open()
    assert page.evaluate(NAMELESS) == []


def test_everything_is_reached_by_the_tab_key(watched: Any) -> None:
    page = watched.open()
    page.keyboard.press("Escape")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    assert reached >= {
        "language", "theme", "portrait-choose", "portrait-camera", "record", "sound", "tab-type",
        "type-text", "type-voice", "gaze", "emotion", "emotion-auto", "dial-distance",
        "dial-expression", "dial-head", "dial-blinks", "background-colour", "seed", "seed-new",
        "dials-reset",
    }  # fmt: skip


@pytest.mark.parametrize("width", [390, 820, 1440])
@pytest.mark.parametrize("language", ["de", "es"])
def test_no_width_scrolls_sideways(new_page: Callable[..., Any], width: int, language: str) -> None:
    watched = new_page(viewport={"width": width, "height": 844}, locale=language)
    page = watched.open()
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    for tab in ("voice", "sound", "listen", "puppet", "type"):
        page.click(f"#tab-{tab}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab


def test_the_browsers_language_is_spoken_and_can_be_changed(new_page: Callable[..., Any]) -> None:
    page = new_page(locale="es-MX").open()
    assert page.inner_text("#portrait-choose") == "Elegir una foto"
    page.select_option("#language", "de")
    page.wait_for_function("document.documentElement.lang === 'de'")
    assert page.inner_text("#portrait-choose") == "Foto wählen"
    page.reload()
    page.wait_for_function("window.gioconda")
    assert page.inner_text("#portrait-choose") == "Foto wählen"


def test_light_and_dark_follow_the_system_and_the_switch(new_page: Callable[..., Any]) -> None:
    page = new_page(color_scheme="light").open()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{ground} !== '{light}'")
    dark = page.evaluate(ground)
    page.click("#theme")
    assert page.evaluate(ground) == light
    page.click("#theme")
    assert page.evaluate(ground) == dark


def test_dials_send_what_they_say(watched: Any, server: Any) -> None:
    page = watched.open()
    page.focus("#gaze")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    assert page.get_attribute("#gaze", "aria-valuetext") == "4° right, 2° up"
    page.focus("#emotion")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    assert page.get_attribute("#emotion", "aria-valuetext") == "Joy, 70 %"
    page.focus("#dial-blinks")
    page.keyboard.press("ArrowRight")
    page.check("[name=background][value=blur]", force=True)
    page.wait_for_timeout(200)
    assert server.controls() == {
        "gaze": (4.0, -2.0), "emotion": "happy", "emotion_strength": 0.7, "blinks": 1.05,
    }  # fmt: skip
    assert [u.background for u in server.of(m.SessionUpdate) if u.background] == ["blur"]
    page.click("#dials-reset")
    page.wait_for_timeout(200)
    assert server.controls() == {
        "gaze": (0.0, 0.0), "emotion": "neutral", "emotion_strength": 0.6, "distance": 1.0,
        "expression": 1.0, "head": 1.0, "blinks": 1.0,
    }  # fmt: skip
    assert server.faults == []


def test_the_pointer_turns_gaze_and_emotion(watched: Any, server: Any) -> None:
    page = watched.open()
    gaze = page.locator("#gaze").bounding_box()
    page.mouse.click(gaze["x"] + 0.8 * gaze["width"], gaze["y"] + gaze["height"] / 2)
    wheel = page.locator("#emotion").bounding_box()
    middle = (wheel["x"] + wheel["width"] / 2, wheel["y"] + wheel["height"] / 2)
    page.mouse.click(middle[0] - 20, middle[1] + 40)
    page.wait_for_timeout(200)
    told = server.controls()
    assert told["gaze"][0] == pytest.approx(0.3 * 64, abs=1)
    assert told["gaze"][1] == pytest.approx(0, abs=1)
    assert told["emotion"] == "contemptuous"
    page.mouse.click(*middle)
    page.wait_for_timeout(200)
    assert server.controls()["emotion"] == "neutral"


def test_text_is_said_and_escape_stops_it(watched: Any, server: Any) -> None:
    page = watched.open()
    page.fill("#type-text", "Good morning")
    page.keyboard.press("Enter")
    page.wait_for_selector("#interrupt:not([disabled])")
    said = server.of(m.TextAppend)[0]
    assert (said.text, said.voice) == ("Good morning", "en-us")
    page.keyboard.press("Escape")
    page.wait_for_selector("#interrupt[disabled]")
    assert len(server.of(m.Interrupt)) == 1


def test_a_picture_becomes_the_portrait(watched: Any, server: Any, tmp_path: Path) -> None:
    page = watched.open()
    page.set_input_files("#portrait-file", picture_file(tmp_path))
    watched.state()
    page.wait_for_selector(".facts .warning")
    assert "Turned 12° to the left" in page.inner_text(".facts")
    page.wait_for_function("gioconda.state === 'live' && gioconda.created.portrait !== 'example'")
    watched.frames(3)
    assert server.uploads[0][0] == "image/png"
    page.wait_for_selector("#portrait-sheet:not([hidden])")
    page.click("#portrait-sheet")
    assert page.is_visible("#sheet-large")


DROP = """([name, type]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(64)], name, { type }));
  for (const kind of ['dragover', 'drop']) {
    const event = new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
  }
}"""


def test_what_is_dropped_finds_its_place(watched: Any, server: Any) -> None:
    page = watched.open()
    page.evaluate(DROP, ["face.jpg", "image/jpeg"])
    watched.state()
    page.wait_for_selector(".facts .warning")
    page.wait_for_function("gioconda.state === 'live'")
    page.evaluate(DROP, ["speech.ogg", ""])
    page.wait_for_function("document.getElementById('sound-words').textContent.includes('1.5')")
    assert [size for _, size in server.uploads] == [64, 64]
    page.evaluate(DROP, ["notes.txt", "text/plain"])
    page.wait_for_selector(".notice.error")
    assert "neither a picture nor a sound" in page.inner_text("#notices")
    assert len(server.uploads) == 2


def test_a_picture_is_pasted(watched: Any, server: Any) -> None:
    page = watched.open()
    page.evaluate(
        """() => {
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File([new Uint8Array(64)], 'a.png', { type: 'image/png' }));
          document.body.dispatchEvent(
            new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
        }"""
    )
    watched.state()
    page.wait_for_selector(".facts .warning")
    assert server.uploads == [("image/png", 64)]


def test_what_only_the_browser_reads_is_sent_as_jpeg(
    watched: Any, server: Any, tmp_path: Path
) -> None:
    page = watched.open()
    page.set_input_files("#portrait-file", picture_file(tmp_path, "gif"))
    watched.state()
    page.wait_for_selector(".facts .warning")
    assert server.uploads[0][0] == "image/jpeg"


def test_a_sound_is_sent_whole(watched: Any, server: Any) -> None:
    page = watched.open()
    sound = {"name": "secret name.wav", "mimeType": "audio/wav", "buffer": b"RIFF" + bytes(96)}
    page.set_input_files("#sound-file", sound)
    page.wait_for_function("document.getElementById('sound-words').textContent.includes('1.5')")
    assert server.uploads == [("audio/wav", 100)]


def test_the_microphone_speaks_while_it_is_held(watched: Any, server: Any) -> None:
    page = watched.open()
    page.click("#tab-voice")
    page.focus("#voice-hold")
    page.keyboard.down("Space")
    page.wait_for_function("document.getElementById('voice-level').value > 0")
    page.keyboard.up("Space")
    page.wait_for_timeout(300)
    voice = [packet for packet in server.packets if packet.kind is Kind.VOICE]
    rate = next(u.input_rate for u in server.of(m.SessionUpdate) if u.input_rate)
    assert {len(packet.payload) for packet in voice} == {2 * rate // 100}
    assert server.of(m.AudioCommit)
    count = len(server.packets)
    page.wait_for_timeout(200)
    assert len(server.packets) == count
    assert [u.live_input for u in server.of(m.SessionUpdate)].count(True) == 1


def test_the_webcam_moves_the_face(watched: Any, server: Any) -> None:
    page = watched.open()
    page.click("#tab-puppet")
    page.check("#puppet-on")
    page.wait_for_selector("#puppet-view:not([hidden])")
    page.wait_for_timeout(600)
    page.check("[name=puppet-what][value=head]")
    page.uncheck("#puppet-on")
    page.wait_for_timeout(200)
    pictures = [packet.payload for packet in server.packets if packet.kind is Kind.WEBCAM]
    assert pictures
    assert all(picture.startswith(b"\xff\xd8") for picture in pictures)
    assert [u.puppet for u in server.of(m.SessionUpdate) if u.puppet] == ["face", "head", "off"]


def test_the_face_listens_to_the_microphone(watched: Any, server: Any) -> None:
    page = watched.open()
    page.click("#tab-listen")
    page.check("#listen-on")
    page.wait_for_function("document.getElementById('listen-level').value > 0")
    page.uncheck("#listen-on")
    assert any(packet.kind is Kind.PARTNER for packet in server.packets)


def test_a_recording_that_ends_with_its_process_is_offered(watched: Any, server: Any) -> None:
    page = watched.open()
    page.click("#record")
    server.tell(m.SessionRestarted(reason="lost"))
    ready = m.RecordReady(url="/v1/sessions/s/recording.mp4", seconds=4.5, reason="it was lost")
    server.tell(ready)
    page.wait_for_selector("#recording-link:not([hidden])")
    assert page.get_attribute("#record", "aria-pressed") == "false"
    assert "it was lost" in page.inner_text("#notices")
    assert "4.5" in page.inner_text("#recording-words")


def test_a_recording_can_be_downloaded(watched: Any, server: Any) -> None:
    page = watched.open()
    page.click("#record")
    assert page.get_attribute("#record", "aria-pressed") == "true"
    page.click("#record")
    page.wait_for_selector("#recording-link:not([hidden])")
    with page.expect_download() as download:
        page.click("#recording-link")
    assert Path(download.value.path()).read_bytes() == b"film"
    kinds = [type(x) for x in server.messages if isinstance(x, m.RecordStart | m.RecordStop)]
    assert kinds == [m.RecordStart, m.RecordStop]


def test_a_file_is_rendered_from_text(watched: Any, server: Any) -> None:
    page = watched.open()
    page.focus("#dial-head")
    page.keyboard.press("ArrowLeft")
    page.click("#job-fold summary")
    page.check("[name=job-source][value=text]")
    page.fill("#job-text", "A sentence.")
    page.click("#job-form button")
    page.wait_for_selector("#job-download:not([hidden])")
    assert page.get_attribute("#job-download", "href").endswith("/v1/jobs/j1/file")
    assert page.inner_text("#job-words") == "The file is ready."
    (job,) = server.jobs
    assert (job["portrait"], job["text"], job["voice"]) == ("example", "A sentence.", "en-us")
    assert json.loads(job["options"]) == {
        "fps": 40, "size": 512, "seed": 0, "controls": {"head": 0.95},
    }  # fmt: skip


def test_the_motion_is_drawn(watched: Any) -> None:
    page = watched.open()
    page.locator("#plot").scroll_into_view_if_needed()
    watched.frames(30)
    inked = page.evaluate(
        """() => {
          const plot = document.getElementById('plot');
          const { data } = plot.getContext('2d').getImageData(0, 0, plot.width, plot.height);
          const colours = new Set();
          for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] > 200) colours.add(`${data[i] >> 5},${data[i + 1] >> 5}`);
          }
          return colours.size;
        }"""
    )
    assert inked > 1
