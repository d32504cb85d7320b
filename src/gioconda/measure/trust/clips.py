"""Clips to mark: rendered ones and real ones, unmarked, for the time of one run.

A rendered clip is a made face without a mark, so that its portrait needs consent as any other, and
that it never leaves the run's own folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from gioconda.measure.trust.transcoding import LOSSLESS, ByteImage, decoded, encoded
from gioconda.trust.watermark.rehearsal import typical_moments

SECONDS: Final = 4.0
FPS: Final = 25.0
SIDE: Final = 512
#: Real clips are reduced to this longer side.
_LONGEST: Final = 960
#: Portraits of the development media with everything that is hard: flat walls, paint, grain, dark
#: skin, glasses, beards, children, black and white, a drawing.
_PORTRAITS: Final = (
    "photo_man_glasses_curly.jpg", "painting_pearl_earring_turned.jpg", "ai_man_suit.png",
    "photo_frontal_man_bw_01.jpg", "photo_man_darkskin_glasses_afro.jpg",
    "photo_child_laughing_teeth.jpg", "photo_man_beard_01.png", "ai_grandmother_kitchen.jpg",
    "photo_frontal_woman_01.png", "painting_donna_velata.jpg", "ai_girl_schoolage.png",
    "photo_woman_lowlight_turned.jpg", "painting_woman_darkskin_afro.png",
    "photo_frontal_man_02.png", "cartoon_boy_3d.jpg", "ai_woman_2840px.png",
    "photo_woman_talking_03.png", "ai_man_selfie_shouting_beard.png",
    "photo_frontal_woman_02.jpg", "painting_elder_woman.png", "lowres_man_darkskin_beard.png",
)  # fmt: skip
_VOICES: Final = (
    "en_48k.m4a", "de_16k.wav", "zh_48k.m4a", "fr_16k.wav", "ja_16k.wav", "es_16k.wav",
    "it_16k.wav", "ko_16k.wav",
)  # fmt: skip
_REAL: Final = (
    "senate_man_1_512", "interview_man_beard_512", "congress_woman_480", "senate_woman_1_512",
    "presenter_woman_1_1080x1920", "interview_man_purple_512", "grid_01",
    "senate_man_2_512", "film_woman_turned_512", "presenter_man_2_1080x1920",
    "senate_woman_2_512", "extra_known_offset_man_480", "grid_03",
    "senate_woman_3_512", "presenter_man_3_1080x1920", "extra_song_playback_woman_480",
    "grid_05", "grid_07", "grid_02", "grid_08",
)  # fmt: skip

#: Smaller than what the other clips are: two pixels a chip.
_SMALL: Final = ("address_man_60s_256", "panel_woman_256")


@dataclass(frozen=True)
class Source:
    """A clip that can be made.

    Attributes:
        name: of it.
        picture: portrait's or video's file.
        voice: what a portrait says; None for a real clip.
    """

    name: str
    picture: Path
    voice: Path | None = None

    @property
    def real(self) -> bool:
        """Whether it is a recording."""
        return self.voice is None


@dataclass(frozen=True)
class Footage:
    """A clip without a mark.

    Attributes:
        frames: uint8 RGB, of one size.
        fps: frames a second.
        rehearsal: pairs of frames by which a rendered clip's marker knows beforehand what will
            move, as :class:`gioconda.frame_maker.FrameMaker` shows them to it.
    """

    frames: list[ByteImage]
    fps: float
    rehearsal: tuple[tuple[ByteImage, ByteImage], ...] = ()


def rendered_sources(media: Path | None) -> list[Source]:
    """Return portraits with voices, the example first.

    Args:
        media: folder with ``portraits`` and ``audio``; None for the example alone.
    """
    from gioconda import examples

    sources = [Source("example", examples.portrait_path(), examples.speech_path())]
    if media is not None:
        for i, name in enumerate(_PORTRAITS):
            picture = media / "portraits" / name
            voice = media / "audio" / _VOICES[i % len(_VOICES)]
            if picture.is_file() and voice.is_file():
                sources.append(Source(picture.stem, picture, voice))
    return sources


def real_sources(media: Path | None, small: bool = False) -> list[Source]:
    """Return real clips of a folder with ``clips``: of 288 pixels and more, or the smaller ones."""
    if media is None:
        return []
    there = {p.stem: p for p in (media / "clips").iterdir()}
    names = _SMALL if small else _REAL
    return [Source(name, there[name]) for name in names if name in there]


def ask_for(sources: Iterable[Source]) -> None:
    """Refuse portraits that may not be animated, before any is.

    Raises:
        ConsentError: one may not; nothing was stated, or it was revoked or has expired.
        PortraitError: a picture cannot be read.
    """
    from gioconda.portrait.decode import decode
    from gioconda.portrait.portrait import pixels_sha256
    from gioconda.trust.consent.requirement import require_pixels

    for source in sources:
        if not source.real:
            require_pixels(pixels_sha256(decode(str(source.picture)).image))


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give a folder that its user alone can open, deleted in the end."""
    with tempfile.TemporaryDirectory(prefix="gioconda-unmarked-") as name:
        os.chmod(name, 0o700)
        yield Path(name)


def footage_of(source: Source, folder: Path) -> Footage:
    """Return four seconds of unmarked frames.

    Args:
        source: which clip.
        folder: of :func:`private_folder`, where rendered clips lie without loss; one that is there
            is not made again.

    Raises:
        ConsentError: the portrait may not be animated.
    """
    if source.real:
        return Footage(*_of_video(source.picture))
    key = hashlib.sha256(f"{source.picture}|{source.voice}|{SIDE}|rehearsed".encode()).hexdigest()[
        :12
    ]
    kept = folder / f"unmarked_{source.name}_{key}.mkv"
    if not kept.is_file():
        stage = kept.with_suffix(".part")
        stage.write_bytes(encoded(_rendered(source), FPS, LOSSLESS))
        stage.replace(kept)
    frames, fps = decoded(kept)
    shown = len(typical_moments()) * 2
    pairs = tuple(zip(frames[:shown:2], frames[1:shown:2], strict=True))
    return Footage(frames[shown:], fps, pairs)


def _rendered(source: Source) -> Iterator[ByteImage]:
    """Yield the frames of the rehearsal, two a pair, and then those of the clip."""
    from gioconda.pipeline import perform
    from gioconda.portrait import Portrait
    from gioconda.render.registry import create
    from gioconda.speech.sound import Sound
    from gioconda.trust.consent.requirement import require

    assert source.voice is not None
    portrait = Portrait.open(source.picture)
    require(portrait)
    count = round(SECONDS * FPS)
    with Sound.open(source.voice) as sound:
        wanted = int((SECONDS + 1) * 16000)
        samples = np.concatenate(list(islice(sound.chunks(0.5), 12)))[:wanted]
    motion = perform(Sound.from_array(samples, 16000))
    # The renderer itself, since a FrameMaker marks.
    renderer = create("mesh", portrait.view(SIDE))
    for pair in typical_moments():
        for moment in pair:
            yield renderer.render(moment).copy()
    for i in range(count):
        yield renderer.render(motion.at(i / FPS)).copy()


def _of_video(path: Path) -> tuple[list[ByteImage], float]:
    frames, rate = decoded(path, round(SECONDS * 30))
    frames = frames[: round(SECONDS * rate)]
    height, width = frames[0].shape[:2]
    shrink = min(1.0, _LONGEST / max(height, width))
    if shrink < 1:
        size = (2 * round(width * shrink / 2), 2 * round(height * shrink / 2))
        frames = [
            np.asarray(cv2.resize(f, size, interpolation=cv2.INTER_AREA), np.uint8) for f in frames
        ]
    return frames, rate


def pictures_of(folder: Path) -> Sequence[Path]:
    """Return the pictures in a folder."""
    kinds = (".jpg", ".jpeg", ".png", ".webp")
    return [p for p in sorted(folder.iterdir()) if p.suffix.lower() in kinds]
