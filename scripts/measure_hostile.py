"""Damage valid files and messages at random, 1,000 times for each parser, and say what it cost.

Run from the checkout: ``python scripts/measure_hostile.py [COUNT]``. Pictures and sounds go through
the sandbox as uploads do; seconds and memory are those of the decoding process, "round trip" is
what the server waits. It prints a table and fails where one took over 2 s or 1 GB.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pydantic import ValidationError
from tests.sandbox import media

from gioconda.errors import GiocondaError
from gioconda.live.messages import CLIENT_MESSAGES
from gioconda.live.packets import Flag, Kind, Packet
from gioconda.measure.mutations import mutate, with_right_checksums
from gioconda.sandbox import Decoder

MOST_S, MOST_BYTES = 2.0, 2**30
MESSAGE = (
    b'{"type": "session.update", "portrait": "example", "fps": 40, "size": 512, "seed": 7,'
    b' "controls": {"gaze": [0.1, -0.2], "emotion": "happy", "head": 1.5}, "video": "h264"}'
)


def parsers(decoder: Decoder) -> dict[str, tuple[bytes, Callable[[bytes], object]]]:
    """Return a valid input and what reads it, by name."""
    size = (256, 192)
    found: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
        "PNG": (media.picture("PNG", size), decoder.decode_image),
        "PNG, repaired": (
            media.picture("PNG", size),
            lambda data: decoder.decode_image(with_right_checksums(data)),
        ),
        "JPEG": (media.picture("JPEG", size), decoder.decode_image),
        "JPEG, progressive": (media.picture("JPEG", size, progressive=True), decoder.decode_image),
        "WebP": (media.picture("WEBP", size), decoder.decode_image),
        "WebP, lossless": (media.picture("WEBP", size, lossless=True), decoder.decode_image),
    }
    for name in media.SOUND_FORMATS:
        found[name] = (media.sound(name, 1.0), decoder.decode_sound)
    packet = Packet(Kind.VOICE, 1.25, bytes(960), 3, Flag.ENDS).to_bytes()
    found["binary packet"] = (packet, Packet.from_bytes)
    found["JSON message"] = (MESSAGE, CLIENT_MESSAGES.validate_json)
    return found


def main(count: int) -> int:
    """Measure and print; return the exit status."""
    decoder = Decoder()
    print(decoder.start())
    worst = 0
    print(
        f"{'parser':18} {'read':>5} {'refused':>7} {'median ms':>9} {'worst s':>8}"
        f" {'CPU s':>6} {'worst MB':>8}"
    )
    for name, (whole, read) in parsers(decoder).items():
        rng = random.Random(17)
        outcome: Counter[str] = Counter()
        seconds, cpu_s, memory = [], 0.0, 0
        for _ in range(count):
            data = mutate(whole, rng)
            decoder.last_cost = None
            began = time.perf_counter()
            try:
                read(data)
                outcome["read"] += 1
            except (GiocondaError, ValidationError) as e:
                outcome["refused"] += 1
                words = str(e) if isinstance(e, GiocondaError) else ""
                outcome["time or memory"] += "too much" in words
                outcome["lost"] += "lost" in words
            seconds.append(time.perf_counter() - began)
            if decoder.last_cost is not None:
                cpu_s = max(cpu_s, decoder.last_cost.cpu_s)
                memory = max(memory, decoder.last_cost.memory_bytes)
        seconds.sort()
        worst |= seconds[-1] > MOST_S or memory > MOST_BYTES or outcome["lost"] > 0
        print(
            f"{name:18} {outcome['read']:5} {outcome['refused']:7} "
            f"{seconds[count // 2] * 1000:9.2f} {seconds[-1]:8.3f} {cpu_s:6.2f} "
            f"{memory / 2**20:8.0f}"
            f"  {outcome['time or memory']} over a limit",
            flush=True,
        )
    decoder.close()
    return int(worst)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
