"""What happens to a video after it is made, on purpose or not: each a function of its frames.

Every attack begins with the frames that the delivered file gives and ends with what a detector
would be shown, real encoders between. The same frames give the same result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from gioconda.measure.trust.transcoding import (
    AV1,
    HEVC,
    VP9,
    ByteImage,
    Frames,
    encoder_there,
    jpeg,
    through,
    x264,
)

#: Frames and their rate.
Clip = tuple[Frames, float]
#: How much of a hundred readings must be exact.
MOST, MANY = 0.99, 0.90


@dataclass(frozen=True)
class Attack:
    """Something that a video goes through.

    Attributes:
        name: of it, as in the table.
        run: frames and rate -> frames and rate.
        bar: share of clips whose 64 bits must be exact after it; None where it is only reported.
    """

    name: str
    run: Callable[[Frames, float], Clip]
    bar: float | None = MOST


def resized(frames: Frames, width: int, height: int) -> list[ByteImage]:
    """Return frames of another size."""
    shrinks = width < frames[0].shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return [cv2.resize(f, (width, height), interpolation=how) for f in frames]


def at_shorter_side(frames: Frames, side: int) -> list[ByteImage]:
    """Return frames whose shorter side has so many pixels."""
    height, width = frames[0].shape[:2]
    scale = side / min(height, width)
    return resized(frames, 2 * round(width * scale / 2), 2 * round(height * scale / 2))


def cropped(
    frames: Frames, left: float, top: float, right: float, bottom: float
) -> list[ByteImage]:
    """Return frames without parts of their width and height at each side."""
    height, width = frames[0].shape[:2]
    rows = slice(int(height * top), height - int(height * bottom))
    columns = slice(int(width * left), width - int(width * right))
    return [np.ascontiguousarray(f[rows, columns]) for f in frames]


def mapped(frames: Frames, change: Callable[[ByteImage], ByteImage]) -> list[ByteImage]:
    """Return each frame changed."""
    return [change(f) for f in frames]


def _coded(crf: int) -> Callable[[Frames, float], Clip]:
    return lambda frames, fps: (through(frames, fps, x264(crf)), fps)


def _then(change: Callable[[Frames], Frames], crf: int = 26) -> Callable[[Frames, float], Clip]:
    """Return an attack that edits all frames and encodes them."""
    return lambda frames, fps: (through(change(frames), fps, x264(crf)), fps)


def _each(change: Callable[[ByteImage], ByteImage]) -> Callable[[Frames, float], Clip]:
    return _then(lambda frames: mapped(frames, change))


def _one(change: Callable[[ByteImage], ByteImage]) -> Callable[[Frames, float], Clip]:
    """Return an attack that keeps the middle frame alone."""
    return lambda frames, fps: ([change(frames[len(frames) // 2])], fps)


def _at_rate(rate: float) -> Callable[[Frames, float], Clip]:
    def run(frames: Frames, fps: float) -> Clip:
        count = int(len(frames) * rate / fps)
        kept = [frames[int(i * fps / rate)] for i in range(count)]
        return through(kept, rate, x264(26)), rate

    return run


def _letterboxed(frames: Frames) -> list[ByteImage]:
    height, width = frames[0].shape[:2]
    bar = 2 * round(width * (16 / 9) / 4) - width // 2 if width >= height else width // 3
    bar = max(bar, width // 8)
    return [cv2.copyMakeBorder(f, 0, 0, bar, bar - 2, cv2.BORDER_CONSTANT) for f in frames]


def _gamma(frame: ByteImage) -> ByteImage:
    curve = np.clip(255 * (np.arange(256) / 255) ** 0.8 * 1.05, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(frame, curve), np.uint8)


def _noisy(sigma: float) -> Callable[[Frames], list[ByteImage]]:
    def change(frames: Frames) -> list[ByteImage]:
        random = np.random.default_rng(1)
        return [
            np.clip(f + random.normal(0, sigma, f.shape), 0, 255).astype(np.uint8) for f in frames
        ]

    return change


def _rotated(degrees: float) -> Callable[[ByteImage], ByteImage]:
    def change(frame: ByteImage) -> ByteImage:
        height, width = frame.shape[:2]
        turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
        out = cv2.warpAffine(frame, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
        return np.asarray(out, np.uint8)

    return change


def _anamorphic(frames: Frames) -> list[ByteImage]:
    """Return frames stretched to 4:3 of what they were, 512 x 512 to 640 x 480."""
    height, width = frames[0].shape[:2]
    return resized(frames, 2 * round(width * 5 / 8), 2 * round(height * 15 / 32))


def _zooming(frames: Frames) -> list[ByteImage]:
    """Return frames that come nearer by a tenth from first to last."""
    height, width = frames[0].shape[:2]
    out = []
    for i, frame in enumerate(frames):
        turn = cv2.getRotationMatrix2D(
            ((width - 1) / 2, (height - 1) / 2), 0, 1 + 0.1 * i / len(frames)
        )
        out.append(cv2.warpAffine(frame, turn, (width, height), flags=cv2.INTER_CUBIC))
    return out


def _filmed(frames: Frames) -> list[ByteImage]:
    """Return frames as a telephone films them off a screen.

    A screen of 2.5 of its pixels in one of the film's, seen from a little to the side by a hand
    that shakes; moire from both grids, the lens's blur, light falling off and the sensor's noise.
    """
    height, width = frames[0].shape[:2]
    random = np.random.default_rng(2)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    moire = 1 + 0.02 * np.sin(columns / 3.7 + rows / 41) * np.sin(rows / 3.9 - columns / 53)
    far = np.hypot((columns / width - 0.5), (rows / height - 0.5))
    light = (moire * (1.0 - 0.25 * far**2))[..., None].astype(np.float32)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    lean = np.array([[0.03, 0.02], [-0.05, 0.035], [-0.045, -0.03], [0.035, -0.04]], np.float32)
    out = []
    for i, frame in enumerate(frames):
        shake = 0.0015 * np.array([math.sin(i / 7), math.cos(i / 9)], np.float32)
        seen = corners + (lean + shake) * np.array([width, height], np.float32)
        view = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
        film = cv2.warpPerspective(frame, view, (width, height), flags=cv2.INTER_LINEAR)
        film = cv2.GaussianBlur(film, (0, 0), 0.8).astype(np.float32) * light
        film += random.normal(0, 3, (height, width, 1)).astype(np.float32)
        out.append(np.clip(film, 0, 255).astype(np.uint8))
    return out


def _gif(frames: Frames, fps: float) -> Clip:
    """Return frames with 128 colours at half the rate, dithered."""
    from PIL import Image

    kept = frames[::2]
    palette = Image.fromarray(kept[len(kept) // 2]).quantize(128)
    return [
        np.asarray(Image.fromarray(f).quantize(128, palette=palette).convert("RGB")) for f in kept
    ], fps / 2


def _av1(frames: Frames, fps: float) -> Clip:
    coding = next(c for c in AV1 if encoder_there(c.codec))
    return through(frames, fps, coding), fps


def _screenshot(frame: ByteImage) -> ByteImage:
    height, width = frame.shape[:2]
    large = cv2.resize(frame, (width * 3 // 2, height * 3 // 2), interpolation=cv2.INTER_LINEAR)
    return jpeg(np.asarray(large, np.uint8), 75)


def _known() -> tuple[Attack, ...]:
    crop = (0.05, 0.05, 0.05, 0.05)
    attacks = [
        Attack("x264 crf 18", _coded(18)),
        Attack("x264 crf 23", _coded(23)),
        Attack("x264 crf 28", _coded(28)),
        Attack("256 px, crf 23", _then(lambda f: at_shorter_side(f, 256), 23)),
        Attack("720 px, crf 26", _then(lambda f: at_shorter_side(f, 720))),
        Attack("crop 10 %, crf 23", _then(lambda f: cropped(f, *crop), 23)),
        Attack("letterbox, crf 26", _then(_letterboxed)),
        Attack("15 fps, crf 26", _at_rate(15.0)),
        Attack("30 fps, crf 26", _at_rate(30.0)),
        Attack("mirror, crf 26", _each(lambda f: np.ascontiguousarray(f[:, ::-1]))),
        Attack("gamma, crf 26", _each(_gamma)),
        Attack("blur, crf 26", _each(lambda f: cv2.GaussianBlur(f, (0, 0), 1.0))),
        Attack("noise, crf 26", _then(_noisy(5.0))),
        Attack("HEVC crf 28", lambda frames, fps: (through(frames, fps, HEVC), fps)),
        Attack("VP9", lambda frames, fps: (through(frames, fps, VP9), fps)),
        Attack("anamorphic 4:3, crf 23", _then(_anamorphic, 23)),
        Attack("one frame, PNG", _one(lambda f: f)),
        Attack("one frame, JPEG 80", _one(lambda f: jpeg(f, 80))),
        Attack("one frame, screenshot 1.5x", _one(_screenshot)),
        Attack("x264 crf 32", _coded(32), MANY),
        Attack("crop 30 %, crf 23", _then(lambda f: cropped(f, 0.15, 0.15, 0.15, 0.15), 23), MANY),
        Attack("rotation 1 degree, crf 23", _then(lambda f: mapped(f, _rotated(1.0)), 23), MANY),
        Attack("x264 crf 35", _coded(35), None),
        Attack("256 px, crf 28", _then(lambda f: at_shorter_side(f, 256), 28), None),
        Attack("slow zoom, crf 23", _then(_zooming, 23), None),
        Attack("filmed screen, crf 26", _then(_filmed), None),
        Attack("GIF, 128 colours", _gif, None),
        Attack("AV1", _av1, None),
    ]
    there = {"HEVC crf 28": "libx265", "VP9": "libvpx-vp9"}
    return tuple(
        a
        for a in attacks
        if encoder_there(there.get(a.name, "libx264"))
        and (a.name != "AV1" or any(encoder_there(c.codec) for c in AV1))
    )


#: All attacks whose encoders FFmpeg has, in the table's order.
ATTACKS: Final = _known()
