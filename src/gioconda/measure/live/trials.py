"""Each figure of a live session, measured in the page."""

from __future__ import annotations

import os
import signal
import statistics
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from gioconda.measure.floor import Row
from gioconda.measure.live.browser import ServedHere, cpu_s, page, resident_mb
from gioconda.measure.live.sounds import RATE_HZ, int16, vowel


def judged(
    what: str, value: float, unit: str, bar: float | None = None, *, at_least: bool = False
) -> Row:
    """Return a figure, held against a bar if there is one."""
    if bar is None:
        return Row(what, value, unit)
    met = value >= bar if at_least else value <= bar
    return Row(what, value, unit, f"{'at least' if at_least else 'at most'} {bar:g}", met)


#: Seconds over which frames are counted.
_COUNTED_S: Final = 20


def frame_rate(browser: Any, server: ServedHere, path: str, fps: int, bar: float) -> list[Row]:
    """Count the frames that come: drawn on the canvas, or decoded by the browser's WebRTC."""
    with page(browser, server.address, path=path, fps=fps) as shown:
        start, before = time.monotonic(), {p: cpu_s(p) for p in server.workers()}
        speak(shown)
        if path == "webrtc":
            counted = shown.evaluate(f"probe.decoded({_COUNTED_S})")
            times = np.array([c["atMs"] for c in counted])
            frames = np.array([c["frames"] for c in counted])
        else:
            drawn = [f["shownMs"] for f in shown.evaluate(f"probe.record({1000 * _COUNTED_S})")]
            times = np.arange(drawn[0], drawn[-1], 1000.0)
            frames = np.searchsorted(drawn, times)
        busy = max(cpu_s(p) - used for p, used in before.items()) / (time.monotonic() - start)
    each = np.diff(frames) / np.diff(times) * 1000
    mean = float((frames[-1] - frames[0]) / (times[-1] - times[0]) * 1000)
    name = f"{path} at {fps}: frames a second in the page"
    return [
        judged(f"{name}, mean", round(mean, 2), "", bar, at_least=True),
        judged(f"{name}, worst of {len(each)} seconds", round(float(each.min()), 1), ""),
        judged(f"{path} at {fps}: the session's process, of one core", round(100 * busy, 1), "%"),
    ]


def session_delay(browser: Any, server: ServedHere) -> list[Row]:
    """Return how long after the last sample that it needs a frame leaves the session."""
    with page(browser, server.address, path="webcodecs", fps=40) as shown:
        speak(shown)
        made = []
        for _ in range(12):
            shown.wait_for_timeout(1000)
            made.append(shown.evaluate("gioconda.stats().madeMs"))
        lookahead = shown.evaluate("gioconda.created.lookahead_ms")
    made_ms = statistics.median(m for m in made if m is not None)
    name = "last needed sample in to its frame out, look-ahead 80 ms"
    # What the resampler waits for and the margin of the session's timeline.
    return [judged(name, round(lookahead + 1.75 + made_ms, 1), "ms", 110)]


def click_to_mouth(
    browser: Any, server: ServedHere, path: str, fps: int, box: list[float], bars: tuple[int, int],
    trials: int,
) -> list[Row]:  # fmt: skip
    """Return milliseconds from a click in a microphone to the opened mouth's pixels."""
    with page(browser, server.address, path=path, fps=fps) as shown:
        found = _called(shown, "probe.clicks", int16(vowel()), RATE_HZ, box, trials)
    seen = [f["ms"] for f in found if f["peak"] > 4 * f["noise"]]
    p50, p95 = (round(float(np.percentile(seen, q))) for q in (50, 95))
    name = f"{path}: click in the microphone to the opened mouth's pixels"
    return [
        judged(f"{name}, p50 of {len(seen)}", p50, "ms", bars[0]),
        judged(f"{name}, p95", p95, "ms", bars[1]),
    ]


def interruption(
    browser: Any, server: ServedHere, box: list[float], speech: list[int], trials: int
) -> list[Row]:
    """Return milliseconds from an interruption to the closed mouth."""
    with page(browser, server.address, path="webcodecs", fps=40) as shown:
        found = _called(shown, "probe.interruptions", speech, RATE_HZ, box, trials)
    times = [f["ms"] for f in found]
    name = f"interruption to closed mouth, p50 of {len(times)}"
    return [
        judged(name, round(float(np.median(times))), "ms", 150),
        judged("interruption to closed mouth, p95", round(float(np.percentile(times, 95))), "ms"),
    ]


def first_frame(browser: Any, server: ServedHere, picture: Path, trials: int) -> list[Row]:
    """Return seconds from giving the page a portrait to that face's first frame."""
    times = []
    kind = "image/png" if picture.suffix.lower() == ".png" else "image/jpeg"
    with page(browser, server.address, path="webcodecs", fps=40) as shown:
        for k in range(trials):
            # Another picture each time, so that nothing of it is known.
            data = _another(picture, k)
            times.append(_called(shown, "probe.firstFrame", list(data), kind) / 1000)
            shown.wait_for_timeout(1500)
    name = f"POST of a portrait to its first frame in the page, p50 of {trials}"
    return [
        judged(name, round(statistics.median(times), 2), "s", 3),
        judged("POST of a portrait to its first frame, longest", round(max(times), 2), "s"),
    ]


def long_session(browser: Any, server: ServedHere, minutes: float) -> list[Row]:
    """Watch one session for minutes: sound against picture, drift, stalls, memory."""
    with page(browser, server.address, path="webcodecs", fps=40) as shown:
        speak(shown)
        shown.wait_for_timeout(20_000)
        worker = max(server.workers(), key=cpu_s)
        memory = [resident_mb(worker)]
        offsets: list[tuple[float, float]] = []
        gap = 0.0
        until = time.monotonic() + 60 * minutes
        while time.monotonic() < until:
            # What waits is memory, too: nothing is pushed before the last has nearly been heard.
            if shown.evaluate("(gioconda.stats().queuedMs ?? 0) < 2000"):
                speak(shown)
            seen = shown.evaluate("probe.record(10000)")
            offsets += [
                (f["shownMs"], 1000 * (f["heardS"] - f["timeS"]))
                for f in seen if f["heardS"] is not None
            ]  # fmt: skip
            gap = max(gap, float(np.diff([f["shownMs"] for f in seen]).max()))
            memory.append(resident_mb(worker))
    ahead = np.array([offset for _, offset in offsets])
    times = np.array([at for at, _ in offsets])
    drift = float(np.polyfit(times / 60_000, ahead, 1)[0]) * minutes
    span = f"{minutes:g} minutes"
    return [
        judged("picture behind the sound in the page, median",
               round(float(np.median(ahead)), 1), "ms"),
        judged("sound against picture, 99 % of frames within",
            round(float(np.percentile(np.abs(ahead), 99)), 1), "ms", 40),
        judged(f"drift of it over {span}", round(drift, 1), "ms"),
        judged(f"longest stall in {span}", round(gap), "ms"),
        judged(f"growth of the session's process over {span}",
            round(max(memory) - memory[0], 1), "MB", 20),
    ]  # fmt: skip


def two_sessions(browser: Any, server: ServedHere) -> list[Row]:
    """Count frames of two sessions at once."""
    rates = []
    with (
        page(browser, server.address, path="webcodecs", fps=25) as one,
        page(browser, server.address, path="webcodecs", fps=25) as other,
    ):
        pages = (one, other)
        for shown in pages:
            speak(shown)
            shown.evaluate("window.running = probe.record(15000)")
        for shown in pages:
            times = [f["shownMs"] for f in shown.evaluate("running")]
            rates.append((len(times) - 1) / (times[-1] - times[0]) * 1000)
    return [judged("two sessions at 25, the slower of both", round(min(rates), 2), "", 24.9,
                at_least=True)]  # fmt: skip


def killed_worker(browser: Any, server: ServedHere) -> list[Row]:
    """Kill the process behind one of two pages; time its recovery, and watch the other."""
    with (
        page(browser, server.address, path="webcodecs", fps=25) as one,
        page(browser, server.address, path="webcodecs", fps=25) as other,
    ):
        busy = _busy_for(server, one)
        other.evaluate("window.running = probe.record(6000)")
        one.evaluate(
            "() => { window.told = null; gioconda.onevent = "
            "(e) => { if (e.type === 'session.restarted') told = performance.now(); }; }"
        )
        started = one.evaluate("performance.now()")
        os.kill(busy, signal.SIGKILL)
        seen = one.evaluate("probe.record(5500)")
        told = one.evaluate("told")
        after = [f["shownMs"] for f in seen if told is not None and f["shownMs"] > told]
        gap = float(np.diff([f["shownMs"] for f in other.evaluate("running")]).max())
    again = (after[0] - started) / 1000 if after else float("inf")
    return [
        judged("a killed worker: the page's next frame", round(again, 2), "s", 3),
        judged("the other session's longest gap meanwhile", round(gap), "ms"),
    ]


def speak(shown: Any) -> None:
    """Let the face say the example speech."""
    from gioconda import examples
    from gioconda.speech.sound import Sound

    with Sound.open(examples.speech_path()) as sound:
        pcm = np.concatenate(list(sound.chunks(1.0)))
    shown.evaluate(f"gioconda.pushPcm(Int16Array.from({int16(pcm)}), {RATE_HZ})")
    shown.evaluate("gioconda.commit()")


def _called(shown: Any, name: str, *arguments: Any) -> Any:
    return shown.evaluate(f"(all) => {name}(...all)", list(arguments))


def _another(picture: Path, k: int) -> bytes:
    """Return a picture with one pixel changed, encoded anew."""
    import io

    from PIL import Image

    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    image.putpixel((0, 0), (k, k, k))
    out = io.BytesIO()
    if picture.suffix.lower() == ".png":
        image.save(out, "PNG")
    else:
        image.save(out, "JPEG", quality=95)
    return out.getvalue()


def _busy_for(server: ServedHere, shown: Any) -> int:
    """Return the worker that works most while one page speaks and the others idle."""
    before = {pid: cpu_s(pid) for pid in server.workers()}
    for _ in range(3):
        shown.evaluate("gioconda.update({ background: 'blur' })")
        shown.wait_for_timeout(400)
        shown.evaluate("gioconda.update({ background: 'keep' })")
        shown.wait_for_timeout(400)
    return max(before, key=lambda pid: cpu_s(pid) - before[pid])
