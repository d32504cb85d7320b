"""The speed table: what ``gioconda bench`` measures, and how."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gioconda.measure.floor import Row, floor_rows

if TYPE_CHECKING:
    from gioconda.portrait import Portrait

FloatArray = npt.NDArray[np.float32]
RATE_HZ = 16_000


def warm_up() -> None:
    """Compile every kernel, and load every library once, by making a few frames."""
    from gioconda import examples
    from gioconda.pipeline import animate
    from gioconda.speech.alignment import align
    from gioconda.speech.sound import Sound
    from gioconda.speech.transcript import Cue, Transcript
    from gioconda.speech.types import PHONES

    heard = np.full((10, len(PHONES)), 1 / len(PHONES), np.float32)
    align(heard, Transcript((Cue("a"),)), lambda text: [[text]])
    with tempfile.TemporaryDirectory() as folder, Sound.open(examples.speech_path()) as speech:
        pcm = next(iter(speech.chunks(0.5)))
        for framing, background in (("crop", "keep"), ("full", "keep"), ("crop", "none")):
            animation = animate(
                examples.portrait_path(), Sound.from_array(pcm, RATE_HZ), framing=framing,
                background=background,
            )  # fmt: skip
            suffix = ".webm" if background == "none" else ".mp4"
            animation.save(Path(folder) / f"{framing}-{background}{suffix}")
    _warm_up_live()


def _warm_up_live() -> None:
    """Do the same for live sessions."""
    from gioconda.live.host.portraits import HeldPortraits
    from gioconda.live.host.warm_up import warm_up as warm_up_worker
    from gioconda.live.puppet import Puppet

    warm_up_worker(HeldPortraits())
    puppet = Puppet()
    puppet.start()
    puppet.close()


def run(
    portrait: str | None = None,
    *,
    minutes: float = 1.0,
    say: Callable[[str], None] = lambda text: None,
) -> list[Row]:
    """Measure everything; takes a minute or two, and longer for a long memory test.

    Args:
        portrait: a picture; the example if None.
        minutes: length of the long sound whose memory is compared with that of 10 s.
        say: told what is being measured.
    """
    from gioconda import examples
    from gioconda.portrait import Portrait

    source = Path(portrait) if portrait else examples.portrait_path()
    warm_up()
    person = Portrait.open(source)
    rows = []
    steps: tuple[tuple[str, Callable[[], list[Row]]], ...] = (
        ("rendering", lambda: _frames(person)),
        ("render and encode", lambda: _pipeline(person)),
        ("speech and performance", _sound_share),
        ("portrait", lambda: _portrait_ready(source)),
        ("whole process", lambda: _whole(source)),
        ("memory", lambda: _memory(source, minutes)),
        ("help", _help),
    )
    for title, measure in steps:
        say(f"measuring: {title}")
        rows += measure()
    return rows


def _frames(person: Portrait) -> list[Row]:
    """Milliseconds of a frame of the example's performance, whole, by stage, and encoded."""
    from gioconda.render.mesh.renderer import MeshRenderer
    from gioconda.video import open_writer

    rows, frames = [], []
    for size in (512, 1024):
        renderer = MeshRenderer(person.view(size))
        moments = _moments(300)
        stages: dict[str, list[float]] = {}
        whole = np.full(len(moments), np.inf)
        for run_ in range(3):
            for i, m in enumerate(moments):
                frame = renderer.render(m)
                if run_ == 0 and size == 512:
                    frames.append(frame.copy())
                timings = renderer.timings_ms()
                whole[i] = min(whole[i], timings["total"])
                for stage, ms in timings.items():
                    stages.setdefault(stage, []).append(ms)
        total = stages.pop("total")
        rows.append(Row(f"render a frame, {size}x{size}", median(total), "ms"))
        rows += [Row(f"  {stage}", median(v), "ms") for stage, v in stages.items()]
        # The best of three runs: what is left is the frame's own work, not the machine's other.
        slowest = float(whole.max() / np.median(whole))
        rows.append(Row("  slowest frame / median", slowest, "", "under 3", slowest < 3))
        rows += floor_rows(renderer, moments)
    with (
        tempfile.TemporaryDirectory() as folder,
        open_writer(Path(folder) / "frames.mp4", 512, 512, 40) as writer,
    ):
        started = time.perf_counter()
        for frame in frames:
            writer.write(frame)
        writer.close()
        encode = 1000 * (time.perf_counter() - started) / len(frames)
    return [*rows, Row("encode a frame (H.264), 512x512", encode, "ms")]


def _moments(count: int) -> FloatArray:
    """Return motion of the example speech, (count, 60), sampled at 40 Hz from its middle."""
    from gioconda import examples
    from gioconda.pipeline import perform

    motion = perform(examples.speech_path())
    return np.stack([motion.at(1.0 + i / 40) for i in range(count)])


def _pipeline(person: Portrait) -> list[Row]:
    """Steady state of rendering and encoding as one pipeline, motion given."""
    return [_pipeline_at(person, 512, 110), _pipeline_at(person, 1024, 25)]


def _pipeline_at(person: Portrait, size: int, bar: int) -> Row:
    from gioconda.motion import Motion
    from gioconda.pipeline import render_motion

    moments = np.concatenate([_moments(200)] * 3)
    rates = []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(3):
            stamps: list[float] = []
            animation = render_motion(person, Motion(moments, 40.0), fps=40, size=size)
            animation.save(
                Path(folder) / f"{i}.mp4",
                progress=lambda done, total, s=stamps: s.append(time.perf_counter()),  # type: ignore[misc]
            )
            steady = stamps[40:]
            rates.append((len(steady) - 1) / (steady[-1] - steady[0]))
    value = median(rates)
    what = f"render + encode, {size}x{size}"
    return Row(what, value, "frames/s", f"{bar} or more", value >= bar)


def _sound_share() -> list[Row]:
    from gioconda.session import Performance

    pcm = _speech_pcm(30.0)
    shares = []
    for _ in range(3):
        performance = Performance()
        for i in range(0, len(pcm), RATE_HZ // 2):
            performance.push(pcm[i : i + RATE_HZ // 2])
        performance.finish()
        shares.append({k: v / 30.0 for k, v in performance.clock.seconds.items()})
    rows = [
        Row(f"  {stage}", 100 * median(s[stage] for s in shares), "% of real time")
        for stage in shares[0]
    ]
    total = 100 * median(sum(s.values()) for s in shares)
    head = Row("speech + performance", total, "% of real time", "under 5", total < 5)
    ways: tuple[tuple[str, float | None, FloatArray | None], ...] = (
        ("  streaming, in hops of 20 ms", None, None),
        ("  the same, look-ahead 80 ms", 80.0, None),
        ("  the same, with a partner", None, np.roll(pcm, 7 * RATE_HZ)),
    )
    for title, lookahead_ms, partner in ways:
        share = 100 * median(
            streaming_share(pcm, lookahead_ms=lookahead_ms, partner=partner) for _ in range(3)
        )
        rows.append(Row(title, share, "% of a core", "under 6", share < 6))
    return [head, *rows]


def streaming_share(
    pcm: FloatArray,
    hop_s: float = 0.02,
    *,
    lookahead_ms: float | None = None,
    partner: FloatArray | None = None,
) -> float:
    """Return the processor time of speech and performance over the sound's, pushed in small hops.

    Args:
        pcm: float32 mono at 16 kHz.
        hop_s: length of what is pushed at once.
        lookahead_ms: of :class:`gioconda.session.Performance`.
        partner: somebody else's sound, as long, which is listened to.
    """
    from gioconda.session import Performance

    performance, hop = Performance(lookahead_ms=lookahead_ms), round(hop_s * RATE_HZ)
    started = time.process_time()
    for i in range(0, len(pcm), hop):
        heard = None if partner is None else partner[i : i + hop]
        performance.push(pcm[i : i + hop], partner=heard)
    performance.finish()
    return (time.process_time() - started) * RATE_HZ / len(pcm)


def _speech_pcm(seconds: float) -> FloatArray:
    """Return the example speech repeated to a length, float32 mono 16 kHz."""
    from gioconda import examples
    from gioconda.speech.sound import Sound

    with Sound.open(examples.speech_path()) as speech:
        once = np.concatenate(list(speech.chunks()))
    return np.resize(once, int(seconds * RATE_HZ)).astype(np.float32)


def _portrait_ready(source: Path) -> list[Row]:
    """First time: a fresh process and an empty cache, imports included."""
    code = (
        "import sys,time; t=time.perf_counter();"
        "from gioconda.portrait import Portrait; from gioconda.render.registry import create;"
        "create('mesh', Portrait.open(sys.argv[1]).view(512)); print(time.perf_counter()-t)"
    )
    values: dict[str, list[float]] = {"first": [], "again": []}
    for _ in range(3):
        with tempfile.TemporaryDirectory() as cache:
            for which in values:
                done = _run([sys.executable, "-c", code, str(source)], cache)
                values[which].append(float(done.stdout.split()[-1]))
    first, again = median(values["first"]), median(values["again"])
    return [
        Row("portrait ready, first time", first, "s", "under 2", first < 2),
        Row("  again, from the cache", again, "s"),
    ]


def _whole(source: Path) -> list[Row]:
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        sound = _write_speech(Path(folder), 10.0)
        for _ in range(3):
            with tempfile.TemporaryDirectory() as cache:
                started = time.perf_counter()
                _run(_animate(source, sound, Path(folder) / "whole.mp4"), cache)
                seconds.append(time.perf_counter() - started)
    value = median(seconds)
    return [Row("10 s of sound to a 40 fps mp4, whole process", value, "s", "under 12", value < 12)]


def _memory(source: Path, minutes: float) -> list[Row]:
    """Peak resident memory of whole processes with a short and a long sound."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        peaks = []
        # The first run fills the cache, which costs the most; growth is that of the sound alone.
        for i, seconds in enumerate((10.0, 10.0, 60.0 * minutes)):
            sound = _write_speech(Path(folder), seconds)
            command = _animate(source, sound, Path(folder) / f"{i}.mp4")
            peaks.append(_peak_mb(command, cache))
    growth = peaks[2] - peaks[1]
    long = f"{60 * minutes:.0f} s" if minutes < 1 else f"{minutes:g} min"
    return [
        Row("peak memory", max(peaks), "MB", "under 1500", max(peaks) < 1500),
        Row(f"  growth from 10 s to {long} of sound", growth, "MB", "under 50", growth < 50),
    ]


def _help() -> list[Row]:
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        _run([sys.executable, "-m", "gioconda", "--help"], None)
        seconds.append(time.perf_counter() - started)
    value = median(seconds)
    return [Row("gioconda --help", value, "s", "under 0.3", value < 0.3)]


def _write_speech(folder: Path, seconds: float) -> Path:
    import wave

    path = folder / f"speech_{seconds:g}.wav"
    with wave.open(str(path), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(RATE_HZ)
        f.writeframes((_speech_pcm(seconds) * 32767).astype("<i2").tobytes())
    return path


def _animate(source: Path, sound: Path, target: Path) -> list[str]:
    return [
        sys.executable, "-m", "gioconda", "animate", str(source), str(sound),
        "-o", str(target), "--force", "--json",
    ]  # fmt: skip


def _run(command: list[str], cache: str | None) -> subprocess.CompletedProcess[str]:
    env = dict(os.environ) | ({"GIOCONDA_CACHE": cache} if cache else {})
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env)


def _peak_mb(command: list[str], cache: str) -> float:
    """Run a command through a small parent that reports its child's peak resident memory."""
    code = (
        "import json,resource,subprocess,sys;"
        "subprocess.run(json.loads(sys.argv[1]),check=True,stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss/1024)"
    )
    done = _run([sys.executable, "-c", code, json.dumps(command)], cache)
    return float(done.stdout.split()[-1])
