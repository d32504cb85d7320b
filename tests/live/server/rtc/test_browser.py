"""A real Chromium receives the streams, in step, and speaks back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.live.server.rtc.conftest import Faces

from gioconda.live.host import commands as c

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream", "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking", "--no-first-run",
]  # fmt: skip
CONNECT = (Path(__file__).parent / "page.js").read_text()

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, faces: Faces) -> Iterator[Any]:
    context = chromium.new_context()
    page = context.new_page()
    # Any document of the server's own origin will do.
    page.goto(f"{faces.address}/v1/server")
    yield page
    context.close()


def until(page: Any, what: Callable[[], Any], limit_s: float = 30.0) -> None:
    end = time.monotonic() + limit_s
    while not what():
        assert time.monotonic() < end, "nothing came"
        page.wait_for_timeout(50)


def inbound(page: Any, kind: str) -> dict[str, Any]:
    """Return the browser's figures of a stream."""
    return page.evaluate(
        """async (kind) => {
          for (const entry of (await seen.pc.getStats()).values())
            if (entry.type === 'inbound-rtp' && entry.kind === kind) return entry;
          return {};
        }""",
        kind,
    )


def test_chromium_shows_every_frame_and_hears_the_sound_in_step(faces: Faces, page: Any) -> None:
    page.evaluate(CONNECT, {"fps": 25, "size": 256})
    until(page, lambda: inbound(page, "video").get("framesDecoded", 0) >= 100)
    seen = page.evaluate(
        "({streams: [...seen.streams], flashes: seen.flashes, clicks: seen.clicks, rtp: seen.rtp})"
    )
    assert len(seen["streams"]) == 1
    assert len(seen["clicks"]) >= 2
    video, audio = inbound(page, "video"), inbound(page, "audio")
    assert video["packetsLost"] == audio["packetsLost"] == 0
    # Frames shown are whole periods apart, none is shown twice.
    steps = np.diff(seen["rtp"]) / 3600
    assert (steps >= 1).all()
    np.testing.assert_allclose(steps, np.rint(steps), atol=0.01)
    # The browser knows which instants belong together, since reports came for both streams.
    until(page, lambda: "estimatedPlayoutTimestamp" in inbound(page, "audio"))
    until(page, lambda: "estimatedPlayoutTimestamp" in inbound(page, "video"))


def test_chromium_speaks_back_and_controls(faces: Faces, page: Any) -> None:
    page.evaluate(CONNECT, {"fps": 25, "size": 256, "microphone": True})
    until(page, lambda: page.evaluate("seen.events.length"))
    worker = faces.pool.sessions[0]
    until(page, lambda: len(worker.of(c.Speak)) > 100)
    # The fake microphone beeps once a second.
    pcm = np.frombuffer(b"".join(s.pcm for s in worker.of(c.Speak)), "<i2")
    assert np.abs(pcm).max() > 1000
    page.evaluate("seen.channel.send(JSON.stringify({type: 'agent.interrupt'}))")
    until(page, lambda: worker.of(c.StopSpeaking))

    page.evaluate("seen.pc.close()")
    until(page, lambda: not len(faces.held.sessions), 5)


def test_chromium_goes_on_after_a_worker_was_lost(faces: Faces, page: Any) -> None:
    page.evaluate(CONNECT, {"fps": 25, "size": 256})
    until(page, lambda: inbound(page, "video").get("framesDecoded", 0) >= 25)
    faces.loop_call(faces.pool.sessions[0].lose)
    until(
        page,
        lambda: page.evaluate("seen.events.some((e) => e.type === 'session.restarted')"),
    )
    count = inbound(page, "video")["framesDecoded"]
    clicks = page.evaluate("seen.clicks.length")
    until(page, lambda: inbound(page, "video")["framesDecoded"] > count + 50)
    until(page, lambda: page.evaluate("seen.clicks.length") > clicks + 1)
