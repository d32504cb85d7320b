"""Speaks sentences with espeak-ng; run as a process of its own, for its licence and its state.

Standard input: a JSON list of ``{"voice", "text", "wpm", "pitch"}``. Standard output: a list of
``{"voice", "pcm": int16 at 16 kHz in hexadecimal, "phones": [[onset in seconds, IPA], ...]}``.
Voiceless stops begin at their closure, not at the burst.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from gioconda.train.espeak_worker import Espeak, stops_at_closure
from gioconda.train.voices import at_16k

_PITCH_RANGE: Final = 50


def main() -> None:
    """Answer the requests; voices that espeak-ng does not have are left out."""
    espeak = Espeak()
    answers: list[dict[str, Any]] = []
    for asked in json.load(sys.stdin):
        spoken = espeak.speak(
            asked["text"], asked["voice"], asked["wpm"], asked["pitch"], _PITCH_RANGE
        )
        if spoken is None:
            continue
        phones = [p for p in stops_at_closure(*spoken, espeak.rate_hz) if not p[1].startswith("(")]
        pcm = at_16k(spoken[0], espeak.rate_hz).tobytes().hex()
        answers.append({"voice": asked["voice"], "pcm": pcm, "phones": phones})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
