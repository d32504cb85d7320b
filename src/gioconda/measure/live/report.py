"""All figures of live sessions in one table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from gioconda.measure.floor import Row
from gioconda.measure.live import trials
from gioconda.measure.live.browser import ServedHere, chromium
from gioconda.measure.live.capacity import sessions_held
from gioconda.measure.live.sounds import int16

#: Parts that can be asked for by themselves.
PARTS: Final = (
    "frames",
    "delay",
    "clicks",
    "interruption",
    "portrait",
    "two",
    "killed",
    "long",
    "sessions",
)


def measure_live(
    portrait: Path | None = None,
    *,
    minutes: float = 10.0,
    trials_each: int = 20,
    parts: tuple[str, ...] = PARTS,
    say: Callable[[str], None] | None = None,
) -> list[Row]:
    """Run a server and a browser, and measure what a person before the page gets.

    Args:
        portrait: picture for the portrait's trial; the example if None. The other trials show
            the example.
        minutes: length of the long session.
        trials_each: of clicks and of interruptions.
        parts: some of :data:`PARTS`.
        say: told what is being measured.

    Raises:
        MissingExtraError, GiocondaError: the server or the browser cannot be had.
        ConsentError: the portrait may not be animated.
    """
    from gioconda import examples
    from gioconda.portrait.decode import decode
    from gioconda.portrait.portrait import pixels_sha256
    from gioconda.speech.sound import Sound
    from gioconda.trust.consent.requirement import require_pixels

    say = say or (lambda _: None)
    picture = portrait or examples.portrait_path()
    require_pixels(pixels_sha256(decode(picture).image))
    with Sound.open(examples.speech_path()) as sound:
        speech = int16(np.concatenate(list(sound.chunks(1.0))))
    rows: list[Row] = []
    if set(parts) - {"sessions"}:
        rows += _in_the_page(picture, speech, minutes, trials_each, parts, say)
    if "sessions" in parts:
        say("how many sessions this machine holds")
        rows += sessions_held(np.asarray(np.array(speech) / 32767, np.float32))
    return rows


def _in_the_page(
    picture: Path, speech: list[int], minutes: float, trials_each: int, parts: tuple[str, ...],
    say: Callable[[str], None],
) -> list[Row]:  # fmt: skip
    """Measure the parts that need a browser."""
    box = mouth_box()
    rows: list[Row] = []
    server = ServedHere(sessions=2)
    try:
        say("starting the server and Chromium")
        server.wait(workers=3)
        with chromium() as browser:
            if "frames" in parts:
                say("frames a second")
                rows += trials.frame_rate(browser, server, "webcodecs", 40, 39.5)
                rows += trials.frame_rate(browser, server, "webrtc", 25, 24.9)
            if "delay" in parts:
                rows += trials.session_delay(browser, server)
            if "clicks" in parts:
                say("clicks to mouths")
                for path, fps, bars in (("webcodecs", 40, (150, 220)), ("webrtc", 25, (200, 260))):
                    rows += trials.click_to_mouth(
                        browser, server, path, fps, box, bars, trials_each
                    )  # fmt: skip
            if "interruption" in parts:
                say("interruptions")
                rows += trials.interruption(browser, server, box, speech, trials_each)
            if "portrait" in parts:
                say("portraits")
                rows += trials.first_frame(browser, server, picture, 6)
            if "two" in parts:
                say("two sessions")
                rows += trials.two_sessions(browser, server)
            if "killed" in parts:
                say("a killed worker")
                rows += trials.killed_worker(browser, server)
            if "long" in parts:
                say(f"{minutes:g} minutes of one session")
                rows += trials.long_session(browser, server, minutes)
    finally:
        server.stop()
    return rows


def mouth_box() -> list[float]:
    """Return the example's mouth: left, top, width, height, in parts of the frame's side."""
    from gioconda import examples
    from gioconda.portrait import Portrait

    view = Portrait.open(str(examples.portrait_path())).view(512)
    # Outer corners of the lips, and the chin's top, of MediaPipe's mesh.
    left, right, chin = (view.landmarks[i, :2] / view.size for i in (61, 291, 152))
    width = float(right[0] - left[0])
    top = float(left[1] + right[1]) / 2 - 0.35 * width
    return [float(left[0]), top, width, min(float(chin[1]), 1.0) - top]
