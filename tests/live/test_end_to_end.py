"""The page and the server together, as a user meets them: a real browser, a real process."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.live.served_page import LivePage, Served

from gioconda import examples
from gioconda.errors import GiocondaError
from gioconda.measure.live.browser import chromium, resident_mb
from gioconda.measure.live.report import mouth_box
from gioconda.measure.live.sounds import RATE_HZ, vowel

#: Vowels begin at these instants, seconds; so unevenly that only one lag fits.
ONSETS_S = (0.5, 1.4, 2.6, 3.3)
VOWEL_S = 0.3
#: Seconds until the page is given up: a busy machine takes its time.
PATIENCE_S = 60


#: Whether the frame's upper left corner has about this colour.
CORNER_IS = """(colour) => {
  const { data } = gioconda.canvas.getContext('2d').getImageData(4, 4, 1, 1);
  return colour.every((value, i) => Math.abs(data[i] - value) < 16);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    pytest.importorskip("playwright", reason="playwright is not installed")
    running = chromium()
    try:
        opened = running.__enter__()
    except GiocondaError as e:
        pytest.skip(str(e))
    yield opened
    running.__exit__(None, None, None)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    for package in ("uvicorn", "aiortc"):
        pytest.importorskip(package, reason="the extra [live] is not installed")
    server = Served(tmp_path_factory.mktemp("served"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def box() -> list[float]:
    return mouth_box()


@pytest.fixture
def new_page(browser: Any, served: Served, box: list[float]) -> Iterator[Callable[[], LivePage]]:
    """Makes pages with the example's face in them."""
    contexts, pages = [], []

    def make() -> LivePage:
        # Playwright waits by eval, which the page's policy forbids.
        context = browser.new_context(
            locale="en-US", bypass_csp=True, viewport={"width": 1280, "height": 860}
        )
        contexts.append(context)
        live = LivePage(context.new_page(), box)
        pages.append(live)
        live.page.set_default_timeout(1000 * PATIENCE_S)
        live.listen()
        live.open(served.url)
        return live

    yield make
    for context in contexts:
        context.close()
    assert [problem for live in pages for problem in live.problems] == []


@pytest.fixture
def live(new_page: Callable[[], LivePage]) -> LivePage:
    return new_page()


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Mean difference of two pictures, of 255."""
    return float(np.abs(a - b).mean())


def shows(frame: np.ndarray, picture: np.ndarray) -> bool:
    """Tell whether a frame shows a picture's face, and not the one in the mirror.

    The head moves, so that the same face differs as well.
    """
    return 2 * difference(frame, picture) < difference(frame, picture[:, ::-1])


def example_speech() -> np.ndarray:
    from gioconda import Sound

    with Sound.open(examples.speech_path()) as sound:
        return np.concatenate(list(sound.chunks(1.0)))


def test_the_page_opens_with_the_example_alive(live: LivePage) -> None:
    page = live.page
    assert page.inner_text("#line-text") == "Live"
    assert page.is_hidden("#stage-message")
    page.wait_for_function("document.getElementById('portrait-picture').naturalWidth > 0")
    first = live.picture()
    assert shows(first, live.animated())
    live.frames(20)
    # It breathes, looks and blinks without a word.
    assert difference(first, live.picture()) > 0.2


def test_a_photo_becomes_the_face(live: LivePage, astronaut: np.ndarray, tmp_path: Path) -> None:
    page = live.page
    before = live.picture()
    photo = tmp_path / "somebody.jpg"
    # The example's own picture is as good a photo as any; mirrored, it is told from the example.
    Image.fromarray(np.ascontiguousarray(astronaut[:, ::-1])).save(photo, quality=95)
    page.set_input_files("#portrait-file", photo)
    page.check("#consent-dialog[open] input[value=artwork]")
    page.click("#consent-form [type=submit]")
    page.wait_for_selector("#portrait-facts li")
    assert "One face found" in page.inner_text("#portrait-facts")
    page.wait_for_function("gioconda.state === 'live' && gioconda.created.portrait !== 'example'")
    live.frames(10)
    page.wait_for_selector("#portrait-sheet:not([hidden])")
    assert not shows(before, live.animated())
    assert shows(live.picture(), live.animated())


def test_what_is_typed_is_said(live: LivePage, espeak_program: str) -> None:
    live.still()
    noise = live.watch_mouth()
    live.page.fill("#type-text", "Aha, I am alive!")
    live.page.keyboard.press("Enter")
    live.page.wait_for_selector("#interrupt:not([disabled])")
    live.moved(4 * noise + 2)
    live.page.wait_for_selector("#interrupt[disabled]")
    live.rests(2 * noise + 1)


def test_a_sound_that_is_dropped_is_said(live: LivePage) -> None:
    live.still()
    noise = live.watch_mouth()
    live.drop("words.flac", "audio/flac", Path(examples.speech_path()).read_bytes())
    live.page.wait_for_function(
        "document.getElementById('sound-words').textContent.includes('says it now')"
    )
    seconds = len(example_speech()) / RATE_HZ
    assert f"{seconds:.1f} s" in live.page.inner_text("#sound-words")
    live.moved(4 * noise + 2)


def test_dials_change_the_picture(live: LivePage) -> None:
    live.still()
    page = live.page
    before = live.picture()
    noise = live.watch_mouth()
    page.focus("#emotion")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    assert "Joy" in page.get_attribute("#emotion", "aria-valuetext")
    page.focus("#dial-expression")
    page.keyboard.press("End")
    live.moved(4 * noise + 2)
    page.check("[name=background][value=colour]", force=True)
    page.wait_for_function(CORNER_IS, arg=[0x5B, 0x6B, 0x5A])
    page.click("#dials-reset")
    page.wait_for_function(CORNER_IS, arg=[float(v) for v in before[4, 4]])


def test_a_recording_is_whole_and_its_lips_are_in_time(live: LivePage, tmp_path: Path) -> None:
    live.still()
    page = live.page
    page.click("#record")
    page.wait_for_timeout(300)
    pcm = np.zeros(round((ONSETS_S[-1] + VOWEL_S + 0.3) * RATE_HZ), np.float32)
    for onset_s in ONSETS_S:
        first = round(onset_s * RATE_HZ)
        pcm[first : first + round(VOWEL_S * RATE_HZ)] = vowel(VOWEL_S)
    live.says(pcm)
    page.wait_for_selector("#interrupt:not([disabled])")
    page.wait_for_selector("#interrupt[disabled]")
    page.wait_for_timeout(500)
    page.click("#record")
    page.wait_for_selector("#recording-link:not([hidden])")
    with page.expect_download() as download:
        page.click("#recording-link")
    path = tmp_path / "recording.mp4"
    download.value.save_as(path)
    times_s, opening, sound, length_s = read(path, live.box)
    said = re.search(r"[\d.]+(?= s\b)", page.inner_text("#recording-words"))
    assert said is not None
    assert float(said[0]) == pytest.approx(length_s, abs=0.15)
    assert len(pcm) / RATE_HZ < times_s[-1] < length_s + 0.1
    heard_s = onsets(sound)
    assert np.diff(heard_s) == pytest.approx(np.diff(ONSETS_S), abs=0.01)
    opened_s = [opened(times_s, opening, at) - at for at in heard_s]
    # Half of the mouth's way is done within a frame or two of the sound; people accept 45 ms of
    # sound first and 125 ms of picture first (ITU-R BT.1359).
    assert -0.045 <= float(np.median(opened_s)) <= 0.125
    assert -0.045 <= best_lag(times_s, opening, sound) <= 0.125


def read(path: Path, box: list[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return frames' instants, the mouth's change from the first frame, the sound's level.

    The level is that of each millisecond from the recording's beginning.
    """
    import av

    times, mouths, parts = [], [], []
    with av.open(str(path)) as container:
        assert {stream.type for stream in container.streams} == {"video", "audio"}
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height) == (512, 512)
        rate = audio.rate
        for frame in container.decode():
            assert frame.time is not None
            if isinstance(frame, av.VideoFrame):
                grey = frame.to_ndarray(format="gray").astype(np.float32)
                left, top, width, height = (round(512 * part) for part in box)
                times.append(frame.time)
                mouths.append(grey[top : top + height, left : left + width])
            else:
                parts.append((frame.time, frame.to_ndarray().mean(axis=0)))
    length_s = parts[-1][0] + len(parts[-1][1]) / rate
    whole = np.zeros(round(length_s * rate) + 1)
    for at, part in parts:
        first = round(at * rate)
        skipped = max(0, -first)
        whole[first + skipped : first + len(part)] = part[skipped:]
    step = rate // 1000
    level = np.abs(whole[: len(whole) // step * step].reshape(-1, step)).max(axis=1)
    opening = np.array([np.abs(mouth - mouths[0]).mean() for mouth in mouths])
    return np.array(times), opening, level, length_s


def onsets(level: np.ndarray) -> np.ndarray:
    """Instants at which sound begins after at least 0.2 s of silence, seconds."""
    loud = np.flatnonzero(level > 0.1)
    first = np.concatenate([[True], np.diff(loud) > 200])
    return loud[first] / 1000


def opened(times_s: np.ndarray, opening: np.ndarray, onset_s: float) -> float:
    """Instant at which the mouth is half as open as it gets for a vowel, seconds."""
    near = (times_s > onset_s - 0.3) & (times_s < onset_s + VOWEL_S + 0.1)
    half = 0.5 * (opening[near].max() + opening[near].min())
    after = int(np.argmax(opening[near] > half))
    a, b = opening[near][after - 1 : after + 1]
    s, t = times_s[near][after - 1 : after + 1]
    return float(s + (t - s) * (half - a) / (b - a))


def best_lag(times_s: np.ndarray, opening: np.ndarray, level: np.ndarray) -> float:
    """Seconds by which the mouth's opening follows the sound's level where both fit best."""
    # The pulses of the voice are not the voice: a vowel is loud from its first to its last.
    envelope = np.convolve(level > 0.02, np.ones(21), "same") > 0
    grid = np.arange(0, len(envelope)) / 1000
    mouth = np.interp(grid, times_s, opening)
    sound = envelope - envelope.mean()
    mouth = mouth - mouth.mean()
    lags = range(-300, 301, 5)
    score = [float(np.roll(sound, lag)[300:-300] @ mouth[300:-300]) for lag in lags]
    return lags[int(np.argmax(score))] / 1000


def test_an_interruption_closes_the_mouth(live: LivePage) -> None:
    live.still()
    noise = live.watch_mouth()
    live.says(example_speech())
    live.moved(4 * noise + 2)
    page = live.page
    page.keyboard.press("Escape")
    page.wait_for_selector("#interrupt[disabled]")
    live.rests(2 * noise + 1)
    # Of ten seconds of speech nothing is left.
    page.wait_for_function("gioconda.stats().queuedMs === 0")
    live.page.evaluate("changes.length = 0")
    page.wait_for_timeout(1000)
    assert max(change for _, change in live.changes()) <= 2 * noise + 1


def test_two_tabs_live_at_once(new_page: Callable[[], LivePage]) -> None:
    one, other = new_page(), new_page()
    sessions = {tab.page.evaluate("gioconda.session") for tab in (one, other)}
    assert len(sessions) == 2
    one.still(settle_s=0)
    other.still()
    quiet = other.watch_mouth()
    noise = one.watch_mouth()
    one.says(example_speech()[: 2 * RATE_HZ])
    one.moved(4 * noise + 2)
    one.frames(20)
    other.frames(20)
    # Each says only what it was given.
    assert max(change for _, change in other.changes()) <= 2 * quiet + 1


def test_a_face_whose_process_died_comes_back(live: LivePage, served: Served) -> None:
    session = live.page.evaluate("gioconda.session")
    os.kill(served.busy_worker(), signal.SIGKILL)
    live.notice("The face had to be restarted on the server")
    live.lives()
    assert live.page.evaluate("gioconda.session") == session
    assert shows(live.picture(), live.animated())


def test_a_server_that_died_is_waited_for(live: LivePage, served: Served) -> None:
    page = live.page
    page.focus("#dial-head")
    page.keyboard.press("ArrowLeft")
    workers = served.kill()
    page.wait_for_selector("#stage-message:not([hidden])")
    assert "The connection was lost" in page.inner_text("#stage-words")
    assert page.inner_text("#line-text") == "Reconnecting"
    until = time.monotonic() + PATIENCE_S
    while any(map(resident_mb, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(resident_mb, workers))
    served.start()
    live.lives()
    live.notice("Reconnected with a new session: same portrait, same dials")
    assert page.is_hidden("#stage-message")
    assert page.input_value("#dial-head") == "0.95"
