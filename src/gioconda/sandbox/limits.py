"""What a stranger's file may be, and what decoding it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class DecodeLimits:
    """Limits of one decoding.

    A 20 KB PNG can hold 13,000 x 13,000 pixels (822 MB) and a 53 KB mp4 2.9 GB of frames, so
    neither size nor pixels alone are enough.

    Attributes:
        image_bytes: largest picture file.
        image_pixels: most pixels of a picture, by its header.
        sound_bytes: largest sound file.
        sound_s: longest sound, in seconds; decoding stops there.
        memory_bytes: address space of the decoding process.
        cpu_s: its processor time, in whole seconds.
        wall_s: its time by the clock on the wall, in seconds.
        at_once: decodings side by side; others wait.
    """

    image_bytes: int = 20 * 2**20
    image_pixels: int = 25_000_000
    sound_bytes: int = 50 * 2**20
    sound_s: float = 600.0
    memory_bytes: int = 2**30
    cpu_s: int = 20
    wall_s: float = 30.0
    at_once: int = 2


#: What each look into a file that is verified may cost: its facts, its credentials, its frames.
FILE_LIMITS: Final = DecodeLimits(memory_bytes=2 * 2**30, cpu_s=120, wall_s=300.0, at_once=1)
LOOKS: Final = 3
