"""What ``gioconda doctor`` finds: versions, cores, codecs, backends, the speed of a frame."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

PACKAGES: Final = (
    "numpy", "numba", "scipy", "opencv-contrib-python", "opencv-contrib-python-headless",
    "mediapipe", "av", "onnxruntime", "pillow", "pillow-heif", "scikit-image", "soxr", "torch",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes:
        name: what was looked at.
        ok: whether it works; a missing optional part is fine and says so.
        detail: what was seen, and what to do where something is wrong.
    """

    name: str
    ok: bool
    detail: str


def examine() -> list[Finding]:
    """Look at everything once; takes a few seconds."""
    findings = [Finding("gioconda", True, _own_version()), Finding("machine", True, _machine())]
    findings.append(Finding("packages", True, _packages()))
    for name, look in (
        ("encoders", _encoders),
        ("face finder", _face_finder),
        ("phonetic net", _phonetic_net),
        ("renderer", _renderer),
    ):
        findings.append(_tried(name, look))
    return findings


def _tried(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, look())
    except Exception as e:  # a doctor reports whatever is wrong and goes on
        return Finding(name, False, f"{type(e).__name__}: {e}")


def _own_version() -> str:
    from gioconda import __version__

    return __version__


def _machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.machine()}"
    return f"{system}, Python {platform.python_version()}, {cores} cores"


def _packages() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _encoders() -> str:
    from gioconda.video import check_encoders

    reports = check_encoders()
    broken = [f"{r.name}, needed for {r.needed_for}" for r in reports if not r.works]
    if broken:
        raise RuntimeError(f"missing encoders: {'; '.join(broken)}; reinstall av")
    return ", ".join(report.name for report in reports)


def _face_finder() -> str:
    from gioconda import examples
    from gioconda.portrait import Portrait

    started = time.perf_counter()
    portrait = Portrait.open(examples.portrait_path(), cache=False)
    return f"mediapipe found {len(portrait.faces)} face in {time.perf_counter() - started:.1f} s"


def _phonetic_net() -> str:
    import numpy as np

    from gioconda.speech import analyse

    pcm = np.zeros(32_000, np.float32)
    analyse(pcm)
    started = time.perf_counter()
    analyse(pcm)
    share = (time.perf_counter() - started) / 2
    return f"onnxruntime on the CPU, {100 * share:.1f} % of real time"


def _renderer() -> str:
    timings = frame_times_ms()
    middle = sorted(timings)[len(timings) // 2]
    return f"mesh, {middle:.1f} ms a frame at 512x512 ({1000 / middle:.0f} frames a second)"


def frame_times_ms(frames: int = 60) -> list[float]:
    """Return milliseconds of each of some moving frames at 512x512, kernels warm."""
    import math

    from gioconda import examples
    from gioconda.motion import moment
    from gioconda.portrait import Portrait
    from gioconda.render.registry import create

    person = Portrait.open(examples.portrait_path())
    renderer = create("mesh", person.view(512))
    times = []
    for i in range(frames + 10):
        blink = max(0.0, 1 - abs(i % 60 - 6) / 5)
        m = moment(
            articulation=1, jawOpen=0.25 + 0.25 * math.sin(i / 3), mouthSmileLeft=0.2,
            mouthSmileRight=0.2, eyeBlinkLeft=blink, eyeBlinkRight=blink, eyeLookInLeft=0.1,
            eyeLookOutRight=0.1, headYaw=8 * math.sin(i / 10), headPitch=4 * math.sin(i / 17),
            headRoll=2 * math.sin(i / 23),
        )  # fmt: skip
        started = time.perf_counter()
        renderer.render(m)
        times.append(1000 * (time.perf_counter() - started))
    return times[10:]
